//! A job is leased and fetched while the one before is proved, and delivered while the one after is.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use ashlar_farm::{
    FarmConfig,
    testing::{self, Client, Coordinator, batch_ref, leases_of},
};
use ashlar_proto::{Digest, JobKind, farm::v1 as pb};
use ashlar_traces::{Finished, Sink, Traces};
use ashlar_worker::{RunError, WorkerConfig};

use crate::runner::{Gate, HashRunner, Worker, attempts, config};

const ALL: usize = 1000;

/// Counts inputs that were fetched.
#[derive(Default)]
pub struct Fetched(pub AtomicU32);

impl Sink for Fetched {
    fn take(&self, span: Finished) {
        if span.name == "fetch" {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    waited.await.expect(what);
}

pub async fn in_state(client: &mut Client, batch: u64, state: pb::JobState) -> Vec<pb::JobStatus> {
    let mut jobs = client.status(batch).await.jobs;
    jobs.retain(|job| job.state() == state);
    jobs
}

/// Waits until so many jobs are leased.
pub async fn leased(client: &mut Client, batch: u64, jobs: usize) {
    until("so many jobs are leased", async || {
        in_state(client, batch, pb::JobState::Leased).await.len() == jobs
    })
    .await;
}

/// The leases of the batch's jobs of a kind, by job.
async fn leases(client: &mut Client, batch: u64, kind: pb::JobKind) -> Vec<Vec<pb::LeaseRecord>> {
    let mut leases = Vec::new();
    for job in client.status(batch).await.jobs {
        if job.kind() == kind {
            leases.push(client.job(job.job_id).await.leases);
        }
    }
    leases
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_job_is_fetched_while_the_present_one_is_proved() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    client.submit(1, 6).await;
    let (gate, runner) = Gate::runner(|_| Ok(()));
    let fetched = Arc::new(Fetched::default());
    let settings = WorkerConfig {
        traces: Traces::into_sink(fetched.clone()),
        ..config(coordinator.address, "w")
    };
    let worker = Worker::start(settings, runner.clone());
    for present in 1..=3 {
        gate.begun(present).await;
        until("the next is fetched", async || {
            fetched.0.load(Ordering::SeqCst) as usize == present + 1
        })
        .await;
        leased(&mut client, 1, 2).await;
        let done = in_state(&mut client, 1, pb::JobState::Done).await.len();
        assert_eq!(done, present - 1, "those before are delivered, which made room");
        assert_eq!(
            runner.runs.load(Ordering::SeqCst) as usize,
            present,
            "one at a time"
        );
        gate.admit(1);
    }
    gate.admit(ALL);
    client.assert_done(1, 6).await;
    worker.stop().await;
    assert_eq!(runner.runs.load(Ordering::SeqCst), 13);
    for kind in [pb::JobKind::Chunk, pb::JobKind::Fold] {
        for leases in leases(&mut client, 1, kind).await {
            // One that came when the worker had just become idle goes back.
            let ended: Vec<_> = leases.iter().map(|lease| &lease.outcome[..]).collect();
            let (last, before) = ended.split_last().expect("it was leased");
            assert!(
                *last == "completed" && before.iter().all(|end| *end == "handed back"),
                "{ended:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_job_is_proved_while_a_proof_is_delivered() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let (address, mut client) = (coordinator.address, coordinator.client().await);
    client.submit(1, 3).await;
    let (gate, runner) = Gate::runner(|_| Ok(()));
    let fetched = Arc::new(Fetched::default());
    let settings = WorkerConfig {
        traces: Traces::into_sink(fetched.clone()),
        ..config(address, "w")
    };
    let worker = Worker::start(settings, runner);
    gate.begun(1).await;
    until("the next is fetched", async || {
        fetched.0.load(Ordering::SeqCst) == 2
    })
    .await;
    coordinator.crash().await; // nobody takes the proof
    gate.admit(1);
    gate.begun(2).await;
    let coordinator = Coordinator::start_at(testing::config(dir.path()), address);
    let mut client = coordinator.client().await;
    until("the first proof is taken", async || {
        in_state(&mut client, 1, pb::JobState::Done).await.len() == 1
    })
    .await;
    gate.admit(ALL);
    client.assert_done(1, 3).await;
    worker.stop().await;
    for leases in leases(&mut client, 1, pb::JobKind::Chunk).await {
        assert_eq!(attempts(&leases), 1, "{leases:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_prefetching_the_next_job_waits_for_the_delivery() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    client.submit(1, 5).await;
    let settings = WorkerConfig {
        prefetch: 0,
        ..config(coordinator.address, "w")
    };
    let worker = Worker::start(settings, HashRunner::busy(Duration::from_millis(20)));
    client.assert_done(1, 5).await;
    worker.stop().await;
    let mut all = Vec::new();
    for job in client.status(1).await.jobs {
        all.extend(client.job(job.job_id).await.leases);
    }
    all.sort_by_key(|lease| lease.number);
    for two in all.windows(2) {
        assert!(two[1].granted_unix_ms >= two[0].ended_unix_ms, "{two:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_told_to_stop_hands_back_what_it_has_not_begun() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    client.submit(1, 3).await;
    let (gate, runner) = Gate::runner(|_| Ok(()));
    let worker = Worker::start(config(coordinator.address, "w"), runner.clone());
    gate.begun(1).await;
    leased(&mut client, 1, 2).await;
    worker.stop.cancel();
    leased(&mut client, 1, 1).await; // while the first is still proved
    gate.admit(ALL);
    worker.ended().await.unwrap();
    assert_eq!(runner.runs.load(Ordering::SeqCst), 1);
    let done = in_state(&mut client, 1, pb::JobState::Done).await;
    assert_eq!(done.len(), 1, "the present one was delivered");
    for job in in_state(&mut client, 1, pb::JobState::Ready).await {
        assert_eq!((job.failed_attempts, job.machine_faults), (0, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_drained_hands_back_what_it_has_not_begun() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(leases_of(dir.path(), 3000));
    let mut client = coordinator.client().await;
    client.submit(1, 3).await;
    let (gate, runner) = Gate::runner(|_| Ok(()));
    let worker = Worker::start(config(coordinator.address, "w"), runner.clone());
    gate.begun(1).await;
    leased(&mut client, 1, 2).await;
    let request = pb::DrainWorkerRequest {
        name: "w".into(),
        draining: true,
    };
    client.admin.drain_worker(request).await.unwrap();
    leased(&mut client, 1, 1).await; // it learns when it renews
    gate.admit(ALL);
    tokio::time::timeout(Duration::from_secs(10), worker.ended())
        .await
        .expect("it ends by itself")
        .unwrap();
    assert_eq!(runner.runs.load(Ordering::SeqCst), 1);
    assert_eq!(in_state(&mut client, 1, pb::JobState::Done).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_lease_is_lost_is_not_begun() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(leases_of(dir.path(), 3000));
    let mut client = coordinator.client().await;
    client.submit(1, 1).await;
    client.submit(2, 3).await;
    let (gate, runner) = Gate::runner(|_| Ok(()));
    let settings = config(coordinator.address, "w");
    let metrics = settings.metrics.clone();
    let worker = Worker::start(settings, runner.clone());
    gate.begun(1).await;
    leased(&mut client, 2, 1).await;
    let request = pb::CancelBatchRequest {
        batch: Some(batch_ref(2)),
        reason: "not wanted".into(),
    };
    client.admin.cancel_batch(request).await.unwrap();
    until("it learns that when it renews", async || {
        crate::metrics::jobs(&metrics, "chunk", "released") >= 1.0
    })
    .await;
    gate.admit(ALL);
    client.assert_done(1, 1).await;
    worker.stop().await;
    assert_eq!(runner.runs.load(Ordering::SeqCst), 3, "those of the other batch");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_input_of_the_next_job_does_not_disturb_the_present_one() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    client.submit(1, 6).await;
    let by_hand = pb::RegisterRequest {
        kinds: vec![pb::JobKind::Chunk as i32],
        ..Client::capabilities("by hand")
    };
    let by_hand = client.work.register(by_hand).await.unwrap().into_inner().session;
    let by_hand = testing::secret(&by_hand);
    let mut chunks = Vec::new();
    for _ in 0..6 {
        chunks.push(client.work_one(by_hand).await.job_id);
    }
    let output = client.job(chunks[2]).await.output; // of the second fold that is ready
    coordinator.damage(Digest::try_from(&output[..]).unwrap());
    let (gate, runner) = Gate::runner(|_| Ok(()));
    let settings = config(coordinator.address, "w");
    let metrics = settings.metrics.clone();
    let worker = Worker::start(settings, runner);
    gate.begun(1).await;
    until("it hands that one back", async || {
        crate::metrics::jobs(&metrics, "fold", "released") >= 1.0
    })
    .await;
    gate.admit(ALL);
    client.assert_done(1, 6).await;
    worker.stop().await;
    assert_eq!(crate::metrics::jobs(&metrics, "fold", "failed"), 0.0);
    let folds = leases(&mut client, 1, pb::JobKind::Fold).await;
    let counts: Vec<_> = folds.iter().map(|leases| attempts(leases)).collect();
    assert_eq!(counts, [1; 5], "{folds:?}");
    assert!(folds[1].len() > 1, "it was handed back: {folds:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_fails_does_not_take_the_next_one_along() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(FarmConfig {
        fault_pause: Duration::from_millis(1),
        ..testing::config(dir.path())
    });
    let mut client = coordinator.client().await;
    client.submit(1, 3).await;
    let calls = AtomicU32::new(0);
    let (gate, runner) = Gate::runner(move |_: JobKind| match calls.fetch_add(1, Ordering::SeqCst) {
        0 => panic!("index out of bounds"),
        1 => Err(RunError::retryable("out of memory")),
        _ => Ok(()),
    });
    let worker = Worker::start(config(coordinator.address, "w"), runner);
    gate.begun(1).await;
    leased(&mut client, 1, 2).await;
    gate.admit(1);
    gate.begun(2).await; // the next
    gate.admit(ALL);
    client.assert_done(1, 3).await;
    worker.stop().await;
    let chunks = client.status(1).await.jobs;
    let chunks = chunks.iter().filter(|job| job.kind() == pb::JobKind::Chunk);
    let faults: Vec<_> = chunks
        .map(|job| (job.machine_faults, job.failed_attempts))
        .collect();
    assert_eq!(faults, [(1, 0), (1, 0), (0, 0)]);
    let leases = leases(&mut client, 1, pb::JobKind::Chunk).await;
    assert!(
        leases[1][0].granted_unix_ms <= leases[0][0].ended_unix_ms,
        "{leases:?}"
    );
    assert_eq!(
        leases[1][0].outcome, "out of memory",
        "it was begun, under that lease"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_jobs_are_left_to_workers_that_are_idle() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    client.submit(1, 2).await;
    client.register("idle").await; // it is known, and does not ask yet
    let (gate, runner) = Gate::runner(|_| Ok(()));
    let busy = Worker::start(config(coordinator.address, "busy"), runner.clone());
    gate.begun(1).await;
    tokio::time::sleep(Duration::from_millis(300)).await; // it asks for the next
    let (other_gate, other) = Gate::runner(|_| Ok(()));
    let idle = Worker::start(config(coordinator.address, "idle"), other.clone());
    other_gate.begun(1).await;
    gate.admit(ALL);
    other_gate.admit(ALL);
    client.assert_done(1, 2).await;
    for worker in [busy, idle] {
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_becomes_idle_does_not_wait_for_its_call_ahead() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    client.submit(1, 1).await;
    let settings = WorkerConfig {
        lease_wait: Duration::from_secs(30),
        ..config(coordinator.address, "w")
    };
    let worker = Worker::start(settings, HashRunner::busy(Duration::from_millis(50)));
    tokio::time::timeout(Duration::from_secs(20), client.assert_done(1, 1))
        .await
        .expect("three jobs one after the other, none of which is given ahead");
    worker.stop().await;
}
