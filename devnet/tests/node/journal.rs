//! A chain that survives its process.

use std::{fs, io::Write, path::Path};

use alloy::{
    network::TransactionBuilder,
    primitives::{B256, U256},
    providers::{DynProvider, Provider},
};
use ashlar_devnet::{Config, DEV_ACCOUNTS, JournalError, Mining, ServeError, serve};
use serde_json::{Value, json};

use crate::{STRANGER, rpc, send, start_with, transfer};

pub(crate) fn kept_in(folder: &Path) -> Config {
    Config {
        data_dir: Some(folder.to_owned()),
        ..Config::default()
    }
}

async fn refusal(config: Config) -> JournalError {
    match serve("127.0.0.1:0".parse().unwrap(), config).await {
        Err(ServeError::Journal { source, .. }) => source,
        other => panic!("{other:?}"),
    }
}

/// What a client can see of a chain.
pub(crate) async fn seen(provider: &DynProvider) -> Value {
    let newest = provider.get_block_number().await.unwrap();
    let mut blocks = vec![];
    for number in 0..=newest {
        blocks.push(provider.get_block_by_number(number.into()).full().await.unwrap());
    }
    let waiting = rpc(provider, "txpool_content", json!([])).await.unwrap();
    let stranger = rpc(provider, "eth_getBalance", json!([STRANGER, "latest"]))
        .await
        .unwrap();
    let slot = provider.get_storage_at(STRANGER, U256::ZERO).await.unwrap();
    let code = provider.get_code_at(STRANGER).await.unwrap();
    json!([blocks, waiting, stranger, slot, code])
}

#[tokio::test]
async fn everything_that_was_answered_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (node, provider) = start_with(kept_in(folder.path())).await;
    for value in 1..=3 {
        send(&provider, transfer(value)).await;
    }
    rpc(&provider, "anvil_setBalance", json!([STRANGER, "0x64"]))
        .await
        .unwrap();
    rpc(&provider, "anvil_setCode", json!([STRANGER, "0x00"]))
        .await
        .unwrap();
    let snapshot = rpc(&provider, "evm_snapshot", json!([])).await.unwrap();
    let five = B256::from(U256::from(5));
    rpc(&provider, "anvil_setStorageAt", json!([STRANGER, "0x0", five]))
        .await
        .unwrap();
    rpc(&provider, "anvil_reorg", json!([1])).await.unwrap();
    rpc(&provider, "evm_increaseTime", json!([100_000]))
        .await
        .unwrap();
    rpc(&provider, "anvil_impersonateAccount", json!([STRANGER]))
        .await
        .unwrap();
    rpc(&provider, "anvil_setBalance", json!([STRANGER, U256::MAX >> 1]))
        .await
        .unwrap();
    let request = json!([{ "from": STRANGER, "to": DEV_ACCOUNTS[0].address, "value": "0x1" }]);
    rpc(&provider, "eth_sendTransaction", request).await.unwrap();
    rpc(&provider, "evm_setAutomine", json!([false])).await.unwrap();
    send(&provider, transfer(9).with_gas_limit(30_000).with_nonce(2)).await;
    let ahead = send(&provider, transfer(9).with_gas_limit(30_000).with_nonce(20)).await;
    let dropped = send(&provider, transfer(9).with_gas_limit(30_000).with_nonce(21)).await;
    rpc(&provider, "anvil_dropTransaction", json!([dropped]))
        .await
        .unwrap();
    let before = seen(&provider).await;
    drop(node); // no orderly end

    let (node, provider) = start_with(Config {
        mining: Mining::Manual,
        ..kept_in(folder.path())
    })
    .await;
    assert_eq!(seen(&provider).await, before);
    assert!(provider.get_transaction_by_hash(ahead).await.unwrap().is_some());
    rpc(&provider, "evm_mine", json!([])).await.unwrap();
    let newest = provider
        .get_block_by_number(Default::default())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(newest.transactions.len(), 1, "what waited is mined");
    // A snapshot below the reorganisation is gone, as it was before.
    assert_eq!(
        rpc(&provider, "evm_revert", json!([snapshot])).await.unwrap(),
        json!(false)
    );
    let before = seen(&provider).await;
    node.shutdown().await;
    let (_node, provider) = start_with(Config {
        mining: Mining::Manual,
        ..kept_in(folder.path())
    })
    .await;
    assert_eq!(seen(&provider).await, before);
}

