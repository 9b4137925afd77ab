//! The farm in a browser: one page that shows and changes nothing, for the machine that the coordinator runs on.

mod json;

use std::{
    future::IntoFuture,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use ashlar_process::server::{self, Connection, Incoming, Limits};
use ashlar_proto::{Bytes, farm::v1 as pb};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header, uri::Authority},
    middleware::{Next, from_fn, map_response},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::{net::TcpListener, sync::Mutex};
use tokio_util::sync::CancellationToken;

pub use self::json::{cost_object, device_object, overview_object, tenant_object, tenant_status_object};
use crate::{convert::overview::DEFAULT_BATCHES, error::FarmError, farm::Farm};

/// However many look, the store is asked this often at most.
const FRESH: Duration = Duration::from_millis(500);
/// Beside those of the gRPC services, fewer than the usual 1,024 file descriptors of a process.
const CONNECTIONS: usize = 64;
/// No inline script or style, no other host, no frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A bound address for the page.
#[derive(Debug)]
pub struct Dashboard {
    tcp: TcpListener,
    address: SocketAddr,
}

/// What the handlers share.
#[derive(Clone)]
struct Shown {
    farm: Arc<Farm>,
    /// What was read last, and when.
    latest: Arc<Mutex<Option<(Instant, Bytes)>>>,
}

impl Dashboard {
    /// Binds `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// [`FarmError::DashboardNotLoopback`]: whoever reaches the page sees everything, and in plain text.
    /// [`FarmError::Bind`] if the address is taken.
    pub async fn bind(address: SocketAddr) -> Result<Self, FarmError> {
        if !address.ip().to_canonical().is_loopback() {
            return Err(FarmError::DashboardNotLoopback(address));
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

    /// Serves until `shutdown`.
    ///
    /// # Errors
    /// [`FarmError::ServeDashboard`] if the server stops by itself.
    pub async fn serve(self, farm: Arc<Farm>, shutdown: CancellationToken) -> Result<(), FarmError> {
        tracing::info!(address = %self.address, "dashboard serving");
        let limits = Limits {
            connections: CONNECTIONS,
            ..Limits::default()
        };
        let router = router(farm);
        server::serve(self.tcp, limits, shutdown, |incoming, stopped| {
            axum::serve(Accepting(incoming), router)
                .with_graceful_shutdown(stopped)
                .into_future()
        })
        .await
        .map_err(FarmError::ServeDashboard)
    }
}

fn router(farm: Arc<Farm>) -> Router {
    let file = |kind: &'static str, text: &'static str| {
        get(async move || ([(header::CONTENT_TYPE, kind)], text).into_response())
    };
    Router::new()
        .route(
            "/",
            file("text/html; charset=utf-8", include_str!("page/index.html")),
        )
        .route(
            "/dashboard.js",
            file(
                "text/javascript; charset=utf-8",
                include_str!("page/dashboard.js"),
            ),
        )
        .route(
            "/dashboard.css",
            file("text/css; charset=utf-8", include_str!("page/dashboard.css")),
        )
        .route("/overview.json", get(overview))
        .fallback(async || problem(StatusCode::NOT_FOUND, "there is no such path: see /"))
        .method_not_allowed_fallback(async || {
            problem(
                StatusCode::METHOD_NOT_ALLOWED,
                "this page shows, and changes nothing: GET",
            )
        })
        .layer(from_fn(of_this_machine))
        .layer(map_response(hardened))
        .with_state(Shown {
            farm,
            latest: Arc::default(),
        })
}

async fn overview(State(shown): State<Shown>) -> Response {
    let mut latest = shown.latest.lock().await; // who comes meanwhile gets what this one reads
    if let Some((read, body)) = &*latest
        && read.elapsed() < FRESH
    {
        return json_body(body.clone());
    }
    match shown.farm.overview(DEFAULT_BATCHES).await {
        Ok(overview) => {
            let object = overview_object(&pb::OverviewResponse::from(overview));
            let body = Bytes::from(object.to_string());
            *latest = Some((Instant::now(), body.clone()));
            json_body(body)
        }
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "no overview for the dashboard"
            );
            problem(
                StatusCode::SERVICE_UNAVAILABLE,
                "the coordinator cannot read its job database: its log says why",
            )
        }
    }
}

fn json_body(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn problem(status: StatusCode, detail: &str) -> Response {
    let body = serde_json::json!({ "status": status.as_u16(), "detail": detail }).to_string();
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
}

/// A page from elsewhere could have its own name point to this machine, and read here as itself: only who asks for the
/// machine by its address or as localhost is answered.
async fn of_this_machine(request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    if host.is_some_and(is_this_machine) {
        next.run(request).await
    } else {
        problem(
            StatusCode::MISDIRECTED_REQUEST,
            "ask for this machine as localhost, 127.0.0.1 or [::1]",
        )
    }
}

fn is_this_machine(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// What a browser may make of an answer: what it says it is, alone.
async fn hardened(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_names_of_this_machine_are_answered() {
        for host in [
            "localhost",
            "LOCALHOST:80",
            "127.0.0.1:9",
            "127.1.2.3",
            "[::1]:80",
            "[::1]",
        ] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "",
            "farm.example",
            "127.0.0.1.example:9",
            "10.0.0.1",
            "[::2]:80",
            "a b",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
