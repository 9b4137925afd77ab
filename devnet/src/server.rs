//! The HTTP server.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::{Config, chain::Chain, error::ServeError, rpc};

/// Largest request body, in bytes.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// A running node; it stops when this is dropped.
#[derive(Debug)]
pub struct Handle {
    addr: SocketAddr,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl Handle {
    /// The address bound, with the port that the system chose if 0 was asked for.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The endpoint for JSON-RPC clients.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Stops accepting requests, finishes those under way and returns.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
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
        self.server.abort();
    }
}

/// Starts a node on `addr`, which must be a loopback address.
pub async fn serve(addr: SocketAddr, config: Config) -> Result<Handle, ServeError> {
    if !addr.ip().is_loopback() {
        return Err(ServeError::NotLoopback { addr });
    }
    let bind = |source| ServeError::Bind { addr, source };
    let listener = TcpListener::bind(addr).await.map_err(bind)?;
    let addr = listener.local_addr().map_err(bind)?;
    let router = Router::new()
        .route("/", post(handle))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(Arc::new(Mutex::new(Chain::new(config))));
    let (stop, mut stopped) = watch::channel(false);
    let server = tokio::spawn(async move {
        let until_stopped = async move {
            // An error means that the handle is gone, which also ends the server.
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        if let Err(error) = axum::serve(listener, router)
            .with_graceful_shutdown(until_stopped)
            .await
        {
            tracing::error!(error = ashlar_report::chain(&error), "devnet server failed");
        }
    });
    tracing::info!(%addr, "devnet listening");
    Ok(Handle { addr, stop, server })
}

/// The EVM runs off the async threads; requests are served one after the other.
async fn handle(State(chain): State<Arc<Mutex<Chain>>>, body: Bytes) -> Response {
    let answered = tokio::task::spawn_blocking(move || {
        // A poisoned lock means that a request panicked half-way; the chain only changes by whole blocks.
        let mut chain = chain.lock().unwrap_or_else(PoisonError::into_inner);
        rpc::answer(&mut chain, &body)
    });
    match answered.await {
        Ok(Some(answer)) => ([(CONTENT_TYPE, "application/json")], answer.to_string()).into_response(),
        Ok(None) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => {
            tracing::error!(error = ashlar_report::chain(&error), "request panicked");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