#[tokio::test]
async fn a_snapshot_is_good_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (node, provider) = start_with(kept_in(folder.path())).await;
    send(&provider, transfer(1)).await;
    let snapshot = rpc(&provider, "evm_snapshot", json!([])).await.unwrap();
    send(&provider, transfer(2)).await;
    drop(node);
    let (node, provider) = start_with(kept_in(folder.path())).await;
    assert_eq!(
        rpc(&provider, "evm_revert", json!([snapshot])).await.unwrap(),
        json!(true)
    );
    assert_eq!(provider.get_balance(STRANGER).await.unwrap(), U256::from(1));
    send(&provider, transfer(5)).await;
    let before = seen(&provider).await;
    drop(node);
    let (_node, provider) = start_with(kept_in(folder.path())).await;
    assert_eq!(seen(&provider).await, before);
}

#[tokio::test]
async fn a_torn_last_line_is_left_out_and_damage_before_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (node, provider) = start_with(kept_in(folder.path())).await;
    send(&provider, transfer(1)).await;
    let before = seen(&provider).await;
    drop(node);
    let path = folder.path().join("chain.jsonl");
    let whole = fs::read(&path).unwrap();
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(br#"{"record":"block","timest"#).unwrap();
    drop(file);
    let (node, provider) = start_with(kept_in(folder.path())).await;
    assert_eq!(seen(&provider).await, before);
    assert_eq!(fs::read(&path).unwrap(), whole);
    drop(node);

    let text = String::from_utf8(whole).unwrap();
    fs::write(
        &path,
        text.replacen("\"record\":\"block\"", "\"record\":\"blocks\"", 1),
    )
    .unwrap();
    assert!(matches!(
        refusal(kept_in(folder.path())).await,
        JournalError::Damaged { line: 2, .. }
    ));
    // Another state under the same block: its transaction cannot be paid.
    let poorer = text.replacen("\"dev_balance_ether\":10000", "\"dev_balance_ether\":0", 1);
    fs::write(&path, poorer).unwrap();
    let config = Config {
        dev_balance_ether: 0,
        ..kept_in(folder.path())
    };
    assert!(matches!(
        refusal(config).await,
        JournalError::Replay { line: 2, .. }
    ));
}

#[tokio::test]
async fn a_block_that_replays_to_another_hash_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (node, provider) = start_with(kept_in(folder.path())).await;
    send(&provider, transfer(1)).await;
    send(&provider, transfer(2)).await;
    drop(node);
    let path = folder.path().join("chain.jsonl");
    let whole = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<Value> = whole
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let newest = hash_of(&lines[2]);
    let write = |lines: &[Value]| {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(&path, text).unwrap();
    };
    write(&lines);
    let (node, provider) = start_with(kept_in(folder.path())).await;
    let block = provider.get_block_by_number(2.into()).await.unwrap().unwrap();
    assert_eq!(block.header.hash, newest, "as written by the test it replays");
    drop(node);

    let told = |error: JournalError, line: usize| match error {
        JournalError::Replay {
            line: found, reason, ..
        } => {
            assert_eq!(found, line, "{reason}");
            assert!(reason.contains("comes out as"), "{reason}");
        }
        other => panic!("{other:?}"),
    };
    lines[2]["hash"] = json!(B256::repeat_byte(7));
    write(&lines);
    told(refusal(kept_in(folder.path())).await, 3);
    // A field that executes as well, but that the hash is of.
    lines[2]["hash"] = json!(newest);
    lines[1]["timestamp_secs"] = json!(lines[1]["timestamp_secs"].as_u64().unwrap() + 1);
    write(&lines);
    told(refusal(kept_in(folder.path())).await, 2);
}

fn hash_of(record: &Value) -> B256 {
    serde_json::from_value(record["hash"].clone()).unwrap()
}

#[tokio::test]
async fn another_process_or_another_chain_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (node, _) = start_with(kept_in(folder.path())).await;
    assert!(matches!(
        refusal(kept_in(folder.path())).await,
        JournalError::Locked { .. }
    ));
    node.shutdown().await;
    let other = Config {
        chain_id: 1337,
        ..kept_in(folder.path())
    };
    let error = refusal(other).await;
    assert!(
        matches!(
            error,
            JournalError::Parameter {
                name: "chain id",
                found: 31_337,
                asked: 1337
            }
        ),
        "{error:?}"
    );
}
