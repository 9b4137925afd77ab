//! The endpoint as Prometheus reads it, and as nobody should.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use ashlar_metrics::{
    Build, Counter, Gauge, Histogram, Label, Readiness, Registry,
    endpoint::{Bounds, Endpoint},
    names,
    testing::Exposition,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// Far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

fn registry() -> Registry {
    Registry::new(Build {
        version: "0.1.0",
        commit: Some("abc1234"),
        role: "worker",
    })
}

struct Server {
    endpoint: Endpoint,
    readiness: Readiness,
    stopping: CancellationToken,
}

impl Server {
    async fn start(registry: Registry, bounds: Bounds) -> Self {
        let (readiness, stopping) = (Readiness::default(), CancellationToken::new());
        let (ready, stop) = (readiness.clone(), stopping.clone());
        let endpoint = Endpoint::start_within(LOOPBACK, registry, ready, stop, bounds)
            .await
            .unwrap();
        Self {
            endpoint,
            readiness,
            stopping,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.endpoint.address()).await.unwrap()
    }

    async fn send(&self, request: &[u8]) -> String {
        let mut stream = self.connect().await;
        let _ = stream.write_all(request).await; // it may be closed before all is taken
        rest(stream).await
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: metrics\r\n\r\n");
        let answer = self.send(request.as_bytes()).await;
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }
}

