//! Accepting connections, so many and no more.

use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{Instant, Sleep, sleep},
};
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;

use super::{Connection, Limits};

/// Pause after an error that the next attempt would meet too, such as no file descriptor being left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// Refused connections are logged this often at most.
const WARN_INTERVAL: Duration = Duration::from_secs(10);

/// The connections of one listener. Dropping it closes the port.
#[derive(Debug)]
pub struct Incoming {
    listener: TcpListener,
    limits: Limits,
    places: Arc<Semaphore>,
    stop: CancellationToken,
    cut: CancellationToken,
    pause: Option<Pin<Box<Sleep>>>,
    refused: u64,
    warned: Option<Instant>,
}

impl Incoming {
    pub(super) fn new(
        listener: TcpListener,
        limits: Limits,
        stop: CancellationToken,
        cut: CancellationToken,
    ) -> Self {
        Self {
            listener,
            limits,
            places: Arc::new(Semaphore::new(limits.connections)),
            stop,
            cut,
            pause: None,
            refused: 0,
            warned: None,
        }
    }

    /// The next connection, with its client's address.
    pub async fn accept(&mut self) -> (Connection, SocketAddr) {
        poll_fn(|cx| self.poll_accept(cx)).await
    }

    /// The address listened on.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<(Connection, SocketAddr)> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            match ready!(self.listener.poll_accept(cx)) {
                Ok((stream, client)) => {
                    if let Some(connection) = self.admit(stream) {
                        return Poll::Ready((connection, client));
                    }
                }
                // The client's own, as when it has gone again.
                Err(error) if is_client_s(&error) => {}
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "cannot accept connections"
                    );
                    self.pause = Some(Box::pin(sleep(ACCEPT_PAUSE)));
                }
            }
        }
    }

    fn admit(&mut self, stream: TcpStream) -> Option<Connection> {
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            self.refused += 1;
            if self.warned.is_none_or(|at| at.elapsed() >= WARN_INTERVAL) {
                self.warned = Some(Instant::now());
                let (limit, refused) = (self.limits.connections, self.refused);
                tracing::warn!(
                    limit,
                    refused,
                    "all connections are taken: further ones are closed"
                );
            }
            return None;
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(error = &error as &dyn std::error::Error, "no TCP_NODELAY");
        }
        let Limits { silence, .. } = self.limits;
        Some(Connection::new(
            stream,
            silence,
            self.stop.clone(),
            self.cut.clone(),
            place,
        ))
    }
}

fn is_client_s(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

impl Stream for Incoming {
    type Item = io::Result<Connection>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_accept(cx).map(|(connection, _)| Some(Ok(connection)))
    }
}
