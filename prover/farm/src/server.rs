//! Serving a [`Farm`] over gRPC.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use ashlar_identity::{
    Role, ServerTls,
    grpc::{caller, require_role},
};
use ashlar_process::server::{self, Limits, grpc};
use ashlar_proto::{
    MAX_MESSAGE_BYTES,
    farm::v1::{
        admin_service_server::AdminServiceServer, batch_service_server::BatchServiceServer,
        work_service_server::WorkServiceServer,
    },
};
use futures::{TryStreamExt, future::try_join_all};
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::CancellationToken;
use tonic::service::interceptor::InterceptedService;

use crate::{
    error::FarmError,
    farm::Farm,
    service::{AdminService, BatchService, WorkService},
};

/// How long the database's connections are waited for.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// What an address offers, beside gRPC health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Services {
    /// For sequencers.
    pub batch: bool,
    /// For workers.
    pub work: bool,
    /// For operators.
    pub admin: bool,
}

impl Services {
    /// All of them.
    pub const ALL: Self = Self {
        batch: true,
        work: true,
        admin: true,
    };
}

/// A bound address.
#[derive(Debug)]
pub struct Listener {
    tcp: TcpListener,
    address: SocketAddr,
    services: Services,
    tls: Option<ServerTls>,
}

impl Listener {
    /// Binds `address`; port 0 takes a free one. It offers all services.
    ///
    /// # Errors
    /// [`FarmError::NotLoopback`]: without TLS the farm speaks plain text, which must not leave the machine.
    /// [`FarmError::Bind`] if the address is taken.
    pub async fn bind(address: SocketAddr, tls: Option<ServerTls>) -> Result<Self, FarmError> {
        if tls.is_none() && !address.ip().to_canonical().is_loopback() {
            return Err(FarmError::NotLoopback(address));
        }
        let failed = |source| FarmError::Bind { address, source };
        let tcp = TcpListener::bind(address).await.map_err(failed)?;
        let address = tcp.local_addr().map_err(failed)?;
        Ok(Self {
            tcp,
            address,
            services: Services::ALL,
            tls,
        })
    }

    /// The same address, with these services only.
    #[must_use]
    pub const fn offering(mut self, services: Services) -> Self {
        self.services = services;
        self
    }

    /// The address it listens on.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Serves the farm until `shutdown`: on each address its services and gRPC health, and [`Farm::run`] beside them.
/// Streams then end at once, calls in progress get a few seconds to finish, and what is left is cut.
///
/// # Errors
/// [`FarmError::Serve`] if a server stops by itself, which stops the others.
pub async fn serve(
    farm: Arc<Farm>,
    listeners: Vec<Listener>,
    shutdown: CancellationToken,
) -> Result<(), FarmError> {
    let ending = shutdown.child_token(); // ends with the servers, also when one fails
    let serving = async {
        let servers = listeners
            .into_iter()
            .map(|listener| serve_one(&farm, listener, &shutdown));
        let result = try_join_all(servers).await;
        ending.cancel();
        result
    };
    let (result, ()) = tokio::join!(serving, farm.run(&ending));
    if timeout(CLOSE_LIMIT, farm.close()).await.is_err() {
        tracing::warn!("a call still uses the database: it is left to the file's log");
    }
    result.map(drop)
}

async fn serve_one(
    farm: &Arc<Farm>,
    listener: Listener,
    shutdown: &CancellationToken,
) -> Result<(), FarmError> {
    let Services { batch, work, admin } = listener.services;
    let (health, health_service) = tonic_health::server::health_reporter();
    let mut router = grpc::server(shutdown, grpc::CALLS_PER_CONNECTION).add_service(health_service);
    if batch {
        let service = BatchService {
            farm: farm.clone(),
            shutdown: shutdown.clone(),
        };
        let service = BatchServiceServer::new(service).max_decoding_message_size(MAX_MESSAGE_BYTES);
        health.set_serving::<BatchServiceServer<BatchService>>().await;
        router = router.add_service(InterceptedService::new(service, only(Role::Sequencer, farm)));
    }
    if work {
        let service = WorkService {
            farm: farm.clone(),
            shutdown: shutdown.clone(),
        };
        let service = WorkServiceServer::new(service).max_decoding_message_size(MAX_MESSAGE_BYTES);
        health.set_serving::<WorkServiceServer<WorkService>>().await;
        router = router.add_service(InterceptedService::new(service, only(Role::Worker, farm)));
    }
    if admin {
        let service = AdminServiceServer::new(AdminService { farm: farm.clone() })
            .max_decoding_message_size(MAX_MESSAGE_BYTES);
        health.set_serving::<AdminServiceServer<AdminService>>().await;
        router = router.add_service(InterceptedService::new(service, only(Role::Admin, farm)));
    }
    let Listener {
        tcp, address, tls, ..
    } = listener;
    let circuit_sets = &farm.config().circuit_sets;
    let shown = tls.as_ref().map(|tls| tls.identity().to_string());
    tracing::info!(%address, ?circuit_sets, batch, work, admin, tls = shown, "coordinator serving");
    let limits = Limits::default();
    match tls {
        None => {
            server::serve(tcp, limits, shutdown.clone(), |incoming, stopped| {
                router.serve_with_incoming_shutdown(incoming, stopped)
            })
            .await
        }
        Some(tls) => {
            server::serve(tcp, limits, shutdown.clone(), |incoming, stopped| {
                let incoming = incoming.map_ok(move |connection| tls.accept(connection));
                router.serve_with_incoming_shutdown(incoming, stopped)
            })
            .await
        }
    }
    .map_err(FarmError::from)
}

/// Lets no other role through, and of that one no more calls than a caller may make.
fn only(
    role: Role,
    farm: &Arc<Farm>,
) -> impl Fn(tonic::Request<()>) -> Result<tonic::Request<()>, tonic::Status> + Clone + use<> {
    let budget = farm.budget().clone();
    move |call| {
        require_role(call.extensions(), role)?;
        if let Some(caller) = caller(call.extensions())? {
            budget.call(&caller.to_string())?;
        }
        Ok(call)
    }
}
