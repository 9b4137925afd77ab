//! Wire messages to the farm's own types and back. Every check of a request is made here.

mod collected;
pub mod overview;
mod tenant;

use std::time::Duration;

use ashlar_proto::{Bytes, Digest, JobKind, MAX_PIECE_BYTES, farm::v1 as pb};

use crate::{
    error::FarmError,
    farm::JobInspection,
    model::{
        BatchKey, BatchView, Capabilities, CompletionOutcome, Cost, Device, JobFilter, JobId, JobState,
        JobView, Lease, LeaseClaim, LeaseView, Quarantine, RequeueTarget, Requeued, Secret, StepTiming,
        WorkerView,
    },
};

pub use self::tenant::{batch_key, batch_ref, owner, quota, settled, tenant};

/// Longest time a lease call may wait.
pub const MAX_LEASE_WAIT: Duration = Duration::from_secs(30);
/// Most jobs in one listing.
pub const MAX_LISTED_JOBS: u32 = 1000;
const MAX_NAME_CHARS: usize = 128;
const MAX_STEPS: usize = 64;
/// Errors are shown this long in lists, so that a list stays within a message; `Inspect` shows them whole.
const LISTED_ERROR_BYTES: usize = 512;

pub(crate) fn invalid(field: &'static str, reason: impl Into<String>) -> FarmError {
    FarmError::Invalid {
        field,
        reason: reason.into(),
    }
}

pub(crate) fn digest(field: &'static str, bytes: &Bytes) -> Result<Digest, FarmError> {
    Digest::try_from(&bytes[..]).map_err(|error| invalid(field, error.to_string()))
}

fn checked_name(field: &'static str, name: String) -> Result<String, FarmError> {
    let chars = name.chars().count();
    if (1..=MAX_NAME_CHARS).contains(&chars) && !name.chars().any(char::is_control) {
        Ok(name)
    } else {
        Err(invalid(
            field,
            format!("must have 1 to {MAX_NAME_CHARS} printable characters, has {chars}"),
        ))
    }
}

/// A batch's header, checked.
#[derive(Debug, Clone)]
pub struct BatchHeader {
    /// Names the batch.
    pub key: BatchKey,
    /// Number of its chunks, within the limit.
    pub chunk_count: u32,
    /// Its rollup stream, if that is in a blob.
    pub blob: Option<Bytes>,
}

impl BatchHeader {
    /// Checks a header against the limit of chunks.
    pub fn check(header: pb::BatchHeader, max_chunks: u32) -> Result<Self, FarmError> {
        if !(1..=max_chunks).contains(&header.chunk_count) {
            let found = header.chunk_count;
            return Err(invalid(
                "chunk_count",
                format!("must be 1 to {max_chunks}, is {found}"),
            ));
        }
        if header.blob.len() > MAX_PIECE_BYTES {
            let found = header.blob.len();
            return Err(invalid(
                "blob",
                format!("at most {MAX_PIECE_BYTES} bytes, is {found}"),
            ));
        }
        Ok(Self {
            key: batch_key(header.number, header.tenant.as_ref(), &header.circuit_set_digest)?,
            chunk_count: header.chunk_count,
            blob: (!header.blob.is_empty()).then_some(header.blob),
        })
    }
}

/// What a worker says of itself. Its name is that of its certificate, where it shows one.
pub fn capabilities(caller: Option<String>, request: pb::RegisterRequest) -> Result<Capabilities, FarmError> {
    let kinds = request.kinds.iter().map(|kind| ashlar_proto::job_kind(*kind));
    let kinds: Vec<JobKind> = kinds
        .collect::<Result<_, _>>()
        .map_err(|error| invalid("kinds", error.to_string()))?;
    if kinds.is_empty() {
        return Err(invalid("kinds", "must name at least one kind"));
    }
    let name = match caller {
        Some(caller) if request.name.is_empty() || request.name == caller => caller,
        Some(caller) => {
            let owner = request.name;
            return Err(FarmError::NotYours { owner, caller });
        }
        None => checked_name("name", request.name)?,
    };
    Ok(Capabilities {
        name,
        circuit_set: digest("circuit_set_digest", &request.circuit_set_digest)?,
        kinds,
        backend: checked_name("backend", request.backend)?,
        ram_bytes: request.ram_bytes,
        device: request.device.map(device).transpose()?,
        fallback: crate::farm::truncate(request.fallback),
        session: (!request.session.is_empty())
            .then(|| secret("session", &request.session))
            .transpose()?,
    })
}

