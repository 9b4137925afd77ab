//! Blob transactions: both forms of the sidecar, their price, and where the blobs can be had.

use alloy::{
    consensus::Transaction as _,
    eips::{eip2718::Encodable2718, eip7594::BlobTransactionSidecarVariant},
    primitives::{B256, Bytes, U256, hex},
    providers::{DynProvider, Provider},
};
use ashlar_blob::{Fr, evaluate};
use ashlar_devnet::{Config, DEV_ACCOUNTS};
use serde_json::{Value, json};

use crate::{
    code_and_message, rpc,
    service::exchange,
    sidecars::{CONTRACT, GWEI, OPENS, Proved, eip4844, eip7594, plain, signed, variant, with_blobs},
    start, start_manual, start_with,
};

const BLOB_GAS: u64 = 131_072;

/// Sends a raw transaction and gives its hash.
pub(crate) async fn send_raw(provider: &DynProvider, raw: &[u8]) -> Result<B256, (i64, String)> {
    let sent = provider.send_raw_transaction(raw).await;
    sent.map(|pending| *pending.tx_hash()).map_err(code_and_message)
}

pub(crate) async fn blobs_of(provider: &DynProvider, transaction: B256) -> Value {
    let asked = rpc(provider, "anvil_getBlobsByTransactionHash", json!([transaction]));
    asked.await.unwrap()
}

#[tokio::test]
async fn both_forms_of_a_sidecar_are_mined_paid_for_and_served() {
    let (_node, provider) = start().await;
    let blobs = [Proved::new(1), Proved::new(2)];
    let hashes: Vec<B256> = blobs.iter().map(Proved::hash).collect();
    let forms = [variant(eip4844(&blobs)), variant(eip7594(&blobs))];
    for (nonce, sidecar) in forms.into_iter().enumerate() {
        let before = provider.get_balance(DEV_ACCOUNTS[0].address).await.unwrap();
        let raw = signed(0, plain(nonce as u64, hashes.clone()), sidecar);
        assert!(
            raw.len() > 2 * BLOB_GAS as usize,
            "the pooled form holds the blobs"
        );
        let hash = send_raw(&provider, &raw).await.unwrap();
        let receipt = provider.get_transaction_receipt(hash).await.unwrap().unwrap();
        assert!(receipt.status());
        assert_eq!(receipt.blob_gas_used, Some(2 * BLOB_GAS));
        assert_eq!(receipt.blob_gas_price, Some(1));
        let fee = u128::from(receipt.gas_used) * receipt.effective_gas_price + u128::from(2 * BLOB_GAS);
        let after = provider.get_balance(DEV_ACCOUNTS[0].address).await.unwrap();
        assert_eq!(before - after, U256::from(fee));

        let block = provider
            .get_block_by_number(Default::default())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(block.header.blob_gas_used, Some(2 * BLOB_GAS));
        assert_eq!(block.header.excess_blob_gas, Some(0));
        assert_eq!(block.header.inner.hash_slow(), block.header.hash);
        let mined = provider.get_transaction_by_hash(hash).await.unwrap().unwrap();
        assert_eq!(mined.blob_versioned_hashes(), Some(&hashes[..]));
        let bare = signed(0, plain(nonce as u64, hashes.clone()), None);
        assert_eq!(mined.inner.encoded_2718(), bare, "blobs are not in the block");
        assert_eq!(
            rpc(&provider, "eth_getRawTransactionByHash", json!([hash]))
                .await
                .unwrap(),
            json!(Bytes::from(bare))
        );
        assert_eq!(
            blobs_of(&provider, hash).await,
            json!([blobs[0].blob, blobs[1].blob])
        );
    }
    for blob in &blobs {
        let found = rpc(&provider, "anvil_getBlobByHash", json!([blob.hash()]))
            .await
            .unwrap();
        assert_eq!(found, json!(blob.blob));
    }
    let unknown = rpc(&provider, "anvil_getBlobByHash", json!([B256::ZERO]))
        .await
        .unwrap();
    assert_eq!(unknown, Value::Null);
}

