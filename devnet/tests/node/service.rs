//! JSON-RPC over HTTP.

use alloy::providers::Provider;
use ashlar_devnet::{Config, ServeError, serve};

use crate::start;

#[tokio::test]
async fn batches_and_malformed_requests_are_answered_one_by_one() {
    let (node, provider) = start().await;
    let post = async |body: &str| -> serde_json::Value {
        let answer = post_once(&node.url(), body).await;
        serde_json::from_str(&answer).unwrap()
    };
    let batch = post(
        r#"[{"jsonrpc":"2.0","id":1,"method":"eth_chainId"},{"jsonrpc":"2.0","method":"evm_mine"},
            {"jsonrpc":"2.0","id":"x","method":"eth_nothing","params":[]}, 7,
            {"jsonrpc":"2.0","id":2,"method":"eth_getBalance","params":["0x12"]}]"#,
    )
    .await;
    let answers = batch.as_array().unwrap();
    assert_eq!(answers.len(), 4);
    assert_eq!(answers[0]["result"], "0x7a69");
    assert_eq!(answers[1]["error"]["code"], -32601);
    assert_eq!(answers[2]["error"]["code"], -32600);
    assert_eq!(answers[3]["error"]["code"], -32602);
    assert_eq!(provider.get_block_number().await.unwrap(), 1);
    assert_eq!(post("{").await["error"]["code"], -32700);
    assert_eq!(post("[]").await["error"]["code"], -32600);
}

#[tokio::test]
async fn pages_of_any_origin_may_ask() {
    let (node, _) = start().await;
    let preflight = "Origin: http://app.example\r\nAccess-Control-Request-Method: POST\r\n\
        Access-Control-Request-Headers: content-type\r\n";
    let answer = exchange(&node.url(), "OPTIONS", preflight, "")
        .await
        .to_lowercase();
    assert!(answer.starts_with("http/1.1 204"), "{answer}");
    for header in [
        "access-control-allow-origin: *",
        "access-control-allow-methods: get, post, options",
        "access-control-allow-headers: *",
    ] {
        assert!(answer.contains(header), "{header} is not in {answer}");
    }
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#;
    let answer = exchange(&node.url(), "POST", "Origin: http://app.example\r\n", body).await;
    assert!(answer.contains("access-control-allow-origin: *"), "{answer}");
    assert!(answer.ends_with(r#""result":"0x7a69"}"#), "{answer}");
}

async fn post_once(url: &str, body: &str) -> String {
    let answer = exchange(url, "POST", "", body).await;
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// One HTTP request over a plain socket: the tests need no HTTP client of their own.
pub(crate) async fn exchange(url: &str, method: &str, headers: &str, body: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let rest = url.strip_prefix("http://").unwrap();
    let (addr, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = tokio::net::TcpStream::connect(addr).await.unwrap();
    let head = format!(
        "{method} /{path} HTTP/1.1\r\nHost: {addr}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream
        .write_all(format!("{head}{body}").as_bytes())
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn only_loopback_is_served_and_shutdown_frees_the_port() {
    let refused = serve("0.0.0.0:0".parse().unwrap(), Config::default()).await;
    assert!(matches!(refused, Err(ServeError::NotLoopback { .. })));
    let (node, _) = start().await;
    let addr = node.addr();
    assert!(matches!(
        serve(addr, Config::default()).await,
        Err(ServeError::Bind { .. })
    ));
    node.shutdown().await;
    serve(addr, Config::default()).await.unwrap();
}

#[tokio::test]
async fn silent_and_slow_connections_block_nobody_and_do_not_hold_up_the_end() {
    use tokio::io::AsyncWriteExt;
    let (node, provider) = start().await;
    let mut open = vec![];
    for part in [
        &b""[..],
        b"POST / HT",
        b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n{",
    ] {
        for _ in 0..40 {
            let mut stream = tokio::net::TcpStream::connect(node.addr()).await.unwrap();
            stream.write_all(part).await.unwrap();
            open.push(stream);
        }
    }
    assert_eq!(provider.get_block_number().await.unwrap(), 0);
    let limit = std::time::Duration::from_secs(20);
    tokio::time::timeout(limit, node.shutdown()).await.unwrap();
}

#[tokio::test]
async fn bodies_beyond_the_limit_are_refused() {
    let (node, provider) = start().await;
    let large = format!("[{}7]", " ".repeat(9 << 20));
    let mut stream = tokio::net::TcpStream::connect(node.addr()).await.unwrap();
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let head = format!(
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
        large.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 413");
    assert_eq!(provider.get_block_number().await.unwrap(), 0);
}