fn device(device: pb::Device) -> Result<Device, FarmError> {
    Ok(Device {
        msm_scalars_per_second: amount("device.msm_scalars_per_second", device.msm_scalars_per_second)?,
        ntt_elements_per_second: amount("device.ntt_elements_per_second", device.ntt_elements_per_second)?,
        name: checked_name("device.name", device.name)?,
        memory_total_bytes: device.memory_total_bytes,
        memory_free_bytes: device.memory_free_bytes,
    })
}

/// A number that measures something.
fn amount(field: &'static str, value: f64) -> Result<f64, FarmError> {
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(invalid(field, format!("no amount: {value}")))
    }
}

/// A session or a lease's token.
pub fn secret(field: &'static str, bytes: &Bytes) -> Result<Secret, FarmError> {
    Secret::try_from(&bytes[..])
        .map_err(|_| invalid(field, format!("must have 16 bytes, has {}", bytes.len())))
}

/// The lease that a call is about.
pub fn claim(job_id: u64, token: &Bytes, caller: Option<String>) -> Result<LeaseClaim, FarmError> {
    Ok(LeaseClaim {
        job: JobId(job_id),
        secret: secret("token", token)?,
        caller,
    })
}

/// Checks the costs that a worker reports.
pub fn steps(steps: Vec<pb::StepTiming>) -> Result<Vec<StepTiming>, FarmError> {
    if steps.len() > MAX_STEPS {
        return Err(invalid(
            "steps",
            format!("at most {MAX_STEPS}, not {}", steps.len()),
        ));
    }
    steps
        .into_iter()
        .map(|step| {
            Ok(StepTiming {
                seconds: amount("steps.seconds", step.seconds)?,
                cpu_seconds: amount("steps.cpu_seconds", step.cpu_seconds)?,
                device_seconds: amount("steps.device_seconds", step.device_seconds)?,
                name: checked_name("steps.name", step.name)?,
                peak_rss_bytes: step.peak_rss_bytes,
            })
        })
        .collect()
}

impl TryFrom<pb::ListJobsRequest> for JobFilter {
    type Error = FarmError;
    fn try_from(request: pb::ListJobsRequest) -> Result<Self, FarmError> {
        let states = request.states.iter().map(|state| {
            JobState::from_code(i64::from(*state))
                .ok_or_else(|| invalid("states", format!("{state} is not known")))
        });
        let limit = if request.limit == 0 {
            MAX_LISTED_JOBS
        } else {
            request.limit.min(MAX_LISTED_JOBS)
        };
        Ok(Self {
            batch: request.batch.map(batch_ref).transpose()?,
            states: states.collect::<Result<_, _>>()?,
            limit,
        })
    }
}

impl TryFrom<pb::RequeueRequest> for RequeueTarget {
    type Error = FarmError;
    fn try_from(request: pb::RequeueRequest) -> Result<Self, FarmError> {
        match request.target {
            Some(pb::requeue_request::Target::JobId(job)) => Ok(Self::Job(JobId(job))),
            Some(pb::requeue_request::Target::Batch(batch)) => Ok(Self::Batch(batch_ref(batch)?)),
            None => Err(invalid("target", "must be a job or a batch")),
        }
    }
}

impl TryFrom<Lease> for pb::Lease {
    type Error = FarmError;
    fn try_from(lease: Lease) -> Result<Self, FarmError> {
        let job = match (lease.kind, lease.inputs.as_slice()) {
            (JobKind::Chunk, &[witness]) => pb::lease::Job::Chunk(pb::ChunkJob {
                witness: witness.into(),
            }),
            (JobKind::Fold, &[left, right]) => pb::lease::Job::Fold(pb::FoldJob {
                left: left.into(),
                right: right.into(),
            }),
            (JobKind::Compress, &[root, ref rest @ ..]) if rest.len() <= 1 => {
                pb::lease::Job::Compress(pb::CompressJob {
                    root: root.into(),
                    blob: rest.first().map(|blob| Bytes::from(*blob)).unwrap_or_default(),
                })
            }
            (JobKind::Wrap, &[compressed]) => pb::lease::Job::Wrap(pb::WrapJob {
                compressed: compressed.into(),
            }),
            (kind, inputs) => {
                return Err(FarmError::CorruptDatabase {
                    what: "number of inputs",
                    value: format!("{} for {kind}", inputs.len()),
                });
            }
        };
        Ok(Self {
            job_id: lease.key.job.0,
            token: Bytes::copy_from_slice(lease.secret.as_bytes()),
            batch_number: lease.batch.number,
            job: Some(job),
            expires_in_ms: lease.expires_in_ms,
        })
    }
}

