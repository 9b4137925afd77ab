//! The farm's own types, free of wire and database.

use std::{array::TryFromSliceError, fmt};

use ashlar_proto::{Bytes, Digest, JobKind};
use rand::{Rng, rngs::OsRng};

macro_rules! coded_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_doc])* $variant = $code,)* }

        impl $name {
            /// Number in the database and on the wire.
            pub const fn code(self) -> i64 {
                self as i64
            }

            /// Inverse of [`Self::code`].
            pub const fn from_code(code: i64) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

coded_enum! {
    /// Where a batch stands.
    BatchState {
        /// Its jobs run or wait.
        Running = 1,
        /// The SNARK exists.
        Done = 2,
        /// A job is poisoned. Requeueing it, or a late proof, makes the batch run again.
        Failed = 3,
    }
}

coded_enum! {
    /// Where a job stands.
    JobState {
        /// Waits for its inputs.
        Blocked = 1,
        /// Can be leased.
        Ready = 2,
        /// A worker has it.
        Leased = 3,
        /// Its output exists; never left again, unless that output is lost.
        Done = 4,
        /// Given up: several workers, or the only one several times, found it impossible; proofs of several workers do
        /// not verify; or its witness was lost. Inputs that exist are kept.
        Poisoned = 5,
    }
}

coded_enum! {
    /// How a lease ended.
    LeaseEnding {
        /// Its proof was accepted, or somebody else's was.
        Completed = 1,
        /// The worker reported a fault of its own.
        Failed = 2,
        /// Its deadline passed.
        Expired = 3,
        /// Handed back, or its input was lost.
        HandedBack = 4,
        /// The proof did not verify.
        Rejected = 5,
        /// The worker reported that the job cannot be proved.
        Condemned = 6,
        /// The worker registered anew, so it has forgotten the job.
        Superseded = 7,
    }
}

impl LeaseEnding {
    /// Endings after which the job is better left to another worker.
    pub const BAD: [Self; 5] = [
        Self::Failed,
        Self::Expired,
        Self::Rejected,
        Self::Condemned,
        Self::Superseded, // a process that ended in the middle of the job, perhaps over it
    ];
}

/// A job's number, unique in the farm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// A registered worker's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerId(pub u64);

/// Numbers a lease; greater than every one granted before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FencingToken(pub u64);

/// Random, and told to one caller only: what names it comes from there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret([u8; 16]);

impl Secret {
    /// A new one, from the system's randomness.
    pub fn random() -> Self {
        Self(OsRng.r#gen())
    }

    /// Its bytes, for the caller and the database.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl TryFrom<&[u8]> for Secret {
    type Error = TryFromSliceError;
    fn try_from(bytes: &[u8]) -> Result<Self, TryFromSliceError> {
        bytes.try_into().map(Self)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret") // logs are read by many
    }
}

/// A caller's word that a lease is its own.
#[derive(Debug, Clone)]
pub struct LeaseClaim {
    /// The job.
    pub job: JobId,
    /// What the lease's holder was told.
    pub secret: Secret,
    /// The worker that calls, where its certificate says so.
    pub caller: Option<String>,
}

/// What names a lease within the coordinator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseKey {
    /// The job.
    pub job: JobId,
    /// The lease of that job.
    pub token: FencingToken,
}

/// A batch as submitted: one witness per chunk, in order.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Its number.
    pub number: u64,
    /// The circuits its witnesses are for.
    pub circuit_set: Digest,
    /// Digest of each chunk's witness.
    pub witnesses: Vec<Digest>,
}

impl Batch {
    /// Digest of all that was submitted, apart from the number.
    pub fn content(&self) -> Digest {
        let parts = std::iter::once(&self.circuit_set).chain(&self.witnesses);
        Digest::of_parts(parts.map(AsRef::as_ref))
    }
}

/// What a worker says of itself.
#[derive(Debug, Clone)]
pub struct Capabilities {
    /// Unique name.
    pub name: String,
    /// The circuits it has.
    pub circuit_set: Digest,
    /// The kinds it takes.
    pub kinds: Vec<JobKind>,
    /// How its heavy arithmetic runs.
    pub backend: String,
    /// Memory it may use.
    pub ram_bytes: u64,
}

/// A job given to a worker for a time.
#[derive(Debug, Clone)]
pub struct Lease {
    /// Names it.
    pub key: LeaseKey,
    /// For its holder.
    pub secret: Secret,
    /// The batch of the job.
    pub batch: u64,
    /// What is to be done.
    pub kind: JobKind,
    /// Artifacts it takes, in order.
    pub inputs: Vec<Digest>,
    /// Time until it expires, in milliseconds.
    pub expires_in_ms: u64,
}

