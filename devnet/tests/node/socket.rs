//! Subscriptions over WebSocket.

use std::time::Duration;

use alloy::{network::TransactionBuilder, providers::Provider, rpc::types::Filter};
use ashlar_devnet::Handle;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use crate::{STRANGER, rpc, send, start, transfer};

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn open(node: &Handle) -> Self {
        Self(connect_async(node.ws_url()).await.unwrap().0)
    }

    async fn next(&mut self) -> Value {
        loop {
            let message = tokio::time::timeout(Duration::from_secs(20), self.0.next());
            match message.await.unwrap().unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    async fn request(&mut self, method: &str, params: Value) -> Value {
        self.answer(method, params).await["result"].clone()
    }

    async fn answer(&mut self, method: &str, params: Value) -> Value {
        let request = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
        self.0.send(Message::text(request.to_string())).await.unwrap();
        let answer = self.next().await;
        assert_eq!(answer["id"], json!(7), "{answer}");
        answer
    }

    async fn notification(&mut self, subscription: &Value) -> Value {
        let notification = self.next().await;
        assert_eq!(notification["method"], json!("eth_subscription"));
        assert_eq!(notification["params"]["subscription"], *subscription);
        notification["params"]["result"].clone()
    }
}

#[tokio::test]
async fn heads_logs_and_transactions_are_told_as_they_happen() {
    let (node, provider) = start().await;
    rpc(&provider, "anvil_setCode", json!([STRANGER, "0x5f5fa0"]))
        .await
        .unwrap(); // LOG0 of nothing
    send(&provider, transfer(0).with_gas_limit(100_000)).await; // before the subscriptions: not told
    let mut socket = Socket::open(&node).await;
    assert_eq!(socket.request("eth_chainId", json!([])).await, json!("0x7a69"));
    let transactions = socket
        .request("eth_subscribe", json!(["newPendingTransactions"]))
        .await;
    let heads = socket.request("eth_subscribe", json!(["newHeads"])).await;
    let filter = Filter::new().address(STRANGER);
    let logs = socket.request("eth_subscribe", json!(["logs", filter])).await;

    let sent = send(&provider, transfer(0).with_gas_limit(100_000)).await;
    assert_eq!(socket.notification(&transactions).await, json!(sent));
    let head = socket.notification(&heads).await;
    let block = provider.get_block_by_number(2.into()).await.unwrap().unwrap();
    assert_eq!(
        (&head["hash"], &head["number"]),
        (&json!(block.header.hash), &json!("0x2"))
    );
    let log = socket.notification(&logs).await;
    assert_eq!(
        (&log["transactionHash"], &log["removed"]),
        (&json!(sent), &json!(false))
    );

    rpc(&provider, "anvil_reorg", json!([1])).await.unwrap();
    assert_eq!(socket.notification(&logs).await["removed"], json!(true));
    assert_ne!(socket.notification(&heads).await["hash"], head["hash"]);

    assert_eq!(
        socket.request("eth_unsubscribe", json!([heads])).await,
        json!(true)
    );
    assert_eq!(
        socket.request("eth_unsubscribe", json!([heads])).await,
        json!(false)
    );
    rpc(&provider, "evm_mine", json!([])).await.unwrap();
    assert_eq!(socket.request("eth_blockNumber", json!([])).await, json!("0x3"));
}

#[tokio::test]
async fn a_subscriber_is_told_every_one_of_five_thousand_blocks() {
    let (node, provider) = start().await;
    let mut socket = Socket::open(&node).await;
    let heads = socket.request("eth_subscribe", json!(["newHeads"])).await;
    rpc(&provider, "anvil_mine", json!([5000])).await.unwrap();
    for number in 1..=5000 {
        let head = socket.notification(&heads).await;
        assert_eq!(head["number"], json!(format!("0x{number:x}")));
    }
    assert_eq!(
        socket.request("eth_blockNumber", json!([])).await,
        json!("0x1388")
    );
}

#[tokio::test]
async fn a_subscription_to_the_logs_of_one_past_block_is_refused() {
    let (node, _) = start().await;
    let mut socket = Socket::open(&node).await;
    let filter = json!({ "blockHash": alloy::primitives::B256::ZERO });
    let refused = socket.answer("eth_subscribe", json!(["logs", filter])).await;
    assert_eq!(refused["error"]["code"], json!(-32602), "{refused}");
}

#[tokio::test]
async fn subscriptions_need_a_socket_and_end_with_the_node() {
    let (node, provider) = start().await;
    assert_eq!(
        rpc(&provider, "eth_subscribe", json!(["newHeads"]))
            .await
            .unwrap_err()
            .0,
        -32601
    );
    let mut socket = Socket::open(&node).await;
    assert_eq!(
        socket.request("eth_subscribe", json!(["syncing"])).await,
        Value::Null
    );
    tokio::time::timeout(Duration::from_secs(20), node.shutdown())
        .await
        .unwrap();
    let end = tokio::time::timeout(Duration::from_secs(20), socket.0.next())
        .await
        .unwrap();
    assert!(!matches!(end, Some(Ok(Message::Text(_)))), "{end:?}");
}
