//! Blob transactions that wait, are replaced, taken away, or outlive their process.

use alloy::{
    network::TransactionBuilder,
    primitives::{Bytes, U256},
    providers::Provider,
};
use ashlar_devnet::{Config, DEV_ACCOUNTS, Mining};
use serde_json::{Value, json};

use crate::{
    blobs::{blobs_of, send_raw},
    code_and_message,
    journal::{kept_in, seen},
    rpc,
    sidecars::{GWEI, Proved, eip4844, plain, signed, variant, with_blobs},
    start, start_manual, start_with, transfer,
};

#[tokio::test]
async fn a_replacement_pays_twice_as_much_in_all_three_fees() {
    let (_node, provider) = start_manual().await;
    let (blob, other) = (Proved::new(1), Proved::new(2));
    let raw = |max_fee, tip, blob_fee, blob: &Proved| {
        let mut tx = plain(0, vec![blob.hash()]);
        (
            tx.max_fee_per_gas,
            tx.max_priority_fee_per_gas,
            tx.max_fee_per_blob_gas,
        ) = (max_fee, tip, blob_fee);
        signed(0, tx, variant(eip4844(std::slice::from_ref(blob))))
    };
    let first = send_raw(&provider, &raw(10 * GWEI, GWEI, 5, &blob))
        .await
        .unwrap();
    for (max_fee, tip, blob_fee) in [
        (20 * GWEI - 1, 2 * GWEI, 10),
        (20 * GWEI, 2 * GWEI - 1, 10),
        (20 * GWEI, 2 * GWEI, 9),
    ] {
        let (code, message) = send_raw(&provider, &raw(max_fee, tip, blob_fee, &other))
            .await
            .unwrap_err();
        assert!(
            code == -32003 && message.contains("replacement transaction underpriced"),
            "{message}"
        );
    }
    let second = send_raw(&provider, &raw(20 * GWEI, 2 * GWEI, 10, &other))
        .await
        .unwrap();
    assert!(provider.get_transaction_by_hash(first).await.unwrap().is_none());
    assert_eq!(
        blobs_of(&provider, second).await,
        Value::Null,
        "it is not in a block yet"
    );
    rpc(&provider, "evm_mine", json!([])).await.unwrap();
    assert_eq!(blobs_of(&provider, second).await, json!([other.blob]));
    let replaced = rpc(&provider, "anvil_getBlobByHash", json!([blob.hash()]))
        .await
        .unwrap();
    assert_eq!(replaced, Value::Null);
}

#[tokio::test]
async fn an_account_waits_with_blobs_or_without_but_not_both() {
    let (_node, provider) = start_manual().await;
    let blob = Proved::new(1);
    let hash = send_raw(&provider, &with_blobs(0, 0, std::slice::from_ref(&blob)))
        .await
        .unwrap();
    let plain_one = transfer(1).with_nonce(1).with_gas_limit(21_000);
    let (code, message) = code_and_message(provider.send_transaction(plain_one.clone()).await.unwrap_err());
    assert!(
        code == -32003 && message.contains("a transaction of type 3 waits"),
        "{message}"
    );
    rpc(&provider, "anvil_dropTransaction", json!([hash]))
        .await
        .unwrap();
    let _ = provider.send_transaction(plain_one.with_nonce(0)).await.unwrap();
    let (_, message) = send_raw(&provider, &with_blobs(0, 1, &[blob])).await.unwrap_err();
    assert!(message.contains("a transaction of type 2 waits"), "{message}");
}

#[tokio::test]
async fn what_does_not_pay_the_price_of_blobs_waits_until_it_falls() {
    let (_node, provider) = start().await;
    let blob = Proved::new(1);
    for nonce in 0..14 {
        send_raw(&provider, &with_blobs(0, nonce, &vec![blob.clone(); 6]))
            .await
            .unwrap();
    }
    rpc(&provider, "evm_setAutomine", json!([false])).await.unwrap();
    let mut cheap = plain(14, vec![blob.hash()]);
    cheap.max_fee_per_blob_gas = 1;
    let raw = signed(0, cheap.clone(), variant(eip4844(std::slice::from_ref(&blob))));
    let waits = send_raw(&provider, &raw).await.unwrap();
    let mined = async || {
        rpc(&provider, "evm_mine", json!([])).await.unwrap();
        provider.get_transaction_receipt(waits).await.unwrap().is_some()
    };
    assert!(!mined().await);
    rpc(&provider, "anvil_setNextBlockBaseFeePerGas", json!(["0x7"]))
        .await
        .unwrap();
    assert!(!mined().await);
    assert!(mined().await, "the excess fell below a price of 2");
    cheap.nonce = 15;
    cheap.max_fee_per_blob_gas = 0;
    let raw = signed(0, cheap, variant(eip4844(&[blob])));
    let (_, message) = send_raw(&provider, &raw).await.unwrap_err();
    assert!(
        message.contains("below the blob base fee of 1 wei"),
        "nothing falls below: {message}"
    );
}

