//! Filters that are polled.

use alloy::{
    network::TransactionBuilder,
    primitives::B256,
    providers::{DynProvider, Provider},
    rpc::types::Filter,
};
use serde_json::{Value, json};

use crate::{STRANGER, rpc, send, start, start_manual, transfer};

async fn changes(provider: &DynProvider, filter: &Value) -> Vec<Value> {
    let changes = rpc(provider, "eth_getFilterChanges", json!([filter]))
        .await
        .unwrap();
    changes.as_array().unwrap().clone()
}

#[tokio::test]
async fn every_filter_tells_each_thing_once() {
    let (_node, provider) = start_manual().await;
    rpc(&provider, "anvil_setCode", json!([STRANGER, "0x5f5fa0"]))
        .await
        .unwrap(); // LOG0 of nothing
    let blocks = rpc(&provider, "eth_newBlockFilter", json!([])).await.unwrap();
    let transactions = rpc(&provider, "eth_newPendingTransactionFilter", json!([]))
        .await
        .unwrap();
    let logs = rpc(
        &provider,
        "eth_newFilter",
        json!([Filter::new().address(STRANGER)]),
    )
    .await
    .unwrap();

    let sent = send(&provider, transfer(0).with_gas_limit(100_000)).await;
    assert_eq!(changes(&provider, &transactions).await, [json!(sent)]);
    assert!(changes(&provider, &blocks).await.is_empty());
    rpc(&provider, "evm_mine", json!([])).await.unwrap();
    let block = provider.get_block_by_number(1.into()).await.unwrap().unwrap();
    assert_eq!(changes(&provider, &blocks).await, [json!(block.header.hash)]);
    let found = changes(&provider, &logs).await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&found[0]["transactionHash"], &found[0]["logIndex"]),
        (&json!(sent), &json!("0x0"))
    );
    for filter in [&blocks, &transactions, &logs] {
        assert!(changes(&provider, filter).await.is_empty());
    }
    let all = rpc(&provider, "eth_getFilterLogs", json!([logs])).await.unwrap();
    assert_eq!(all.as_array().unwrap().len(), 1);
    assert_eq!(
        rpc(&provider, "eth_getFilterLogs", json!([blocks]))
            .await
            .unwrap_err()
            .0,
        -32602
    );

    assert_eq!(
        rpc(&provider, "eth_uninstallFilter", json!([logs]))
            .await
            .unwrap(),
        json!(true)
    );
    assert_eq!(
        rpc(&provider, "eth_uninstallFilter", json!([logs]))
            .await
            .unwrap(),
        json!(false)
    );
    let (code, message) = rpc(&provider, "eth_getFilterChanges", json!([logs]))
        .await
        .unwrap_err();
    assert!(
        code == -32000 && message.contains("filter not found"),
        "{message}"
    );
}

#[tokio::test]
async fn alloy_watches_blocks_and_pending_transactions() {
    use futures::StreamExt;
    let (_node, provider) = start().await;
    let poller = provider.watch_blocks().await.unwrap();
    let mut stream = poller
        .with_poll_interval(std::time::Duration::from_millis(10))
        .into_stream();
    send(&provider, transfer(1)).await;
    let hashes: Vec<B256> = stream.next().await.unwrap();
    let newest = provider.get_block_by_number(1.into()).await.unwrap().unwrap();
    assert_eq!(hashes, [newest.header.hash]);
}

#[tokio::test]
async fn filters_are_bounded_and_one_that_falls_behind_is_gone() {
    let (_node, provider) = start_manual().await;
    let late = rpc(&provider, "eth_newBlockFilter", json!([])).await.unwrap();
    for _ in 0..1023 {
        rpc(&provider, "eth_newBlockFilter", json!([])).await.unwrap();
    }
    let (code, message) = rpc(&provider, "eth_newBlockFilter", json!([])).await.unwrap_err();
    assert!(code == -32005 && message.contains("at most 1024"), "{message}");
    rpc(&provider, "anvil_mine", json!([5000])).await.unwrap();
    let changes = rpc(&provider, "eth_getFilterChanges", json!([late]));
    assert_eq!(changes.await.unwrap().as_array().unwrap().len(), 5000);
    for blocks in [100_000, 40_000] {
        rpc(&provider, "anvil_mine", json!([blocks])).await.unwrap();
    }
    let behind = rpc(&provider, "eth_getFilterChanges", json!([late])).await;
    assert_eq!(behind.err().map(|(code, _)| code), Some(-32000));
    rpc(&provider, "eth_newBlockFilter", json!([])).await.unwrap();
}
