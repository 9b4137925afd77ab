//! A member as a service.

use std::{
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use alloy::primitives::Address;
use ashlar_process::server::{self, Limits, grpc};
use ashlar_proto::{
    Bytes, FILE_DESCRIPTOR_SET, MAX_MESSAGE_BYTES,
    committee::v1::{
        self as pb,
        committee_service_server::{CommitteeService, CommitteeServiceServer},
    },
    pieces,
};
use ashlar_report::chain;
use ashlar_statement::{Domain, hash::hash_to_bytes32};
use futures::Stream;
use tokio::{net::TcpListener, sync::Notify, task::spawn_blocking};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use crate::{
    KeptError, Member, MemberError,
    cells::{CELLS, CellError, CellProofs},
    member::Cells,
    wire,
};

type Pieces = Pin<Box<dyn Stream<Item = Result<pb::GetStreamResponse, Status>> + Send>>;

/// What serves a member.
#[derive(Clone, Debug)]
pub struct Service {
    /// One batch at a time: each is executed on the one before.
    member: Arc<Mutex<Member>>,
    /// A batch was kept.
    kept: Arc<Notify>,
    address: Address,
    domain: Domain,
    operator: Address,
}

/// Why proofs of cells are not made.
#[derive(Debug, thiserror::Error)]
enum CellsError {
    #[error(transparent)]
    Kept(#[from] KeptError),
    #[error(transparent)]
    Cell(#[from] CellError),
    #[error("a panic: see the log")]
    Panic,
}

impl Service {
    /// Serves this member to the operator with this address, and its streams to everybody.
    pub fn new(member: Member, operator: Address) -> Self {
        Self {
            address: member.address(),
            domain: *member.domain(),
            operator,
            kept: Arc::new(Notify::new()),
            member: Arc::new(Mutex::new(member)),
        }
    }

    /// Serves until `stop`, in plain text; meanwhile proofs of cells are made.
    ///
    /// # Errors
    /// If the listener fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: CancellationToken,
    ) -> Result<(), tonic::transport::Error> {
        let (reporter, health) = tonic_health::server::health_reporter();
        reporter.set_serving::<CommitteeServiceServer<Self>>().await;
        let reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
            .build_v1()
            .expect("the descriptors are this build's own");
        let making = self.clone();
        let service = CommitteeServiceServer::new(self).max_decoding_message_size(MAX_MESSAGE_BYTES);
        let router = grpc::server(&stop, grpc::CALLS_PER_CONNECTION)
            .add_service(health)
            .add_service(reflection)
            .add_service(service);
        let serving = server::serve(listener, Limits::default(), stop, |incoming, stopped| {
            router.serve_with_incoming_shutdown(incoming, stopped)
        });
        tokio::select! {
            served = serving => served,
            () = making.make_cells() => Ok(()), // it does not end
        }
    }

    /// Makes the proofs of cells of what is kept, the youngest batch first, for ever.
    async fn make_cells(self) {
        loop {
            match self.make_next_cells().await {
                Ok(true) => {}
                Ok(false) => self.kept.notified().await,
                Err(error) => {
                    tracing::error!(
                        error = chain(&error),
                        "no proofs of cells are made until the next batch"
                    );
                    self.kept.notified().await;
                }
            }
        }
    }

    /// Whether there was a batch without proofs of its cells.
    async fn make_next_cells(&self) -> Result<bool, CellsError> {
        let next = self.with(|member| member.without_cells()).await;
        let Some((place, batch)) = next.map_err(|_| CellsError::Panic)?? else {
            return Ok(false);
        };
        let proofs = spawn_blocking(move || CellProofs::of(&batch.rollup)).await;
        let proofs = proofs.map_err(|_| CellsError::Panic)??;
        let kept = self.with(move |member| member.keep_cells(place, &proofs)).await;
        kept.map_err(|_| CellsError::Panic)??;
        tracing::debug!(batch = batch.number, "cells are ready");
        Ok(true)
    }

    /// Work on the member, off the threads that serve.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Member) -> T + Send + 'static,
    ) -> Result<T, Status> {
        let member = self.member.clone();
        let outcome = spawn_blocking(move || {
            // Whatever a panic has left is durable or was not signed: the state is changed last.
            work(&mut member.lock().unwrap_or_else(PoisonError::into_inner))
        });
        outcome
            .await
            .map_err(|_| Status::internal("a panic: see the log"))
    }
}

#[tonic::async_trait]
impl CommitteeService for Service {
    async fn attest(
        &self,
        request: Request<Streaming<pb::AttestRequest>>,
    ) -> Result<Response<pb::AttestResponse>, Status> {
        let peer: Option<SocketAddr> = request.remote_addr();
        let mut messages = request.into_inner();
        let mut receiving = wire::Receiving::default();
        while let Some(message) = messages.message().await? {
            receiving.take(message)?;
        }
        let (proposal, digest, signature) = receiving.finish(&self.domain)?;
        let proposer = signature.recover_address_from_prehash(&digest).ok();
        if proposer != Some(self.operator) {
            let message = format!(
                "operator_signature: by {}, the operator is {}",
                proposer.unwrap_or_default(),
                self.operator
            );
            return Err(Status::permission_denied(message));
        }
        let number = proposal.number;
        let signed = self.with(move |member| member.attest(&proposal)).await?;
        let signature = signed.map_err(|error| {
            let message = chain(&error);
            tracing::warn!(batch = number, ?peer, error = message, "not signed");
            match error {
                MemberError::Refused(_) => Status::failed_precondition(message),
                MemberError::Kept(_)
                | MemberError::Rebuild(_)
                | MemberError::Gap { .. }
                | MemberError::Sign(_) => Status::internal(message),
            }
        })?;
        tracing::info!(batch = number, "kept");
        self.kept.notify_one();
        let signature = signature.map_or_else(Bytes::new, |of| of.as_bytes().to_vec().into());
        Ok(Response::new(pb::AttestResponse { signature }))
    }

    type GetStreamStream = Pieces;

    async fn get_stream(
        &self,
        request: Request<pb::GetStreamRequest>,
    ) -> Result<Response<Self::GetStreamStream>, Status> {
        let pb::GetStreamRequest { number, new_root } = request.into_inner();
        let root = hash_to_bytes32(&wire::root(&new_root)?);
        let kept = self.with(move |member| member.batch(number, root)).await?;
        let kept = kept.map_err(|error| Status::internal(chain(&error)))?;
        let kept =
            kept.ok_or_else(|| Status::not_found(format!("batch {number} with this root is not kept")))?;
        let pieces = pieces(kept.rollup.into()).map(|data| Ok(pb::GetStreamResponse { data }));
        Ok(Response::new(Box::pin(tokio_stream::iter(pieces))))
    }

    async fn get_cells(
        &self,
        request: Request<pb::GetCellsRequest>,
    ) -> Result<Response<pb::GetCellsResponse>, Status> {
        let pb::GetCellsRequest {
            number,
            new_root,
            cells,
        } = request.into_inner();
        let root = hash_to_bytes32(&wire::root(&new_root)?);
        if cells.len() > CELLS {
            let message = format!("cells: {}, at most {CELLS} at a time", cells.len());
            return Err(Status::invalid_argument(message));
        }
        let kept = self.with(move |member| member.cells(number, root)).await?;
        let (stream, proofs, signature) = match kept.map_err(|error| Status::internal(chain(&error)))? {
            Cells::Unknown => {
                let message = format!("batch {number} with this root is not kept");
                return Err(Status::not_found(message));
            }
            Cells::NotYet => {
                let message = format!("the proofs of the cells of batch {number} are being made: ask again");
                return Err(Status::unavailable(message));
            }
            Cells::Kept {
                stream,
                proofs,
                signature,
            } => (stream, proofs, signature),
        };
        let answer = spawn_blocking(move || wire::cells_answer(&stream, &proofs, &signature, &cells)).await;
        let answer = answer.map_err(|_| Status::internal("a panic: see the log"))?;
        let answer = answer.map_err(|error| Status::internal(chain(&error)))?;
        Ok(Response::new(answer))
    }

    async fn get_member(&self, _: Request<pb::GetMemberRequest>) -> Result<Response<pb::Member>, Status> {
        let last_batch = self.with(|member| member.last()).await?;
        Ok(Response::new(pb::Member {
            address: self.address.to_vec().into(),
            chain_id: self.domain.chain_id,
            rollup: self.domain.rollup.to_vec().into(),
            last_batch,
        }))
    }
}
