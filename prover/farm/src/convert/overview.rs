//! The overview on the wire.

use ashlar_proto::{JobKind, farm::v1 as pb};

use super::cut;
use crate::{
    error::FarmError,
    model::{
        JobState,
        overview::{
            BatchOverview, FailedAttempt, Fleet, KindOverview, Minute, Overview, Present, WorkerOverview,
        },
    },
};

/// Batches in one unless the caller says how many.
pub const DEFAULT_BATCHES: u32 = 50;
/// Most batches in one.
const MAX_BATCHES: u32 = 200;

/// How many batches a caller wants.
pub fn limit(request: pb::OverviewRequest) -> Result<u32, FarmError> {
    match request.batches {
        0 => Ok(DEFAULT_BATCHES),
        many @ 1..=MAX_BATCHES => Ok(many),
        many => Err(super::invalid(
            "batches",
            format!("must be at most {MAX_BATCHES}, is {many}"),
        )),
    }
}

fn code(kind: JobKind) -> i32 {
    pb::JobKind::from(kind) as i32
}

impl From<Overview> for pb::OverviewResponse {
    fn from(overview: Overview) -> Self {
        let counts = overview
            .batch_counts
            .into_iter()
            .map(|(state, batches)| pb::BatchCount {
                state: state.code() as i32,
                batches,
            });
        let Fleet {
            known,
            live,
            draining,
            quarantined,
        } = overview.fleet;
        let fleet = pb::Fleet {
            known,
            live,
            draining,
            quarantined,
        };
        let minutes = overview
            .minutes
            .map(|Minute { accepted, failed }| pb::Minute { accepted, failed });
        Self {
            at_unix_ms: overview.at_ms,
            paused: overview.paused,
            batch_counts: counts.collect(),
            running: overview.running.into_iter().map(Into::into).collect(),
            oldest_ready_unix_ms: overview.oldest_ready_ms.unwrap_or(0),
            fleet: Some(fleet),
            batches: overview.batches.into_iter().map(Into::into).collect(),
            workers: overview.workers.into_iter().map(Into::into).collect(),
            tenants: overview.tenants.into_iter().map(Into::into).collect(),
            minutes: minutes.to_vec(),
            failures: overview.failures.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<KindOverview> for pb::KindOverview {
    fn from(kind: KindOverview) -> Self {
        Self {
            kind: code(kind.kind),
            blocked: kind.count(JobState::Blocked),
            ready: kind.count(JobState::Ready),
            leased: kind.count(JobState::Leased),
            done: kind.count(JobState::Done),
            poisoned: kind.count(JobState::Poisoned),
            seconds: kind.cost.seconds,
            cpu_seconds: kind.cost.cpu_seconds,
            device_seconds: kind.cost.device_seconds,
        }
    }
}

impl From<BatchOverview> for pb::BatchOverview {
    fn from(batch: BatchOverview) -> Self {
        Self {
            batch_id: batch.id.0,
            number: batch.key.number,
            tenant: Some(batch.key.tenant.into()),
            circuit_set_digest: batch.key.circuit_set.into(),
            state: batch.state.code() as i32,
            failure_reason: cut(batch.failure_reason),
            submitted_unix_ms: batch.submitted_ms,
            seconds: batch.until_ms.saturating_sub(batch.submitted_ms) as f64 / 1000.0,
            kinds: batch.kinds.into_iter().map(Into::into).collect(),
            machine_faults: batch.machine_faults,
            settled: batch.settled.map(Into::into),
        }
    }
}

impl From<WorkerOverview> for pb::WorkerOverview {
    fn from(worker: WorkerOverview) -> Self {
        let present = worker.present;
        let of = |field: fn(Present) -> u64| present.map_or(0, field);
        Self {
            worker: Some(worker.worker.into()),
            live: worker.live,
            kind: present.map_or(0, |present| code(present.kind)),
            batch_number: of(|present| present.batch),
            leased_unix_ms: of(|present| present.since_ms),
            jobs_done: worker.jobs_done,
            seconds: worker.seconds,
        }
    }
}

impl From<FailedAttempt> for pb::FailedAttempt {
    fn from(attempt: FailedAttempt) -> Self {
        Self {
            job_id: attempt.job.0,
            kind: code(attempt.kind),
            batch_number: attempt.batch,
            worker: attempt.worker,
            ended_unix_ms: attempt.ended_ms,
            reason: cut(attempt.reason),
        }
    }
}
