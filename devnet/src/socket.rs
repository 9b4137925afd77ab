//! JSON-RPC over WebSocket, with subscriptions.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use alloy::{primitives::U64, rpc::types::Filter};
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    block::pending_rpc_transaction,
    error::RpcError,
    events::{Deaf, Event},
    node::Node,
    rpc::{self, params::Params},
};

/// Largest message, in bytes.
pub(crate) const MAX_MESSAGE_BYTES: usize = 8 * 1024 * 1024;
/// Subscriptions of one connection.
const MAX_SUBSCRIPTIONS: usize = 256;
/// A client that does not take a message for so long is cut off.
const SEND_LIMIT: Duration = Duration::from_secs(10);
/// Pings keep a quiet connection open, and find those whose client is gone.
const PING_INTERVAL: Duration = Duration::from_secs(30);

/// What a connection asked to be told.
#[derive(Default)]
pub(crate) struct Subscriptions {
    all: BTreeMap<U64, Subscription>,
    created: u64,
}

struct Subscription {
    topic: Topic,
    /// Number of the first event it is for.
    from: u64,
}

enum Topic {
    Heads,
    Logs(Box<Filter>),
    Transactions { full: bool },
}

impl Subscriptions {
    /// `eth_subscribe`
    pub(crate) fn subscribe(&mut self, node: &Node, params: &Params) -> Result<Value, RpcError> {
        if self.all.len() >= MAX_SUBSCRIPTIONS {
            return Err(RpcError::TooMany {
                what: "subscriptions",
                max: MAX_SUBSCRIPTIONS,
            });
        }
        let topic = match params.required::<String>(0, "topic")?.as_str() {
            "newHeads" => {
                params.at_most("eth_subscribe", 1)?;
                Topic::Heads
            }
            "logs" => Topic::Logs(Box::new(rpc::filters::logs_to_come(params, 1)?)),
            "newPendingTransactions" => Topic::Transactions {
                full: params.optional(1, "full")?.unwrap_or(false),
            },
            other => {
                return Err(RpcError::InvalidParameter {
                    index: 0,
                    name: "topic",
                    reason: format!("{other} is none of newHeads, logs, newPendingTransactions"),
                });
            }
        };
        self.created += 1;
        let id = U64::from(self.created);
        let from = node.kept()?.events().next();
        self.all.insert(id, Subscription { topic, from });
        Ok(json!(id))
    }

    /// `eth_unsubscribe`
    pub(crate) fn unsubscribe(&mut self, params: &Params) -> Result<Value, RpcError> {
        let id = params.required::<U64>(0, "subscription")?;
        Ok(json!(self.all.remove(&id).is_some()))
    }

    fn notifications(&self, number: u64, event: &Event) -> Vec<Value> {
        let concerned = self
            .all
            .iter()
            .filter(|(_, subscription)| number >= subscription.from);
        concerned
            .flat_map(|(id, subscription)| {
                let results = subscription.topic.results(event).into_iter();
                results.map(move |result| {
                    let params = json!({ "subscription": id, "result": result });
                    json!({ "jsonrpc": "2.0", "method": "eth_subscription", "params": params })
                })
            })
            .collect()
    }
}

impl Topic {
    fn results(&self, event: &Event) -> Vec<Value> {
        match (self, event) {
            (Self::Heads, Event::Added(block)) => vec![json!(block.header)],
            (Self::Logs(filter), Event::Added(_) | Event::Removed(_)) => {
                let logs = event.logs(filter);
                logs.into_iter().map(|log| json!(log)).collect()
            }
            (Self::Transactions { full: true }, Event::Pending(transaction)) => {
                vec![json!(pending_rpc_transaction(transaction))]
            }
            (Self::Transactions { full: false }, Event::Pending(transaction)) => {
                vec![json!(transaction.tx_hash())]
            }
            _ => vec![],
        }
    }
}

/// Serves one connection until the client, or the node, ends it.
pub(crate) async fn serve(mut socket: WebSocket, node: Arc<Node>, stop: CancellationToken) {
    let mut events = node.read().events().listen();
    let mut subscriptions = Subscriptions::default();
    let mut pings = tokio::time::interval(PING_INTERVAL);
    loop {
        let messages: Vec<Message> = tokio::select! {
            () = stop.cancelled() => return,
            _ = pings.tick() => vec![Message::Ping(Default::default())],
            taken = events.take() => match taken {
                Ok(events) => events
                    .iter()
                    .flat_map(|(number, event)| subscriptions.notifications(*number, event))
                    .map(|notification| Message::text(notification.to_string()))
                    .collect(),
                Err(Deaf::Ended) => return,
                Err(Deaf::Behind) => {
                    tracing::warn!("closing a subscriber that does not keep up");
                    vec![Message::Close(Some(CloseFrame {
                        code: close_code::AGAIN,
                        reason: "events were missed: subscribe again".into(),
                    }))]
                }
            },
            message = socket.recv() => {
                let request = match message {
                    Some(Ok(Message::Text(text))) => text.as_bytes().to_vec(),
                    Some(Ok(Message::Binary(bytes))) => bytes.to_vec(),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                };
                let node = node.clone();
                let answered = tokio::task::spawn_blocking(move || {
                    let answer = rpc::answer(&node, Some(&mut subscriptions), &request);
                    (answer, subscriptions)
                });
                match answered.await {
                    Ok((answer, kept)) => {
                        subscriptions = kept;
                        answer.into_iter().map(|answer| Message::text(answer.to_string())).collect()
                    }
                    Err(error) => {
                        tracing::error!(error = ashlar_report::chain(&error), "request panicked");
                        return;
                    }
                }
            }
        };
        for message in messages {
            let last = matches!(message, Message::Close(_));
            match tokio::time::timeout(SEND_LIMIT, socket.send(message)).await {
                Ok(Ok(())) if !last => {}
                Ok(Ok(()) | Err(_)) | Err(_) => return,
            }
        }
    }
}
