//! Snapshots and reorganisations.

use alloy::{
    consensus::Transaction as _,
    eips::eip2718::Encodable2718,
    network::TransactionBuilder,
    primitives::{B256, Bytes, U256},
    providers::{DynProvider, Provider},
    rpc::types::Filter,
};
use ashlar_devnet::{Config, DEV_ACCOUNTS};
use serde_json::{Value, json};

use crate::{STRANGER, rpc, send, start, start_manual, start_with, transfer};

async fn wealth(provider: &DynProvider) -> U256 {
    provider.get_balance(STRANGER).await.unwrap()
}

async fn newest_hash(provider: &DynProvider) -> B256 {
    provider
        .get_block_by_number(Default::default())
        .await
        .unwrap()
        .unwrap()
        .header
        .hash
}

#[tokio::test]
async fn a_snapshot_brings_back_blocks_state_and_changes_from_outside() {
    let (_node, provider) = start().await;
    send(&provider, transfer(1)).await;
    rpc(&provider, "anvil_setBalance", json!([STRANGER, "0x64"]))
        .await
        .unwrap();
    let hash = newest_hash(&provider).await;
    let first = rpc(&provider, "evm_snapshot", json!([])).await.unwrap();
    rpc(&provider, "anvil_setBalance", json!([STRANGER, "0xc8"]))
        .await
        .unwrap();
    let second = rpc(&provider, "evm_snapshot", json!([])).await.unwrap();
    let gone = send(&provider, transfer(5)).await;
    assert_eq!(wealth(&provider).await, U256::from(205));

    assert_eq!(
        rpc(&provider, "evm_revert", json!([second])).await.unwrap(),
        json!(true)
    );
    assert_eq!(wealth(&provider).await, U256::from(200));
    assert!(provider.get_transaction_receipt(gone).await.unwrap().is_none());
    assert_eq!(
        rpc(&provider, "evm_revert", json!([first])).await.unwrap(),
        json!(true)
    );
    assert_eq!(wealth(&provider).await, U256::from(100));
    assert_eq!(newest_hash(&provider).await, hash);
    // Both are used up.
    for id in [first, second] {
        assert_eq!(
            rpc(&provider, "evm_revert", json!([id])).await.unwrap(),
            json!(false)
        );
    }
    send(&provider, transfer(7).with_nonce(1)).await; // alloy keeps count of nonces by itself
    assert_eq!(wealth(&provider).await, U256::from(107));
}

#[tokio::test]
async fn a_snapshot_holds_longer_than_the_history() {
    let (_node, provider) = start_with(Config {
        history_blocks: 2,
        ..Config::default()
    })
    .await;
    let id = rpc(&provider, "evm_snapshot", json!([])).await.unwrap();
    for _ in 0..10 {
        send(&provider, transfer(1)).await;
    }
    let (code, message) = rpc(&provider, "anvil_rollback", json!([11])).await.unwrap_err();
    assert!(
        code == -32602 && message.contains("cannot take 11 blocks away: 10 can be"),
        "{message}"
    );
    assert_eq!(
        rpc(&provider, "evm_revert", json!([id])).await.unwrap(),
        json!(true)
    );
    assert_eq!(
        (
            provider.get_block_number().await.unwrap(),
            wealth(&provider).await
        ),
        (0, U256::ZERO)
    );
    for nonce in 0..10 {
        send(&provider, transfer(1).with_nonce(nonce)).await;
    }
    let (_, message) = rpc(&provider, "anvil_rollback", json!([9])).await.unwrap_err();
    assert!(message.contains("cannot take 9 blocks away"), "{message}");
    assert_eq!(provider.get_block_number().await.unwrap(), 10);
}

#[tokio::test]
async fn a_reorganisation_replaces_blocks_and_takes_their_transactions_away() {
    let (_node, provider) = start().await;
    let mut hashes = vec![];
    for value in 1..=4 {
        hashes.push(send(&provider, transfer(value)).await);
    }
    let (kept, replaced) = (hashes[1], newest_hash(&provider).await);
    rpc(&provider, "anvil_reorg", json!([2])).await.unwrap();
    assert_eq!(provider.get_block_number().await.unwrap(), 4);
    assert_ne!(newest_hash(&provider).await, replaced);
    assert!(provider.get_block_by_hash(replaced).await.unwrap().is_none());
    assert!(
        provider
            .get_transaction_by_hash(hashes[2])
            .await
            .unwrap()
            .is_none()
    );
    assert!(provider.get_transaction_receipt(kept).await.unwrap().is_some());
    assert_eq!(wealth(&provider).await, U256::from(3));
    assert_eq!(
        provider
            .get_transaction_count(DEV_ACCOUNTS[0].address)
            .await
            .unwrap(),
        2
    );
    for number in 1..=4 {
        let block = provider
            .get_block_by_number(number.into())
            .await
            .unwrap()
            .unwrap();
        let parent = provider
            .get_block_by_number((number - 1).into())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(block.header.parent_hash, parent.header.hash);
    }
}

