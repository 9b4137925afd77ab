//! The explorer: one page, its script and its style, embedded in the program. It takes everything from the API, and nothing
//! from anywhere else.

use axum::{
    http::header,
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};

use super::{Gateway, OPENAPI};

/// No inline script or style, no other host, no frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn page(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}

pub(super) fn routes() -> [(&'static str, MethodRouter<Gateway>); 3] {
    [
        (
            "/",
            get(async || page("text/html; charset=utf-8", include_str!("explorer/index.html"))),
        ),
        (
            "/explorer.js",
            get(async || {
                page(
                    "text/javascript; charset=utf-8",
                    include_str!("explorer/explorer.js"),
                )
            }),
        ),
        (
            "/explorer.css",
            get(async || page("text/css; charset=utf-8", include_str!("explorer/explorer.css"))),
        ),
    ]
}

pub(super) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}