#[tokio::test]
async fn blobs_go_with_their_block_and_come_with_its_replacement() {
    let (_node, provider) = start().await;
    let (blob, other) = (Proved::new(1), Proved::new(2));
    let raw = with_blobs(0, 0, std::slice::from_ref(&blob));
    let hash = send_raw(&provider, &raw).await.unwrap();
    rpc(&provider, "anvil_rollback", json!([1])).await.unwrap();
    assert_eq!(blobs_of(&provider, hash).await, Value::Null);
    assert!(provider.get_transaction_by_hash(hash).await.unwrap().is_none());
    assert_eq!(send_raw(&provider, &raw).await.unwrap(), hash);
    assert_eq!(blobs_of(&provider, hash).await, json!([blob.blob]));

    let bare = Bytes::from(signed(0, plain(0, vec![other.hash()]), None));
    let (_, message) = rpc(&provider, "anvil_reorg", json!([1, [[bare, 0]]]))
        .await
        .unwrap_err();
    assert!(message.contains("without its sidecar"), "{message}");
    let replacement = Bytes::from(with_blobs(0, 0, std::slice::from_ref(&other)));
    rpc(&provider, "anvil_reorg", json!([1, [[replacement, 0]]]))
        .await
        .unwrap();
    let block = provider.get_block_by_number(1.into()).await.unwrap().unwrap();
    let mined = block.transactions.hashes().next().unwrap();
    assert_eq!(blobs_of(&provider, mined).await, json!([other.blob]));
    let gone = rpc(&provider, "anvil_getBlobByHash", json!([blob.hash()]))
        .await
        .unwrap();
    assert_eq!(gone, Value::Null);

    let snapshot = rpc(&provider, "evm_snapshot", json!([])).await.unwrap();
    let later = send_raw(&provider, &with_blobs(0, 1, &[blob])).await.unwrap();
    rpc(&provider, "evm_revert", json!([snapshot])).await.unwrap();
    assert_eq!(blobs_of(&provider, later).await, Value::Null);
    assert_eq!(blobs_of(&provider, mined).await, json!([other.blob]));
}

#[tokio::test]
async fn blobs_in_blocks_and_in_the_pool_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let manual = || Config {
        mining: Mining::Manual,
        ..kept_in(folder.path())
    };
    let blobs = [1, 2, 3].map(Proved::new);
    let (node, provider) = start_with(kept_in(folder.path())).await;
    let mined = send_raw(&provider, &with_blobs(0, 0, &blobs[..2])).await.unwrap();
    rpc(&provider, "evm_setAutomine", json!([false])).await.unwrap();
    let waits = send_raw(&provider, &with_blobs(0, 1, &blobs[2..])).await.unwrap();
    let dropped = send_raw(&provider, &with_blobs(1, 0, &blobs[..1])).await.unwrap();
    rpc(&provider, "anvil_dropTransaction", json!([dropped]))
        .await
        .unwrap();
    let before = seen(&provider).await;
    drop(node);

    let (node, provider) = start_with(manual()).await;
    assert_eq!(seen(&provider).await, before);
    assert_eq!(
        blobs_of(&provider, mined).await,
        json!([blobs[0].blob, blobs[1].blob])
    );
    assert_eq!(blobs_of(&provider, waits).await, Value::Null);
    rpc(&provider, "evm_mine", json!([])).await.unwrap();
    assert_eq!(blobs_of(&provider, waits).await, json!([blobs[2].blob]));
    let again = send_raw(&provider, &with_blobs(1, 0, &blobs[..1])).await.unwrap();
    assert_eq!(again, dropped);
    let before = seen(&provider).await;
    drop(node);

    let text = std::fs::read_to_string(folder.path().join("chain.jsonl")).unwrap();
    assert_eq!(
        text.matches(r#""record":"blobs""#).count(),
        4,
        "each is noted once"
    );
    let (_node, provider) = start_with(manual()).await;
    assert_eq!(seen(&provider).await, before);
    for (hash, expected) in [(mined, &blobs[..2]), (waits, &blobs[2..])] {
        let expected: Vec<_> = expected.iter().map(|blob| blob.blob).collect();
        assert_eq!(blobs_of(&provider, hash).await, json!(expected));
    }
    assert!(provider.get_balance(DEV_ACCOUNTS[1].address).await.unwrap() > U256::ZERO);
}