/// What comes until the end, which a reset is too.
async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes))
        .await
        .expect("it ends");
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn what_was_recorded_is_read_back() {
    let jobs = Counter::new(names::WORKER_JOBS, [["chunk", "proved"], ["chunk", "failed"]]);
    let seconds = Histogram::new(names::WORKER_JOB_SECONDS, [["fold"]]);
    let busy = Gauge::<0>::new(names::WORKER_BUSY);
    let batches = Gauge::new(names::FARM_BATCHES);
    let registry = registry().with(&jobs).with(&seconds).with(&busy).with(&batches);
    let server = Server::start(registry, Bounds::default()).await;
    jobs.count(["chunk", "proved"]);
    jobs.count(["wrap", "released"]);
    seconds.observe(["fold"], Duration::from_secs(3));
    busy.be(1.0);
    let hostile = "a\\b\"c\nd,e=\"f\"}";
    batches.replace([
        ([Label::from("running"), hostile.into()], 3.0),
        (["done".into(), "b".into()], 1e12),
    ]);

    let (status, text) = server.get("/metrics").await;
    assert_eq!(status, 200);
    let read = Exposition::parse(&text);
    let jobs = |kind, result| read.get("ashlar_worker_jobs_total", &[("kind", kind), ("result", result)]);
    assert_eq!(
        [
            jobs("chunk", "proved"),
            jobs("chunk", "failed"),
            jobs("wrap", "released"),
            jobs("fold", "failed")
        ],
        [Some(1.0), Some(0.0), Some(1.0), None]
    );
    let bucket = |le| {
        read.get(
            "ashlar_worker_job_seconds_bucket",
            &[("kind", "fold"), ("le", le)],
        )
    };
    assert_eq!(
        [bucket("2.5"), bucket("5"), bucket("+Inf")],
        [Some(0.0), Some(1.0), Some(1.0)]
    );
    assert_eq!(
        read.get("ashlar_worker_job_seconds_sum", &[("kind", "fold")]),
        Some(3.0)
    );
    assert_eq!(read.get("ashlar_worker_busy", &[]), Some(1.0));
    let batches = |state, tenant| read.get("ashlar_farm_batches", &[("state", state), ("tenant", tenant)]);
    assert_eq!(
        [batches("running", hostile), batches("done", "b")],
        [Some(3.0), Some(1e12)]
    );
    let build = [("version", "0.1.0"), ("commit", "abc1234"), ("role", "worker")];
    assert_eq!(read.get("ashlar_build_info", &build), Some(1.0));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_process_shows_itself() {
    let server = Server::start(registry(), Bounds::default()).await;
    let read = Exposition::parse(&server.get("/metrics").await.1);
    assert!(read.get("process_resident_memory_bytes", &[]).unwrap() > 1e6);
    assert!(read.get("process_cpu_seconds_total", &[]).is_some());
    assert!(read.get("process_start_time_seconds", &[]).unwrap() > 1.7e9);
}

#[tokio::test]
async fn health_follows_readiness_and_ends_with_the_wish_to_stop() {
    let server = Server::start(registry(), Bounds::default()).await;
    assert_eq!(server.get("/healthz").await.0, 503);
    server.readiness.set(true);
    assert_eq!(server.get("/healthz").await, (200, "ready\n".into()));
    server.readiness.restrict(Some("ready for less"));
    assert_eq!(server.get("/healthz").await, (200, "ready for less\n".into()));
    server.readiness.restrict(None);
    server.stopping.cancel();
    assert_eq!(server.get("/healthz").await, (503, "stopping\n".into()));
    assert_eq!(
        server.get("/metrics").await.0,
        200,
        "stopping takes time, in which one looks"
    );
}

#[tokio::test]
async fn there_is_nothing_to_do_but_read_two_pages() {
    let server = Server::start(registry(), Bounds::default()).await;
    assert_eq!(server.get("/").await.0, 404);
    assert_eq!(server.get("/metrics/").await.0, 404);
    assert_eq!(
        server.get("/metrics?name=x").await.0,
        200,
        "Prometheus may be told to add parameters"
    );
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
        let request = format!("{method} /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
        let answer = server.send(request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 405"), "{method}: {answer}");
        assert!(answer.contains("allow: GET, HEAD"), "{method}: {answer}");
    }
    let answer = server.send(b"HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\n"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_header_that_is_large_or_no_http_is_refused() {
    let bounds = Bounds {
        header: Duration::from_millis(300), // some of it might become a header yet
        ..Bounds::default()
    };
    let server = Server::start(registry(), bounds).await;
    let long = format!("GET /metrics HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(1 << 20));
    let many = format!("GET /metrics HTTP/1.1\r\n{}\r\n", "X: a\r\n".repeat(1000));
    let path = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(1 << 20));
    for hostile in [
        long.as_bytes(),
        many.as_bytes(),
        path.as_bytes(),
        b"\x16\x03\x01 hello",
        b"\r\n\r\n\r\n",
    ] {
        let answer = server.send(hostile).await;
        assert!(!answer.contains(" 200 "), "{answer}");
    }
    assert_eq!(server.get("/metrics").await.0, 200);
}

#[tokio::test]
async fn a_header_that_comes_byte_by_byte_is_not_waited_for() {
    let bounds = Bounds {
        header: Duration::from_millis(500),
        ..Bounds::default()
    };
    let server = Server::start(registry(), bounds).await;
    let (mut reader, mut writer) = server.connect().await.into_split();
    let start = Instant::now();
    let slow = tokio::spawn(async move {
        for byte in b"GET /metrics HTTP/1.1\r\n"
            .iter()
            .chain(std::iter::repeat(&b'a'))
        {
            if writer.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, reader.read_to_end(&mut answer))
        .await
        .expect("it is closed");
    assert!(start.elapsed() >= Duration::from_millis(450), "it has its time");
    slow.abort();
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_not_kept() {
    let jobs = Counter::<2>::new(names::WORKER_JOBS, []);
    for number in 0..200_000u32 {
        // More than the buffers of both sides hold.
        jobs.count([number.to_string().leak(), "proved"]);
    }
    let bounds = Bounds {
        connections: 1,
        whole: Duration::from_millis(500),
        ..Bounds::default()
    };
    let server = Server::start(registry().with(&jobs), bounds).await;
    let mut greedy = server.connect().await;
    greedy
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    until_served(&server).await;
    drop(greedy);
}

/// Asks until there is a place.
async fn until_served(server: &Server) {
    let start = Instant::now();
    loop {
        let answer = server.send(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await;
        if answer.starts_with("HTTP/1.1 503") {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "no place came free");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn silent_connections_take_all_places_for_a_moment_only() {
    let bounds = Bounds {
        connections: 4,
        header: Duration::from_millis(400),
        ..Bounds::default()
    };
    let server = Server::start(registry(), bounds).await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(server.connect().await);
    }
    until_served(&server).await;
    for stream in silent {
        rest(stream).await; // closed without a word, all of them
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_told_with_the_flag_to_change() {
    let server = Server::start(registry(), Bounds::default()).await;
    let taken = server.endpoint.address();
    let again = Endpoint::start(taken, registry(), Readiness::default(), CancellationToken::new());
    let error = again.await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot serve metrics on {taken}: give --listen-metrics a free port of this machine")
    );
}

#[tokio::test]
async fn the_port_closes_with_the_endpoint() {
    let server = Server::start(registry(), Bounds::default()).await;
    let address = server.endpoint.address();
    drop(server);
    let start = Instant::now();
    while TcpStream::connect(address).await.is_ok() {
        assert!(start.elapsed() < PATIENCE, "{address} is open still");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
