//! The HTTP server.

use std::{future::IntoFuture, io, net::SocketAddr, sync::Arc, time::Duration};

use ashlar_process::server::{self, Connection, Incoming, Limits};
use axum::{
    Router,
    body::{HttpBody, to_bytes},
    extract::{Request, State, ws::WebSocketUpgrade},
    http::{StatusCode, header::CONTENT_TYPE},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    Config, beacon, cors,
    error::ServeError,
    node::Node,
    rpc,
    socket::{self, MAX_MESSAGE_BYTES},
};

/// Largest request body, in bytes.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;
/// Clients keep connections for reuse, 90 s as a rule. The client should be the one to close: it knows then.
const LIMITS: Limits = Limits {
    connections: 512,
    silence: Duration::from_secs(120),
    grace: Duration::from_secs(3),
};

/// A running node; it stops when this is dropped.
pub struct Handle {
    addr: SocketAddr,
    node: Arc<Node>,
    stop: CancellationToken,
    server: JoinHandle<()>,
    miner: JoinHandle<()>,
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle")
            .field("addr", &self.addr)
            .finish_non_exhaustive()
    }
}

impl Handle {
    /// The address bound, with the port that the system chose if 0 was asked for.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The endpoint for JSON-RPC clients over HTTP.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The endpoint for JSON-RPC clients over WebSocket.
    pub fn ws_url(&self) -> String {
        format!("ws://{}", self.addr)
    }

    /// Stops accepting requests, gives those under way a few seconds and returns.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if let Err(error) = (&mut self.server).await {
            tracing::error!(
                error = ashlar_report::chain(&error),
                "devnet server ended abnormally"
            );
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop.cancel();
        self.server.abort();
        self.miner.abort();
        self.node.write().close();
    }
}

/// What a request needs.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) node: Arc<Node>,
    stop: CancellationToken,
}

/// Starts a node on `addr`, which must be a loopback address.
///
/// # Errors
/// If the address is not a loopback address or cannot be bound, or if the chain in [`Config::data_dir`] cannot be used.
pub async fn serve(addr: SocketAddr, config: Config) -> Result<Handle, ServeError> {
    if !addr.ip().is_loopback() {
        return Err(ServeError::NotLoopback { addr });
    }
    let bind = |source| ServeError::Bind { addr, source };
    let listener = TcpListener::bind(addr).await.map_err(bind)?;
    let addr = listener.local_addr().map_err(bind)?;
    let folder = config.data_dir.clone().unwrap_or_default();
    // A long chain takes a while to replay.
    let opened = tokio::task::spawn_blocking(move || Node::open(config)).await;
    let node = match opened {
        Ok(node) => Arc::new(node.map_err(|source| ServeError::Journal { folder, source })?),
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    };
    let stop = CancellationToken::new();
    let shared = Shared {
        node: node.clone(),
        stop: stop.clone(),
    };
    let router = Router::new()
        .route("/", post(over_http).get(over_websocket).options(cors::preflight))
        .route("/eth/v1/beacon/blobs/{block_id}", get(beacon::blobs))
        .layer(middleware::map_response(cors::allow))
        .with_state(shared);
    let serving = server::serve(listener, LIMITS, stop.clone(), |incoming, stopped| {
        axum::serve(Accepting(incoming), router)
            .with_graceful_shutdown(stopped)
            .into_future()
    });
    let server = tokio::spawn(async move {
        if let Err(error) = serving.await {
            tracing::error!(error = ashlar_report::chain(&error), "devnet server failed");
        }
    });
    let miner = tokio::spawn(node.clone().mine_at_intervals());
    tracing::info!(%addr, block = node.read().newest().number(), "devnet listening");
    Ok(Handle {
        addr,
        node,
        stop,
        server,
        miner,
    })
}

/// What axum accepts from.
struct Accepting(Incoming);

impl axum::serve::Listener for Accepting {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        self.0.accept().await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// The EVM runs off the async threads. Requests that only ask run side by side.
async fn over_http(State(shared): State<Shared>, request: Request) -> Response {
    let body = request.into_body();
    if HttpBody::size_hint(&body).lower() > MAX_BODY_BYTES as u64 {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response(); // told before the client sends it all
    }
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response(); // or the client is gone
    };
    let answered = tokio::task::spawn_blocking(move || rpc::answer(&shared.node, None, &body));
    match answered.await {
        Ok(Some(answer)) => ([(CONTENT_TYPE, "application/json")], answer.to_string()).into_response(),
        Ok(None) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => {
            tracing::error!(error = ashlar_report::chain(&error), "request panicked");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn over_websocket(State(shared): State<Shared>, upgrade: WebSocketUpgrade) -> Response {
    let upgrade = upgrade
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES);
    upgrade.on_upgrade(move |socket| socket::serve(socket, shared.node, shared.stop))
}
