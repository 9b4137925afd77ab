//! The public service over HTTP and JSON, for those who have no gRPC, with a page that shows it. `openapi.json` beside
//! `sequencer.proto` describes every route.
//!
//! Each route asks the methods of the gRPC service, so both answer alike: what is here turns texts into their requests and
//! their answers into JSON.

mod events;
mod json;
mod pages;
mod problem;
mod query;
mod routes;
mod wallet;

use std::{future::IntoFuture, io, net::SocketAddr, time::Duration};

use ashlar_process::server::{self, Connection, Incoming, Limits};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderValue, Method, header},
    middleware::{Next, from_fn, map_response},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::api::Service;
use problem::Problem;

pub use wallet::Wallet;

/// The description of this API.
pub const OPENAPI: &str = include_str!("../../../proto/ashlar/sequencer/v1/openapi.json");

/// Room for the longest transaction in hexadecimal, and the JSON around it.
const MAX_BODY_BYTES: usize = 4096;
/// With the gRPC server's connections, fewer than the usual 1,024 file descriptors of a process.
const CONNECTIONS: usize = 256;
/// Connections that say nothing for so long are closed. Streams of events end before, see [`events`].
const SILENCE: Duration = Duration::from_secs(60);

/// What the handlers share.
#[derive(Clone, Debug)]
struct Gateway {
    service: Service,
    wallet: Wallet,
    stop: CancellationToken,
}

/// Every route of the API, as the router takes it.
fn routes() -> Vec<(&'static str, MethodRouter<Gateway>)> {
    vec![
        ("/v1/info", get(routes::info)),
        ("/v1/accounts/{key}", get(routes::account)),
        ("/v1/accounts/{key}/inclusion", get(routes::inclusion)),
        (
            "/v1/accounts/{key}/transactions",
            get(routes::account_transactions),
        ),
        ("/v1/batches", get(routes::batches)),
        ("/v1/batches/{number}", get(routes::batch)),
        (
            "/v1/batches/{number}/transactions",
            get(routes::batch_transactions),
        ),
        ("/v1/transactions", post(routes::submit)),
        ("/v1/transactions/{hash}", get(routes::transaction)),
        ("/v1/l1-operations/{index}", get(routes::l1_operation)),
        (
            "/v1/withdrawals/{batch}/{index}/proof",
            get(routes::withdrawal_proof),
        ),
        ("/v1/events", get(events::events)),
        ("/openapi.json", get(pages::openapi)),
    ]
}

/// The paths of the API.
pub fn paths() -> Vec<&'static str> {
    routes().into_iter().map(|(path, _)| path).collect()
}

fn router(gateway: Gateway) -> Router {
    let mut router = Router::new();
    for (path, handlers) in routes() {
        router = router.route(path, handlers);
    }
    for (path, page) in pages::routes() {
        router = router.route(path, page);
    }
    router
        .route("/wallet", get(wallet::to_page))
        .route("/wallet/", get(wallet::page))
        .route("/wallet/{name}", get(wallet::file))
        .fallback(async || Problem::not_found("there is no such path: see /openapi.json"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(map_response(hardened))
        .layer(from_fn(readable_from_elsewhere))
        .with_state(gateway)
}

/// Pages of other origins may read: nothing here is secret, and nothing is done in a user's name.
async fn readable_from_elsewhere(request: Request, next: Next) -> Response {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let mut response = if *request.method() == Method::OPTIONS {
        let allowed = [(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD")];
        (axum::http::StatusCode::NO_CONTENT, allowed).into_response()
    } else {
        next.run(request).await
    };
    if is_read {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    response
}

/// What a browser may make of an answer: what it says it is, alone.
async fn hardened(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'",
        ));
    response
}

/// Serves until `stop`, as the gRPC server does: event streams end at once then, calls get a few seconds.
///
/// # Errors
/// Those of the operating system.
pub async fn serve(
    service: Service,
    wallet: Wallet,
    listener: TcpListener,
    stop: CancellationToken,
) -> io::Result<()> {
    let limits = Limits {
        connections: CONNECTIONS,
        silence: SILENCE,
        ..Limits::default()
    };
    let router = router(Gateway {
        service,
        wallet,
        stop: stop.clone(),
    });
    server::serve(listener, limits, stop, |incoming, stopped| {
        axum::serve(Accepting(incoming), router)
            .with_graceful_shutdown(stopped)
            .into_future()
    })
    .await
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
