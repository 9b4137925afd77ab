//! The farm's own types, free of wire and database.

pub mod collected;
pub mod overview;
mod tenant;

use std::{array::TryFromSliceError, fmt};

use ashlar_proto::{Bytes, Digest, JobKind};
use rand::{Rng, rngs::OsRng};

pub use self::tenant::{Quota, SettledBatch, SettledSum, Tenant, TenantView};

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
        /// The operator gave it up. Requeueing makes it run again.
        Cancelled = 4,
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

impl JobState {
    /// Whether a job may go from this state to `next`: every change of a state in the store is one of these.
    pub const fn may_become(self, next: Self) -> bool {
        use JobState::{Blocked, Done, Leased, Poisoned, Ready};
        matches!(
            (self, next),
            // The last input came, or one was lost.
            (Blocked, Ready) | (Ready, Blocked)
            // Granted, and ended without a proof: an input may be lost by then.
            | (Ready, Leased) | (Leased, Ready | Blocked)
            // A valid proof is taken whatever became of its lease.
            | (Blocked | Ready | Leased | Poisoned, Done)
            // The output was lost; its inputs may be too.
            | (Done, Ready | Blocked)
            // Found impossible, or without its witness; new attempts.
            | (Blocked | Ready | Leased, Poisoned) | (Poisoned, Ready | Blocked)
        )
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
        /// It took much longer than expected, and an idle worker got the job as well. Counts against nobody.
        Overtaken = 8,
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

/// Names a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BatchKey {
    /// Whose it is.
    pub tenant: Tenant,
    /// The circuits its witnesses are for.
    pub circuit_set: Digest,
    /// Its number in its rollup.
    pub number: u64,
}

impl fmt::Display for BatchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.number, self.tenant)
    }
}

/// The batches that an operator means by a number: those of all tenants and circuits that have one of it, or fewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchRef {
    /// The number.
    pub number: u64,
    /// Only this tenant's.
    pub tenant: Option<Tenant>,
    /// Only that of these circuits.
    pub circuit_set: Option<Digest>,
}

impl From<BatchKey> for BatchRef {
    fn from(key: BatchKey) -> Self {
        Self {
            number: key.number,
            tenant: Some(key.tenant),
            circuit_set: Some(key.circuit_set),
        }
    }
}

/// A batch's id in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(pub u64);

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeaseKey {
    /// The job.
    pub job: JobId,
    /// The lease of that job.
    pub token: FencingToken,
}

/// A batch as submitted: one witness per chunk, in order.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Names it.
    pub key: BatchKey,
    /// Digest of each chunk's witness.
    pub witnesses: Vec<Digest>,
    /// Of its rollup stream, if that is in a blob: the second input of the job that compresses.
    pub blob: Option<Digest>,
}

impl Batch {
    /// Digest of all that was submitted, apart from tenant and number.
    pub fn content(&self) -> Digest {
        let digests = std::iter::once(&self.key.circuit_set).chain(&self.witnesses);
        let blob = self.blob.iter().flat_map(|blob| [&b"blob"[..], blob.as_ref()]);
        Digest::of_parts(digests.map(AsRef::as_ref).chain(blob))
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
    /// What it computes on, if not the CPU.
    pub device: Option<Device>,
    /// Why its backend is not the one that it was told to use.
    pub fallback: String,
    /// Its session, if it only says what has changed.
    pub session: Option<Secret>,
}

/// A job given to a worker for a time.
#[derive(Debug, Clone)]
pub struct Lease {
    /// Names it.
    pub key: LeaseKey,
    /// For its holder.
    pub secret: Secret,
    /// The batch of the job.
    pub batch: BatchKey,
    /// Digest of all that was submitted of it.
    pub content: Digest,
    /// How long the job could have been leased, in milliseconds.
    pub waited_ms: u64,
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
    /// CPU seconds of the worker's processes.
    pub cpu_seconds: f64,
    /// Seconds in calls of a device.
    pub device_seconds: f64,
}

/// What accepted attempts cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// Wall-clock seconds.
    pub seconds: f64,
    /// CPU seconds of the workers' processes.
    pub cpu_seconds: f64,
    /// Seconds in calls of a device.
    pub device_seconds: f64,
}

impl Cost {
    /// Of all steps of an attempt.
    pub fn of(steps: &[StepTiming]) -> Self {
        let sum = |of: fn(&StepTiming) -> f64| steps.iter().map(of).sum();
        Self {
            seconds: sum(|step| step.seconds),
            cpu_seconds: sum(|step| step.cpu_seconds),
            device_seconds: sum(|step| step.device_seconds),
        }
    }
}

impl std::ops::AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.seconds += other.seconds;
        self.cpu_seconds += other.cpu_seconds;
        self.device_seconds += other.device_seconds;
    }
}

/// What a worker's heavy arithmetic runs on.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    /// Its name.
    pub name: String,
    /// Its memory in bytes.
    pub memory_total_bytes: u64,
    /// What was free of it when it was opened.
    pub memory_free_bytes: u64,
    /// Scalars of multi-scalar multiplications in a second, as a short self-test found.
    pub msm_scalars_per_second: f64,
    /// Elements of transforms in a second.
    pub ntt_elements_per_second: f64,
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
    pub batch: BatchKey,
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
    /// Names it.
    pub key: BatchKey,
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
    /// Only these batches.
    pub batch: Option<BatchRef>,
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
    /// It gets no more jobs, and ends when it has none.
    pub draining: bool,
    /// The circuits it has.
    pub circuit_set: Digest,
    /// The job it has at the moment.
    pub job: Option<JobId>,
    /// What it does not get.
    pub quarantines: Vec<Quarantine>,
    /// What it computes on, if not the CPU.
    pub device: Option<Device>,
    /// Why its backend is not the one that it was told to use.
    pub fallback: String,
    /// Memory it may use.
    pub ram_bytes: u64,
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
    /// Every job of these batches that is poisoned, waits or caused a quarantine.
    Batch(BatchRef),
}