#[tokio::test]
async fn a_reorganisation_of_empty_blocks_changes_their_hashes() {
    let (_node, provider) = start_manual().await;
    rpc(&provider, "anvil_mine", json!([3])).await.unwrap();
    let before = newest_hash(&provider).await;
    rpc(&provider, "anvil_reorg", json!([3])).await.unwrap();
    assert_ne!(newest_hash(&provider).await, before);
}

#[tokio::test]
async fn a_reorganisation_puts_transactions_into_other_blocks() {
    let (_node, provider) = start().await;
    for value in 1..=3 {
        send(&provider, transfer(value)).await;
    }
    let taken = provider
        .get_block_by_number(2.into())
        .full()
        .await
        .unwrap()
        .unwrap();
    let again = &taken.transactions.as_transactions().unwrap()[0];
    let raw = Bytes::from(again.inner.encoded_2718());
    let request = json!({ "from": DEV_ACCOUNTS[1].address, "to": STRANGER, "value": "0x64" });
    let options = json!([{ "depth": 2, "tx_block_pairs": [[raw, 1], [request, 0]] }]);
    rpc(&provider, "anvil_reorg", options).await.unwrap();
    let receipt = provider
        .get_transaction_receipt(*again.inner.tx_hash())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((receipt.block_number, receipt.status()), (Some(3), true));
    assert_eq!(wealth(&provider).await, U256::from(1 + 2 + 100));
    let outside = rpc(&provider, "anvil_reorg", json!([1, [[raw, 1]]]))
        .await
        .unwrap_err();
    assert!(outside.1.contains("block 1 of 1"), "{outside:?}");
}

#[tokio::test]
async fn a_reorganisation_signs_on_the_chain_that_stays() {
    let (_node, provider) = start().await;
    for value in 1..=3 {
        send(&provider, transfer(value)).await;
    }
    // The sender's transactions are among those taken away, and two new ones are not in the order of their blocks.
    let sender = DEV_ACCOUNTS[0].address;
    let request = |value: &str| json!({ "from": sender, "to": STRANGER, "value": value });
    let pairs = json!([
        [request("0x64"), 1],
        [request("0x3e8"), 0],
        [request("0x2710"), 1]
    ]);
    rpc(&provider, "anvil_reorg", json!([2, pairs])).await.unwrap();
    assert_eq!(provider.get_block_number().await.unwrap(), 3);
    assert_eq!(wealth(&provider).await, U256::from(1 + 100 + 1000 + 10_000));
    assert_eq!(provider.get_transaction_count(sender).await.unwrap(), 4);
    let second = provider
        .get_block_by_number(2.into())
        .full()
        .await
        .unwrap()
        .unwrap();
    let first_again = &second.transactions.as_transactions().unwrap()[0];
    assert_eq!(first_again.nonce(), 1, "nonce 0 is in the block that stays");
}

#[tokio::test]
async fn filters_are_told_what_a_reorganisation_took_away() {
    let (_node, provider) = start().await;
    // LOG0 of nothing.
    rpc(&provider, "anvil_setCode", json!([STRANGER, "0x5f5fa0"]))
        .await
        .unwrap();
    let filter = rpc(
        &provider,
        "eth_newFilter",
        json!([Filter::new().address(STRANGER)]),
    )
    .await
    .unwrap();
    send(&provider, transfer(0).with_gas_limit(100_000)).await;
    rpc(&provider, "anvil_rollback", json!([1])).await.unwrap();
    let changes = rpc(&provider, "eth_getFilterChanges", json!([filter]))
        .await
        .unwrap();
    let removed: Vec<&Value> = changes
        .as_array()
        .unwrap()
        .iter()
        .map(|log| &log["removed"])
        .collect();
    assert_eq!(removed, [&json!(false), &json!(true)]);
}
