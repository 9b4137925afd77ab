//! What browsers ask before a page of another origin may use the node (CORS). Every page may: the node has no secret, its
//! keys are public, and WebSockets are open to every page anyway.

use axum::{
    http::{
        HeaderValue, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
            ACCESS_CONTROL_MAX_AGE,
        },
    },
    response::{IntoResponse, Response},
};

/// How long a browser need not ask again, in seconds.
const MAX_AGE_SECS: &str = "86400";
/// Asked of servers on loopback by pages from elsewhere.
const ALLOW_PRIVATE_NETWORK: &str = "access-control-allow-private-network";

/// Answers the question before a request.
pub(crate) async fn preflight() -> Response {
    let headers = [
        (ACCESS_CONTROL_ALLOW_METHODS.as_str(), "GET, POST, OPTIONS"),
        (ACCESS_CONTROL_ALLOW_HEADERS.as_str(), "*"),
        (ACCESS_CONTROL_MAX_AGE.as_str(), MAX_AGE_SECS),
        (ALLOW_PRIVATE_NETWORK, "true"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Lets the page see an answer.
pub(crate) async fn allow(mut response: Response) -> Response {
    let everybody = HeaderValue::from_static("*");
    response
        .headers_mut()
        .insert(ACCESS_CONTROL_ALLOW_ORIGIN, everybody);
    response
}
