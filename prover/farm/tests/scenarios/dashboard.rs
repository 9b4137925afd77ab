//! The page for browsers, over HTTP.

use std::{net::SocketAddr, sync::Arc};

use ashlar_farm::{
    Dashboard, Farm, FarmError, Listener, serve,
    testing::{Client, HashVerifier, config, make_database},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

struct Running {
    page: SocketAddr,
    client: Client,
    stop: CancellationToken,
    ended: JoinHandle<Result<((), ()), FarmError>>,
}

async fn start(dir: &std::path::Path) -> Running {
    let config = config(dir);
    make_database(&config.database).await;
    let farm = Farm::open(config, Arc::new(HashVerifier)).await.unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = Listener::bind(any, None).await.unwrap();
    let dashboard = Dashboard::bind(any).await.unwrap();
    let (page, services) = (dashboard.address(), listener.address());
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let ended = tokio::spawn(async move {
        tokio::try_join!(
            serve(farm.clone(), vec![listener], stopped.clone()),
            dashboard.serve(farm, stopped)
        )
    });
    let channel = Channel::from_shared(format!("http://{services}")).unwrap();
    Running {
        page,
        client: Client::over(channel.connect().await.unwrap()),
        stop,
        ended,
    }
}

/// Head and body of an answer.
async fn ask(address: SocketAddr, request: &str, host: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{request} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.to_lowercase(), body.to_owned())
}

#[tokio::test]
async fn a_browser_of_this_machine_sees_batches_and_workers() {
    let dir = tempfile::tempdir().unwrap();
    let mut farm = start(dir.path()).await;
    let worker = farm.client.register("<b>w</b>").await;
    farm.client.submit(7, 2).await;
    farm.client.work_one(worker).await;
    farm.client.lease(worker).await;

    let (head, body) = ask(farm.page, "GET /overview.json", "127.0.0.1").await;
    assert!(
        head.starts_with("http/1.1 200") && head.contains("content-type: application/json"),
        "{head}"
    );
    let seen: serde_json::Value = serde_json::from_str(&body).unwrap();
    let batch = &seen["batches"][0];
    assert_eq!(
        (&batch["number"], &batch["state"]),
        (&7.into(), &"running".into())
    );
    assert_eq!((&batch["done"], &batch["total"]), (&1.into(), &5.into()));
    assert_eq!(batch["worker_seconds"], 0.25);
    assert_eq!(batch["kinds"][0]["leased"], 1);
    assert_eq!(
        seen["workers"][0]["name"], "<b>w</b>",
        "as it is: the page makes text of it"
    );
    assert_eq!(seen["workers"][0]["job"]["kind"], "chunk");
    assert_eq!(seen["batches_by_state"]["running"], 1);

    for (path, kind, part) in [
        ("/", "text/html", "dashboard.js"),
        ("/dashboard.js", "text/javascript", "overview.json"),
        ("/dashboard.css", "text/css", ":root"),
    ] {
        let (head, body) = ask(farm.page, &format!("GET {path}"), "localhost").await;
        assert!(head.starts_with("http/1.1 200") && body.contains(part), "{head}");
        for expected in [
            &format!("content-type: {kind}; charset=utf-8")[..],
            "x-content-type-options: nosniff",
            "cache-control: no-store",
            "content-security-policy: default-src 'none'; script-src 'self'",
            "frame-ancestors 'none'",
        ] {
            assert!(head.contains(expected), "{expected} is not in {head}");
        }
        assert!(!head.contains("access-control-allow-origin"), "{head}");
        assert!(
            !body.contains("innerHTML") && !body.contains("https://"),
            "{path}"
        );
    }
    farm.stop.cancel();
    farm.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_is_not_a_look_from_this_machine_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let farm = start(dir.path()).await;
    for (request, host, status, detail) in [
        (
            "GET /overview.json",
            "farm.example",
            421,
            "ask for this machine as localhost",
        ),
        ("GET /nothing", "localhost", 404, "there is no such path"),
        ("POST /overview.json", "localhost", 405, "changes nothing"),
    ] {
        let (head, body) = ask(farm.page, request, host).await;
        assert!(
            head.starts_with(&format!("http/1.1 {status} ")),
            "{request}: {head}"
        );
        assert!(body.contains(detail), "{request}: {body}");
        assert!(head.contains("content-security-policy"), "{head}");
    }
    let refused = Dashboard::bind("0.0.0.0:0".parse().unwrap()).await.unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("refusing to show the dashboard on 0.0.0.0:0")
    );
    farm.stop.cancel();
    farm.ended.await.unwrap().unwrap();
}
