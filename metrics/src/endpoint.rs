//! HTTP for Prometheus and for whoever watches the process: `/metrics` and `/healthz`, in plain text and to everybody who
//! reaches the address. Nothing secret is there, and nothing can be done there; still, what it says of load is best kept to
//! a network of one's own.
//!
//! A client can take a place for a bounded time only: a connection serves one request, its header must be there soon
//! and be small, and the whole is over after a few seconds.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use ashlar_process::server::{self, Connection, Incoming, Limits};
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming as Received},
    header::{self, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpListener, task::JoinSet, time::timeout};
use tokio_util::sync::{CancellationToken, DropGuard, WaitForCancellationFutureOwned};

use crate::{readiness::Readiness, registry::Registry};

/// Longest header of a request, in bytes: the least that hyper takes.
const HEADER_BYTES: usize = 8 << 10;
/// Most lines of it.
const HEADER_LINES: usize = 64;
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// What a client may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Connections at one time; one more is closed at once.
    pub connections: usize,
    /// The header of a request must be there after so long.
    pub header: Duration,
    /// A connection is closed after so long.
    pub whole: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 32,
            header: Duration::from_secs(5),
            whole: Duration::from_secs(10),
        }
    }
}

/// The address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve metrics on {address}: give --listen-metrics a free port of this machine")]
pub struct EndpointError {
    address: SocketAddr,
    #[source]
    source: io::Error,
}

/// Serves until it is dropped.
#[derive(Debug)]
pub struct Endpoint {
    address: SocketAddr,
    _stop: DropGuard,
}

struct Pages {
    registry: Registry,
    readiness: Readiness,
    stopping: CancellationToken,
}

impl Endpoint {
    /// Listens on `address`; port 0 takes a free one. The process is healthy while `readiness` says so, until `stopping`; it
    /// is served beyond that, since stopping takes time too.
    ///
    /// # Errors
    /// [`EndpointError`] if the address is taken, or not this machine's.
    pub async fn start(
        address: SocketAddr,
        registry: Registry,
        readiness: Readiness,
        stopping: CancellationToken,
    ) -> Result<Self, EndpointError> {
        Self::start_within(address, registry, readiness, stopping, Bounds::default()).await
    }

    /// The same with other bounds.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_within(
        address: SocketAddr,
        registry: Registry,
        readiness: Readiness,
        stopping: CancellationToken,
        bounds: Bounds,
    ) -> Result<Self, EndpointError> {
        let failed = |source| EndpointError { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        let stop = CancellationToken::new();
        let pages = Arc::new(Pages {
            registry,
            readiness,
            stopping,
        });
        let limits = Limits {
            connections: bounds.connections,
            silence: bounds.whole,
            grace: Duration::ZERO,
        };
        let stopped = stop.clone();
        tokio::spawn(async move {
            let serving = server::serve(listener, limits, stopped, |incoming, stopped| {
                accept(incoming, stopped, pages, bounds)
            });
            let Ok(()) = serving.await;
        });
        tracing::info!(address = %bound, "metrics are served at /metrics, health at /healthz");
        Ok(Self {
            address: bound,
            _stop: stop.drop_guard(),
        })
    }

    /// The address that it listens on.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn accept(
    mut incoming: Incoming,
    stopped: WaitForCancellationFutureOwned,
    pages: Arc<Pages>,
    bounds: Bounds,
) -> Result<(), Infallible> {
    let mut connections = JoinSet::new(); // dropped with this future, and all of them with it
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            () = &mut stopped => return Ok(()),
            (connection, _) = incoming.accept() => {
                connections.spawn(timeout(bounds.whole, serve(connection, pages.clone(), bounds.header)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One connection. What is wrong with it is the client's business.
async fn serve(connection: Connection, pages: Arc<Pages>, header: Duration) {
    let service = service_fn(|request| {
        let response = answer(&request, &pages);
        async { Ok::<_, Infallible>(response) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header)
        .max_buf_size(HEADER_BYTES)
        .max_headers(HEADER_LINES)
        .keep_alive(false)
        .serve_connection(TokioIo::new(connection), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(error = &error as &dyn std::error::Error, "a reader of metrics");
    }
}

fn answer(request: &Request<Received>, pages: &Pages) -> Response<Full<Bytes>> {
    let path = request.uri().path();
    if !matches!(path, "/metrics" | "/healthz") {
        return text(StatusCode::NOT_FOUND, "there are /metrics and /healthz");
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = text(
            StatusCode::METHOD_NOT_ALLOWED,
            "this can be read, and nothing else",
        );
        response
            .headers_mut()
            .insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    if path == "/metrics" {
        return page(StatusCode::OK, METRICS, pages.registry.text());
    }
    if pages.stopping.is_cancelled() {
        text(StatusCode::SERVICE_UNAVAILABLE, "stopping")
    } else if pages.readiness.get() {
        text(StatusCode::OK, pages.readiness.restriction().unwrap_or("ready"))
    } else {
        text(StatusCode::SERVICE_UNAVAILABLE, "not ready: its log says why")
    }
}

fn text(status: StatusCode, line: &str) -> Response<Full<Bytes>> {
    page(status, TEXT, format!("{line}\n"))
}

fn page(status: StatusCode, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}
