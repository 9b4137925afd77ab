//! Random calls, hours that pass, crashes and collections, in random order: after each of them every artifact that a batch
//! needs which is kept is there and sound, and in the end nothing else is.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use ashlar_farm::{
    FarmConfig,
    testing::{
        Client, Coordinator, HOUR, Records, batch_ref, circuit_set, config, expected_snark, tenant_number,
    },
};
use ashlar_proto::{
    Digest,
    farm::v1::{self as pb, requeue_request::Target},
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};

use super::{CRASHED, DAY, collect, deliver, files, parts, submit};

const GRACE: Duration = Duration::from_secs(2 * 3600);
const SEEDS: u64 = 5;
const STEPS: usize = 150;
/// Two tenants have batches of the same content, so that artifacts are shared; of two numbers.
const TENANTS: u8 = 2;
const NUMBERS: u64 = 2;

/// What the batches through a number came to.
fn told(through: u64) -> Vec<pb::SettledBatch> {
    let of = |number| pb::SettledBatch {
        number,
        transactions: 10 * number,
        l1_gas: 1000 * number,
    };
    (1..=through).map(of).collect()
}

struct Farm {
    dir: PathBuf,
    coordinator: Option<Coordinator>,
    records: Records,
    client: Client,
    worker: [u8; 16],
    deleted: u64,
    retired: u64,
}

/// What went wrong with a machine has no pause here.
fn settings(dir: &Path) -> FarmConfig {
    FarmConfig {
        quarantine: Duration::ZERO,
        fault_pause: Duration::ZERO,
        job_pause: Duration::ZERO,
        grace: GRACE,
        ..config(dir)
    }
}

impl Farm {
    async fn start(dir: &Path) -> Self {
        let config = settings(dir);
        let records = Records::of(&config);
        let coordinator = Coordinator::start(config);
        let mut client = coordinator.client().await;
        let worker = client.register("w").await;
        Self {
            dir: dir.to_owned(),
            coordinator: Some(coordinator),
            records,
            client,
            worker,
            deleted: 0,
            retired: 0,
        }
    }

    async fn step(&mut self, rng: &mut StdRng) -> String {
        let (tenant, number) = (rng.gen_range(1..=TENANTS), rng.gen_range(1..=NUMBERS));
        match rng.gen_range(0..100) {
            0..=14 => {
                submit(&mut self.client, parts(tenant, number, 2)).await;
                format!("submit {number} of tenant {tenant}")
            }
            15..=37 => self.work(rng).await,
            38..=47 => {
                let request = pb::SettleBatchesRequest {
                    tenant: Some(tenant_number(tenant)),
                    through_number: number,
                    batches: told(number),
                };
                self.client.batch.settle_batches(request).await.unwrap();
                format!("settle {number} of tenant {tenant}")
            }
            48..=70 => {
                let by = *[HOUR / 2, 3 * HOUR, 3 * HOUR, DAY + HOUR].choose(rng).unwrap();
                self.records.age(by).await;
                format!("{} hours pass", by.as_secs_f64() / 3600.0)
            }
            71..=88 => {
                let collected = collect(&mut self.client).await;
                self.deleted += collected.deleted.unwrap().artifacts;
                self.retired += collected.batches_retired;
                format!("{collected:?}")
            }
            89..=90 => {
                let reason = "enough".into();
                let batch = Some(batch_ref(number));
                let request = pb::CancelBatchRequest { batch, reason };
                self.client.admin.cancel_batch(request).await.ok();
                format!("cancel {number}")
            }
            91..=92 => {
                let target = Some(Target::Batch(batch_ref(number)));
                self.client
                    .admin
                    .requeue(pb::RequeueRequest { target })
                    .await
                    .ok();
                format!("requeue {number}")
            }
            93..=97 => self.crash_in_a_collection(rng).await,
            _ => {
                let dry = self.client.collect(true).await.unwrap();
                format!("dry run: {dry:?}")
            }
        }
    }

    async fn work(&mut self, rng: &mut StdRng) -> String {
        let Some(lease) = self.client.try_lease(self.worker, 0).await else {
            return "nothing to do".into();
        };
        let proof = self.client.prove(&lease).await;
        if rng.gen_bool(0.1) {
            self.client.fail(&lease, "no", true).await;
            return format!("job {} fails", lease.job_id);
        }
        deliver(&mut self.client, &lease, &proof).await;
        format!("job {} is done", lease.job_id)
    }

