//! The whole farm as of one moment, within bounds.

use ashlar_proto::JobKind;

use super::{BatchId, BatchKey, BatchState, Cost, JobId, JobState, SettledBatch, TenantView, WorkerView};

/// How far back an overview counts what workers did, in minutes.
pub const MINUTES: usize = 10;

/// What a status, a live view or a dashboard shows.
#[derive(Debug, Clone)]
pub struct Overview {
    /// When it was read, Unix milliseconds.
    pub at_ms: u64,
    /// Jobs of nobody are leased.
    pub paused: bool,
    /// Of all that were ever submitted.
    pub batch_counts: Vec<(BatchState, u64)>,
    /// Jobs of the batches that run.
    pub running: Vec<KindOverview>,
    /// Since when the job is ready that waits longest, Unix milliseconds.
    pub oldest_ready_ms: Option<u64>,
    /// How many workers there are.
    pub fleet: Fleet,
    /// Newest first.
    pub batches: Vec<BatchOverview>,
    /// By id; of too many, those last heard of.
    pub workers: Vec<WorkerOverview>,
    /// In the order in which they were first seen.
    pub tenants: Vec<TenantView>,
    /// The present minute first.
    pub minutes: [Minute; MINUTES],
    /// Newest first.
    pub failures: Vec<FailedAttempt>,
}

/// Jobs of a kind by state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KindOverview {
    /// The kind.
    pub kind: JobKind,
    /// How many, by [`JobState`].
    by_state: [u64; 5],
    /// What the accepted attempts cost.
    pub cost: Cost,
}

impl KindOverview {
    /// None yet.
    pub const fn new(kind: JobKind) -> Self {
        Self {
            kind,
            by_state: [0; 5],
            cost: Cost {
                seconds: 0.0,
                cpu_seconds: 0.0,
                device_seconds: 0.0,
            },
        }
    }

    /// So many of a state.
    pub const fn count(&self, state: JobState) -> u64 {
        self.by_state[state.code() as usize - 1]
    }

    /// Adds some.
    pub const fn add(&mut self, state: JobState, jobs: u64) {
        self.by_state[state.code() as usize - 1] += jobs;
    }
}

/// How many workers there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fleet {
    /// That ever registered.
    pub known: u64,
    /// Heard of lately.
    pub live: u64,
    /// Live ones that get no more jobs.
    pub draining: u64,
    /// Live ones that do not get some kind.
    pub quarantined: u64,
}

/// A batch as one of many.
#[derive(Debug, Clone)]
pub struct BatchOverview {
    /// Its id.
    pub id: BatchId,
    /// Names it.
    pub key: BatchKey,
    /// Where it stands.
    pub state: BatchState,
    /// Why it failed or was given up.
    pub failure_reason: String,
    /// When it came, Unix milliseconds.
    pub submitted_ms: u64,
    /// Until when time counts: now while it runs, else when its last attempt ended.
    pub until_ms: u64,
    /// In the order of the pipeline.
    pub kinds: Vec<KindOverview>,
    /// Of all its jobs.
    pub machine_faults: u64,
    /// What became of it on its chain, once that was told.
    pub settled: Option<SettledBatch>,
}

/// A worker with what it does and did.
#[derive(Debug, Clone)]
pub struct WorkerOverview {
    /// The worker.
    pub worker: WorkerView,
    /// Heard of lately.
    pub live: bool,
    /// What it has at the moment.
    pub present: Option<Present>,
    /// Jobs of its that were accepted in the last minutes.
    pub jobs_done: u64,
    /// What these cost.
    pub seconds: f64,
}

/// A job at a worker.
#[derive(Debug, Clone, Copy)]
pub struct Present {
    /// The job.
    pub job: JobId,
    /// What it does.
    pub kind: JobKind,
    /// Number of its batch.
    pub batch: u64,
    /// Since when, Unix milliseconds.
    pub since_ms: u64,
}

/// What happened in a minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Minute {
    /// Jobs that were done.
    pub accepted: u64,
    /// Attempts that went wrong.
    pub failed: u64,
}

/// An attempt that went wrong.
#[derive(Debug, Clone)]
pub struct FailedAttempt {
    /// At which job.
    pub job: JobId,
    /// What that does.
    pub kind: JobKind,
    /// Number of its batch.
    pub batch: u64,
    /// Whose attempt.
    pub worker: String,
    /// When it ended, Unix milliseconds.
    pub ended_ms: u64,
    /// The error.
    pub reason: String,
}
