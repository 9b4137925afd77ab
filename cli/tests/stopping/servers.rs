//! SIGTERM while clients hold connections: a silent one, one that stopped in its greeting or its request, an open stream.

use std::{
    io::Write,
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Command, Output},
    sync::mpsc,
    time::Instant,
};

use alloy::primitives::Address;
use ashlar_proto::{
    farm::v1::{
        self as farm, admin_service_client::AdminServiceClient, work_service_client::WorkServiceClient,
    },
    sequencer::v1::{GetInfoRequest, WatchBatchesRequest, sequencer_service_client::SequencerServiceClient},
};
use tonic::Code;

use crate::support::{ANY_PORT, BOUND, PATIENCE, PREPARATION, Process, devnet, rollup, sequencer, wait};

/// Connections that say nothing, and the beginnings of an HTTP/2 greeting and of an HTTP/1 request.
fn held(address: SocketAddr) -> Vec<TcpStream> {
    let beginnings: [&[u8]; 4] = [
        b"",
        b"PRI * HTTP",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 100\r\n\r\n{",
    ];
    let connect = |beginning| {
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.write_all(beginning).expect("it reads");
        stream
    };
    beginnings.map(connect).into()
}

#[test]
fn a_devnet_with_silent_clients_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut devnet, address) = devnet(folder.path());
    let _held = held(address);
    devnet.stops();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sequencer_with_silent_clients_and_an_open_stream_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_devnet, l1) = devnet(folder.path());
    let mut sequencer = sequencer(folder.path(), l1, rollup(l1).await);
    let address = sequencer.listening();
    let _held = held(address);
    let mut client = SequencerServiceClient::connect(format!("http://{address}"))
        .await
        .expect("it listens");
    let mut batches = client
        .watch_batches(WatchBatchesRequest { from_number: 1 })
        .await
        .expect("a stream")
        .into_inner();
    let ended = tokio::spawn(async move { batches.message().await });
    client.get_info(GetInfoRequest {}).await.expect("it answers");
    tokio::task::spawn_blocking(move || sequencer.stops())
        .await
        .expect("it ends");
    let status = ended.await.expect("no panic").expect_err("no batch was sealed");
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(status.message().contains("shutting down"), "{status}");
}

/// Accepts connections and never answers; tells of each.
fn silent_l1() -> (SocketAddr, mpsc::Receiver<()>) {
    let listener = TcpListener::bind(ANY_PORT).expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming().map_while(Result::ok) {
            kept.push(stream);
            if sender.send(()).is_err() {
                return;
            }
        }
    });
    (address, receiver)
}

#[test]
fn a_sequencer_whose_l1_is_silent_from_the_start_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let (l1, asked) = silent_l1();
    let mut sequencer = sequencer(folder.path(), l1, Address::ZERO);
    asked.recv_timeout(PATIENCE).expect("it asks its L1");
    sequencer.stops();
}

/// A devnet until told otherwise; from then on every request waits for ever.
fn proxy(l1: SocketAddr) -> (SocketAddr, mpsc::Sender<()>, mpsc::Receiver<()>) {
    let listener = TcpListener::bind(ANY_PORT).expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let (mute, muted) = mpsc::channel::<()>();
    let (sender, asked) = mpsc::channel();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        let mut is_mute = false;
        for client in listener.incoming().map_while(Result::ok) {
            is_mute |= muted.try_recv().is_ok();
            if is_mute {
                kept.push(client);
                if sender.send(()).is_err() {
                    return;
                }
                continue;
            }
            // One request, one answer, and the connection is closed: the next request needs a new one.
            std::thread::spawn(move || forward_once(client, l1));
        }
    });
    (address, mute, asked)
}