    /// The process ends in the middle of a collection, or a little before or after; some of what is marked then is deleted.
    /// A while later there is another process.
    async fn crash_in_a_collection(&mut self, rng: &mut StdRng) -> String {
        let mut client = self.client.clone();
        let collection = tokio::spawn(async move { client.collect(false).await.is_ok() });
        tokio::time::sleep(Duration::from_micros(rng.gen_range(0..6000))).await;
        self.coordinator.take().expect("it runs").crash().await;
        let was_over = collection.await.unwrap();
        let noted: Vec<Digest> = self.records.due(GRACE).await.into_iter().collect();
        let marked: Vec<Digest> = noted.into_iter().filter(|_| rng.gen_bool(0.5)).collect();
        self.records.mark(marked.clone(), Duration::ZERO).await;
        for digest in marked.iter().filter(|_| rng.gen_bool(0.5)) {
            std::fs::remove_file(self.dir.join("artifacts").join(digest.to_string())).ok();
        }
        self.records.age(CRASHED).await;
        let coordinator = Coordinator::start(settings(&self.dir));
        self.client = coordinator.client().await;
        self.coordinator = Some(coordinator);
        format!(
            "a crash, after a collection: {was_over}, with {} marks more",
            marked.len()
        )
    }

    /// What is kept, and what is there.
    async fn check(&self) -> Result<(), String> {
        for digest in self.records.needed().await {
            let bytes = std::fs::read(self.dir.join("artifacts").join(digest.to_string()))
                .map_err(|error| format!("{digest}: {error}"))?;
            if Digest::of(&bytes) != digest {
                return Err(format!("{digest} is damaged"));
            }
        }
        Ok(())
    }

    /// Everything can go on; and when all is settled and a day has passed, nothing is left.
    async fn finish(&mut self) {
        for (tenant, number) in
            (1..=TENANTS).flat_map(|tenant| (1..=NUMBERS).map(move |number| (tenant, number)))
        {
            submit(&mut self.client, parts(tenant, number, 2)).await;
        }
        for number in 1..=NUMBERS {
            let target = Some(Target::Batch(batch_ref(number)));
            self.client
                .admin
                .requeue(pb::RequeueRequest { target })
                .await
                .unwrap();
        }
        self.client.work_all(self.worker).await;
        for tenant in 1..=TENANTS {
            for number in 1..=NUMBERS {
                let request = pb::WatchBatchRequest {
                    number,
                    tenant: Some(tenant_number(tenant)),
                    circuit_set_digest: circuit_set().into(),
                };
                let mut watch = self.client.batch.watch_batch(request).await.unwrap().into_inner();
                let status = watch.message().await.unwrap().expect("a status");
                assert_eq!(status.state(), pb::BatchState::Done, "{number} of {tenant}");
                assert_eq!(status.snark, expected_snark(number, 2));
            }
            let request = pb::SettleBatchesRequest {
                tenant: Some(tenant_number(tenant)),
                through_number: NUMBERS,
                batches: told(NUMBERS),
            };
            self.client.batch.settle_batches(request).await.unwrap();
        }
        for _ in 0..3 {
            self.records.age(2 * DAY).await;
            let collected = collect(&mut self.client).await;
            self.deleted += collected.deleted.unwrap().artifacts;
        }
        assert_eq!(
            files(self.coordinator.as_ref().expect("it runs")),
            BTreeSet::new()
        );
        for table in ["jobs", "job_inputs", "job_steps", "leases", "doomed"] {
            let count = self
                .records
                .number(&format!("SELECT COUNT(*) FROM {table}"))
                .await;
            assert_eq!(count, 0, "{table}");
        }
        for sum in ["transactions", "l1_gas"] {
            let tenants = self
                .records
                .number(&format!(
                    "SELECT CAST(COALESCE(SUM({sum}), 0) AS BIGINT) FROM tenant_settled"
                ))
                .await;
            let batches = self
                .records
                .number(&format!(
                    "SELECT CAST(COALESCE(SUM({sum}), 0) AS BIGINT) FROM batches"
                ))
                .await;
            assert_eq!(tenants, batches, "{sum} of each batch is charged once");
        }
    }
}

#[tokio::test]
async fn whatever_the_order_what_is_needed_stays_and_in_the_end_nothing_is_left() {
    let (mut deleted, mut retired) = (0, 0);
    for seed in 0..SEEDS {
        let dir = tempfile::tempdir().unwrap();
        let mut farm = Farm::start(dir.path()).await;
        let mut rng = StdRng::seed_from_u64(seed);
        let mut steps = Vec::new();
        for _ in 0..STEPS {
            let step = farm.step(&mut rng).await;
            steps.push(step);
            if let Err(lost) = farm.check().await {
                panic!("seed {seed}, after {steps:#?}: {lost}");
            }
        }
        (deleted, retired) = (deleted + farm.deleted, retired + farm.retired);
        farm.finish().await;
    }
    println!("{retired} batches retired and {deleted} artifacts deleted on the way");
    assert!(
        retired > 10 && deleted > 20,
        "{retired}, {deleted}: the steps seldom come to it"
    );
}