#[tokio::test]
async fn a_sidecar_that_does_not_hold_is_refused_by_name() {
    let (_node, provider) = start().await;
    let (blob, other) = (Proved::new(1), Proved::new(2));
    let hashes = vec![blob.hash()];
    let refused = async |tx, sidecar: Option<BlobTransactionSidecarVariant>, expected: &str| {
        let (code, message) = send_raw(&provider, &signed(0, tx, sidecar)).await.unwrap_err();
        assert_eq!(code, -32003, "{message}");
        assert!(
            message.contains(expected),
            "{message:?} does not say {expected:?}"
        );
    };
    let old = || eip4844(std::slice::from_ref(&blob));
    let cells = eip7594(std::slice::from_ref(&blob));
    let tx = |hashes: &[B256]| plain(0, hashes.to_vec());

    refused(tx(&hashes), None, "without its sidecar").await;
    refused(tx(&[]), Some(variant(eip4844(&[]))), "no blob").await;
    let seven = vec![blob.clone(); 7];
    let refusal = "7 blobs, at most 6 a transaction";
    refused(tx(&[blob.hash(); 7]), Some(variant(eip4844(&seven))), refusal).await;
    let mut version = blob.hash();
    version[0] = 2;
    refused(
        tx(&[version]),
        Some(variant(old())),
        "versioned hash 0 has version 0x02",
    )
    .await;

    let missing = "0 proofs for 1 versioned hashes: 1 proofs are wanted";
    let sidecar = {
        let mut sidecar = old();
        sidecar.proofs.clear();
        sidecar
    };
    refused(tx(&hashes), Some(variant(sidecar)), missing).await;
    let sidecar = {
        let mut sidecar = cells.clone();
        sidecar.cell_proofs.pop();
        sidecar
    };
    refused(
        tx(&hashes),
        Some(variant(sidecar)),
        "127 proofs for 1 versioned hashes: 128 proofs",
    )
    .await;
    refused(
        tx(&[hashes[0]; 2]),
        Some(variant(old())),
        "1 blobs, 1 commitments",
    )
    .await;
    refused(
        tx(&[other.hash()]),
        Some(variant(old())),
        "commitment 0 has the versioned hash",
    )
    .await;

    let sidecar = {
        let mut sidecar = old();
        sidecar.proofs[0] = other.proof;
        sidecar
    };
    refused(tx(&hashes), Some(variant(sidecar)), "does not hold").await;
    let sidecar = {
        let mut sidecar = old();
        sidecar.blobs[0] = other.blob;
        sidecar
    };
    refused(tx(&hashes), Some(variant(sidecar)), "does not hold").await;
    let sidecar = {
        let mut sidecar = cells.clone();
        sidecar.cell_proofs.swap(0, 1);
        sidecar
    };
    refused(tx(&hashes), Some(variant(sidecar)), "does not hold").await;
    let sidecar = {
        let mut sidecar = cells.clone();
        sidecar.blobs[0] = other.blob;
        sidecar
    };
    refused(tx(&hashes), Some(variant(sidecar)), "does not hold").await;
    let sidecar = {
        let mut sidecar = old();
        sidecar.blobs[0][..32].fill(0xff);
        sidecar
    };
    refused(
        tx(&hashes),
        Some(variant(sidecar)),
        "a blob, commitment or proof that is none",
    )
    .await;

    // Wrapper version 2: the byte before the blobs' list.
    let mut raw = signed(0, tx(&hashes), variant(cells));
    let bare = signed(0, tx(&hashes), None).len() - 1;
    let version = 1 + 4 + bare; // type, list of four bytes, body
    assert_eq!(raw[version], 1);
    raw[version] = 2;
    assert_eq!(send_raw(&provider, &raw).await.unwrap_err().0, -32602);
    let mut data = plain(0, hashes.clone());
    data.input = vec![0; 130 * 1024].into();
    let (code, message) = send_raw(&provider, &signed(0, data, variant(old())))
        .await
        .unwrap_err();
    assert!(code == -32602 && message.contains("at most 131072"), "{message}");
    let unsigned = json!([{ "to": CONTRACT, "blobVersionedHashes": hashes, "gas": "0x186a0", "maxFeePerBlobGas": "0x1" }]);
    let (code, message) = rpc(&provider, "eth_sendTransaction", unsigned).await.unwrap_err();
    assert!(
        code == -32003 && message.contains("signs no blob transaction"),
        "{message}"
    );
    assert_eq!(provider.get_block_number().await.unwrap(), 0);
    send_raw(&provider, &signed(0, tx(&hashes), variant(old())))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_contract_sees_the_hash_and_opens_the_blob_where_horner_says() {
    let (_node, provider) = start().await;
    rpc(&provider, "anvil_setCode", json!([CONTRACT, OPENS]))
        .await
        .unwrap();
    let blob = Proved::new(3);
    let point = Fr::from(0xdead_beef_u64);
    let y = evaluate(&blob.words, point);
    for (nonce, (y, opens)) in [(y, 1), (y + Fr::from(1), 0)].into_iter().enumerate() {
        let mut tx = plain(nonce as u64, vec![blob.hash()]);
        tx.input = blob.opening(point, y);
        let raw = signed(0, tx, variant(eip4844(std::slice::from_ref(&blob))));
        let hash = send_raw(&provider, &raw).await.unwrap();
        assert!(
            provider
                .get_transaction_receipt(hash)
                .await
                .unwrap()
                .unwrap()
                .status()
        );
        let slot = async |index: u64| {
            provider
                .get_storage_at(CONTRACT, U256::from(index))
                .await
                .unwrap()
        };
        assert_eq!(B256::from(slot(0).await), blob.hash());
        assert_eq!(slot(1).await, U256::from(opens));
    }
    let call =
        |y| json!([{ "to": "0x000000000000000000000000000000000000000a", "data": blob.opening(point, y) }]);
    let answer = rpc(&provider, "eth_call", call(y)).await.unwrap();
    assert!(
        answer.as_str().unwrap().starts_with(&format!("0x{:064x}", 4096)),
        "{answer}"
    );
    assert!(rpc(&provider, "eth_call", call(y + Fr::from(1))).await.is_err());

    // BLOBHASH(0) PUSH0 MSTORE, BLOBBASEFEE PUSH1 32 MSTORE, 64 bytes from 0.
    let shows = json!([CONTRACT, "0x5f495f524a60205260405ff3"]);
    rpc(&provider, "anvil_setCode", shows).await.unwrap();
    let call = json!([{ "to": CONTRACT, "blobVersionedHashes": [blob.hash()], "maxFeePerBlobGas": "0x5" }]);
    let shown = rpc(&provider, "eth_call", call.clone()).await.unwrap();
    assert_eq!(shown, json!(format!("{}{:064x}", blob.hash(), 1)));
    let gas = rpc(&provider, "eth_estimateGas", call).await.unwrap();
    assert!(gas.as_str().unwrap().parse::<U256>().unwrap() > U256::from(21_000));
    let commitments =
        json!([{ "to": CONTRACT, "blobs": [], "proofs": [], "commitments": [blob.commitment] }]);
    let shown = rpc(&provider, "eth_call", commitments).await.unwrap();
    assert_eq!(
        shown,
        json!(format!("{}{:064x}", blob.hash(), 0)),
        "who names no fee pays none"
    );
}

#[tokio::test]
async fn the_price_of_blob_gas_rises_with_use_and_falls_once_it_is_above_that_of_gas() {
    let (_node, provider) = start().await;
    let six = vec![Proved::new(1); 6];
    let price = async || rpc(&provider, "eth_blobBaseFee", json!([])).await.unwrap();
    assert_eq!(price().await, json!("0x1"));
    let mut blocks = 0;
    while price().await == json!("0x1") {
        send_raw(&provider, &with_blobs(0, blocks, &six)).await.unwrap();
        blocks += 1;
        assert!(blocks < 20);
    }
    // EIP-7918: blob gas is cheaper than what it costs in gas, so a third of what is used adds up. A price of 2 is
    // reached at 5,007,716 · ln 2 of excess.
    assert_eq!(blocks, 3_471_085_u64.div_ceil(6 * BLOB_GAS / 3));
    let excess = async |number: u64| {
        let block = provider
            .get_block_by_number(number.into())
            .await
            .unwrap()
            .unwrap();
        block.header.excess_blob_gas.unwrap()
    };
    assert_eq!(excess(1).await, 0);
    assert_eq!(excess(blocks).await, (blocks - 1) * 6 * BLOB_GAS / 3);
    let mut cheap = plain(blocks, vec![six[0].hash()]);
    cheap.max_fee_per_blob_gas = 1;
    let raw = signed(0, cheap, variant(eip4844(&six[..1])));
    let (code, message) = send_raw(&provider, &raw).await.unwrap_err();
    assert!(code == -32003, "{message}");
    assert!(
        message.contains("max fee per blob gas of 1 wei is below the blob base fee of 2 wei"),
        "{message}"
    );

    let history = provider
        .get_fee_history(2, Default::default(), &[])
        .await
        .unwrap();
    assert_eq!(history.base_fee_per_blob_gas, [1, 1, 2]);
    assert_eq!(history.blob_gas_used_ratio, [6.0 / 9.0; 2]);
    rpc(&provider, "evm_mine", json!([])).await.unwrap();
    rpc(&provider, "evm_mine", json!([])).await.unwrap();
    let high = blocks * 6 * BLOB_GAS / 3;
    assert_eq!(excess(blocks + 2).await, high, "it stays while blob gas is cheap");
    rpc(&provider, "anvil_setNextBlockBaseFeePerGas", json!(["0x7"]))
        .await
        .unwrap();
    rpc(&provider, "evm_mine", json!([])).await.unwrap();
    rpc(&provider, "evm_mine", json!([])).await.unwrap();
    assert_eq!(excess(blocks + 4).await, high - 6 * BLOB_GAS);
    assert_eq!(price().await, json!("0x1"));
}

#[tokio::test]
async fn blobs_of_old_blocks_are_forgotten_and_a_beacon_path_serves_the_others() {
    let (node, provider) = start_with(Config {
        blob_blocks: 2,
        ..Config::default()
    })
    .await;
    let blobs = [Proved::new(1), Proved::new(2)];
    let hash = send_raw(&provider, &with_blobs(0, 0, &blobs)).await.unwrap();
    let get = async |path: String| -> (u16, Value) {
        let url = format!("{}/eth/v1/beacon/blobs/{path}", node.url());
        let answer = exchange(&url, "GET", "", "").await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap())
    };
    let block = provider.get_block_by_number(1.into()).await.unwrap().unwrap();
    let all = json!([blobs[0].blob, blobs[1].blob]);
    for id in ["head", "1", "finalized", &block.header.hash.to_string()] {
        let (status, answer) = get(id.to_owned()).await;
        assert_eq!((status, &answer["data"]), (200, &all), "{id}");
        assert_eq!(answer["execution_optimistic"], json!(false));
    }
    let second = blobs[1].hash();
    let (_, answer) = get(format!("1?versioned_hashes={second},{}", B256::ZERO)).await;
    assert_eq!(answer["data"], json!([blobs[1].blob]));
    assert_eq!(get("genesis".into()).await.1["data"], json!([]));
    for (path, status) in [
        ("7", 404),
        ("justified", 400),
        ("1?versioned_hashes=0x1", 400),
        ("1?hashes=", 400),
    ] {
        let (code, answer) = get(path.to_owned()).await;
        assert_eq!((code, &answer["code"]), (status, &json!(status)), "{path}");
    }

    rpc(&provider, "anvil_mine", json!([2])).await.unwrap();
    assert_eq!(blobs_of(&provider, hash).await, all);
    rpc(&provider, "evm_mine", json!([])).await.unwrap();
    assert_eq!(blobs_of(&provider, hash).await, Value::Null);
    let (status, answer) = get("1".into()).await;
    assert!(
        status == 404 && answer["message"].as_str().unwrap().contains("no longer kept"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_block_takes_nine_blobs_and_the_others_wait() {
    let (_node, provider) = start_manual().await;
    let blob = Proved::new(1);
    for (account, count) in [(1, 6), (2, 6), (3, 3)] {
        let mut tx = plain(0, vec![blob.hash(); count]);
        tx.max_priority_fee_per_gas = (10 - account as u128) * GWEI / 10;
        let raw = signed(account, tx, variant(eip4844(&vec![blob.clone(); count])));
        send_raw(&provider, &raw).await.unwrap();
    }
    rpc(&provider, "anvil_mine", json!([2])).await.unwrap();
    for (number, blobs) in [(1, 9), (2, 6)] {
        let block = provider
            .get_block_by_number(number.into())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(block.header.blob_gas_used, Some(blobs * BLOB_GAS));
    }
    assert_eq!(hex::encode(blob.hash())[..2], *"01");
}
