//! Transactions that wait: replacement, several to a block, limits.

use alloy::{
    network::TransactionBuilder,
    primitives::{B256, Bytes, U256},
    providers::Provider,
    rpc::types::TransactionRequest,
};
use ashlar_devnet::DEV_ACCOUNTS;
use serde_json::json;

use crate::{STRANGER, code_and_message, rpc, send, start_manual, transfer};

const GWEI: u128 = 1_000_000_000;

fn with_fees(nonce: u64, max_fee: u128, tip: u128) -> TransactionRequest {
    transfer(nonce + 1)
        .with_nonce(nonce)
        .with_gas_limit(21_000)
        .with_max_fee_per_gas(max_fee)
        .with_max_priority_fee_per_gas(tip)
}

#[tokio::test]
async fn a_replacement_pays_a_tenth_more_in_both_fees() {
    let (_node, provider) = start_manual().await;
    let first = send(&provider, with_fees(0, 10 * GWEI, GWEI)).await;
    for (max_fee, tip) in [(10 * GWEI - 1, GWEI), (11 * GWEI, GWEI), (10 * GWEI, 2 * GWEI)] {
        let cheap = with_fees(0, max_fee, tip).with_value(U256::from(99));
        let (code, message) = code_and_message(provider.send_transaction(cheap).await.unwrap_err());
        assert!(
            code == -32003 && message.contains("replacement transaction underpriced"),
            "{message}"
        );
    }
    let second = send(&provider, with_fees(0, 11 * GWEI, 11 * GWEI / 10)).await;
    assert!(provider.get_transaction_by_hash(first).await.unwrap().is_none());
    rpc(&provider, "evm_mine", json!([])).await.unwrap();
    assert!(provider.get_transaction_receipt(second).await.unwrap().is_some());
    assert_eq!(
        provider
            .get_transaction_count(DEV_ACCOUNTS[0].address)
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn a_block_takes_what_fits_the_highest_tips_first() {
    let (_node, provider) = start_manual().await;
    let large = |sender: usize, tip: u128| {
        with_fees(0, 10 * GWEI, tip)
            .with_from(DEV_ACCOUNTS[sender].address)
            .with_gas_limit(16_000_000)
    };
    let slow = send(&provider, large(1, GWEI)).await;
    let fast = send(&provider, large(2, 2 * GWEI)).await;
    let small: Vec<B256> = {
        let mut hashes = vec![];
        for nonce in 0..3 {
            hashes.push(send(&provider, with_fees(nonce, 10 * GWEI, GWEI)).await);
        }
        hashes
    };
    let pending = provider.get_transaction_count(DEV_ACCOUNTS[0].address).pending();
    assert_eq!(pending.await.unwrap(), 3);
    let status = rpc(&provider, "txpool_status", json!([])).await.unwrap();
    assert_eq!(status, json!({ "pending": "0x5", "queued": "0x0" }));

    // The large ones use little of the gas that they ask for, but both cannot ask for it at a time: 16 M of 30 M.
    rpc(&provider, "evm_mine", json!([])).await.unwrap();
    let block = provider
        .get_block_by_number(1.into())
        .full()
        .await
        .unwrap()
        .unwrap();
    let transactions = block.transactions.into_transactions_vec();
    assert_eq!(
        transactions.len(),
        5,
        "gas that was not used is there for the next"
    );
    assert_eq!(*transactions[0].inner.tx_hash(), fast);
    let hashes: Vec<B256> = transactions
        .iter()
        .map(|transaction| *transaction.inner.tx_hash())
        .collect();
    assert!(hashes.contains(&slow));
    let positions: Vec<_> = small
        .iter()
        .map(|hash| hashes.iter().position(|other| other == hash))
        .collect();
    assert!(positions.is_sorted(), "{positions:?}");

    let receipts = provider.get_block_receipts(1.into()).await.unwrap().unwrap();
    let mut cumulative = 0;
    for (index, receipt) in receipts.iter().enumerate() {
        cumulative += receipt.gas_used;
        assert_eq!(receipt.inner.cumulative_gas_used(), cumulative);
        assert_eq!(receipt.transaction_index, Some(index as u64));
    }
    assert_eq!(block.header.gas_used, cumulative);
    let third = rpc(
        &provider,
        "eth_getTransactionByBlockNumberAndIndex",
        json!(["0x1", "0x2"]),
    )
    .await;
    assert_eq!(third.unwrap()["hash"], json!(hashes[2]));
    let count = rpc(&provider, "eth_getBlockTransactionCountByNumber", json!(["0x1"])).await;
    assert_eq!(count.unwrap(), json!("0x5"));
}

#[tokio::test]
async fn a_block_is_full_when_its_gas_is_used() {
    let (_node, provider) = start_manual().await;
    // Runs until its gas is used: JUMPDEST PUSH0 JUMP.
    let params = json!([STRANGER, "0x5b5f56"]);
    rpc(&provider, "anvil_setCode", params).await.unwrap();
    for nonce in 0..3 {
        send(
            &provider,
            with_fees(nonce, 10 * GWEI, GWEI).with_gas_limit(14_000_000),
        )
        .await;
    }
    rpc(&provider, "anvil_mine", json!([2])).await.unwrap();
    for (number, expected) in [(1, 2), (2, 1)] {
        let block = provider
            .get_block_by_number(number.into())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(block.transactions.len(), expected);
        assert!(block.header.gas_used <= 30_000_000);
    }
}

#[tokio::test]
async fn what_cannot_pay_the_base_fee_waits_and_can_be_dropped() {
    let (_node, provider) = start_manual().await;
    let poor = send(&provider, with_fees(0, GWEI / 2, 1)).await;
    rpc(&provider, "evm_mine", json!([])).await.unwrap();
    assert!(provider.get_transaction_receipt(poor).await.unwrap().is_none());
    rpc(
        &provider,
        "anvil_setNextBlockBaseFeePerGas",
        json!([U256::from(GWEI / 4)]),
    )
    .await
    .unwrap();
    rpc(&provider, "evm_mine", json!([])).await.unwrap();
    let receipt = provider.get_transaction_receipt(poor).await.unwrap().unwrap();
    assert_eq!(receipt.block_number, Some(2));

    let waits = send(&provider, with_fees(1, GWEI / 10, 1)).await;
    assert_eq!(
        rpc(&provider, "anvil_dropTransaction", json!([waits]))
            .await
            .unwrap(),
        json!(waits)
    );
    assert_eq!(
        rpc(&provider, "anvil_dropTransaction", json!([waits]))
            .await
            .unwrap(),
        json!(null)
    );
    assert!(provider.get_transaction_by_hash(waits).await.unwrap().is_none());
}

#[tokio::test]
async fn turning_automine_on_mines_what_waits() {
    let (_node, provider) = start_manual().await;
    assert_eq!(
        rpc(&provider, "anvil_getAutomine", json!([])).await.unwrap(),
        json!(false)
    );
    for nonce in 0..3 {
        send(&provider, with_fees(nonce, 10 * GWEI, GWEI)).await;
    }
    assert_eq!(provider.get_block_number().await.unwrap(), 0);
    rpc(&provider, "evm_setAutomine", json!([true])).await.unwrap();
    assert_eq!(provider.get_block_number().await.unwrap(), 3);
    send(&provider, transfer(1)).await;
    assert_eq!(provider.get_block_number().await.unwrap(), 4);
}

#[tokio::test]
async fn what_could_never_be_mined_is_refused_at_once() {
    let (_node, provider) = start_manual().await;
    let poor = with_fees(0, 10 * GWEI, GWEI).with_value(U256::MAX);
    let (code, message) = code_and_message(provider.send_transaction(poor).await.unwrap_err());
    assert!(code == -32003 && message.contains("rejected"), "{message}");
    let data = with_fees(0, 10 * GWEI, GWEI).with_input(Bytes::from(vec![1; 100]));
    assert!(
        code_and_message(provider.send_transaction(data).await.unwrap_err())
            .1
            .contains("rejected")
    );
}
