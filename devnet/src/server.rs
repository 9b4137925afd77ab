//! The HTTP server.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{HttpBody, to_bytes},
    extract::{Request, State, ws::WebSocketUpgrade},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::{
    Config,
    error::ServeError,
    listener::Bounded,
    node::Node,
    rpc,
    socket::{self, MAX_MESSAGE_BYTES},
};

/// Largest request body, in bytes.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;
/// How long requests under way may still take when the node stops.
const STOP_LIMIT: Duration = Duration::from_secs(3);

/// A running node; it stops when this is dropped.
pub struct Handle {
    addr: SocketAddr,
    node: Arc<Node>,
    stop: watch::Sender<bool>,
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

    /// Stops accepting requests, gives those under way three seconds, and returns.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        match tokio::time::timeout(STOP_LIMIT, &mut self.server).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(
                    error = ashlar_report::chain(&error),
                    "devnet server ended abnormally"
                );
            }
            Err(_) => tracing::debug!("connections that do not end are cut off"),
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.server.abort();
        self.miner.abort();
        self.node.write().close();
    }
}

/// What a request needs.
#[derive(Clone)]
struct Shared {
    node: Arc<Node>,
    stopped: watch::Receiver<bool>,
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
    let (stop, stopped) = watch::channel(false);
    let shared = Shared {
        node: node.clone(),
        stopped: stopped.clone(),
    };
    let router = Router::new()
        .route("/", post(over_http).get(over_websocket))
        .with_state(shared);
    let server = tokio::spawn(async move {
        if let Err(error) = axum::serve(Bounded::new(listener), router)
            .with_graceful_shutdown(until(stopped))
            .await
        {
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

/// Waits until the node is to stop, or its handle is gone.
pub(crate) async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the handle is gone.
    let _ = stopped.wait_for(|stop| *stop).await;
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
    upgrade.on_upgrade(move |socket| socket::serve(socket, shared.node, shared.stopped))
}
