//! The public gRPC service. Wire messages are turned into domain types here and nowhere else.

mod accounts;
mod admit;
mod convert;
mod items;
mod l1_operation;
mod operations;
mod service;
mod stream;

use std::sync::Arc;

pub use accounts::{AccountKey, AccountView, InclusionView};

use ashlar_payments::Payments;
use ashlar_process::server::{self, Limits, grpc};
use ashlar_proto::{FILE_DESCRIPTOR_SET, sequencer::v1::sequencer_service_server::SequencerServiceServer};
use ashlar_statement::Domain;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    changes::Changes, config::Config, executor::ExecutorHandle, load::Load, progress::Progress,
    readiness::Readiness, store::Store,
};

/// What the service answers from.
#[derive(Clone, Debug)]
pub struct Service {
    /// Sealed state, receipts, batches.
    pub store: Arc<Store>,
    /// The open batch.
    pub executor: ExecutorHandle<Payments>,
    /// News of batches.
    pub changes: Changes,
    /// What the farm has still to do.
    pub progress: Progress,
    /// How far proving lags, and what it costs.
    pub load: Load,
    /// What works.
    pub readiness: Readiness,
    /// What signatures are bound to.
    pub domain: Domain,
    /// L1 address whose first account earns the fees.
    pub fee_owner: [u8; 20],
    /// The node's configuration.
    pub config: Config,
}

impl Service {
    /// Serves until `shutdown`, with the standard health and reflection services beside it. Streams end at once then, calls get a few
    /// seconds.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> Result<(), tonic::transport::Error> {
        let health = self.readiness.service();
        self.readiness.serving::<SequencerServiceServer<Self>>().await;
        let reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
            .build_v1()
            .expect("the descriptors are this build's own");
        let limit = self.config.limits.max_transaction_bytes as usize;
        // Calls that wait for earlier ones must leave room for those.
        let calls = grpc::CALLS_PER_CONNECTION.saturating_add(self.config.limits.nonce_window);
        // Room for the envelope around one transaction: nothing larger is a valid request.
        let service = SequencerServiceServer::new(self).max_decoding_message_size(limit + 1024);
        let router = grpc::server(&shutdown, calls)
            .add_service(health)
            .add_service(reflection)
            .add_service(service);
        server::serve(listener, Limits::default(), shutdown, |incoming, stopped| {
            router.serve_with_incoming_shutdown(incoming, stopped)
        })
        .await
    }
}
