//! gRPC over [`Connection`](super::Connection)s: keepalive, and an end for open streams.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use http_body::{Frame, SizeHint};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::{
    Status,
    body::Body,
    codegen::{
        Bytes,
        http::{HeaderMap, Response},
    },
    transport::Server,
};
use tower::{
    layer::util::{Identity, Stack},
    util::MapResponseLayer,
};

/// A client that owes an answer to a ping for longer than the timeout is gone.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// Calls in progress on one connection, of a service whose calls do not wait for each other; a client that wants more waits
/// for one to end.
pub const CALLS_PER_CONNECTION: u32 = 256;

/// The layer that ends streams.
type Ending<F> = Stack<MapResponseLayer<F>, Identity>;

/// A server to which services are added. Streams that it answers with end at `stop` with UNAVAILABLE, as soon as they
/// have nothing more to send at once: their clients call again when the service is back. At most `calls` are in progress on
/// one connection.
pub fn server(
    stop: &CancellationToken,
    calls: u32,
) -> Server<Ending<impl Fn(Response<Body>) -> Response<Body> + Clone + use<>>> {
    let stop = stop.clone();
    Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .max_concurrent_streams(calls)
        .layer(MapResponseLayer::new(move |response: Response<Body>| {
            let stop = stop.clone();
            response.map(|inner| {
                Body::new(EndingBody {
                    inner,
                    stop: Stop::Unheard(stop),
                })
            })
        }))
}

enum Stop {
    /// Most bodies are complete before anybody waits.
    Unheard(CancellationToken),
    Awaited(Pin<Box<WaitForCancellationFutureOwned>>),
    Ended,
}

/// A response that is not waited for once the server stops.
struct EndingBody {
    inner: Body,
    stop: Stop,
}

impl EndingBody {
    fn poll_stopped(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Stop::Unheard(stop) = &self.stop {
            self.stop = Stop::Awaited(Box::pin(stop.clone().cancelled_owned()));
        }
        match &mut self.stop {
            Stop::Awaited(stopped) => stopped.as_mut().poll(cx),
            Stop::Unheard(_) | Stop::Ended => Poll::Pending,
        }
    }
}

impl http_body::Body for EndingBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        if matches!(this.stop, Stop::Ended) {
            return Poll::Ready(None);
        }
        let frame = Pin::new(&mut this.inner).poll_frame(cx);
        if frame.is_ready() || this.poll_stopped(cx).is_pending() {
            return frame;
        }
        this.stop = Stop::Ended;
        this.inner = Body::empty(); // what made the stream hears that nobody listens
        let mut trailers = HeaderMap::new();
        Status::unavailable("shutting down: call again when the service is back")
            .add_header(&mut trailers)?;
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.stop, Stop::Ended) || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
