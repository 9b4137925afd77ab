//! What is refused, queued, or no longer known.

use alloy::{
    eips::{BlockId, eip2718::Encodable2718},
    network::{EthereumWallet, NetworkTransactionBuilder, TransactionBuilder},
    primitives::{B256, U256},
    providers::Provider,
    rpc::types::TransactionRequest,
    signers::local::PrivateKeySigner,
};
use ashlar_devnet::{Config, DEV_ACCOUNTS};
use serde_json::json;

use crate::{ETHER, STRANGER, code_and_message, rpc, send, start, start_with, transfer};

/// Signs without any filler, so that every field is the test's own.
async fn raw(request: TransactionRequest) -> Vec<u8> {
    let signer = PrivateKeySigner::from_bytes(&DEV_ACCOUNTS[0].secret_key).unwrap();
    let full = request
        .with_max_fee_per_gas(10_000_000_000)
        .with_max_priority_fee_per_gas(1);
    full.build(&EthereumWallet::from(signer))
        .await
        .unwrap()
        .encoded_2718()
}

fn plain(nonce: u64) -> TransactionRequest {
    transfer(1)
        .with_chain_id(31_337)
        .with_gas_limit(21_000)
        .with_nonce(nonce)
}

#[tokio::test]
async fn bad_transactions_are_refused_by_name() {
    let (_node, provider) = start().await;
    let refused = |bytes: Vec<u8>| {
        let provider = provider.clone();
        async move { code_and_message(provider.send_raw_transaction(&bytes).await.unwrap_err()) }
    };
    let good = raw(plain(0)).await;
    let _ = provider.send_raw_transaction(&good).await.unwrap();

    let (code, message) = refused(good.clone()).await;
    assert!(code == -32003 && message.contains("already known"), "{message}");
    let (code, message) = refused(raw(plain(0).with_value(U256::from(2))).await).await;
    assert!(
        code == -32003 && message.contains("nonce too low: next nonce 1, tx nonce 0"),
        "{message}"
    );
    assert!(refused(raw(plain(1000)).await).await.1.contains("nonce too high"));
    let (code, message) = refused(raw(plain(1).with_chain_id(1)).await).await;
    assert!(
        code == -32003 && message.contains("for chain 1, this is chain 31337"),
        "{message}"
    );
    let rich = plain(1).with_value(U256::from(20_000) * U256::from(ETHER));
    assert!(refused(raw(rich).await).await.1.contains("lack of funds"));
    assert!(
        refused(raw(plain(1).with_gas_limit(20_999)).await)
            .await
            .1
            .contains("rejected")
    );
    let (code, message) = refused(raw(plain(1).with_gas_limit(16_777_217)).await).await;
    assert!(
        code == -32003 && message.contains("at most 16777216 (EIP-7825)"),
        "{message}"
    );
    let mut long = raw(plain(1)).await;
    long.push(0);
    assert_eq!(refused(long).await.0, -32602);
    assert_eq!(refused(vec![2, 0xc0]).await.0, -32602);
    assert_eq!(refused(vec![]).await.0, -32602);
    // EIP-7623: 1000 non-zero bytes cost at least 21000 + 40 * 1000.
    let data = plain(1).with_input(vec![1; 1000]).with_gas_limit(60_999);
    assert!(refused(raw(data).await).await.1.contains("rejected"));
    let data = plain(1).with_input(vec![1; 1000]).with_gas_limit(61_000);
    let hash = *provider
        .send_raw_transaction(&raw(data).await)
        .await
        .unwrap()
        .tx_hash();
    assert_eq!(
        provider
            .get_transaction_receipt(hash)
            .await
            .unwrap()
            .unwrap()
            .gas_used,
        61_000
    );
}

#[tokio::test]
async fn a_nonce_gap_is_queued_until_it_closes() {
    let (_node, provider) = start().await;
    let early = *provider
        .send_raw_transaction(&raw(plain(1)).await)
        .await
        .unwrap()
        .tx_hash();
    assert_eq!(provider.get_block_number().await.unwrap(), 0);
    assert!(provider.get_transaction_receipt(early).await.unwrap().is_none());
    assert_eq!(
        provider
            .get_transaction_by_hash(early)
            .await
            .unwrap()
            .unwrap()
            .block_number,
        None
    );
    let _ = provider.send_raw_transaction(&raw(plain(0)).await).await.unwrap();
    assert_eq!(provider.get_block_number().await.unwrap(), 2);
    assert_eq!(
        provider
            .get_transaction_receipt(early)
            .await
            .unwrap()
            .unwrap()
            .block_number,
        Some(2)
    );
}

/// Init code that returns `bytes` zero bytes as runtime code: PUSH3 n PUSH1 0 RETURN.
fn deploys(bytes: u32) -> TransactionRequest {
    let [_, a, b, c] = bytes.to_be_bytes();
    let code = vec![0x62, a, b, c, 0x60, 0, 0xf3];
    TransactionRequest::default()
        .with_from(DEV_ACCOUNTS[0].address)
        .with_deploy_code(code)
}

