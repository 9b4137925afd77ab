use std::{pin::Pin, sync::Arc};

use ashlar_proto::{
    Bytes, Digest,
    farm::v1::{self as pb, batch_service_server, submit_batch_request::Part},
};
use futures::{Stream, stream};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use super::{body::Body, caller_id, caller_name};
use crate::{
    convert::{self, BatchHeader, invalid},
    error::FarmError,
    farm::Farm,
    model::{Batch, BatchKey, BatchState},
};

pub struct BatchService {
    pub farm: Arc<Farm>,
    pub shutdown: CancellationToken,
}

impl BatchService {
    /// Reads the witnesses of `header`'s chunks, storing each as it is complete.
    async fn receive(
        &self,
        caller: String,
        header: &BatchHeader,
        parts: &mut Streaming<pb::SubmitBatchRequest>,
    ) -> Result<Vec<Digest>, Status> {
        let mut witnesses = Vec::new();
        let held = self.farm.budget().body(caller);
        let mut body = Body::new("witness", self.farm.config().max_artifact_bytes, held);
        while let Some(part) = parts.message().await? {
            let Some(Part::Piece(piece)) = part.part else {
                return Err(invalid("part", "after the header only pieces may follow").into());
            };
            let expected = witnesses.len() as u32;
            if expected == header.chunk_count {
                let reason = format!("piece after the last of {expected} chunks");
                return Err(invalid("piece", reason).into());
            }
            if piece.chunk_index != expected {
                let reason = format!("expected {expected}, found {}", piece.chunk_index);
                return Err(invalid("piece.chunk_index", reason).into());
            }
            body.push(&piece.data)?;
            if piece.last {
                let witness = body.take();
                if witness.is_empty() {
                    return Err(
                        invalid("piece.data", format!("the witness of chunk {expected} is empty")).into(),
                    );
                }
                witnesses.push(self.farm.store_artifact(witness).await?);
                body.put_away();
            }
        }
        if witnesses.len() as u32 != header.chunk_count {
            let reason = format!("header says {}, {} arrived", header.chunk_count, witnesses.len());
            return Err(invalid("chunk_count", reason).into());
        }
        Ok(witnesses)
    }
}

/// State of one `WatchBatch` stream.
struct Watch {
    farm: Arc<Farm>,
    key: BatchKey,
    changes: watch::Receiver<()>,
    shutdown: CancellationToken,
    last: Option<pb::BatchStatus>,
}

impl Watch {
    /// The next status that differs from the last one; `None` after a final one.
    async fn next(mut self) -> Result<Option<(pb::BatchStatus, Self)>, Status> {
        if self
            .last
            .as_ref()
            .is_some_and(|last| last.state != BatchState::Running.code() as i32)
        {
            return Ok(None);
        }
        loop {
            self.changes.mark_unchanged();
            let began = Instant::now();
            let status = self.status().await?;
            // A large batch that changes all the time is not read all the time.
            let pause = began.elapsed() * 10;
            if status
                .as_ref()
                .is_some_and(|status| self.last.as_ref() != Some(status))
            {
                self.last.clone_from(&status);
                return Ok(status.map(|status| (status, self)));
            }
            tokio::select! {
                _ = async { sleep(pause).await; self.changes.changed().await } => {}
                () = self.shutdown.cancelled() => return Err(FarmError::ShuttingDown.into()),
            }
        }
    }

    /// The present status; `None` if the snark turned out to be lost, so that the batch runs again.
    async fn status(&self) -> Result<Option<pb::BatchStatus>, FarmError> {
        let batch = self.farm.batch(&self.key).await?;
        let snark = match batch.jobs.last().and_then(|wrap| wrap.output) {
            Some(digest) if batch.state == BatchState::Done => match self.farm.artifact(digest).await {
                Err(FarmError::ArtifactDamaged(_)) => return Ok(None),
                snark => snark?,
            },
            _ => Bytes::new(),
        };
        Ok(Some(convert::batch_status(batch, snark)))
    }
}

#[tonic::async_trait]
impl batch_service_server::BatchService for BatchService {
    async fn submit_batch(
        &self,
        request: Request<Streaming<pb::SubmitBatchRequest>>,
    ) -> Result<Response<pb::SubmitBatchResponse>, Status> {
        let (caller, name) = (
            caller_name(request.extensions())?,
            caller_id(request.extensions())?,
        );
        let mut parts = request.into_inner();
        let Some(pb::SubmitBatchRequest {
            part: Some(Part::Header(header)),
        }) = parts.message().await?
        else {
            return Err(invalid("header", "must be the first message").into());
        };
        let header = BatchHeader::check(header, self.farm.config().max_chunks)?;
        // Before the bulk is sent.
        self.farm.check_circuit_set(header.key.circuit_set)?;
        self.farm
            .check_tenant(&header.key.tenant, name.as_deref())
            .await?;
        let witnesses = self.receive(caller, &header, &mut parts).await?;
        let blob = match header.blob {
            Some(blob) => Some(self.farm.store_artifact(blob).await?),
            None => None,
        };
        let batch = Batch {
            key: header.key,
            witnesses,
            blob,
        };
        let is_new = self.farm.submit(&batch, name.as_deref()).await?;
        Ok(Response::new(pb::SubmitBatchResponse {
            content_digest: batch.content().into(),
            already_known: !is_new,
        }))
    }

    async fn settle_batches(
        &self,
        request: Request<pb::SettleBatchesRequest>,
    ) -> Result<Response<pb::SettleBatchesResponse>, Status> {
        let caller = caller_id(request.extensions())?;
        let pb::SettleBatchesRequest {
            tenant,
            through_number,
            batches,
        } = request.into_inner();
        let tenant = convert::tenant(&tenant.ok_or_else(|| invalid("tenant", "must be set"))?)?;
        let batches = convert::settled(batches, through_number)?;
        self.farm
            .settle(&tenant, through_number, &batches, caller.as_deref())
            .await?;
        Ok(Response::new(pb::SettleBatchesResponse {}))
    }

    type WatchBatchStream = Pin<Box<dyn Stream<Item = Result<pb::BatchStatus, Status>> + Send>>;

    async fn watch_batch(
        &self,
        request: Request<pb::WatchBatchRequest>,
    ) -> Result<Response<Self::WatchBatchStream>, Status> {
        let caller = caller_id(request.extensions())?;
        let pb::WatchBatchRequest {
            number,
            tenant,
            circuit_set_digest,
        } = request.into_inner();
        let key = convert::batch_key(number, tenant.as_ref(), &circuit_set_digest)?;
        let (farm, shutdown) = (self.farm.clone(), self.shutdown.clone());
        farm.check_tenant(&key.tenant, caller.as_deref()).await?;
        farm.batch(&key).await?; // an unknown batch is an error of the call, not of the stream
        let watch = Watch {
            changes: farm.changes(),
            farm,
            key,
            shutdown,
            last: None,
        };
        Ok(Response::new(Box::pin(stream::try_unfold(watch, Watch::next))))
    }
}
