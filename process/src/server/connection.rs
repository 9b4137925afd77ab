//! A connection that ends by itself.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    time::{Instant, Sleep, sleep},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

type Cancelled = Pin<Box<WaitForCancellationFutureOwned>>;

/// An accepted TCP connection. See [`super::Limits`] for when it ends.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    silence: Duration,
    silent: Pin<Box<Sleep>>,
    /// Until a waiting write goes on.
    stalled: Option<Pin<Box<Sleep>>>,
    stop: CancellationToken,
    /// Until the first byte: an end of the server is an end of this connection.
    unused: Option<Cancelled>,
    cut: CancellationToken,
    cut_off: Cancelled,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    pub(super) fn new(
        stream: TcpStream,
        silence: Duration,
        stop: CancellationToken,
        cut: CancellationToken,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            stream,
            silence,
            silent: Box::pin(sleep(silence)),
            stalled: None,
            unused: Some(Box::pin(stop.clone().cancelled_owned())),
            stop,
            cut_off: Box::pin(cut.clone().cancelled_owned()),
            cut,
            _place: place,
        }
    }

    /// The accepted stream, for its addresses.
    pub const fn tcp(&self) -> &TcpStream {
        &self.stream
    }

    /// Fails once the connection is cut, also where the client never lets the stream wait.
    fn require_uncut(&self) -> io::Result<()> {
        if self.cut.is_cancelled() {
            Err(was_cut())
        } else {
            Ok(())
        }
    }

    /// Passes on what the stream says to a write. One that waits ends with the cut, or when the client has taken nothing
    /// for as long as it may be silent.
    fn unless_stalled<T>(&mut self, cx: &mut Context<'_>, said: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if said.is_ready() {
            self.stalled = None;
            return said;
        }
        let silence = self.silence;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(silence)));
        if stalled.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(timed_out("nothing was taken", silence)));
        }
        self.unless_cut(cx, said)
    }

    fn unless_cut<T>(&mut self, cx: &mut Context<'_>, said: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if said.is_pending() && self.cut_off.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(was_cut()));
        }
        said
    }
}

fn was_cut() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the server has stopped")
}

fn timed_out(what: &str, silence: Duration) -> io::Error {
    io::Error::new(
        io::ErrorKind::TimedOut,
        format!("{what} for {} s", silence.as_secs_f32()),
    )
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.require_uncut()?;
        let said = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if said.is_ready() {
            this.unused = None;
            if !this.stop.is_cancelled() {
                let next = Instant::now() + this.silence;
                this.silent.as_mut().reset(next);
            }
            return said;
        }
        if this.silent.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(timed_out("nothing came", this.silence)));
        }
        if let Some(stop) = &mut this.unused
            && stop.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Ok(())); // as if the client had gone
        }
        this.unless_cut(cx, said)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.require_uncut()?;
        let said = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.unless_stalled(cx, said)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.require_uncut()?;
        let said = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.unless_stalled(cx, said)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    // A TCP stream holds nothing back, and its end is told at once: neither waits for the client.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(feature = "grpc")]
impl tonic::transport::server::Connected for Connection {
    type ConnectInfo = tonic::transport::server::TcpConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.stream.connect_info()
    }
}
