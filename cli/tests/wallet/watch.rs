//! An eye on the operator.

use alloy::providers::Provider;
use ashlar_contracts::CommitData;

use super::{
    money::{alice, store_deployment},
    refused, said,
    support::{Rollup, signer},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_look_ends_well_while_all_is_right_and_not_when_a_batch_cannot_be_proven_or_the_queue_waits() {
    let mut rollup = Rollup::start(1_000).await;
    let folder = tempfile::tempdir().expect("a folder");
    let deployment = store_deployment(&rollup, folder.path());
    rollup.fund(&[0]).await;
    let client = rollup.client().await;
    client
        .wait_for_l1_operation(0, ashlar_client::Milestone::Committed, super::support::LIMIT)
        .await
        .expect("committed");
    let l1 = rollup.l1(0).await;
    let signatures = ["watch", "--once", "--signatures"];
    let text = said(&alice(&rollup, &deployment).run(&signatures));
    assert!(text.contains("batch 1: its payments were signed"), "{text}");
    rollup.stop_sequencer().await;
    let user = alice(&rollup, &deployment);
    let last = l1.state().await.expect("asks").committed_batches;
    let output = user.run(&signatures);
    let error = refused(&output);
    assert!(
        error.contains("whether its payments were signed is not known"),
        "{error}"
    );
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("NOT KNOWN") && text.contains("its data lead to its root"),
        "{text}"
    );

    let once = ["watch", "--once"];
    let text = said(&user.run(&once));
    for part in [
        format!("batch {last}: committed; its data lead to its root"),
        "operation 0 waits for its proof".to_owned(),
        format!("all is right up to batch {last}"),
    ] {
        assert!(text.contains(&part), "{part} is not in {text}");
    }
    let week = (8 * 86_400).to_string();
    let error = refused(&user.run(&["watch", "--once", "--warn-below-secs", &week]));
    assert!(error.contains("the operator is late"), "{error}");

    let header = l1.committed_batch(last).await.expect("committed").header;
    let lie = CommitData {
        number: last + 1,
        time: header.time,
        newRoot: header.oldRoot,
        dataHash: header.dataHash,
        feeAccount: 0,
        bridge: Default::default(),
        rollup: Default::default(),
    };
    let sent = l1.contract().commitBatch(lie).send().await.expect("sent");
    assert!(sent.get_receipt().await.expect("mined").status());
    let output = user.run(&once);
    let error = refused(&output);
    assert!(
        error.contains(&format!("batch {} cannot be proven", last + 1)),
        "{error}"
    );
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("WRONG") && text.contains("its data lead to root"),
        "{text}"
    );

    // With a key it does more than look.
    let provider = l1.contract().provider();
    let later: serde_json::Value = provider
        .raw_request("evm_increaseTime".into(), [8 * 86_400])
        .await
        .expect("moves the clock");
    let mined: serde_json::Value = provider.raw_request("evm_mine".into(), ()).await.expect("mines");
    println!("{later} {mined}");
    let error = refused(&user.run(&once));
    assert!(error.contains("cannot be proven"), "{error}");
    let entering = tokio::task::spawn_blocking({
        let (sequencer, endpoint) = (rollup.url(), rollup.endpoint.clone());
        let key = hex::encode(signer(1).to_bytes());
        move || {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_ashlar"));
            command
                .args([
                    "watch",
                    "--enter-exit-mode",
                    "--every-secs",
                    "1",
                    "--sequencer",
                    &sequencer,
                ])
                .args(["--l1-rpc", &endpoint, "--deployment", &deployment])
                .env("ASHLAR_ETHEREUM_KEY", key)
                .stdout(std::process::Stdio::null());
            command.spawn().expect("runs")
        }
    });
    let mut watching = entering.await.expect("starts");
    let end = std::time::Instant::now() + super::support::LIMIT;
    while !l1.contract().exitMode().call().await.expect("answers") {
        assert!(std::time::Instant::now() < end, "exit mode is not entered");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    watching.kill().expect("it runs on");
    watching.wait().expect("ends");
    // What was committed and not proven is taken back with it.
    let text = String::from_utf8_lossy(&user.run(&once).stdout).into_owned();
    assert!(text.contains("EXIT MODE") && !text.contains("WRONG"), "{text}");
}
