//! The HTTP gateway over real connections, held to its description.

use std::{collections::BTreeSet, time::Duration};

use ashlar_proto::sequencer::v1 as pb;
use ashlar_sequencer::{
    config::{FeePolicy, Limits},
    http,
    progress::{BatchJobs, Jobs},
    store::{self, BatchStatus},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::{
    api::{Api, api, request},
    l1_operations::{forced_transfer, forced_withdrawal, set_auth, set_flags},
    support::{auth, key, transfer, withdraw},
};

const LIMIT: Duration = Duration::from_secs(20);

pub struct Answer {
    pub status: u16,
    head: String,
    body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

pub async fn gateway(api: &Api) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(http::serve(
        api.service.clone(),
        http::Wallet::default(),
        listener,
        api.stop.clone(),
    ));
    address
}

pub async fn ask(address: std::net::SocketAddr, method: &str, path: &str, body: &str) -> Answer {
    let mut stream = TcpStream::connect(address).await.expect("listens");
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.expect("sends");
    let mut text = String::new();
    let read = timeout(LIMIT, stream.read_to_string(&mut text)).await;
    read.expect("in time").expect("reads");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let status = head
        .split(' ')
        .nth(1)
        .expect("a status")
        .parse()
        .expect("a number");
    Answer {
        status,
        head: head.to_lowercase(),
        body: body.to_owned(),
    }
}

/// Checks an answer against what the file says of the route.
pub fn check(method: &str, route: &str, answer: &Answer) {
    let mut file: Value = serde_json::from_str(http::OPENAPI).expect("JSON");
    let operation = &file["paths"][route][method.to_lowercase()];
    let described = match answer.status {
        200 => &operation["responses"]["200"]["content"]["application/json"],
        _ => &operation["responses"]["default"]["content"]["application/problem+json"],
    };
    let mut schema = described["schema"].clone();
    assert!(schema.is_object(), "{method} {route} is not described");
    schema["components"] = file["components"].take();
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let value = answer.json();
    let faults: Vec<_> = validator
        .iter_errors(&value)
        .map(|fault| fault.to_string())
        .collect();
    assert!(faults.is_empty(), "{method} {route}: {faults:?} in {value:#}");
}

#[test]
fn the_file_describes_every_route_and_no_other() {
    let file: Value = serde_json::from_str(http::OPENAPI).expect("JSON");
    assert_eq!(file["openapi"], "3.1.0");
    let described: BTreeSet<_> = file["paths"]
        .as_object()
        .expect("paths")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(described, http::paths().into_iter().collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_as_the_file_says() {
    let mut api = api(4, Limits::default(), FeePolicy::default()).await;
    let address = gateway(&api).await;
    let (operator, alice) = (key("operator"), key("alice"));
    api.core.deposit(0, &[&operator, &alice], 1_000).await;
    let encoded = |signed: &[u8]| {
        let digits: String = signed.iter().map(|byte| format!("{byte:02x}")).collect();
        json!({ "encoded": format!("0x{digits}") }).to_string()
    };
    let signed = transfer(&alice, 1, 0, 5, 0).encode();
    let sent = ask(address, "POST", "/v1/transactions", &encoded(&signed)).await;
    assert_eq!(sent.status, 200, "{}", sent.body);
    check("POST", "/v1/transactions", &sent);
    let again = api
        .client
        .submit_transaction(request(signed))
        .await
        .expect("the same")
        .into_inner();
    let digits: String = again
        .transaction_id
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(sent.json()["transaction_id"], format!("0x{digits}"));
    let refused = ask(
        address,
        "POST",
        "/v1/transactions",
        &encoded(&transfer(&alice, 1, 0, 5_000, 1).encode()),
    )
    .await;
    assert_eq!(
        (refused.status, &refused.json()["refusal"]["code"]),
        (400, &json!("CODE_BALANCE"))
    );
    check("POST", "/v1/transactions", &refused);

    api.core
        .handle
        .submit(withdraw(&alice, 1, 7, 1).encode())
        .await
        .expect("admitted");
    api.core.batch(1).await;
    let commit = |batch: &mut store::BatchRecord| {
        (batch.status, batch.header) = (BatchStatus::Committed, Some(vec![9; 32]));
        batch.commit = Some(store::L1Receipt {
            hash: [3; 32],
            block_number: 4,
            gas_used: 5,
        });
        batch.failure = Some("a test".into());
    };
    api.core.store.update_batch(1, commit).expect("database");
    let jobs = Jobs {
        done: 1,
        total: 2,
        running: 1,
    };
    api.progress.note(1, BatchJobs::from([jobs; 4]));
    let account = ask(address, "GET", "/v1/accounts/1", "").await.json();
    let text = |name: &str| account[name].as_str().expect("set").to_owned();
    let (l1_owner, auth_of_alice) = (text("l1_owner"), text("auth"));

    let hash = format!("/v1/transactions/0x{digits}");
    let by_owner = format!("/v1/accounts/{l1_owner}");
    let by_both = format!("{by_owner}?auth={auth_of_alice}");
    let by_none = format!("{by_owner}?auth=0x{}1", "0".repeat(63));
    let by_auth = format!("/v1/accounts/{auth_of_alice}");
    let history_of_both = format!("/v1/accounts/{l1_owner}/transactions?auth={auth_of_alice}&limit=1");
    for (path, route, status) in [
        ("/v1/info", "/v1/info", 200),
        ("/v1/info?x=1", "/v1/info", 400),
        ("/v1/accounts/1", "/v1/accounts/{key}", 200),
        (by_owner.as_str(), "/v1/accounts/{key}", 200),
        (by_both.as_str(), "/v1/accounts/{key}", 200),
        (by_none.as_str(), "/v1/accounts/{key}", 404),
        (by_auth.as_str(), "/v1/accounts/{key}", 400),
        ("/v1/accounts/1?auth=0x12", "/v1/accounts/{key}", 400),
        (history_of_both.as_str(), "/v1/accounts/{key}/transactions", 200),
        ("/v1/accounts/77", "/v1/accounts/{key}", 404),
        ("/v1/accounts/+1", "/v1/accounts/{key}", 400),
        ("/v1/accounts/0x12", "/v1/accounts/{key}", 400),
        ("/v1/accounts/1/inclusion", "/v1/accounts/{key}/inclusion", 200),
        ("/v1/accounts/77/inclusion", "/v1/accounts/{key}/inclusion", 200),
        ("/v1/accounts/0x12/inclusion", "/v1/accounts/{key}/inclusion", 400),
        (
            "/v1/accounts/1/transactions",
            "/v1/accounts/{key}/transactions",
            200,
        ),
        (
            "/v1/accounts/1/transactions?limit=1&before=1.3",
            "/v1/accounts/{key}/transactions",
            200,
        ),
        (
            "/v1/accounts/1/transactions?before=1",
            "/v1/accounts/{key}/transactions",
            400,
        ),
        (
            "/v1/accounts/1/transactions?limit=1&limit=2",
            "/v1/accounts/{key}/transactions",
            400,
        ),
        ("/v1/batches?from=1&limit=10", "/v1/batches", 200),
        ("/v1/batches?form=1", "/v1/batches", 400),
        ("/v1/batches/1", "/v1/batches/{number}", 200),
        ("/v1/batches/2", "/v1/batches/{number}", 404),
        (
            "/v1/batches/1/transactions?limit=2",
            "/v1/batches/{number}/transactions",
            200,
        ),
        (hash.as_str(), "/v1/transactions/{hash}", 200),
        ("/v1/transactions/0x00", "/v1/transactions/{hash}", 400),
        ("/v1/l1-operations/1", "/v1/l1-operations/{index}", 200),
        ("/v1/l1-operations/9", "/v1/l1-operations/{index}", 404),
        (
            "/v1/withdrawals/1/0/proof",
            "/v1/withdrawals/{batch}/{index}/proof",
            200,
        ),
        (
            "/v1/withdrawals/1/1/proof",
            "/v1/withdrawals/{batch}/{index}/proof",
            404,
        ),
        ("/openapi.json", "/openapi.json", 200),
    ] {
        let answer = ask(address, "GET", path, "").await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        assert!(
            answer.head.contains("access-control-allow-origin: *"),
            "{path}: {}",
            answer.head
        );
        check("GET", route, &answer);
    }
    let page = ask(address, "GET", "/v1/accounts/1/transactions?limit=1", "")
        .await
        .json();
    assert_eq!(
        (&page["transactions"][0]["kind"], &page["next"]),
        (&json!("withdrawal"), &json!("1.3"))
    );
    let batch = ask(address, "GET", "/v1/batches/1", "").await.json();
    assert_eq!(
        batch["progress"]["steps"][3],
        json!({ "name": "wrap", "done": 1, "total": 2, "running": 1 })
    );
    assert_eq!(
        (&batch["status"], batch["withdrawals"].as_array().map(Vec::len)),
        (&json!("failed"), Some(1))
    );

    let queued = [
        set_flags(1, 9),
        forced_transfer("alice", 1, 0, 30),
        forced_withdrawal("alice", 1, 5_000),
        set_auth("alice", 1, auth(&key("bob"))),
    ];
    api.core.l1(2, &queued).await;
    api.core.batch(2).await;
    for (path, route) in [
        ("/v1/batches/2/transactions", "/v1/batches/{number}/transactions"),
        ("/v1/accounts/1/transactions", "/v1/accounts/{key}/transactions"),
        ("/v1/accounts/1", "/v1/accounts/{key}"),
        ("/v1/l1-operations/4", "/v1/l1-operations/{index}"),
    ] {
        let answer = ask(address, "GET", path, "").await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        check("GET", route, &answer);
    }
    let told = ask(address, "GET", "/v1/l1-operations/4", "").await.json();
    let told = &told["operation"];
    assert_eq!(
        (&told["kind"], &told["queue_index"], &told["requested"]),
        (&json!("forced_withdrawal"), &json!(4), &json!("5000"))
    );
    assert_eq!(
        (&told["amount"], &told["l1_address"]),
        (&json!("956"), &json!(l1_owner))
    );
    api.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_of_the_api_is_a_problem_and_not_executed() {
    let api = api(4, Limits::default(), FeePolicy::default()).await;
    let address = gateway(&api).await;
    let long = "x".repeat(5_000);
    for (method, path, body, status) in [
        ("GET", "/v1/nothing", "", 404),
        ("DELETE", "/v1/info", "", 405),
        ("POST", "/v1/info", "", 405),
        ("POST", "/v1/transactions", "", 400),
        ("POST", "/v1/transactions", "{\"encoded\":\"12\"}", 400),
        (
            "POST",
            "/v1/transactions",
            "{\"encoded\":\"0x12\",\"more\":1}",
            400,
        ),
        ("POST", "/v1/transactions", &long, 413),
    ] {
        let answer = ask(address, method, path, body).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
        assert!(
            answer.head.contains("application/problem+json"),
            "{}",
            answer.head
        );
        assert_eq!(answer.json()["status"], status);
    }
    let preflight = ask(address, "OPTIONS", "/v1/transactions", "").await;
    assert_eq!(preflight.status, 204);
    assert!(
        preflight.head.contains("access-control-allow-methods: get, head"),
        "{}",
        preflight.head
    );
    api.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn events_tell_each_batch_and_its_changes_until_the_server_stops() {
    let api = api(2, Limits::default(), FeePolicy::default()).await;
    let address = gateway(&api).await;
    let (operator, alice) = (key("operator"), key("alice"));
    api.core.deposit(0, &[&operator, &alice], 1_000).await;
    api.core.batch(1).await;
    let mut stream = TcpStream::connect(address).await.expect("listens");
    stream
        .write_all(b"GET /v1/events HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .expect("sends");
    let mut text = String::new();
    let mut until = async |wanted: &str| {
        let mut buffer = [0; 4096];
        while !text.contains(wanted) {
            let read = timeout(LIMIT, stream.read(&mut buffer)).await;
            let length = read.expect("in time").expect("reads");
            assert!(length > 0, "the stream ended without {wanted}: {text}");
            text.push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
    };
    until("\"number\":1").await;
    api.progress.note(
        1,
        [Jobs {
            done: 3,
            total: 7,
            running: 2,
        }; 4],
    );
    until("\"done\":3").await;
    api.stop.cancel();
    let mut rest = Vec::new();
    let ended = timeout(LIMIT, stream.read_to_end(&mut rest)).await;
    ended.expect("the stream ends with the server").expect("reads");
    assert!(text.contains("event: batch") && text.contains("id: 1"), "{text}");
    api.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_explorer_runs_no_script_but_its_own() {
    let api = api(4, Limits::default(), FeePolicy::default()).await;
    let address = gateway(&api).await;
    for (path, kind) in [
        ("/", "text/html"),
        ("/explorer.js", "text/javascript"),
        ("/explorer.css", "text/css"),
    ] {
        let answer = ask(address, "GET", path, "").await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(
            answer.head.contains(&format!("content-type: {kind}")),
            "{}",
            answer.head
        );
        assert!(
            answer
                .head
                .contains("content-security-policy: default-src 'none'; script-src 'self'")
        );
        for forbidden in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "http://",
            "https://",
            "<style",
            " style=",
            " onclick=",
        ] {
            assert!(!answer.body.contains(forbidden), "{path} has {forbidden}");
        }
    }
    let page = ask(address, "GET", "/", "").await.body;
    assert_eq!(page.matches("<script").count(), 1);
    assert!(page.contains("<script src=\"explorer.js\" defer></script>"));
    api.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_told_with_the_batch_while_it_is_at_the_farm() {
    let mut api = api(2, Limits::default(), FeePolicy::default()).await;
    let (operator, alice) = (key("operator"), key("alice"));
    api.core.deposit(0, &[&operator, &alice], 1_000).await;
    api.core.batch(1).await;
    let mut progress = async || {
        let batch = api.client.get_batch(pb::GetBatchRequest { number: 1 }).await;
        batch.expect("sealed").into_inner().progress
    };
    assert_eq!(progress().await, None);
    api.progress.note(
        1,
        [Jobs {
            done: 1,
            total: 2,
            running: 1,
        }; 4],
    );
    let told = progress().await.expect("at the farm");
    let names: Vec<_> = told
        .steps
        .iter()
        .map(|step| (step.name.as_str(), step.done, step.total))
        .collect();
    assert_eq!(
        names,
        [
            ("prove_chunk", 1, 2),
            ("fold", 1, 2),
            ("compress", 1, 2),
            ("wrap", 1, 2)
        ]
    );
    assert_eq!(told.seconds_left, None);
    api.progress.forget(1);
    assert_eq!(progress().await, None);
    api.end();
}
