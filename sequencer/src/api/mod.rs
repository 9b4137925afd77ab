//! The public gRPC service. Wire messages are turned into domain types here and nowhere else.

mod accounts;
mod convert;
mod service;

use std::sync::Arc;

pub use accounts::{AccountKey, AccountView, InclusionView};

use ashlar_payments::Payments;
use ashlar_proto::sequencer::v1::sequencer_service_server::SequencerServiceServer;
use ashlar_statement::Domain;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;

use crate::{changes::Changes, config::Config, executor::ExecutorHandle, store::Store};

/// What the service answers from.
#[derive(Clone, Debug)]
pub struct Service {
    /// Sealed state, receipts, batches.
    pub store: Arc<Store>,
    /// The open batch.
    pub executor: ExecutorHandle<Payments>,
    /// News of batches.
    pub changes: Changes,
    /// What signatures are bound to.
    pub domain: Domain,
    /// The node's configuration.
    pub config: Config,
}

impl Service {
    /// Serves until `shutdown`, with the standard health service beside it.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> Result<(), tonic::transport::Error> {
        let (reporter, health) = tonic_health::server::health_reporter();
        reporter.set_serving::<SequencerServiceServer<Self>>().await;
        let limit = self.config.limits.max_transaction_bytes as usize;
        // Room for the envelope around one transaction: nothing larger is a valid request.
        let service = SequencerServiceServer::new(self).max_decoding_message_size(limit + 1024);
        tonic::transport::Server::builder()
            .add_service(health)
            .add_service(service)
            .serve_with_incoming_shutdown(TcpListenerStream::new(listener), shutdown.cancelled_owned())
            .await
    }
}