/// Cost of one step inside a job.
#[derive(Debug, Clone, PartialEq)]
pub struct StepTiming {
    /// The step.
    pub name: String,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Peak resident memory of the worker process during the job, in bytes.
    pub peak_rss_bytes: u64,
}

/// A result as delivered.
#[derive(Debug, Clone)]
pub struct Completion {
    /// The lease it was made under.
    pub claim: LeaseClaim,
    /// The proof.
    pub proof: Bytes,
    /// What it cost.
    pub steps: Vec<StepTiming>,
    /// Why it was not made where the worker meant to make it; empty if it was.
    pub fallback: String,
}

/// What became of a delivered result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompletionOutcome {
    /// Verified; the job is done.
    Accepted,
    /// The job was done already.
    Ignored,
    /// The proof does not verify, for this reason.
    Rejected(String),
}

/// A job as shown to people and to the sequencer.
#[derive(Debug, Clone)]
pub struct JobView {
    /// Its id.
    pub id: JobId,
    /// Its batch.
    pub batch: u64,
    /// What it does.
    pub kind: JobKind,
    /// Where it stands.
    pub state: JobState,
    /// Position within its kind.
    pub ordinal: u32,
    /// Attempts that say that the job itself cannot be proved.
    pub failed_attempts: u32,
    /// Attempts that ended by a fault of the machine that made them. They do not fail the job, except proofs of several
    /// workers that all do not verify.
    pub machine_faults: u32,
    /// It is not leased again before, in Unix milliseconds; zero if it did not have to wait.
    pub not_before_ms: u64,
    /// The last reason of either.
    pub last_error: String,
    /// Name of the worker that has or had it last; empty if none had.
    pub worker: String,
    /// Costs of the accepted attempt.
    pub steps: Vec<StepTiming>,
    /// Digest of its output.
    pub output: Option<Digest>,
    /// Length of its output in bytes.
    pub output_bytes: u64,
    /// Why the accepted proof was not made where the worker meant to make it; empty if it was.
    pub fallback: String,
}

/// A batch with its jobs.
#[derive(Debug, Clone)]
pub struct BatchView {
    /// Its number.
    pub number: u64,
    /// Where it stands.
    pub state: BatchState,
    /// Why it failed.
    pub failure_reason: String,
    /// Its jobs, by id.
    pub jobs: Vec<JobView>,
}

/// One lease in a job's history.
#[derive(Debug, Clone)]
pub struct LeaseView {
    /// Its token.
    pub token: FencingToken,
    /// Name of the worker.
    pub worker: String,
    /// When it was granted, Unix milliseconds.
    pub granted_ms: u64,
    /// When it expires or would have.
    pub deadline_ms: u64,
    /// When and how it ended; `None` while current.
    pub ended: Option<(u64, LeaseEnding)>,
    /// The ending in words.
    pub outcome: String,
}

/// Which jobs a listing shows.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// Only this batch.
    pub batch: Option<u64>,
    /// Only these states; empty means all.
    pub states: Vec<JobState>,
    /// At most so many.
    pub limit: u32,
}

/// A worker as shown to people.
#[derive(Debug, Clone)]
pub struct WorkerView {
    /// Its id.
    pub id: WorkerId,
    /// Its name.
    pub name: String,
    /// How its heavy arithmetic runs.
    pub backend: String,
    /// The kinds it takes and has the memory for.
    pub kinds: Vec<JobKind>,
    /// When it was last heard of, Unix milliseconds.
    pub last_seen_ms: u64,
    /// What it does not get.
    pub quarantines: Vec<Quarantine>,
}

/// Jobs of one kind are kept from a worker that got some wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantine {
    /// The kind.
    pub kind: JobKind,
    /// Faults in a row.
    pub strikes: u32,
    /// When it ends, Unix milliseconds.
    pub until_ms: u64,
    /// The last fault.
    pub reason: String,
    /// The job that it was over; unknown in a database of an earlier version.
    pub job: Option<JobId>,
}

/// What an operator's wish for new attempts changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requeued {
    /// Jobs that have new attempts, or whose pause ended.
    pub jobs: u64,
    /// Quarantines that were lifted.
    pub quarantines: u64,
}

/// What to give new attempts.
#[derive(Debug, Clone, Copy)]
pub enum RequeueTarget {
    /// One job.
    Job(JobId),
    /// Every job of a batch that is poisoned, waits or caused a quarantine.
    Batch(u64),
}
