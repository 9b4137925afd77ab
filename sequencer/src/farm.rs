//! The sequencer's side of the farm: hand a batch in, wait for its SNARK.

use std::time::Duration;

use ashlar_proto::{
    Bytes, MAX_MESSAGE_BYTES,
    farm::v1::{self as pb, batch_service_client::BatchServiceClient},
    pieces,
};
use tonic::transport::{Channel, Endpoint};

use crate::store::StepRecord;

/// Why the farm has no SNARK for a batch.
#[derive(Debug, thiserror::Error)]
pub enum FarmError {
    /// The coordinator cannot be reached: asked again later.
    #[error("farm coordinator at {endpoint} does not answer")]
    Unreachable {
        /// Its address.
        endpoint: String,
        /// The transport's error.
        #[source]
        source: tonic::transport::Error,
    },
    /// A call was refused or its stream broke.
    #[error("farm call `{call}` failed")]
    Call {
        /// The method.
        call: &'static str,
        /// The coordinator's answer.
        #[source]
        source: Box<tonic::Status>,
    },
    /// The farm gave the batch up; it runs again when the operator requeues its jobs.
    #[error("the farm gave up on batch {batch}: {reason}")]
    GaveUp {
        /// The batch.
        batch: u64,
        /// The farm's reason.
        reason: String,
    },
    /// The stream of states ended before the batch did: watch again.
    #[error("the farm stopped reporting on batch {batch}")]
    Ended {
        /// The batch.
        batch: u64,
    },
}

impl FarmError {
    /// Whether asking again later can help without an operator.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Ended { .. } => true,
            Self::Call { source, .. } => !matches!(
                source.code(),
                tonic::Code::FailedPrecondition | tonic::Code::AlreadyExists | tonic::Code::InvalidArgument
            ),
            Self::GaveUp { .. } => false,
        }
    }
}

/// What the farm delivered.
#[derive(Clone, Debug)]
pub struct Proven {
    /// The encoded SNARK.
    pub snark: Vec<u8>,
    /// Costs of every job, one entry per run.
    pub steps: Vec<StepRecord>,
}

/// A client of the coordinator.
#[derive(Clone, Debug)]
pub struct FarmClient {
    client: BatchServiceClient<Channel>,
}

fn call(name: &'static str) -> impl FnOnce(tonic::Status) -> FarmError {
    move |source| FarmError::Call {
        call: name,
        source: Box::new(source),
    }
}

impl FarmClient {
    /// Connects to `endpoint`, for example `http://127.0.0.1:7002`.
    pub async fn connect(endpoint: &str) -> Result<Self, FarmError> {
        let unreachable = |source| FarmError::Unreachable {
            endpoint: endpoint.to_owned(),
            source,
        };
        let channel = Endpoint::from_shared(endpoint.to_owned())
            .map_err(unreachable)?
            .connect_timeout(Duration::from_secs(5))
            .connect()
            .await
            .map_err(unreachable)?;
        Ok(Self {
            client: BatchServiceClient::new(channel).max_decoding_message_size(MAX_MESSAGE_BYTES),
        })
    }

    /// Sends a batch's chunk witnesses; harmless when the farm has them already.
    pub async fn submit(
        &mut self,
        number: u64,
        circuit_set_digest: [u8; 32],
        chunks: Vec<Vec<u8>>,
    ) -> Result<(), FarmError> {
        let header = pb::BatchHeader {
            number,
            chunk_count: u32::try_from(chunks.len()).unwrap_or(u32::MAX),
            circuit_set_digest: circuit_set_digest.to_vec().into(),
        };
        let header = pb::SubmitBatchRequest {
            part: Some(pb::submit_batch_request::Part::Header(header)),
        };
        let witnesses = (0u32..).zip(chunks).flat_map(|(chunk_index, witness)| {
            let mut parts = pieces(Bytes::from(witness)).peekable();
            std::iter::from_fn(move || {
                let data = parts.next()?;
                let piece = pb::WitnessPiece {
                    chunk_index,
                    data,
                    last: parts.peek().is_none(),
                };
                Some(pb::SubmitBatchRequest {
                    part: Some(pb::submit_batch_request::Part::Piece(piece)),
                })
            })
        });
        let stream = tokio_stream::iter(std::iter::once(header).chain(witnesses));
        self.client
            .submit_batch(stream)
            .await
            .map_err(call("SubmitBatch"))?;
        Ok(())
    }

    /// Waits until the batch is proven.
    pub async fn wait(&mut self, batch: u64) -> Result<Proven, FarmError> {
        self.follow(batch, |_| {}).await
    }

    /// The same, and passes on each status on the way.
    pub async fn follow(
        &mut self,
        batch: u64,
        mut hear: impl FnMut(&pb::BatchStatus),
    ) -> Result<Proven, FarmError> {
        let request = pb::WatchBatchRequest { number: batch };
        let mut states = self
            .client
            .watch_batch(request)
            .await
            .map_err(call("WatchBatch"))?
            .into_inner();
        while let Some(status) = states.message().await.map_err(call("WatchBatch"))? {
            hear(&status);
            match status.state() {
                pb::BatchState::Done => {
                    let steps = status
                        .jobs
                        .iter()
                        .flat_map(|job| &job.steps)
                        .map(step_record)
                        .collect();
                    return Ok(Proven {
                        snark: status.snark.to_vec(),
                        steps,
                    });
                }
                pb::BatchState::Failed => {
                    return Err(FarmError::GaveUp {
                        batch,
                        reason: status.failure_reason,
                    });
                }
                pb::BatchState::Running | pb::BatchState::Unspecified => {}
            }
        }
        Err(FarmError::Ended { batch })
    }
}

fn step_record(step: &pb::StepTiming) -> StepRecord {
    StepRecord {
        name: step.name.clone(),
        micros: (step.seconds.max(0.0) * 1e6) as u64,
        peak_rss_bytes: step.peak_rss_bytes,
    }
}
