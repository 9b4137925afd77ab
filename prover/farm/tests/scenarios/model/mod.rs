//! Random calls of several callers, in random order, against a model of the farm's rules: after each call every job and
//! batch is as the model says, and went there by a legal step.

mod rules;

use ashlar_farm::{
    FarmConfig,
    model::JobState,
    testing::{
        Client, Coordinator, batch_ref, circuit_set, config, hash_proof, secret, submission, tenant_number,
        witness,
    },
};
use ashlar_proto::{
    Bytes, Digest, JobKind,
    farm::v1::{self as pb, requeue_request::Target},
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use tonic::Code;

use self::rules::{Ending, Rules};

const WORKERS: usize = 3;
const TENANTS: u8 = 3;
const CALLS: usize = 120;

/// What went wrong with a machine has no pause here: the model has no clock.
fn without_pauses(dir: &std::path::Path) -> FarmConfig {
    FarmConfig {
        quarantine: std::time::Duration::ZERO,
        fault_pause: std::time::Duration::ZERO,
        job_pause: std::time::Duration::ZERO,
        confirm_pause: std::time::Duration::ZERO,
        ..config(dir)
    }
}

/// The farm and the model of it, and what callers were told.
struct Both {
    client: Client,
    rules: Rules,
    sessions: Vec<[u8; 16]>,
    /// By the order in which they were granted.
    leases: Vec<pb::Lease>,
    states: Vec<JobState>,
}

#[tokio::test]
async fn every_order_of_calls_ends_where_the_rules_say() {
    for seed in 0..12 {
        let dir = tempfile::tempdir().unwrap();
        let coordinator = Coordinator::start(without_pauses(dir.path()));
        let mut rng = StdRng::seed_from_u64(seed);
        let mut both = Both {
            client: coordinator.client().await,
            rules: Rules::default(),
            sessions: Vec::new(),
            leases: Vec::new(),
            states: Vec::new(),
        };
        for worker in 0..WORKERS {
            both.register(worker).await;
        }
        // Half of the farms begin with everybody equal.
        if seed % 2 == 1 {
            for _ in 0..TENANTS {
                both.set_quota(&mut rng).await;
            }
        }
        let mut calls = Vec::new();
        for _ in 0..CALLS {
            let call = both.call(&mut rng).await;
            calls.push(call);
            if let Err(difference) = both.compare().await {
                panic!("seed {seed}, after {calls:#?}: {difference}");
            }
        }
        both.finish().await;
    }
}

impl Both {
    async fn call(&mut self, rng: &mut StdRng) -> String {
        let worker = rng.gen_range(0..WORKERS);
        match rng.gen_range(0..100) {
            0..=9 => self.submit(rng).await,
            10..=44 => self.lease(worker).await,
            45..=62 => self.deliver(rng, true).await,
            63..=68 => self.deliver(rng, false).await,
            69..=76 => self.fail(rng).await,
            77..=80 => self.release(rng).await,
            81..=83 => self.renew(rng).await,
            84..=86 => {
                self.register(worker).await;
                format!("register {worker}")
            }
            87..=91 => self.requeue(rng).await,
            92..=93 => self.cancel(rng).await,
            94 => self.set_quota(rng).await,
            95..=96 => self.pause(rng).await,
            _ => self.drain(worker).await,
        }
    }

    async fn submit(&mut self, rng: &mut StdRng) -> String {
        let (tenant, number, chunks) = (
            rng.gen_range(1..=TENANTS),
            rng.gen_range(1..=3),
            rng.gen_range(1..=4),
        );
        let witnesses: Vec<Bytes> = (0..chunks).map(|chunk| witness(number, chunk)).collect();
        let mut parts = submission(number, circuit_set(), &witnesses);
        if let Some(pb::submit_batch_request::Part::Header(header)) = &mut parts[0].part {
            header.tenant = Some(tenant_number(tenant));
        }
        let answer = self.client.submit_parts(parts).await;
        let call = format!("submit {number} of tenant {tenant}, {chunks} chunks");
        match self.rules.submit(tenant, number, chunks) {
            Some(known) => assert_eq!(
                answer.map(|answer| answer.already_known).ok(),
                Some(known),
                "{call}"
            ),
            None => assert_eq!(answer.unwrap_err().code(), Code::AlreadyExists, "{call}"),
        }
        call
    }

    async fn register(&mut self, worker: usize) {
        let session = self.client.register(&format!("w{worker}")).await;
        if worker < self.sessions.len() {
            self.sessions[worker] = session;
        } else {
            self.sessions.push(session);
        }
        self.rules.register(worker);
    }

    async fn lease(&mut self, worker: usize) -> String {
        let request = pb::LeaseRequest {
            session: self.sessions[worker].to_vec().into(),
            wait_ms: 0,
            ahead: false,
        };
        let answer = self.client.work.lease(request).await.unwrap().into_inner();
        let call = format!("lease to {worker}");
        assert_eq!(answer.drained, self.rules.is_draining(worker), "{call}");
        let expected = self.rules.lease(worker);
        let given = answer.lease.as_ref().map(|lease| lease.job_id);
        assert_eq!(given, expected.map(|job| job as u64 + 1), "{call}");
        self.leases.extend(answer.lease);
        format!("{call}: {given:?}")
    }

    /// Some lease that was ever granted.
    fn some_lease(&self, rng: &mut StdRng) -> Option<(usize, pb::Lease)> {
        let count = self.leases.len();
        // Mostly a recent one.
        let oldest = if rng.gen_bool(0.7) {
            count.saturating_sub(4)
        } else {
            0
        };
        (count > 0).then(|| {
            let place = rng.gen_range(oldest..count);
            (place, self.leases[place].clone())
        })
    }

    async fn deliver(&mut self, rng: &mut StdRng, valid: bool) -> String {
        let Some((place, lease)) = self.some_lease(rng) else {
            return "nothing to deliver".into();
        };
        let proof = if valid {
            self.client.prove(&lease).await
        } else {
            Bytes::from_static(b"forged")
        };
        let token = (lease.job_id, secret(&lease.token));
        let outcome = self.client.deliver(token, proof).await.unwrap().0;
        let expected = self.rules.deliver(place, valid);
        let call = format!("deliver for lease {place}, valid: {valid}");
        assert_eq!(outcome, expected, "{call}");
        format!("{call}: {outcome:?}")
    }

    async fn fail(&mut self, rng: &mut StdRng) -> String {
        let Some((place, lease)) = self.some_lease(rng) else {
            return "nothing to fail".into();
        };
        let retryable = rng.gen_bool(0.5);
        let counted = self.client.fail(&lease, "no", retryable).await;
        let call = format!("fail lease {place}, retryable: {retryable}");
        assert_eq!(counted, self.rules.fail(place, retryable), "{call}");
        call
    }

    async fn release(&mut self, rng: &mut StdRng) -> String {
        let Some((place, lease)) = self.some_lease(rng) else {
            return "nothing to release".into();
        };
        let request = pb::ReleaseRequest {
            job_id: lease.job_id,
            token: lease.token,
        };
        let released = self
            .client
            .work
            .release(request)
            .await
            .unwrap()
            .into_inner()
            .released;
        assert_eq!(released, self.rules.end_if_current(place, Ending::HandedBack));
        format!("release lease {place}")
    }

    async fn renew(&mut self, rng: &mut StdRng) -> String {
        let Some((place, lease)) = self.some_lease(rng) else {
            return "nothing to renew".into();
        };
        let renewed = self.client.renew(&lease).await;
        let call = format!("renew lease {place}");
        match renewed {
            Ok(_) => assert!(self.rules.is_current(place), "{call}"),
            Err(status) => {
                assert_eq!(status.code(), Code::FailedPrecondition, "{call}");
                assert!(!self.rules.is_current(place), "{call}");
            }
        }
        call
    }

    async fn requeue(&mut self, rng: &mut StdRng) -> String {
        let number = rng.gen_range(1..=3);
        let target = Some(Target::Batch(batch_ref(number)));
        let answer = self.client.admin.requeue(pb::RequeueRequest { target }).await;
        let call = format!("requeue {number}");
        match self.rules.requeue(number) {
            Some(jobs) => assert_eq!(answer.unwrap().into_inner().requeued, jobs, "{call}"),
            None => assert_eq!(answer.unwrap_err().code(), Code::NotFound, "{call}"),
        }
        call
    }

    async fn cancel(&mut self, rng: &mut StdRng) -> String {
        let number = rng.gen_range(1..=3);
        let request = pb::CancelBatchRequest {
            batch: Some(batch_ref(number)),
            reason: "enough".into(),
        };
        let answer = self.client.admin.cancel_batch(request).await;
        let call = format!("cancel {number}");
        match self.rules.cancel(number) {
            Some(batches) => assert_eq!(answer.unwrap().into_inner().cancelled, batches, "{call}"),
            None => assert_eq!(answer.unwrap_err().code(), Code::NotFound, "{call}"),
        }
        call
    }

    async fn pause(&mut self, rng: &mut StdRng) -> String {
        let (tenant, paused) = (rng.gen_range(0..=TENANTS), rng.gen_bool(0.4));
        let request = pb::PauseRequest {
            tenant: (tenant > 0).then(|| tenant_number(tenant)),
            paused,
        };
        let answer = self.client.admin.pause(request).await;
        let call = format!("pause {tenant}: {paused}");
        assert_eq!(answer.is_ok(), self.rules.pause(tenant, paused), "{call}");
        call
    }

    async fn set_quota(&mut self, rng: &mut StdRng) -> String {
        let (tenant, priority, weight) = (
            rng.gen_range(1..=TENANTS),
            rng.gen_range(-1..=1),
            rng.gen_range(1..=4),
        );
        let request = pb::SetTenantRequest {
            tenant: Some(tenant_number(tenant)),
            owner: None,
            quota: Some(pb::Quota {
                priority,
                weight,
                max_batches: 0,
            }),
        };
        self.client.admin.set_tenant(request).await.unwrap();
        self.rules.set_quota(tenant, priority, weight);
        format!("tenant {tenant}: priority {priority}, weight {weight}")
    }

    async fn drain(&mut self, worker: usize) -> String {
        let draining = !self.rules.is_draining(worker);
        let request = pb::DrainWorkerRequest {
            name: format!("w{worker}"),
            draining,
        };
        self.client.admin.drain_worker(request).await.unwrap();
        self.rules.drain(worker, draining);
        format!("drain {worker}: {draining}")
    }

    async fn jobs(&mut self) -> Vec<pb::JobStatus> {
        let request = pb::ListJobsRequest::default();
        let mut jobs = self
            .client
            .admin
            .list_jobs(request)
            .await
            .unwrap()
            .into_inner()
            .jobs;
        jobs.sort_by_key(|job| job.job_id);
        jobs
    }

    /// That farm and model are in the same state, and that every job went there by a legal step.
    async fn compare(&mut self) -> Result<(), String> {
        let found = self.jobs().await;
        let expected = self.rules.jobs();
        if found.len() != expected.len() {
            return Err(format!("{} jobs, expected {}", found.len(), expected.len()));
        }
        for (place, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let state = JobState::from_code(found.state.into()).expect("a known state");
            let found = (state, found.failed_attempts, found.machine_faults);
            if found != *expected {
                return Err(format!("job {}: {found:?}, expected {expected:?}", place + 1));
            }
            if let Some(&before) = self.states.get(place)
                && before != state
                && !before.may_become(state)
                // Several steps of one call: unblocked or put back, and then condemned or granted.
                && ![JobState::Ready, JobState::Blocked].iter().any(|&by| before.may_become(by) && by.may_become(state))
            {
                return Err(format!("job {} went from {before:?} to {state:?}", place + 1));
            }
        }
        self.states = expected.iter().map(|job| job.0).collect();
        for (tenant, number, state) in self.rules.batches() {
            let request = pb::WatchBatchRequest {
                number,
                tenant: Some(tenant_number(tenant)),
                circuit_set_digest: circuit_set().into(),
            };
            let mut watch = self.client.batch.watch_batch(request).await.unwrap().into_inner();
            let found = watch.message().await.unwrap().expect("a status").state();
            if found != state {
                return Err(format!(
                    "batch {number} of tenant {tenant}: {found:?}, expected {state:?}"
                ));
            }
        }
        Ok(())
    }

    /// Whatever happened, the farm can go on: everything is proved once nothing is in its way.
    async fn finish(&mut self) {
        let everybody = (0..=TENANTS).map(|tenant| (tenant > 0).then(|| tenant_number(tenant)));
        for tenant in everybody {
            let request = pb::PauseRequest {
                tenant,
                paused: false,
            };
            self.client.admin.pause(request).await.ok();
        }
        for worker in 0..WORKERS {
            self.register(worker).await;
        }
        for number in 1..=3 {
            let target = Some(Target::Batch(batch_ref(number)));
            self.client
                .admin
                .requeue(pb::RequeueRequest { target })
                .await
                .ok();
        }
        for session in self.sessions.clone() {
            self.client.work_all(session).await;
        }
        for job in self.jobs().await {
            assert_eq!(job.state(), pb::JobState::Done, "job {}", job.job_id);
        }
        for (tenant, number, _) in self.rules.batches() {
            let request = pb::WatchBatchRequest {
                number,
                tenant: Some(tenant_number(tenant)),
                circuit_set_digest: circuit_set().into(),
            };
            let mut watch = self.client.batch.watch_batch(request).await.unwrap().into_inner();
            let status = watch.message().await.unwrap().expect("a status");
            assert_eq!(status.state(), pb::BatchState::Done);
            assert_eq!(
                Digest::of(&status.snark),
                self.rules.snark(tenant, number),
                "{number} of {tenant}"
            );
        }
    }
}

/// The SNARK of a batch, from its witnesses.
fn snark(number: u64, chunks: u32) -> Digest {
    let mut proofs: Vec<Bytes> = Vec::new();
    for (place, job) in ashlar_farm::graph::plan(chunks).into_iter().enumerate() {
        let inputs: Vec<Bytes> = if job.kind == JobKind::Chunk {
            vec![witness(number, place as u32)]
        } else {
            job.producers
                .iter()
                .map(|&producer| proofs[producer].clone())
                .collect()
        };
        proofs.push(hash_proof(job.kind, &inputs));
    }
    Digest::of(proofs.last().expect("a wrap"))
}