impl From<CompletionOutcome> for pb::CompleteResponse {
    fn from(outcome: CompletionOutcome) -> Self {
        use pb::complete_response::Outcome;
        let (outcome, reason) = match outcome {
            CompletionOutcome::Accepted => (Outcome::Accepted, String::new()),
            CompletionOutcome::Ignored => (Outcome::Ignored, String::new()),
            CompletionOutcome::Rejected(reason) => (Outcome::Rejected, reason),
        };
        Self {
            outcome: outcome as i32,
            reason,
        }
    }
}

impl From<StepTiming> for pb::StepTiming {
    fn from(step: StepTiming) -> Self {
        Self {
            name: step.name,
            seconds: step.seconds,
            peak_rss_bytes: step.peak_rss_bytes,
            cpu_seconds: step.cpu_seconds,
            device_seconds: step.device_seconds,
        }
    }
}

impl From<Cost> for pb::Cost {
    fn from(cost: Cost) -> Self {
        Self {
            seconds: cost.seconds,
            cpu_seconds: cost.cpu_seconds,
            device_seconds: cost.device_seconds,
        }
    }
}

impl From<JobView> for pb::JobStatus {
    fn from(job: JobView) -> Self {
        Self {
            job_id: job.id.0,
            batch_number: job.batch.number,
            tenant: Some(job.batch.tenant.into()),
            circuit_set_digest: job.batch.circuit_set.into(),
            kind: pb::JobKind::from(job.kind) as i32,
            state: job.state.code() as i32,
            ordinal: job.ordinal,
            failed_attempts: job.failed_attempts,
            machine_faults: job.machine_faults,
            not_before_unix_ms: job.not_before_ms,
            last_error: job.last_error,
            worker: job.worker,
            steps: job.steps.into_iter().map(Into::into).collect(),
            output_bytes: job.output_bytes,
            fallback: job.fallback,
        }
    }
}

/// A job as one of many.
pub fn listed(job: JobView) -> pb::JobStatus {
    let mut status = pb::JobStatus::from(job);
    status.last_error = cut(status.last_error);
    status.fallback = cut(status.fallback);
    status
}

/// An error as one of many.
fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(LISTED_ERROR_BYTES));
    text
}

/// A batch's status; `snark` is empty unless it is done.
pub fn batch_status(batch: BatchView, snark: Bytes) -> pb::BatchStatus {
    pb::BatchStatus {
        number: batch.key.number,
        state: batch.state.code() as i32,
        jobs: batch.jobs.into_iter().map(listed).collect(),
        snark,
        failure_reason: batch.failure_reason,
    }
}

impl From<WorkerView> for pb::WorkerStatus {
    fn from(worker: WorkerView) -> Self {
        let code = |kind: JobKind| pb::JobKind::from(kind) as i32;
        let quarantine = |quarantine: Quarantine| pb::Quarantine {
            kind: code(quarantine.kind),
            strikes: quarantine.strikes,
            until_unix_ms: quarantine.until_ms,
            reason: cut(quarantine.reason),
            job_id: quarantine.job.map_or(0, |job| job.0),
        };
        Self {
            worker_id: worker.id.0,
            name: worker.name,
            backend: worker.backend,
            kinds: worker.kinds.into_iter().map(code).collect(),
            last_seen_unix_ms: worker.last_seen_ms,
            draining: worker.draining,
            circuit_set_digest: worker.circuit_set.into(),
            job_id: worker.job.map_or(0, |job| job.0),
            quarantines: worker.quarantines.into_iter().map(quarantine).collect(),
            device: worker.device.map(|device| pb::Device {
                name: device.name,
                memory_total_bytes: device.memory_total_bytes,
                memory_free_bytes: device.memory_free_bytes,
                msm_scalars_per_second: device.msm_scalars_per_second,
                ntt_elements_per_second: device.ntt_elements_per_second,
            }),
            fallback: cut(worker.fallback),
            ram_bytes: worker.ram_bytes,
        }
    }
}

