//! `evm_*` and `anvil_*` that change accounts, clock and mining.

use std::time::Duration;

use alloy::{
    network::TransactionBuilder,
    primitives::{B256, Bytes, U256, address},
    providers::{DynProvider, Provider, ProviderBuilder},
};
use ashlar_devnet::DEV_ACCOUNTS;
use serde_json::json;

use crate::{ETHER, STRANGER, rpc, start, start_manual, transfer};

async fn newest_timestamp(provider: &DynProvider) -> u64 {
    let block = provider.get_block_by_number(Default::default()).await.unwrap();
    block.unwrap().header.timestamp
}

#[tokio::test]
async fn accounts_are_changed_from_outside() {
    let (_node, provider) = start().await;
    rpc(&provider, "anvil_setBalance", json!([STRANGER, "0x7"]))
        .await
        .unwrap();
    rpc(&provider, "hardhat_setNonce", json!([STRANGER, "0x3"]))
        .await
        .unwrap();
    rpc(
        &provider,
        "anvil_setCode",
        json!([STRANGER, "0x5f545f5260205ff3"]),
    )
    .await
    .unwrap();
    let five = B256::from(U256::from(5));
    rpc(&provider, "anvil_setStorageAt", json!([STRANGER, "0x0", five]))
        .await
        .unwrap();
    assert_eq!(provider.get_balance(STRANGER).await.unwrap(), U256::from(7));
    assert_eq!(provider.get_transaction_count(STRANGER).await.unwrap(), 3);
    assert_eq!(
        provider.get_storage_at(STRANGER, U256::ZERO).await.unwrap(),
        U256::from(5)
    );
    let answer = provider.call(transfer(0)).await.unwrap();
    assert_eq!(answer, Bytes::from(five));
}

#[tokio::test]
async fn the_node_signs_for_its_own_accounts_and_for_impersonated_ones() {
    let (node, _) = start().await;
    let provider = ProviderBuilder::default()
        .connect_http(node.url().parse().unwrap())
        .erased();
    let accounts = provider.get_accounts().await.unwrap();
    assert_eq!(accounts, DEV_ACCOUNTS.map(|account| account.address));
    let own = json!([{ "from": accounts[3], "to": STRANGER, "value": "0x1" }]);
    let hash: B256 =
        serde_json::from_value(rpc(&provider, "eth_sendTransaction", own).await.unwrap()).unwrap();
    let mined = provider.get_transaction_by_hash(hash).await.unwrap().unwrap();
    let signed = mined.inner.inner();
    let signer = signed
        .signature()
        .recover_address_from_prehash(&signed.signature_hash());
    assert_eq!(signer.unwrap(), accounts[3]);

    let whale = address!("00000000000000000000000000000000000f0a1e");
    let request = json!([{ "from": whale, "to": STRANGER, "value": "0x2" }]);
    let (code, message) = rpc(&provider, "eth_sendTransaction", request.clone())
        .await
        .unwrap_err();
    assert!(code == -32000 || code == -32003, "{message}");
    rpc(&provider, "anvil_setBalance", json!([whale, U256::from(ETHER)]))
        .await
        .unwrap();
    rpc(&provider, "anvil_setCode", json!([whale, "0x00"]))
        .await
        .unwrap(); // contracts can be impersonated, too
    let (_, message) = rpc(&provider, "eth_sendTransaction", request.clone())
        .await
        .unwrap_err();
    assert!(message.contains("anvil_impersonateAccount"), "{message}");
    rpc(&provider, "anvil_impersonateAccount", json!([whale]))
        .await
        .unwrap();
    rpc(&provider, "eth_sendTransaction", request.clone())
        .await
        .unwrap();
    assert_eq!(provider.get_balance(STRANGER).await.unwrap(), U256::from(3));
    assert_eq!(provider.get_transaction_count(whale).await.unwrap(), 1);
    rpc(&provider, "anvil_stopImpersonatingAccount", json!([whale]))
        .await
        .unwrap();
    rpc(&provider, "eth_sendTransaction", request).await.unwrap_err();
}

#[tokio::test]
async fn the_clock_goes_where_it_is_set() {
    let (_node, provider) = start_manual().await;
    let start = newest_timestamp(&provider).await;
    rpc(&provider, "evm_setNextBlockTimestamp", json!([start + 1000]))
        .await
        .unwrap();
    rpc(&provider, "evm_mine", json!([])).await.unwrap();
    assert_eq!(newest_timestamp(&provider).await, start + 1000);
    rpc(&provider, "evm_mine", json!([start + 5000])).await.unwrap();
    assert_eq!(newest_timestamp(&provider).await, start + 5000);
    rpc(&provider, "evm_increaseTime", json!([3600])).await.unwrap();
    rpc(&provider, "evm_mine", json!([])).await.unwrap();
    assert!(newest_timestamp(&provider).await >= start + 5000 + 3600);
    rpc(&provider, "anvil_mine", json!(["0x3", "0x3c"]))
        .await
        .unwrap();
    let last = provider
        .get_block_by_number(6.into())
        .await
        .unwrap()
        .unwrap()
        .header
        .timestamp;
    let before = provider
        .get_block_by_number(5.into())
        .await
        .unwrap()
        .unwrap()
        .header
        .timestamp;
    assert_eq!(last - before, 60);

    for (method, params) in [
        ("evm_setNextBlockTimestamp", json!([start])),
        ("evm_increaseTime", json!([u64::MAX])),
        ("evm_mine", json!([U256::MAX])),
        ("anvil_mine", json!([u64::MAX])),
        ("anvil_mine", json!([2, u64::MAX])),
    ] {
        let refused = rpc(&provider, method, params).await;
        assert_eq!(refused.clone().unwrap_err().0, -32602, "{method}: {refused:?}");
    }
    rpc(&provider, "evm_mine", json!([])).await.unwrap();
}

#[tokio::test]
async fn blocks_come_at_intervals() {
    let (_node, provider) = start().await;
    rpc(&provider, "evm_setIntervalMining", json!([1])).await.unwrap();
    let pending = provider
        .send_transaction(transfer(1).with_gas_limit(21_000))
        .await
        .unwrap();
    assert_eq!(provider.get_balance(STRANGER).await.unwrap(), U256::ZERO);
    let receipt = tokio::time::timeout(Duration::from_secs(20), pending.get_receipt());
    assert!(receipt.await.unwrap().unwrap().status());
    assert_eq!(
        rpc(&provider, "anvil_getIntervalMining", json!([]))
            .await
            .unwrap(),
        json!(1)
    );
    rpc(&provider, "evm_setIntervalMining", json!([0])).await.unwrap();
    let info = rpc(&provider, "anvil_nodeInfo", json!([])).await.unwrap();
    assert_eq!(info["environment"]["chainId"], json!(31_337));
}