fn forward_once(mut client: TcpStream, l1: SocketAddr) -> std::io::Result<()> {
    use std::io::{BufRead, BufReader, Read};
    let mut reader = BufReader::new(client.try_clone()?);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line == "\r\n" {
            break;
        }
        head += &line;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut node = TcpStream::connect(l1)?;
    write!(node, "{head}connection: close\r\n\r\n")?;
    node.write_all(&body)?;
    let mut answer = Vec::new();
    node.read_to_end(&mut answer)?;
    client.write_all(&answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sequencer_whose_l1_falls_silent_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_devnet, l1) = devnet(folder.path());
    let rollup = rollup(l1).await;
    let (through, mute, asked) = proxy(l1);
    let mut sequencer = sequencer(folder.path(), through, rollup);
    sequencer.listening();
    mute.send(()).expect("the proxy lives");
    tokio::task::spawn_blocking(move || {
        asked.recv_timeout(PATIENCE).expect("it asks its L1");
        sequencer.stops();
    })
    .await
    .expect("it ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_farm_and_its_worker_end_in_any_order_with_connections_open() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("farm");
    let arguments = [
        "farm",
        "--listen",
        ANY_PORT,
        "--data-dir",
        data.to_str().expect("UTF-8"),
    ];
    let mut farm = Process::start(folder.path(), arguments);
    let address = farm.listening();
    let url = format!("http://{address}");
    let mut worker = Process::start(
        folder.path(),
        ["worker", "--name", "w", "--kinds", "fold,chunk", "--farm", &url],
    );
    let mut admin = AdminServiceClient::connect(url.clone())
        .await
        .expect("it listens");
    let start = Instant::now();
    loop {
        let request = farm::ListWorkersRequest {};
        let workers = admin
            .list_workers(request)
            .await
            .expect("it answers")
            .into_inner();
        if !workers.workers.is_empty() {
            break;
        }
        assert!(
            worker.child.try_wait().expect("ours").is_none(),
            "{}",
            worker.text()
        );
        assert!(start.elapsed() < PREPARATION, "not registered: {}", worker.text());
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    the_operator_asks(&url);
    let _held = held(address);
    // A call that waits for a job, as an idle worker's.
    let mut waiting = WorkServiceClient::connect(url.clone()).await.expect("it listens");
    let circuit_set = ashlar_contracts::generated_verifier()
        .expect("an artifact")
        .circuit_set;
    let circuit_set = hex::decode(circuit_set.trim_start_matches("0x")).expect("hexadecimal");
    let registered = waiting
        .register(farm::RegisterRequest {
            name: "idle".into(),
            circuit_set_digest: circuit_set.into(),
            kinds: vec![farm::JobKind::Chunk as i32],
            backend: "none".into(),
            ram_bytes: 1 << 40,
            ..farm::RegisterRequest::default()
        })
        .await
        .expect("registered");
    let session = registered.into_inner().session;
    let waiting = tokio::spawn(async move {
        let request = farm::LeaseRequest {
            session,
            wait_ms: 30_000,
            ahead: false,
        };
        waiting.lease(request).await
    });
    tokio::task::spawn_blocking(move || {
        farm.stops();
        worker.stops(); // with its coordinator gone
    })
    .await
    .expect("they end");
    let lease = waiting.await.expect("no panic");
    assert!(lease.is_ok_and(|lease| lease.into_inner().lease.is_none()));
}

/// What `ashlar farm` says of a running coordinator.
fn the_operator_asks(url: &str) {
    let ask = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_ashlar"))
            .arg("farm")
            .args(arguments)
            .args(["--farm", url])
            .output()
            .expect("the binary runs")
    };
    let workers = ask(&["workers"]);
    let text = String::from_utf8_lossy(&workers.stdout);
    assert!(workers.status.success() && text.starts_with("w ("), "{workers:?}");
    let object = |output: Output| -> serde_json::Value {
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let workers = object(ask(&["workers", "--json"]));
    assert_eq!(workers[0]["name"], "w");
    assert_eq!(workers[0]["kinds"], serde_json::json!(["chunk", "fold"]));
    let nothing = ask(&["job", "1"]);
    let text = String::from_utf8_lossy(&nothing.stderr);
    assert!(
        !nothing.status.success() && text.contains("job 1 does not exist"),
        "{text}"
    );
    assert_eq!(object(ask(&["jobs", "--json"])), serde_json::json!([]));
    let jobs = ask(&["jobs", "--poisoned"]);
    assert!(jobs.status.success(), "{jobs:?}");
    let configured = Command::new(env!("CARGO_BIN_EXE_ashlar"))
        .args(["farm", "workers", "--json"])
        .env("ASHLAR_FARM", url)
        .output()
        .expect("the binary runs");
    assert_eq!(
        object(configured)[0]["name"],
        "w",
        "the address may be configured"
    );
    let requeue = ask(&["requeue", "--batch", "9"]);
    let errors = String::from_utf8_lossy(&requeue.stderr);
    assert!(
        !requeue.status.success() && errors.contains("batch 9 was never submitted"),
        "{errors}"
    );
    let neither = ask(&["requeue"]);
    let errors = String::from_utf8_lossy(&neither.stderr);
    assert!(!neither.status.success() && errors.contains("--job"), "{errors}");
    the_operator_looks_and_steers(&ask);
}

fn the_operator_looks_and_steers(ask: &dyn Fn(&[&str]) -> Output) {
    let said = |arguments: &[&str]| {
        let output = ask(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    let object = |arguments: &[&str]| -> serde_json::Value {
        serde_json::from_str(&said(&[arguments, &["--json"]].concat())).expect("JSON")
    };
    let refused = |arguments: &[&str]| {
        let output = ask(arguments);
        assert!(!output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stderr).expect("text")
    };
    let status = said(&["status"]);
    assert!(
        status.starts_with("batches  none") && status.contains("1 of 1 live"),
        "{status}"
    );
    assert_eq!(object(&["status"])["fleet"]["live"], 1);
    let top = said(&["top"]); // no terminal: once
    assert!(top.starts_with("Ashlar farm at http://"), "{top}");
    assert!(top.lines().any(|line| line.starts_with("w  ")), "{top}");
    assert!(!top.contains('\x1b'), "{top:?}");

    said(&["pause"]);
    assert_eq!(object(&["status"])["paused"], true);
    assert!(said(&["top", "--once"]).contains("PAUSED"));
    said(&["resume"]);
    assert_eq!(object(&["status"])["paused"], false);

    let rollup = "0x00000000000000000000000000000000000000AA";
    let of = |command: &'static str| [command, "--chain-id", "5", "--rollup", rollup];
    let unknown = refused(&of("pause"));
    assert!(
        unknown.contains("does not serve 5:0x00000000000000000000000000000000000000aa"),
        "{unknown}"
    );
    let tenant = object(&[&of("tenant")[..], &["--weight", "2", "--owner", "main"]].concat());
    assert_eq!((&tenant["weight"], &tenant["owner"]), (&2.into(), &"main".into()));
    let tenant = object(&[&of("tenant")[..], &["--priority", "-1"]].concat());
    assert_eq!(
        (&tenant["weight"], &tenant["priority"], &tenant["owner"]),
        (&2.into(), &(-1).into(), &"main".into()),
        "what is not given stays"
    );
    said(&of("pause"));
    assert_eq!(object(&["tenants"])[0]["paused"], true);
    assert!(said(&["tenants"]).contains("main, paused"));

    let nobody = refused(&["drain", "nobody"]);
    assert!(
        nobody.contains("no worker has ever registered as nobody"),
        "{nobody}"
    );
    let cancel = refused(&["cancel", "--batch", "9", "--reason", "not wanted"]);
    assert!(cancel.contains("batch 9 was never submitted"), "{cancel}");
}

#[test]
fn a_second_signal_ends_a_process_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut devnet, address) = devnet(folder.path());
    let _held = held(address); // which cost the grace, after one signal
    devnet.signal("-INT");
    wait("it takes the signal", BOUND, || {
        devnet.text().contains("stopping").then_some(())
    });
    devnet.signal("-INT");
    assert_eq!(devnet.ends().code(), Some(130));
}
