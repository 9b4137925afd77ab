//! Bonds and challenges by hand.

use alloy::providers::Provider;
use ashlar_client::Milestone;
use ashlar_contracts::OptimisticTerms;

use super::{
    ashlar,
    money::store_deployment,
    refused, said,
    support::{LIMIT, Rollup, Terms, signer},
};

const TERMS: OptimisticTerms = OptimisticTerms {
    window_secs: 7_200,
    answer_secs: 600,
    operator_bond_wei: 2_000_000_000_000_000_000,
    challenge_bond_wei: 500_000_000_000_000_000,
};

/// Runs `ashlar bond` with the key of an account of the devnet.
fn bond(rollup: &Rollup, deployment: &str, account: usize, arguments: &[&str]) -> std::process::Output {
    let links = [
        "--sequencer",
        &rollup.url(),
        "--l1-rpc",
        &rollup.endpoint,
        "--deployment",
        deployment,
    ];
    let key = alloy::hex::encode(signer(account).to_bytes());
    let arguments = [&["bond"], arguments, &links].concat();
    // The sequencer runs in this process: other threads must go on while the command waits.
    tokio::task::block_in_place(|| ashlar(&arguments, &[("ASHLAR_ETHEREUM_KEY", &key)]))
}

pub async fn pass(rollup: &Rollup, secs: u64) {
    let l1 = rollup.l1(0).await;
    let provider = l1.contract().provider();
    let moved = provider.raw_request::<_, serde_json::Value>("evm_increaseTime".into(), [secs]);
    moved.await.expect("moves the clock");
    let mined = provider.raw_request::<_, serde_json::Value>("evm_mine".into(), ());
    mined.await.expect("mines");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_challenge_is_not_answered_is_taken_back_and_both_bonds_are_the_challenger_s() {
    let terms = Terms {
        optimistic: Some(TERMS),
        ..Terms::default()
    };
    let mut rollup = Rollup::start_with(1_000, terms).await;
    let folder = tempfile::tempdir().expect("a folder");
    let deployment = store_deployment(&rollup, folder.path());
    let (operator, doubter) = (0, 5);
    let show = |rollup: &Rollup| said(&bond(rollup, &deployment, operator, &["show"]));

    let text = show(&rollup);
    assert!(text.contains("2.000000000000000000 ETH is NOT there"), "{text}");
    let posted = said(&bond(&rollup, &deployment, operator, &["post"]));
    assert!(posted.contains("is posted"), "{posted}");
    let again = refused(&bond(&rollup, &deployment, operator, &["post"]));
    assert!(again.contains("there already"), "{again}");

    rollup.fund(&[1]).await;
    let client = rollup.client().await;
    client
        .wait_for_l1_operation(0, Milestone::Committed, LIMIT)
        .await
        .expect("committed");
    rollup.stop_sequencer().await;
    let text = show(&rollup);
    assert!(
        text.contains("bond of 2.000000000000000000 ETH is there")
            && text.contains("batch 1: can be challenged for"),
        "{text}"
    );
    let busy = refused(&bond(&rollup, &deployment, operator, &["withdraw"]));
    assert!(busy.contains("withdrawBond"), "{busy}");
    let none = refused(&bond(&rollup, &deployment, doubter, &["challenge", "2"]));
    assert!(
        none.contains("batch 2 is not committed: the last one is 1"),
        "{none}"
    );
    let early = refused(&bond(&rollup, &deployment, doubter, &["take-back", "1"]));
    assert!(early.contains("has no challenge"), "{early}");

    let text = said(&bond(&rollup, &deployment, doubter, &["challenge", "1"]));
    assert!(text.contains("batch 1: challenged, with a bond of 0.5"), "{text}");
    let twice = refused(&bond(&rollup, &deployment, doubter, &["challenge", "1"]));
    assert!(twice.contains("challenged already"), "{twice}");
    let early = refused(&bond(&rollup, &deployment, doubter, &["take-back", "1"]));
    assert!(early.contains("may still be proven"), "{early}");
    assert!(show(&rollup).contains("batch 1: challenged by"));

    pass(&rollup, TERMS.answer_secs + 60).await;
    assert!(show(&rollup).contains("`ashlar bond take-back 1`"));
    let text = said(&bond(&rollup, &deployment, doubter, &["take-back", "1"]));
    assert!(text.contains("taken back"), "{text}");
    let text = said(&bond(&rollup, &deployment, doubter, &["collect"]));
    let address = signer(doubter).address();
    assert!(
        text.contains(&format!("2.500000000000000000 ETH are paid to {address}")),
        "{text}"
    );
    let nothing = refused(&bond(&rollup, &deployment, doubter, &["collect"]));
    assert!(nothing.contains("nothing is due"), "{nothing}");
    assert!(show(&rollup).contains("is NOT there"), "the bond was lost");

    // Another bond, which nobody has a claim to, is his again.
    said(&bond(&rollup, &deployment, operator, &["post"]));
    let text = said(&bond(&rollup, &deployment, operator, &["withdraw"]));
    assert!(text.contains("2.000000000000000000 ETH are paid to"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ordinary_rollup_has_no_bonds() {
    let rollup = Rollup::start(1_000).await;
    let folder = tempfile::tempdir().expect("a folder");
    let deployment = store_deployment(&rollup, folder.path());
    let error = refused(&bond(&rollup, &deployment, 1, &["challenge", "1"]));
    assert!(error.contains("final by proof alone"), "{error}");
}
