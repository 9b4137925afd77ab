//! Serving a [`Farm`] over gRPC.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use ashlar_proto::{
    MAX_MESSAGE_BYTES,
    farm::v1::{
        admin_service_server::AdminServiceServer, batch_service_server::BatchServiceServer,
        work_service_server::WorkServiceServer,
    },
};
use tokio::{net::TcpListener, time::sleep};
use tokio_util::sync::CancellationToken;
use tonic::transport::{Server, server::TcpIncoming};

use crate::{
    error::FarmError,
    farm::Farm,
    service::{AdminService, BatchService, WorkService},
};

/// Calls in progress get so long to finish after shutdown was requested.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);
const KEEPALIVE: Duration = Duration::from_secs(15);

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
/// Calls in progress then get a few seconds to finish.
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
    let server = Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE))
        .concurrency_limit_per_connection(256)
        .add_service(health_service)
        .add_service(batch)
        .add_service(work)
        .add_service(admin)
        .serve_with_incoming_shutdown(
            TcpIncoming::from(listener.tcp).with_nodelay(Some(true)),
            shutdown.clone().cancelled_owned(),
        );
    let impatience = async {
        shutdown.cancelled().await;
        sleep(SHUTDOWN_GRACE).await;
    };
    let sweeping = shutdown.child_token(); // ends with the server, also when that fails
    let serving = async {
        let result = tokio::select! {
            result = server => result.map_err(FarmError::from),
            () = impatience => {
                tracing::warn!("some calls did not finish in time");
                Ok(())
            }
        };
        sweeping.cancel();
        result
    };
    let (result, ()) = tokio::join!(serving, farm.sweep(&sweeping));
    farm.close().await;
    result
}