#[tokio::test]
async fn code_above_the_eip170_limit_is_refused() {
    let (_node, provider) = start().await;
    let fits = deploys(24_576).with_gas_limit(10_000_000);
    let receipt = provider
        .send_transaction(fits)
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    assert_eq!(
        provider
            .get_code_at(receipt.contract_address.unwrap())
            .await
            .unwrap()
            .len(),
        24_576
    );
    let large = deploys(24_577).with_gas_limit(10_000_000);
    assert_eq!(
        code_and_message(provider.call(large.clone()).await.unwrap_err()).0,
        -32000
    );
    let receipt = provider
        .send_transaction(large)
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    assert!(!receipt.status());
}

#[tokio::test]
async fn old_state_is_refused_rather_than_answered_wrongly() {
    let (_node, provider) = start_with(Config {
        history_blocks: 1,
        ..Config::default()
    })
    .await;
    for _ in 0..2 {
        send(&provider, transfer(1)).await;
    }
    let error = provider
        .get_balance(STRANGER)
        .block_id(BlockId::number(0))
        .await
        .unwrap_err();
    let (code, message) = code_and_message(error);
    assert!(
        code == -32001 && message.contains("state of block 0 is not kept, the newest is 2"),
        "{message}"
    );
    for (block, balance) in [(1, 1), (2, 2)] {
        let then = provider.get_balance(STRANGER).block_id(BlockId::number(block));
        assert_eq!(then.await.unwrap(), U256::from(balance));
    }
    assert!(
        provider
            .get_balance(STRANGER)
            .block_id(BlockId::number(3))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn parameters_that_would_be_ignored_are_refused() {
    let (_node, provider) = start().await;
    let call = json!({ "to": STRANGER });
    for (method, params) in [
        ("eth_chainId", json!([1])),
        ("eth_getBalance", json!([STRANGER, "latest", "latest"])),
        ("eth_call", json!([call, "latest", {}, {}, {}])),
        ("eth_call", json!([{ "to": STRANGER, "maxFeePerBlobGas": "0x1" }])),
        ("eth_call", json!([{ "to": STRANGER, "gasprice": "0x1" }])),
        (
            "eth_call",
            json!([{ "to": STRANGER, "data": "0x01", "input": "0x02" }]),
        ),
        ("eth_call", json!([{ "gasPrice": "0x1", "maxFeePerGas": "0x1" }])),
        (
            "eth_call",
            json!([call, "latest", { STRANGER.to_string(): { "balances": "0x1" } }]),
        ),
        (
            "eth_call",
            json!([call, "latest", { STRANGER.to_string(): { "state": {}, "stateDiff": {} } }]),
        ),
        ("eth_call", json!([call, "latest", {}, { "difficulty": "0x1" }])),
        ("eth_call", json!([call, "latest", {}, { "baseFee": "0x1" }])),
        ("eth_getLogs", json!([{ "fromBlocks": "0x0" }])),
        ("eth_getLogs", json!([{ "fromBlock": "0x2", "toBlock": "0x1" }])),
        ("eth_call", json!([{ "to": STRANGER, "gas": "0x1c9c381" }])), // one above a block's
        ("eth_estimateGas", json!([{ "to": STRANGER, "gas": "0x1000001" }])),
        ("eth_call", json!([{ "type": "0x0", "maxFeePerGas": "0x1" }])),
        (
            "eth_call",
            json!([{ "type": "0x0", "accessList": [{ "address": STRANGER, "storageKeys": [] }] }]),
        ),
        (
            "eth_call",
            json!([{ "type": "0x1", "maxPriorityFeePerGas": "0x1" }]),
        ),
        ("eth_call", json!([{ "type": "0x2", "gasPrice": "0x1" }])),
        ("eth_call", json!([{ "to": STRANGER, "type": "0x3" }])),
        (
            "eth_call",
            json!([{ "to": STRANGER, "type": "0x2", "blobVersionedHashes": [B256::ZERO] }]),
        ),
        (
            "eth_call",
            json!([{ "to": STRANGER, "gasPrice": "0x1", "blobVersionedHashes": [B256::ZERO] }]),
        ),
        ("eth_call", json!([{ "type": "0x4" }])),
        ("eth_call", json!([{ "type": "0x2", "authorizationList": [] }])),
        (
            "eth_call",
            json!([{ "gasPrice": "0x1", "authorizationList": [] }]),
        ),
        ("anvil_mine", json!([1, 1, 1])),
        (
            "anvil_reset",
            json!([{ "forking": { "jsonRpcUrl": "http://127.0.0.1:1" } }]),
        ),
        ("evm_setBlockGasLimit", json!(["0x1"])),
        ("evm_mine", json!([{ "block": 1 }])),
    ] {
        let refused = rpc(&provider, method, params.clone()).await;
        assert_eq!(
            refused.clone().unwrap_err().0,
            -32602,
            "{method} {params}: {refused:?}"
        );
    }
    let other_chain = json!([{ "to": STRANGER, "chainId": "0x1" }]);
    assert_eq!(
        rpc(&provider, "eth_call", other_chain).await.unwrap_err().0,
        -32003
    );
}
