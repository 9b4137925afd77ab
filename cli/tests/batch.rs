//! `ashlar batch` through the binary: what an operator does with batches that do not move.

use std::process::{Command, Output};

use alloy::{
    network::EthereumWallet,
    primitives::{Bytes, U256},
    providers::ProviderBuilder,
    signers::local::PrivateKeySigner,
};
use ashlar_contracts::{CommitData, DeployConfig, Rollup, deploy, generated_verifier};
use ashlar_devnet::DEV_ACCOUNTS;

fn ashlar(arguments: &[&str], operator: usize) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ashlar"))
        .env("ASHLAR_LOG", "warn")
        .env(
            "ASHLAR_OPERATOR_KEY",
            alloy::hex::encode(DEV_ACCOUNTS[operator].secret_key),
        )
        .arg("batch")
        .args(arguments)
        .output()
        .expect("the binary runs")
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_committed_batch_is_reverted_by_the_operator_alone() {
    let node = ashlar_devnet::serve(([127, 0, 0, 1], 0).into(), Default::default())
        .await
        .expect("devnet starts");
    let signer = PrivateKeySigner::from_bytes(&DEV_ACCOUNTS[0].secret_key).expect("a key");
    let operator = signer.address();
    let provider = ProviderBuilder::new()
        .with_simple_nonce_management()
        .wallet(EthereumWallet::from(signer))
        .connect_http(node.url().parse().expect("URL"));
    let verifier = generated_verifier().expect("committed artifact");
    let config = DeployConfig::new(verifier.creation_code, verifier.route, U256::from(1), operator);
    let rollup = deploy(&provider, config).await.expect("deploys").rollup;
    let contract = Rollup::new(rollup, &provider);
    for number in 1..=2 {
        let batch = CommitData {
            number,
            time: 0,
            newRoot: U256::from(1 + number),
            dataHash: U256::from(number),
            feeAccount: 0,
            bridge: Bytes::new(),
            rollup: Bytes::new(),
        };
        let sent = contract.commitBatch(batch).send().await.expect("taken");
        assert!(sent.get_receipt().await.expect("mined").status());
    }
    let (url, rollup) = (node.url(), rollup.to_string());
    let revert = |from: &'static str, operator| {
        let (url, rollup) = (url.clone(), rollup.clone());
        let run = move || {
            ashlar(
                &["revert", "--from", from, "--l1-rpc", &url, "--rollup", &rollup],
                operator,
            )
        };
        tokio::task::spawn_blocking(run)
    };
    let output = revert("3", 0).await.expect("ran");
    assert!(
        errors(&output).contains("batch 3 is not committed"),
        "{}",
        errors(&output)
    );
    let output = revert("2", 5).await.expect("ran");
    assert!(
        errors(&output).contains("CallerNotOperator"),
        "{}",
        errors(&output)
    );
    assert_eq!(contract.committedBatches().call().await.expect("call"), 2);
    let output = revert("2", 0).await.expect("ran");
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(contract.committedBatches().call().await.expect("call"), 1);
}

#[test]
fn only_a_database_that_is_there_is_unsealed() {
    let folder = tempfile::tempdir().expect("folder");
    let data_dir = folder.path().to_str().expect("text");
    let output = ashlar(&["unseal", "--data-dir", data_dir, "--from", "1"], 0);
    assert!(
        errors(&output).contains("no state database"),
        "{}",
        errors(&output)
    );
    assert_eq!(
        std::fs::read_dir(data_dir).expect("folder").count(),
        0,
        "none was made"
    );
    drop(ashlar_sequencer::store::Store::open(&folder.path().join("state.redb")).expect("database"));
    let output = ashlar(&["unseal", "--data-dir", data_dir, "--from", "1"], 0);
    assert!(
        errors(&output).contains("batch 1 is not sealed"),
        "{}",
        errors(&output)
    );
    let output = ashlar(&["unseal", "--data-dir", data_dir, "--from-queue-index", "0"], 0);
    assert!(output.status.success(), "{}", errors(&output));
}