impl From<Requeued> for pb::RequeueResponse {
    fn from(requeued: Requeued) -> Self {
        let count = |many: u64| u32::try_from(many).unwrap_or(u32::MAX);
        Self {
            requeued: count(requeued.jobs),
            quarantines_lifted: count(requeued.quarantines),
        }
    }
}

impl From<LeaseView> for pb::LeaseRecord {
    fn from(lease: LeaseView) -> Self {
        Self {
            number: lease.token.0,
            worker: lease.worker,
            granted_unix_ms: lease.granted_ms,
            deadline_unix_ms: lease.deadline_ms,
            ended_unix_ms: lease.ended.map_or(0, |(ended, _)| ended),
            outcome: lease.outcome,
        }
    }
}

impl From<JobInspection> for pb::InspectResponse {
    fn from(inspection: JobInspection) -> Self {
        let output = inspection.job.output.map(Bytes::from).unwrap_or_default();
        Self {
            job: Some(inspection.job.into()),
            inputs: inspection.inputs.into_iter().map(Bytes::from).collect(),
            output,
            leases: inspection.leases.into_iter().map(Into::into).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_have_their_wire_numbers() {
        use crate::model::BatchState;
        for (state, wire) in [
            (JobState::Blocked, pb::JobState::Blocked),
            (JobState::Ready, pb::JobState::Ready),
            (JobState::Leased, pb::JobState::Leased),
            (JobState::Done, pb::JobState::Done),
            (JobState::Poisoned, pb::JobState::Poisoned),
        ] {
            assert_eq!(state.code(), i64::from(wire as i32));
        }
        for (state, wire) in [
            (BatchState::Running, pb::BatchState::Running),
            (BatchState::Done, pb::BatchState::Done),
            (BatchState::Failed, pb::BatchState::Failed),
            (BatchState::Cancelled, pb::BatchState::Cancelled),
        ] {
            assert_eq!(state.code(), i64::from(wire as i32));
        }
    }

    #[test]
    fn bad_requests_name_the_field() {
        let good = pb::RegisterRequest {
            name: "w".into(),
            circuit_set_digest: Digest::of(b"").into(),
            kinds: vec![1, 4],
            backend: "cpu".into(),
            ram_bytes: 1,
            ..pb::RegisterRequest::default()
        };
        let field = |request| match capabilities(None, request) {
            Err(FarmError::Invalid { field, .. }) => field,
            other => panic!("accepted: {other:?}"),
        };
        assert!(capabilities(None, good.clone()).is_ok());
        assert_eq!(
            field(pb::RegisterRequest {
                name: String::new(),
                ..good.clone()
            }),
            "name"
        );
        assert_eq!(
            field(pb::RegisterRequest {
                name: "x".repeat(129),
                ..good.clone()
            }),
            "name"
        );
        assert_eq!(
            field(pb::RegisterRequest {
                kinds: vec![],
                ..good.clone()
            }),
            "kinds"
        );
        assert_eq!(
            field(pb::RegisterRequest {
                kinds: vec![1, 9],
                ..good.clone()
            }),
            "kinds"
        );
        let short = Bytes::from_static(&[0; 31]);
        assert_eq!(
            field(pb::RegisterRequest {
                circuit_set_digest: short,
                ..good
            }),
            "circuit_set_digest"
        );
        for wrong in [f64::NAN, f64::INFINITY, -1.0] {
            let step = |seconds, cpu_seconds, device_seconds| pb::StepTiming {
                name: "fold".into(),
                seconds,
                peak_rss_bytes: 0,
                cpu_seconds,
                device_seconds,
            };
            for (step, named) in [
                (step(wrong, 0.0, 0.0), "steps.seconds"),
                (step(0.0, wrong, 0.0), "steps.cpu_seconds"),
                (step(0.0, 0.0, wrong), "steps.device_seconds"),
            ] {
                assert!(matches!(steps(vec![step]), Err(FarmError::Invalid { field, .. }) if field == named));
            }
        }
    }
}
