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
    /// Until the first byte: an end of the server is an end of this connection.
    stop: Option<Cancelled>,
    cut: Cancelled,
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
            stop: Some(Box::pin(stop.cancelled_owned())),
            cut: Box::pin(cut.cancelled_owned()),
            _place: place,
        }
    }

    /// The accepted stream, for its addresses.
    pub const fn tcp(&self) -> &TcpStream {
        &self.stream
    }

    /// Passes on what the stream says, unless it waits and the connection was cut.
    fn unless_cut<T>(&mut self, cx: &mut Context<'_>, said: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if said.is_pending() && self.cut.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::ConnectionAborted,
                "the server has stopped",
            )));
        }
        said
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let said = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if said.is_ready() {
            this.stop = None;
            let next = Instant::now() + this.silence;
            this.silent.as_mut().reset(next);
            return said;
        }
        if this.silent.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("nothing came for {} s", this.silence.as_secs_f32()),
            )));
        }
        if let Some(stop) = &mut this.stop
            && stop.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Ok(())); // as if the client had gone
        }
        this.unless_cut(cx, said)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let said = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.unless_cut(cx, said)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let said = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.unless_cut(cx, said)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let said = Pin::new(&mut self.stream).poll_flush(cx);
        self.unless_cut(cx, said)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let said = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.unless_cut(cx, said)
    }
}

#[cfg(feature = "grpc")]
impl tonic::transport::server::Connected for Connection {
    type ConnectInfo = tonic::transport::server::TcpConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.stream.connect_info()
    }
}
