//! Settings of a coordinator.

use std::{path::PathBuf, time::Duration};

use ashlar_proto::{Digest, JobKind};
use ashlar_traces::Traces;

use crate::{
    artifact::ArtifactsAt,
    budget::Allowance,
    metrics::FarmMetrics,
    store::{Database, WallClock, wall_ms},
};

/// How jobs of one kind are leased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindPolicy {
    /// A lease expires after so long without a renewal. It bounds how long a dead worker holds a job; a living one
    /// renews, however long it proves.
    pub lease: Duration,
    /// So many workers must say that the job cannot be proved before it is poisoned; so many attempts of one while no
    /// other is alive that could take it. Faults of machines are not counted here. That they do not poison has one
    /// exception, see [`FarmConfig::max_rejected_workers`].
    pub max_attempts: u32,
    /// Workers with less memory do not get the job.
    pub min_ram_bytes: u64,
}

impl Default for KindPolicy {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(30),
            max_attempts: 2,
            min_ram_bytes: 0,
        }
    }
}

/// A policy for each kind of job.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KindPolicies {
    /// For [`JobKind::Chunk`].
    pub chunk: KindPolicy,
    /// For [`JobKind::Fold`].
    pub fold: KindPolicy,
    /// For [`JobKind::Compress`].
    pub compress: KindPolicy,
    /// For [`JobKind::Wrap`].
    pub wrap: KindPolicy,
}

impl KindPolicies {
    /// The same policy for every kind.
    pub const fn uniform(policy: KindPolicy) -> Self {
        Self {
            chunk: policy,
            fold: policy,
            compress: policy,
            wrap: policy,
        }
    }

    /// The policy of `kind`.
    pub const fn of(&self, kind: JobKind) -> &KindPolicy {
        match kind {
            JobKind::Chunk => &self.chunk,
            JobKind::Fold => &self.fold,
            JobKind::Compress => &self.compress,
            JobKind::Wrap => &self.wrap,
        }
    }
}

/// Settings of a coordinator.
#[derive(Debug, Clone)]
pub struct FarmConfig {
    /// Holds the job database and the artifacts, unless these are elsewhere; made if absent. Used by one coordinator at a time,
    /// unless the database is PostgreSQL.
    pub data_dir: PathBuf,
    /// Where the job graph is.
    pub database: Database,
    /// Where witnesses and proofs are kept. Whatever else is there is left alone, but one farm must not share it with another:
    /// what nobody needs here may be needed there.
    pub artifacts: ArtifactsAt,
    /// The circuits that the farm proves. Everybody else's must be among them.
    pub circuit_sets: Vec<Digest>,
    /// Whether a tenant that nobody has named is served.
    pub admits_tenants: bool,
    /// Batches of a tenant that run at a time, where nobody said another number.
    pub max_batches: u32,
    /// Leasing, by kind.
    pub policies: KindPolicies,
    /// How often expired leases are looked for.
    pub sweep_interval: Duration,
    /// A lease that is younger is not one of a straggler, whose job an idle worker gets as well.
    pub straggler: Duration,
    /// A worker not heard of for so long no longer counts as one that could take a job that failed elsewhere.
    pub worker_ttl: Duration,
    /// So many workers must deliver proofs that do not verify before the job is poisoned: until then they are at fault.
    pub max_rejected_workers: u32,
    /// A worker that found a job impossible is asked for the same job again after so long at the earliest.
    pub confirm_pause: Duration,
    /// First pause of a worker whose proof did not verify, from jobs of that kind; it doubles with each fault in a row
    /// up to [`Self::max_quarantine`], and ends with a new registration or when the operator requeues the job.
    pub quarantine: Duration,
    /// First pause of a worker that reports a fault of its own.
    pub fault_pause: Duration,
    /// Longest pause of a worker.
    pub max_quarantine: Duration,
    /// Pause of a job after its second fault of a machine; it doubles up to [`Self::max_job_pause`]. After the first
    /// there is none.
    pub job_pause: Duration,
    /// Longest pause of a job.
    pub max_job_pause: Duration,
    /// Largest number of chunks in a batch.
    pub max_chunks: u32,
    /// Largest witness of a chunk, and largest proof, in bytes.
    pub max_artifact_bytes: u64,
    /// What callers may take at a time.
    pub allowance: Allowance,
    /// A batch is kept for so long after it was settled, or given up by the operator: after that its jobs and artifacts go.
    pub retention: Duration,
    /// An artifact that nobody needs is kept for so long after it was written, and once more after that was noted. Longer than
    /// [`RENEWED_AFTER`](crate::RENEWED_AFTER): an upload leaves a younger copy as it is.
    pub grace: Duration,
    /// The clock to go by, in Unix milliseconds, with a file as database. PostgreSQL has its own.
    pub wall_clock: WallClock,
    /// What it counts with.
    pub metrics: FarmMetrics,
    /// Where it tells of attempts and verifications.
    pub traces: Traces,
}

impl FarmConfig {
    /// Default settings for a data directory and a circuit set: database and artifacts are there.
    pub fn new(data_dir: impl Into<PathBuf>, circuit_set: Digest) -> Self {
        let data_dir = data_dir.into();
        Self {
            database: Database::Sqlite(data_dir.join("jobs.sqlite")),
            artifacts: ArtifactsAt::Folder(data_dir.join("artifacts")),
            data_dir,
            circuit_sets: vec![circuit_set],
            admits_tenants: true,
            max_batches: 64,
            wall_clock: wall_ms,
            policies: KindPolicies::default(),
            sweep_interval: Duration::from_secs(1),
            straggler: Duration::from_secs(30),
            worker_ttl: Duration::from_secs(60),
            max_rejected_workers: 3,
            confirm_pause: Duration::from_secs(10),
            quarantine: Duration::from_secs(30),
            fault_pause: Duration::from_secs(1),
            max_quarantine: Duration::from_secs(600),
            job_pause: Duration::from_secs(1),
            max_job_pause: Duration::from_secs(60),
            max_chunks: 1024,
            max_artifact_bytes: 64 << 20,
            retention: Duration::from_secs(24 * 3600),
            grace: Duration::from_secs(2 * 3600),
            allowance: Allowance::default(),
            metrics: FarmMetrics::default(),
            traces: Traces::default(),
        }
    }
}
