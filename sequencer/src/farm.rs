//! The sequencer's side of the farm: hand a batch in, wait for its SNARK.

use std::time::Duration;

pub use ashlar_identity::grpc::Link;
use ashlar_identity::grpc::LinkError;
use ashlar_proto::{
    Bytes, MAX_MESSAGE_BYTES,
    farm::v1::{self as pb, batch_service_client::BatchServiceClient},
    pieces,
};
use tokio::time::timeout;
use tonic::{Code, Response, Status, transport::Channel};

use crate::store::StepRecord;

/// Handing in the witnesses of the largest batch, which the coordinator writes to disk.
const SUBMIT_LIMIT: Duration = Duration::from_secs(120);
/// The first status of a batch, which a coordinator tells at once.
const STATUS_LIMIT: Duration = Duration::from_secs(30);
/// A batch that does not move for so long is asked for anew: a coordinator that answers pings and does nothing else is
/// found out by that.
const WATCH_TERM: Duration = Duration::from_secs(300);

/// Why the farm has no SNARK for a batch.
#[derive(Debug, thiserror::Error)]
pub enum FarmError {
    /// The coordinator cannot be reached: asked again later.
    #[error("the farm does not answer")]
    Unreachable(#[from] LinkError),
    /// A call was refused or its stream broke.
    #[error("farm call `{call}` failed")]
    Call {
        /// The method.
        call: &'static str,
        /// The coordinator's answer.
        #[source]
        source: Box<Status>,
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
            Self::Unreachable(_) | Self::Ended { .. } => true,
            Self::Call { source, .. } => !matches!(
                source.code(),
                Code::FailedPrecondition
                    | Code::AlreadyExists
                    | Code::InvalidArgument
                    | Code::PermissionDenied
                    | Code::Unauthenticated
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

/// Whose batches they are, and which circuits prove them.
#[derive(Clone, Debug)]
pub struct Account {
    /// The chain's id.
    pub chain_id: u64,
    /// Address of the rollup's contract there.
    pub rollup: [u8; 20],
    /// Digest of the circuits.
    pub circuit_set: [u8; 32],
}

impl Account {
    fn tenant(&self) -> pb::Tenant {
        pb::Tenant {
            chain_id: self.chain_id,
            rollup: self.rollup.to_vec().into(),
        }
    }
}

/// A client of the coordinator.
#[derive(Clone, Debug)]
pub struct FarmClient {
    client: BatchServiceClient<Channel>,
    link: Link,
    account: Account,
}

impl FarmClient {
    /// Whether a coordinator answers.
    pub async fn reach(link: &Link) -> Result<(), FarmError> {
        link.connect(None).await?;
        Ok(())
    }

    /// Connects.
    pub async fn connect(link: &Link, account: Account) -> Result<Self, FarmError> {
        let channel = link.connect(None).await?;
        Ok(Self {
            client: BatchServiceClient::new(channel).max_decoding_message_size(MAX_MESSAGE_BYTES),
            link: link.clone(),
            account,
        })
    }

    fn failed(&self, call: &'static str) -> impl Fn(Status) -> FarmError + use<'_> {
        move |status| FarmError::Call {
            call,
            source: Box::new(self.link.explain(status)),
        }
    }

    /// Sends a batch's chunk witnesses, and of one whose rollup stream is in a blob that stream
    /// ([`ashlar_blob::stream::job_input`]); harmless when the farm has them already. Gives the digest of what was sent.
    pub async fn submit(
        &mut self,
        number: u64,
        chunks: Vec<Vec<u8>>,
        blob: Option<Vec<u8>>,
    ) -> Result<Bytes, FarmError> {
        let header = pb::BatchHeader {
            number,
            chunk_count: u32::try_from(chunks.len()).unwrap_or(u32::MAX),
            circuit_set_digest: self.account.circuit_set.to_vec().into(),
            tenant: Some(self.account.tenant()),
            blob: blob.unwrap_or_default().into(),
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
        let submitted = within(SUBMIT_LIMIT, self.client.submit_batch(stream)).await;
        Ok(submitted.map_err(self.failed("SubmitBatch"))?.content_digest)
    }

    /// Says that the batches through this number are proven on L1, so the farm need not keep anything of them, and what
    /// some of them came to there.
    pub async fn settle(&mut self, through: u64, batches: Vec<pb::SettledBatch>) -> Result<(), FarmError> {
        let request = pb::SettleBatchesRequest {
            tenant: Some(self.account.tenant()),
            through_number: through,
            batches,
        };
        let settled = within(STATUS_LIMIT, self.client.settle_batches(request)).await;
        settled.map_err(self.failed("SettleBatches"))?;
        Ok(())
    }

    /// Waits until the batch is proven, however long that takes, as long as the coordinator answers.
    pub async fn wait(&mut self, batch: u64) -> Result<Proven, FarmError> {
        self.follow(batch, |_| {}).await
    }

    /// The same, and passes on each status on the way.
    pub async fn follow(
        &mut self,
        batch: u64,
        mut hear: impl FnMut(&pb::BatchStatus),
    ) -> Result<Proven, FarmError> {
        loop {
            if let Some(proven) = self.watch(batch, &mut hear).await? {
                return Ok(proven);
            }
        }
    }

    /// Watches the batch until it is proven, or until nothing was told of it for [`WATCH_TERM`].
    async fn watch(
        &mut self,
        batch: u64,
        hear: &mut impl FnMut(&pb::BatchStatus),
    ) -> Result<Option<Proven>, FarmError> {
        let request = pb::WatchBatchRequest {
            number: batch,
            tenant: Some(self.account.tenant()),
            circuit_set_digest: self.account.circuit_set.to_vec().into(),
        };
        let watching = within(STATUS_LIMIT, self.client.watch_batch(request)).await;
        let mut states = watching.map_err(self.failed("WatchBatch"))?;
        let mut limit = STATUS_LIMIT;
        loop {
            let status = match timeout(limit, states.message()).await {
                Ok(status) => status.map_err(self.failed("WatchBatch"))?,
                Err(_) if limit == WATCH_TERM => return Ok(None),
                Err(_) => return Err(self.failed("WatchBatch")(no_answer(limit))),
            };
            limit = WATCH_TERM;
            let Some(status) = status else {
                return Err(FarmError::Ended { batch });
            };
            hear(&status);
            match status.state() {
                pb::BatchState::Done => {
                    let steps = status
                        .jobs
                        .iter()
                        .flat_map(|job| &job.steps)
                        .map(step_record)
                        .collect();
                    return Ok(Some(Proven {
                        snark: status.snark.to_vec(),
                        steps,
                    }));
                }
                pb::BatchState::Failed | pb::BatchState::Cancelled => {
                    return Err(FarmError::GaveUp {
                        batch,
                        reason: status.failure_reason,
                    });
                }
                pb::BatchState::Running | pb::BatchState::Unspecified => {}
            }
        }
    }
}

async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<T, Status> {
    let answer = timeout(limit, call).await;
    answer
        .unwrap_or_else(|_| Err(no_answer(limit)))
        .map(Response::into_inner)
}

fn no_answer(limit: Duration) -> Status {
    Status::deadline_exceeded(format!("no answer within {} s", limit.as_secs()))
}

fn step_record(step: &pb::StepTiming) -> StepRecord {
    StepRecord {
        name: step.name.clone(),
        micros: (step.seconds.max(0.0) * 1e6) as u64,
        peak_rss_bytes: step.peak_rss_bytes,
    }
}
