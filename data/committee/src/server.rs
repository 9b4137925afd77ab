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
use tokio::{net::TcpListener, task::spawn_blocking};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use crate::{Member, MemberError, wire};

type Pieces = Pin<Box<dyn Stream<Item = Result<pb::GetStreamResponse, Status>> + Send>>;

/// What serves a member.
#[derive(Clone, Debug)]
pub struct Service {
    /// One batch at a time: each is executed on the one before.
    member: Arc<Mutex<Member>>,
    address: Address,
    domain: Domain,
    operator: Address,
}

impl Service {
    /// Serves this member to the operator with this address, and its streams to everybody.
    pub fn new(member: Member, operator: Address) -> Self {
        Self {
            address: member.address(),
            domain: *member.domain(),
            operator,
            member: Arc::new(Mutex::new(member)),
        }
    }

    /// Serves until `stop`, in plain text.
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
        let service = CommitteeServiceServer::new(self).max_decoding_message_size(MAX_MESSAGE_BYTES);
        let router = grpc::server(&stop, grpc::CALLS_PER_CONNECTION)
            .add_service(health)
            .add_service(reflection)
            .add_service(service);
        server::serve(listener, Limits::default(), stop, |incoming, stopped| {
            router.serve_with_incoming_shutdown(incoming, stopped)
        })
        .await
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
