//! What is refused, queued, or no longer known.

use alloy::{
    eips::{BlockId, eip2718::Encodable2718},
    network::{EthereumWallet, NetworkTransactionBuilder, TransactionBuilder},
    primitives::U256,
    providers::Provider,
    rpc::types::TransactionRequest,
    signers::local::PrivateKeySigner,
};
use ashlar_devnet::DEV_ACCOUNTS;

use crate::{ETHER, STRANGER, code_and_message, start, transfer};

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
    assert!(
        refused(raw(plain(1).with_gas_limit(30_000_001)).await)
            .await
            .1
            .contains("rejected")
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
    let (_node, provider) = start().await;
    provider
        .send_transaction(transfer(1))
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    let error = provider
        .get_balance(STRANGER)
        .block_id(BlockId::number(0))
        .await
        .unwrap_err();
    let (code, message) = code_and_message(error);
    assert!(
        code == -32001 && message.contains("state of block 0 is not kept, the newest is 1"),
        "{message}"
    );
    let newest = provider
        .get_balance(STRANGER)
        .block_id(BlockId::number(1))
        .await
        .unwrap();
    assert_eq!(newest, U256::from(1));
}
