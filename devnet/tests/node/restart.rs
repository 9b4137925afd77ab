//! What a restart changes, and what it must not.

use std::{fs, path::Path};

use alloy::{network::TransactionBuilder, primitives::U256, providers::Provider};
use ashlar_devnet::{Config, Mining};
use serde_json::json;

use crate::{
    STRANGER,
    journal::{kept_in, seen},
    rpc, send, start_with, transfer,
};

#[tokio::test]
async fn a_chain_replays_with_a_shorter_history_than_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let (node, provider) = start_with(kept_in(folder.path())).await;
    for value in 1..=10 {
        send(&provider, transfer(value)).await;
    }
    rpc(&provider, "anvil_rollback", json!([8])).await.unwrap();
    for nonce in 2..7 {
        send(&provider, transfer(1).with_nonce(nonce)).await;
    }
    let before = seen(&provider).await;
    drop(node);
    let shorter = || Config {
        history_blocks: 2,
        ..kept_in(folder.path())
    };
    let (node, provider) = start_with(shorter()).await;
    assert_eq!(seen(&provider).await, before);
    let balance = |block: &'static str| rpc(&provider, "eth_getBalance", json!([STRANGER, block]));
    balance("0x5").await.unwrap();
    assert_eq!(
        balance("0x4").await.unwrap_err().0,
        -32001,
        "it is shorter from now on"
    );
    rpc(&provider, "anvil_rollback", json!([3])).await.unwrap_err();
    drop(node);
    let (_node, provider) = start_with(shorter()).await;
    assert_eq!(seen(&provider).await, before);
}

#[tokio::test]
async fn what_is_asked_of_the_next_block_survives_a_restart() {
    let manual = |folder: &Path| Config {
        mining: Mining::Manual,
        ..kept_in(folder)
    };
    let folder = tempfile::tempdir().unwrap();
    let (node, provider) = start_with(manual(folder.path())).await;
    let genesis = provider.get_block_by_number(0.into()).await.unwrap().unwrap();
    let timestamp = genesis.header.timestamp + 1_000_000;
    for (method, params) in [
        ("evm_setNextBlockTimestamp", json!([timestamp])),
        ("anvil_setNextBlockBaseFeePerGas", json!(["0x7"])),
        ("evm_setBlockGasLimit", json!(["0x5f5e100"])),
        ("hardhat_setCoinbase", json!([STRANGER])),
    ] {
        rpc(&provider, method, params).await.unwrap();
    }
    drop(node);
    let (node, provider) = start_with(manual(folder.path())).await;
    rpc(&provider, "evm_mine", json!([])).await.unwrap();
    rpc(&provider, "evm_mine", json!([])).await.unwrap();
    let block = async |number: u64| {
        let block = provider.get_block_by_number(number.into()).await;
        block.unwrap().unwrap().header
    };
    let first = block(1).await;
    assert_eq!(first.timestamp, timestamp);
    assert_eq!(first.base_fee_per_gas, Some(7));
    assert_eq!((first.gas_limit, first.beneficiary), (100_000_000, STRANGER));
    let second = block(2).await;
    assert!(second.base_fee_per_gas < Some(8) && second.timestamp < timestamp + 60);
    assert_eq!((second.gas_limit, second.beneficiary), (100_000_000, STRANGER));
    let before = seen(&provider).await;
    drop(node);
    let (_node, provider) = start_with(manual(folder.path())).await;
    assert_eq!(seen(&provider).await, before);
}

#[tokio::test]
async fn blocks_mined_at_the_start_are_kept_before_anybody_asks() {
    let folder = tempfile::tempdir().unwrap();
    let manual = Config {
        mining: Mining::Manual,
        ..kept_in(folder.path())
    };
    let (node, provider) = start_with(manual.clone()).await;
    for nonce in 0..3 {
        send(&provider, transfer(1).with_nonce(nonce).with_gas_limit(21_000)).await;
    }
    drop(node);
    let (node, provider) = start_with(kept_in(folder.path())).await; // what waited is mined
    let text = fs::read_to_string(folder.path().join("chain.jsonl")).unwrap();
    assert_eq!(text.matches(r#""record":"block""#).count(), 3);
    let filter = rpc(&provider, "eth_newBlockFilter", json!([])).await.unwrap();
    rpc(&provider, "evm_mine", json!([])).await.unwrap();
    let changes = rpc(&provider, "eth_getFilterChanges", json!([filter]))
        .await
        .unwrap();
    assert_eq!(
        changes.as_array().unwrap().len(),
        1,
        "a filter is not told of what was before it"
    );
    let before = seen(&provider).await;
    drop(node);
    let (_node, provider) = start_with(manual).await;
    assert_eq!(seen(&provider).await, before);
}

#[tokio::test]
async fn a_reset_chain_begins_anew_and_stays_so() {
    let folder = tempfile::tempdir().unwrap();
    let (node, provider) = start_with(kept_in(folder.path())).await;
    for value in 1..=3 {
        send(&provider, transfer(value)).await;
    }
    let snapshot = rpc(&provider, "evm_snapshot", json!([])).await.unwrap();
    let instance = rpc(&provider, "hardhat_metadata", json!([])).await.unwrap()["instanceId"].clone();
    rpc(&provider, "hardhat_reset", json!([{}])).await.unwrap();
    assert_eq!(provider.get_block_number().await.unwrap(), 0);
    assert_eq!(provider.get_balance(STRANGER).await.unwrap(), U256::ZERO);
    let metadata = rpc(&provider, "hardhat_metadata", json!([])).await.unwrap();
    assert_ne!(metadata["instanceId"], instance);
    assert_eq!(metadata["latestBlockNumber"], json!(0));
    assert_eq!(
        rpc(&provider, "evm_revert", json!([snapshot])).await.unwrap(),
        json!(false)
    );
    send(&provider, transfer(5).with_nonce(0)).await;
    let before = seen(&provider).await;
    drop(node);
    let (_node, provider) = start_with(kept_in(folder.path())).await;
    assert_eq!(seen(&provider).await, before);
}
