//! JSON-RPC 2.0: requests, batches, and the methods.

mod call;
mod fees;
pub(crate) mod filters;
mod methods;
pub(crate) mod params;
mod reorg;
mod sign;
mod steer;

use serde::Serialize;
use serde_json::{Value, json};

use self::{
    methods::{Kind, METHODS},
    params::Params,
};
use crate::{error::RpcError, node::Node, socket::Subscriptions};

/// Requests in one batch.
const MAX_BATCH: usize = 1000;

/// What a method answers.
type Answer = Result<Value, RpcError>;

/// Answers a request body, single or batch; `None` when it holds notifications only. Subscriptions are for those who
/// can be told something later.
pub(crate) fn answer(
    node: &Node,
    mut subscriptions: Option<&mut Subscriptions>,
    body: &[u8],
) -> Option<Value> {
    match serde_json::from_slice(body) {
        Err(error) => Some(failure(Value::Null, &RpcError::Parse(error))),
        Ok(Value::Array(requests)) if requests.is_empty() || requests.len() > MAX_BATCH => Some(failure(
            Value::Null,
            &RpcError::InvalidRequest("a batch holds 1 to 1000 requests"),
        )),
        Ok(Value::Array(requests)) => {
            let requests = requests.into_iter();
            let answers: Vec<Value> = requests
                .filter_map(|request| answer_one(node, subscriptions.as_deref_mut(), request))
                .collect();
            (!answers.is_empty()).then_some(Value::Array(answers))
        }
        Ok(request) => answer_one(node, subscriptions, request),
    }
}

fn answer_one(node: &Node, subscriptions: Option<&mut Subscriptions>, mut request: Value) -> Option<Value> {
    let Some(object) = request.as_object_mut() else {
        return Some(failure(Value::Null, &RpcError::InvalidRequest("not an object")));
    };
    let id = object.remove("id");
    let params = match object.remove("params") {
        None | Some(Value::Null) => Ok(Params::new(vec![])),
        Some(Value::Array(params)) => Ok(Params::new(params)),
        Some(_) => Err(RpcError::InvalidRequest("params must be an array")),
    };
    let result = match object.get("method").and_then(Value::as_str) {
        None => Err(RpcError::InvalidRequest("no method")),
        Some(method) => params.and_then(|params| dispatch(node, subscriptions, method, &params)),
    };
    let id = id?; // a notification is carried out but not answered
    Some(match result {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(error) => failure(id, &error),
    })
}

fn failure(id: Value, error: &RpcError) -> Value {
    let mut body = json!({ "code": error.code(), "message": error.to_string() });
    if let Some(data) = error.data() {
        body["data"] = json!(data);
    }
    json!({ "jsonrpc": "2.0", "id": id, "error": body })
}

fn dispatch(node: &Node, subscriptions: Option<&mut Subscriptions>, name: &str, params: &Params) -> Answer {
    match (name, subscriptions) {
        ("eth_subscribe", Some(subscriptions)) => {
            params.at_most("eth_subscribe", 2)?;
            return subscriptions.subscribe(node, params);
        }
        ("eth_unsubscribe", Some(subscriptions)) => {
            params.at_most("eth_unsubscribe", 1)?;
            return subscriptions.unsubscribe(params);
        }
        _ => {}
    }
    let anvil = name.strip_prefix("hardhat_").map(|name| format!("anvil_{name}")); // the same methods by another name
    let wanted = anvil.as_deref().unwrap_or(name);
    let method = METHODS
        .iter()
        .find(|method| method.name == wanted)
        .ok_or_else(|| RpcError::MethodNotFound(name.to_owned()))?;
    params.at_most(method.name, method.max_params)?;
    match method.kind {
        Kind::Read(run) => run(&*node.kept()?, params),
        Kind::Write(run) => node.change(|chain| run(chain, params)),
        Kind::Node(run) => run(node, params),
    }
}

fn to_json(value: impl Serialize) -> Answer {
    serde_json::to_value(value).map_err(|error| RpcError::Internal(error.to_string()))
}

fn quantity(value: u64) -> Value {
    json!(alloy::primitives::U64::from(value))
}
