//! A real gRPC server (the standard health service, whose `Watch` is a stream without end) and clients that are silent,
//! half-spoken or listening.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use ashlar_process::server::{self, Connection, Limits, grpc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tonic::{Code, transport::Channel};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

/// Far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);
/// The first bytes of HTTP/2, and nothing after them.
const GREETING: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl Server {
    async fn start(limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let (reporter, health) = tonic_health::server::health_reporter();
        let router = grpc::server(&stop, grpc::CALLS_PER_CONNECTION).add_service(health);
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            let _reporter = reporter; // its end would end the streams
            server::serve(listener, limits, stopped, |incoming, stopped| {
                router.serve_with_incoming_shutdown(incoming, stopped)
            })
            .await
        });
        Self { address, stop, task }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn client(&self) -> HealthClient<Channel> {
        let channel = Channel::from_shared(format!("http://{}", self.address)).unwrap();
        HealthClient::new(channel.connect().await.unwrap())
    }

    /// Stops it; gives how long that took.
    async fn stop(self) -> Duration {
        let start = Instant::now();
        self.stop.cancel();
        timeout(PATIENCE, self.task)
            .await
            .expect("it ends")
            .unwrap()
            .unwrap();
        start.elapsed()
    }
}

/// Waits until the server closes the connection.
async fn closed(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    // A reset is an end too.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut rest))
        .await
        .expect("it is closed");
}

#[tokio::test]
async fn a_silent_connection_ends_with_the_server_and_costs_no_grace() {
    let grace = Duration::from_secs(3600);
    let server = Server::start(Limits {
        grace,
        ..Limits::default()
    })
    .await;
    let mut silent = server.connect().await;
    server
        .client()
        .await
        .check(HealthCheckRequest::default())
        .await
        .unwrap(); // it accepts
    server.stop().await;
    closed(&mut silent).await;
}

#[tokio::test]
async fn an_open_stream_ends_as_unavailable() {
    let grace = Duration::from_secs(3600);
    let server = Server::start(Limits {
        grace,
        ..Limits::default()
    })
    .await;
    let mut client = server.client().await;
    let mut stream = client
        .watch(HealthCheckRequest::default())
        .await
        .unwrap()
        .into_inner();
    stream.message().await.unwrap().expect("the present status");
    let ended = tokio::spawn(async move { stream.message().await });
    server.stop().await;
    let status = ended.await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains("shutting down"), "{}", status.message());
}

#[tokio::test]
async fn a_connection_that_stops_half_way_through_its_greeting_is_cut_after_the_grace() {
    let grace = Duration::from_millis(500);
    let server = Server::start(Limits {
        grace,
        ..Limits::default()
    })
    .await;
    let mut half = server.connect().await;
    half.write_all(&GREETING[..10]).await.unwrap();
    let mut whole = server.connect().await;
    whole.write_all(GREETING).await.unwrap();
    server
        .client()
        .await
        .check(HealthCheckRequest::default())
        .await
        .unwrap();
    assert!(server.stop().await >= grace, "calls in progress have their time");
    closed(&mut half).await;
    closed(&mut whole).await;
}

#[tokio::test]
async fn silence_ends_a_connection_while_the_server_runs() {
    let server = Server::start(Limits {
        silence: Duration::from_millis(300),
        ..Limits::default()
    })
    .await;
    for first in [&b""[..], &GREETING[..10], GREETING] {
        let mut stream = server.connect().await;
        stream.write_all(first).await.unwrap();
        closed(&mut stream).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn one_connection_too_many_is_closed_and_a_place_that_is_left_is_given_again() {
    let server = Server::start(Limits {
        connections: 1,
        ..Limits::default()
    })
    .await;
    let first = server.connect().await;
    let mut second = server.connect().await;
    closed(&mut second).await;
    drop(first);
    let start = Instant::now();
    let served = loop {
        let channel = Channel::from_shared(format!("http://{}", server.address)).unwrap();
        let served = match channel.connect().await {
            Ok(channel) => HealthClient::new(channel)
                .check(HealthCheckRequest::default())
                .await
                .is_ok(),
            Err(_) => false,
        };
        if served || start.elapsed() > PATIENCE {
            break served;
        }
    };
    assert!(served);
    server.stop().await;
}

/// Writes to the one client of a server for as long as that lasts; gives why it did not go on.
async fn written_to<F: Future<Output = ()>>(
    limits: Limits,
    stop: CancellationToken,
    client: impl FnOnce(TcpStream) -> F,
) -> io::Error {
    async fn fill(connection: &mut Connection) -> io::Error {
        loop {
            if let Err(error) = connection.write_all(&[0; 1 << 16]).await {
                return error;
            }
            tokio::task::yield_now().await;
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, ended) = tokio::sync::oneshot::channel();
    let serving = server::serve(listener, limits, stop, |mut incoming, _| async move {
        let (mut connection, _) = incoming.accept().await;
        sender.send(fill(&mut connection).await).unwrap();
        Ok::<_, io::Error>(())
    });
    let client = client(TcpStream::connect(address).await.unwrap());
    let all = async {
        tokio::select! {
            served = serving => served.unwrap(),
            () = client => panic!("the client ended first"),
        }
    };
    timeout(PATIENCE, all).await.expect("it ends");
    ended.await.expect("the write ended before the server")
}

#[tokio::test]
async fn a_client_that_speaks_but_takes_nothing_is_closed() {
    let limits = Limits {
        silence: Duration::from_millis(300),
        ..Limits::default()
    };
    let error = written_to(limits, CancellationToken::new(), async |mut stream| {
        while stream.write_all(b"ping").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        std::future::pending().await
    })
    .await;
    assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{error}");
    assert!(error.to_string().contains("nothing was taken"), "{error}");
}

#[tokio::test]
async fn a_connection_that_never_waits_is_cut_after_the_grace() {
    let (limits, stop) = (
        Limits {
            grace: Duration::from_millis(300),
            ..Limits::default()
        },
        CancellationToken::new(),
    );
    stop.cancel();
    let error = written_to(limits, stop, async |mut stream| {
        stream.write_all(b"hello").await.unwrap();
        let mut taken = vec![0; 1 << 20];
        while stream.read(&mut taken).await.is_ok_and(|bytes| bytes > 0) {}
        std::future::pending().await
    })
    .await;
    assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted, "{error}");
}
