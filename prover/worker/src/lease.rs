//! A lease as the worker sees it.

use std::time::Duration;

use ashlar_proto::{Bytes, Digest, JobKind, farm::v1 as pb};
use ashlar_traces::Context;

use crate::error::WorkerError;

/// A job of this worker for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub job_id: u64,
    pub token: Bytes,
    pub batch: u64,
    pub kind: JobKind,
    /// Artifacts the job takes, in order.
    pub inputs: Vec<Digest>,
    pub expires_in: Duration,
    /// The coordinator's span of it, if that was told.
    pub span: Option<Context>,
}

impl TryFrom<pb::Lease> for Lease {
    type Error = WorkerError;
    fn try_from(lease: pb::Lease) -> Result<Self, WorkerError> {
        let broken =
            |reason: String| WorkerError::Contract(format!("lease of job {}: {reason}", lease.job_id));
        let (kind, inputs): (_, Vec<Bytes>) = match lease.job {
            Some(pb::lease::Job::Chunk(ref job)) => (JobKind::Chunk, vec![job.witness.clone()]),
            Some(pb::lease::Job::Fold(ref job)) => (JobKind::Fold, vec![job.left.clone(), job.right.clone()]),
            Some(pb::lease::Job::Compress(ref job)) => {
                let blob = (!job.blob.is_empty()).then(|| job.blob.clone());
                (
                    JobKind::Compress,
                    std::iter::once(job.root.clone()).chain(blob).collect(),
                )
            }
            Some(pb::lease::Job::Wrap(ref job)) => (JobKind::Wrap, vec![job.compressed.clone()]),
            None => return Err(broken("a kind of job that this version does not know".into())),
        };
        let inputs = inputs
            .iter()
            .map(|digest| Digest::try_from(&digest[..]).map_err(|error| broken(error.to_string())))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            job_id: lease.job_id,
            token: lease.token,
            batch: lease.batch_number,
            kind,
            inputs,
            expires_in: Duration::from_millis(lease.expires_in_ms),
            span: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compress(blob: Bytes) -> Result<Lease, WorkerError> {
        let root = Digest::of(b"root").into();
        Lease::try_from(pb::Lease {
            job: Some(pb::lease::Job::Compress(pb::CompressJob { root, blob })),
            ..pb::Lease::default()
        })
    }

    #[test]
    fn a_job_that_compresses_takes_a_stream_only_if_its_batch_has_one_in_a_blob() {
        let (root, blob) = (Digest::of(b"root"), Digest::of(b"stream"));
        let inputs = |lease: Result<Lease, WorkerError>| lease.expect("a good lease").inputs;
        assert_eq!(inputs(compress(Bytes::new())), [root]);
        assert_eq!(inputs(compress(blob.into())), [root, blob]);
        let short = compress(Bytes::from_static(&[1; 31])).expect_err("no digest");
        assert!(matches!(short, WorkerError::Contract(_)), "{short}");
    }
}
