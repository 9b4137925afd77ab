//! Serving a [`Farm`] over gRPC.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use ashlar_process::server::{self, Limits, grpc};
use ashlar_proto::{
    MAX_MESSAGE_BYTES,
    farm::v1::{
        admin_service_server::AdminServiceServer, batch_service_server::BatchServiceServer,
        work_service_server::WorkServiceServer,
    },
};
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    error::FarmError,
    farm::Farm,
    service::{AdminService, BatchService, WorkService},
};

/// How long the database's connections are waited for.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// A bound loopback address.
#[derive(Debug)]
pub struct Listener {
    tcp: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// [`FarmError::NotLoopback`]: the farm speaks plain text, which must not leave the machine.
    /// [`FarmError::Bind`] if the address is taken.
    pub async fn bind(address: SocketAddr) -> Result<Self, FarmError> {
        if !address.ip().to_canonical().is_loopback() {
            return Err(FarmError::NotLoopback(address));
        }
        let failed = |source| FarmError::Bind { address, source };
        let tcp = TcpListener::bind(address).await.map_err(failed)?;
        let address = tcp.local_addr().map_err(failed)?;
        Ok(Self { tcp, address })
    }

    /// The address it listens on.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Serves the farm until `shutdown`: the three services and gRPC health, and the expiry of leases beside them.
/// Streams then end at once, calls in progress get a few seconds to finish, and what is left is cut.
///
/// # Errors
/// [`FarmError::Serve`] if the server stops by itself.
pub async fn serve(
    farm: Arc<Farm>,
    listener: Listener,
    shutdown: CancellationToken,
) -> Result<(), FarmError> {
    let (health, health_service) = tonic_health::server::health_reporter();
    let batch = BatchServiceServer::new(BatchService {
        farm: farm.clone(),
        shutdown: shutdown.clone(),
    })
    .max_decoding_message_size(MAX_MESSAGE_BYTES);
    let work = WorkServiceServer::new(WorkService {
        farm: farm.clone(),
        shutdown: shutdown.clone(),
    })
    .max_decoding_message_size(MAX_MESSAGE_BYTES);
    let admin = AdminServiceServer::new(AdminService { farm: farm.clone() })
        .max_decoding_message_size(MAX_MESSAGE_BYTES);
    health.set_serving::<BatchServiceServer<BatchService>>().await;
    health.set_serving::<WorkServiceServer<WorkService>>().await;
    health.set_serving::<AdminServiceServer<AdminService>>().await;

    tracing::info!(address = %listener.address, circuit_set = %farm.config().circuit_set, "coordinator serving");
    let router = grpc::server(&shutdown, grpc::CALLS_PER_CONNECTION)
        .add_service(health_service)
        .add_service(batch)
        .add_service(work)
        .add_service(admin);
    let sweeping = shutdown.child_token(); // ends with the server, also when that fails
    let serving = async {
        let serving = server::serve(listener.tcp, Limits::default(), shutdown, |incoming, stopped| {
            router.serve_with_incoming_shutdown(incoming, stopped)
        });
        let result = serving.await.map_err(FarmError::from);
        sweeping.cancel();
        result
    };
    let (result, ()) = tokio::join!(serving, farm.sweep(&sweeping));
    if timeout(CLOSE_LIMIT, farm.close()).await.is_err() {
        tracing::warn!("a call still uses the database: it is left to the file's log");
    }
    result
}
