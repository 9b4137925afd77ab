//! Serving until asked to stop, and not much longer.
//!
//! A server that waits for its connections to end waits for ever for one that is silent. So every accepted connection is a
//! [`Connection`], which can be cut: it closes by itself after a time without a byte from the client, or in which the
//! client takes none, at the request to stop if nothing came yet, and at the end of the grace period whatever it does.

mod connection;
#[cfg(feature = "grpc")]
pub mod grpc;
mod incoming;

use std::time::Duration;

use tokio::{
    net::TcpListener,
    time::{sleep, timeout},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

pub use self::{connection::Connection, incoming::Incoming};

/// A server whose connections were all cut gets so long to notice.
const CUT_LIMIT: Duration = Duration::from_secs(1);

/// What a server grants its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at one time. One more is closed as soon as it is accepted.
    pub connections: usize,
    /// A connection is closed after so long without a byte from the client (healthy HTTP/2 clients answer pings), and
    /// when the client takes nothing of what is written to it for so long.
    pub silence: Duration,
    /// Calls in progress get so long to finish after the request to stop.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512, // half of the usual 1,024 file descriptors of a process
            silence: Duration::from_secs(60),
            grace: Duration::from_secs(5),
        }
    }
}

/// Runs `server` over the connections of `listener` until `stop`. It is given what to accept from and when to stop
/// accepting; [`Limits::grace`] after `stop` the connections that are left are cut, and a second later this returns
/// whatever the server does.
///
/// Dropping the future cuts all connections too.
///
/// # Errors
/// Those of the server.
pub async fn serve<F, E>(
    listener: TcpListener,
    limits: Limits,
    stop: CancellationToken,
    server: impl FnOnce(Incoming, WaitForCancellationFutureOwned) -> F,
) -> Result<(), E>
where
    F: Future<Output = Result<(), E>>,
{
    let cut = CancellationToken::new();
    let _cut_when_dropped = cut.clone().drop_guard();
    let incoming = Incoming::new(listener, limits, stop.clone(), cut.clone());
    let serving = server(incoming, stop.clone().cancelled_owned());
    tokio::pin!(serving);
    let patience = async {
        stop.cancelled().await;
        sleep(limits.grace).await;
    };
    tokio::select! {
        served = &mut serving => return served,
        () = patience => {}
    }
    let grace_secs = limits.grace.as_secs_f32();
    tracing::warn!(
        grace_secs,
        "some calls did not finish in time: their connections are cut"
    );
    cut.cancel();
    timeout(CUT_LIMIT, serving).await.unwrap_or(Ok(()))
}
