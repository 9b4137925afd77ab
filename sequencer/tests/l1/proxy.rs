//! A JSON-RPC endpoint in front of a node that answers as a test wants.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use alloy::{sol_types::SolCall, transports::http::reqwest};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};

/// What becomes of one request.
pub enum Answer {
    /// The node's answer.
    Forward,
    /// The node's answer, changed.
    Change(Box<dyn FnOnce(Value) -> Value + Send>),
    /// The node's answer, late.
    Late(Duration),
    /// This result, without asking the node.
    Result(Value),
    /// This error, without asking the node.
    Error(i64, &'static str),
    /// A call that the contract refuses, with this data.
    Revert(Vec<u8>),
    /// No answer at all.
    Silence,
    /// This status alone: what a load balancer says when nothing is behind it, or too much is asked.
    Http(StatusCode),
    /// The first half of the node's answer, as if it were all.
    Cut,
    /// The first half of the node's answer; then the connection breaks.
    Reset,
}

/// Whether a request calls this method of a contract.
pub fn calls<C: SolCall>(method: &str, params: &Value) -> bool {
    let data = [&params[0]["input"], &params[0]["data"]]
        .into_iter()
        .find_map(Value::as_str);
    let selector = alloy::hex::encode_prefixed(C::SELECTOR);
    method == "eth_call" && data.is_some_and(|data| data.starts_with(&selector))
}

type Policy = Box<dyn FnMut(&str, &Value) -> Answer + Send>;

/// A running proxy; it stops with the test's runtime.
pub struct Proxy {
    pub url: String,
    policy: Arc<Mutex<Policy>>,
}

struct Shared {
    target: String,
    client: reqwest::Client,
    policy: Arc<Mutex<Policy>>,
}

impl Proxy {
    /// In front of the node at `target`.
    pub async fn start(target: &str, policy: impl FnMut(&str, &Value) -> Answer + Send + 'static) -> Self {
        let policy: Arc<Mutex<Policy>> = Arc::new(Mutex::new(Box::new(policy)));
        let shared = Arc::new(Shared {
            target: target.to_owned(),
            client: reqwest::Client::new(),
            policy: policy.clone(),
        });
        let router = Router::new().route("/", post(answer)).with_state(shared);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        tokio::spawn(async move { axum::serve(listener, router).await.expect("serves") });
        Self { url, policy }
    }

    /// From now on answers so.
    pub fn answer(&self, policy: impl FnMut(&str, &Value) -> Answer + Send + 'static) {
        *self.policy.lock().expect("no panic inside") = Box::new(policy);
    }

    /// From now on hides nothing.
    pub fn heal(&self) {
        self.answer(|_, _| Answer::Forward);
    }
}

type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

fn answer(State(shared): State<Arc<Shared>>, body: Bytes) -> Answering {
    Box::pin(async move {
        let request: Value = serde_json::from_slice(&body).expect("one JSON-RPC request");
        let method = request["method"].as_str().expect("a method").to_owned();
        let decided = (shared.policy.lock().expect("no panic inside"))(&method, &request["params"]);
        let id = request["id"].clone();
        let reply =
            |part: &str, value: Value| json_response(&json!({ "jsonrpc": "2.0", "id": id, part: value }));
        match decided {
            Answer::Forward => json_response(&shared.forward(body).await),
            Answer::Change(change) => {
                let mut answer = shared.forward(body).await;
                if let Some(result) = answer.get_mut("result") {
                    *result = change(result.take());
                }
                json_response(&answer)
            }
            Answer::Late(pause) => {
                tokio::time::sleep(pause).await;
                json_response(&shared.forward(body).await)
            }
            Answer::Result(value) => reply("result", value),
            Answer::Error(code, message) => reply("error", json!({ "code": code, "message": message })),
            Answer::Revert(data) => {
                let data = alloy::hex::encode_prefixed(data);
                reply(
                    "error",
                    json!({ "code": 3, "message": "execution reverted", "data": data }),
                )
            }
            Answer::Silence => {
                tokio::time::sleep(Duration::from_secs(3600)).await;
                StatusCode::GATEWAY_TIMEOUT.into_response()
            }
            Answer::Http(status) => status.into_response(),
            Answer::Cut => json_text(shared.half(body).await.into()),
            Answer::Reset => {
                let broken = std::io::ErrorKind::ConnectionReset.into();
                let parts = [Ok(shared.half(body).await), Err::<String, std::io::Error>(broken)];
                json_text(Body::from_stream(futures::stream::iter(parts)))
            }
        }
    })
}

fn json_response(value: &Value) -> Response {
    json_text(value.to_string().into())
}

fn json_text(body: Body) -> Response {
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

impl Shared {
    async fn half(&self, body: Bytes) -> String {
        let mut text = self.forward(body).await.to_string();
        text.truncate(text.len() / 2);
        text
    }

    async fn forward(&self, body: Bytes) -> Value {
        let sent = self
            .client
            .post(&self.target)
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await;
        let bytes = sent.expect("the node answers").bytes().await.expect("whole");
        serde_json::from_slice(&bytes).expect("JSON")
    }
}
