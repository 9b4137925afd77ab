//! L1 is the truth about batches.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use alloy::sol_types::{SolCall, SolError, SolValue};
use ashlar_contracts::{BatchHeader, Rollup};
use ashlar_sequencer::{
    l1::{Finality, L1Client, L1Error},
    pipeline::SettleError,
    store::BatchStatus,
};
use axum::http::StatusCode;
use serde_json::json;

use super::{
    proxy::{Answer, Proxy, calls},
    support::{Guard, L1, Node, key, l1, operator_key, until},
};

/// Two deposits make batch 1.
pub async fn with_one_batch(guard: Guard, folder: &tempfile::TempDir) -> (L1, Node) {
    let l1 = l1(guard).await;
    let node = Node::start(folder.path(), l1.client(&[&l1.endpoint]).await, l1.rollup, 2).await;
    seal(&l1, &node, 1).await;
    (l1, node)
}

/// Deposits until this batch is sealed.
pub async fn seal(l1: &L1, node: &Node, number: u64) {
    for name in ["a", "b"] {
        l1.deposit(&key(&format!("{name}{number}"))).await;
    }
    until("the batch is sealed", async || {
        node.store.next_batch().expect("database") > number
    })
    .await;
}

pub fn is(status: BatchStatus, number: u64) -> impl FnMut(&ashlar_sequencer::store::Store) -> bool {
    move |store| store.batch(number).expect("database").expect("sealed").status == status
}

async fn revert(l1: &L1, node: &Node, number: u64) {
    let header = node.batch(number).header.expect("committed");
    let header = BatchHeader::abi_decode(&header).expect("a header");
    let contract = l1.contract(0);
    let receipt = contract.revertBatches(header).send().await.expect("sent");
    assert!(receipt.get_receipt().await.expect("mined").status());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_committed_and_proven_once_and_taken_over_after_a_crash() {
    let folder = tempfile::tempdir().expect("folder");
    let (l1, mut node) = with_one_batch(Guard::AcceptsAll, &folder).await;
    let errors = node
        .settle_until("the commit", is(BatchStatus::Committed, 1))
        .await;
    assert!(errors.is_empty(), "{errors:?}");
    let committed = node.batch(1);
    assert!(
        committed
            .commit
            .as_ref()
            .is_some_and(|receipt| receipt.gas_used > 21_000)
    );

    // A crash after the transaction was sent and before its inclusion was noted: nothing is sent again.
    node.store
        .update_batch(1, |batch| {
            (batch.status, batch.header, batch.commit) = (BatchStatus::Sealed, None, None)
        })
        .expect("database");
    node.restart_settlement();
    let nonce = nonce(&l1).await;
    node.settle_until("the commit is found", is(BatchStatus::Committed, 1))
        .await;
    assert_eq!(nonce, self::nonce(&l1).await);
    let again = node.batch(1);
    assert_eq!(
        (&again.header, &again.commit),
        (&committed.header, &committed.commit)
    );

    node.store.put_snark(1, &l1.no_snark()).expect("database");
    node.settle_until("the proof", is(BatchStatus::Proven, 1)).await;
    assert!(node.batch(1).prove.is_some());
    node.settle_until("finality", |store| store.final_batch().expect("database") == 1)
        .await;
    assert_eq!(l1.contract(1).provenBatches().call().await.expect("call"), 1);
    node.stop().await;
}

pub async fn nonce(l1: &L1) -> u64 {
    use alloy::providers::Provider;
    let node = super::support::provider(&l1.endpoint, 1);
    let operator = super::support::signer(0).address();
    node.get_transaction_count(operator).await.expect("answers")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_was_taken_back_is_made_again() {
    let folder = tempfile::tempdir().expect("folder");
    let (l1, mut node) = with_one_batch(Guard::AcceptsAll, &folder).await;
    node.settle_until("the commit", is(BatchStatus::Committed, 1))
        .await;
    seal(&l1, &node, 2).await;
    node.settle_until("the second commit", is(BatchStatus::Committed, 2))
        .await;
    revert(&l1, &node, 1).await;
    assert_eq!(l1.contract(1).committedBatches().call().await.expect("call"), 0);
    node.store.put_snark(1, &l1.no_snark()).expect("database");
    node.settle_until(
        "the proof of the batch committed anew",
        is(BatchStatus::Proven, 1),
    )
    .await;
    node.settle_until("the second commit, again", is(BatchStatus::Committed, 2))
        .await;
    assert_eq!(l1.contract(1).committedBatches().call().await.expect("call"), 2);
    // Also when the sequencer was not running while it happened.
    revert(&l1, &node, 2).await;
    node.restart_settlement();
    node.settle_until("the second commit is seen to be gone", is(BatchStatus::Sealed, 2))
        .await;
    node.settle_until("the second commit, a third time", is(BatchStatus::Committed, 2))
        .await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snark_that_l1_refuses_holds_up_no_other_batch_and_is_asked_for_again() {
    let folder = tempfile::tempdir().expect("folder");
    let (l1, mut node) = with_one_batch(Guard::Real, &folder).await;
    node.settle_until("the commit", is(BatchStatus::Committed, 1))
        .await;
    node.store.put_snark(1, &l1.no_snark()).expect("database");
    let errors = node
        .settle_until("the refusal", |store| store.snark(1).expect("database").is_none())
        .await;
    assert!(
        matches!(
            errors.as_slice(),
            [SettleError::L1(L1Error::Reverted {
                call: "proveBatch",
                by_verifier: true,
                ..
            })]
        ),
        "{errors:?}"
    );
    let failure = node.batch(1).failure.expect("noted");
    assert!(
        failure.contains("InstanceOutOfRange") || failure.contains("ProofInvalid"),
        "{failure}"
    );

    // What is no SNARK at all is not sent either.
    seal(&l1, &node, 2).await;
    let errors = node
        .settle_until("the second commit", is(BatchStatus::Committed, 2))
        .await;
    assert!(
        errors.is_empty(),
        "no nonce was used up by the refusal: {errors:?}"
    );
    assert_eq!(l1.contract(1).provenBatches().call().await.expect("call"), 0);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_snark_are_not_sent() {
    let folder = tempfile::tempdir().expect("folder");
    let (l1, mut node) = with_one_batch(Guard::AcceptsAll, &folder).await;
    node.settle_until("the commit", is(BatchStatus::Committed, 1))
        .await;
    node.store.put_snark(1, &l1.no_snark()[1..]).expect("database");
    let nonce = nonce(&l1).await;
    let errors = node
        .settle_until("the refusal", |store| store.snark(1).expect("database").is_none())
        .await;
    assert!(
        matches!(errors.as_slice(), [SettleError::Snark { number: 1, .. }]),
        "{errors:?}"
    );
    assert_eq!(nonce, self::nonce(&l1).await);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_batch_under_our_number_is_an_error_that_names_both() {
    let folder = tempfile::tempdir().expect("folder");
    let (l1, mut node) = with_one_batch(Guard::AcceptsAll, &folder).await;
    node.settle_until("the commit", is(BatchStatus::Committed, 1))
        .await;
    seal(&l1, &node, 2).await;
    // The same state under another data hash, as another version of the program might commit it.
    let batch = node.batch(2);
    let inputs = batch.public_inputs().expect("27 elements");
    let foreign = ashlar_contracts::CommitData {
        number: 2,
        time: inputs.time() as u32,
        newRoot: ashlar_contracts::encoding::hash_to_word(inputs.new_root),
        dataHash: ashlar_contracts::encoding::hash_to_word([1, 2, 3, 4]),
        feeAccount: 0,
        bridge: batch.bridge.clone().into(),
        rollup: batch.rollup.clone().into(),
    };
    let contract = l1.contract(0);
    let sent = contract.commitBatch(foreign).send().await.expect("sent");
    assert!(sent.get_receipt().await.expect("mined").status());
    let error = node.settlement.advance().await.expect_err("not ours");
    assert!(
        matches!(error, SettleError::Diverged { number: 2, .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("revert"), "{error}");
    node.stop().await;
}

/// A node with a batch that is committed, and another that is sealed and has its proof; nothing is final before two blocks
/// are on top.
async fn behind(proxy: &Proxy, l1: &L1, folder: &tempfile::TempDir) -> Node {
    let mut settings = l1.settings(&[&proxy.url]);
    settings.finality = Finality::Depth(2);
    let client = L1Client::connect(settings, l1.rollup.into_array(), operator_key()).await;
    let mut node = Node::start(folder.path(), client.expect("connects"), l1.rollup, 1).await;
    for number in 1..=2 {
        l1.deposit(&key(&format!("{number}"))).await;
        l1.mine(2).await;
        until("the batch is sealed", async || {
            node.store.next_batch().expect("database") > number
        })
        .await;
        if number == 1 {
            node.settle_until("the commit", is(BatchStatus::Committed, 1))
                .await;
        }
    }
    node.store.put_snark(2, &l1.no_snark()).expect("database");
    node
}

/// A node that is making a block answers for the one before as if it were made (anvil does), and later as if it were not.
async fn a_state_that_is_not_there_yet<C: SolCall>(claimed: u64) {
    let l1 = l1(Guard::AcceptsAll).await;
    let lies = Arc::new(AtomicBool::new(false));
    let proxy = Proxy::start(&l1.endpoint, {
        let lies = lies.clone();
        move |method, params| match calls::<C>(method, params) && lies.swap(false, Ordering::Relaxed) {
            true => Answer::Result(json!(format!("0x{claimed:064x}"))),
            false => Answer::Forward,
        }
    })
    .await;
    let folder = tempfile::tempdir().expect("folder");
    let mut node = behind(&proxy, &l1, &folder).await;
    let mut told = None;
    // The watcher asks the same node, and may be the one that is lied to.
    until("settlement is lied to", async || {
        lies.store(true, Ordering::Relaxed);
        told = node.settlement.advance().await.err();
        told.is_some()
    })
    .await;
    let error = told.expect("it is not there");
    assert!(
        matches!(error, SettleError::L1(L1Error::Moved { .. })),
        "{error:?}"
    );
    assert!(!lies.load(Ordering::Relaxed), "the lie was told");
    assert_eq!(node.batch(2).failure, None);
    assert!(node.store.snark(2).expect("database").is_some());
    node.store.put_snark(1, &l1.no_snark()).expect("database");
    let errors = node.settle_until("both proofs", is(BatchStatus::Proven, 2)).await;
    assert!(errors.is_empty(), "{errors:?}");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_in_another_state_than_the_one_that_was_read_holds_up_nothing() {
    a_state_that_is_not_there_yet::<Rollup::provenBatchesCall>(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_l1_does_not_hold_yet_is_not_another_s() {
    a_state_that_is_not_there_yet::<Rollup::committedBatchesCall>(2).await;
}

/// Whatever made the rollup refuse: another proof would not help.
#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_the_rollup_refuses_for_another_reason_is_kept() {
    let l1 = l1(Guard::AcceptsAll).await;
    let proxy = Proxy::start(&l1.endpoint, |method, params| {
        if calls::<Rollup::proveBatchCall>(method, params) {
            return Answer::Revert(Rollup::ReentrantCall {}.abi_encode());
        }
        Answer::Forward
    })
    .await;
    let folder = tempfile::tempdir().expect("folder");
    let mut node = behind(&proxy, &l1, &folder).await;
    node.store.put_snark(1, &l1.no_snark()).expect("database");
    let error = node.settlement.advance().await.expect_err("refused");
    assert!(
        matches!(
            &error,
            SettleError::L1(L1Error::Reverted {
                call: "proveBatch",
                by_verifier: false,
                ..
            })
        ),
        "{error:?}"
    );
    assert!(node.batch(1).failure.is_some(), "it is told");
    assert!(node.store.snark(1).expect("database").is_some());
    node.settlement
        .advance()
        .await
        .expect("it pauses, and the next is committed");
    proxy.heal();
    node.restart_settlement();
    node.settle_until("both proofs", is(BatchStatus::Proven, 2)).await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_lags_behind_a_final_proof_takes_no_batch_back() {
    let l1 = l1(Guard::AcceptsAll).await;
    let proxy = Proxy::start(&l1.endpoint, |_, _| Answer::Forward).await;
    let folder = tempfile::tempdir().expect("folder");
    let mut node = behind(&proxy, &l1, &folder).await;
    let before = l1
        .client(&[&l1.endpoint])
        .await
        .head()
        .await
        .expect("answers")
        .number;
    node.store.put_snark(1, &l1.no_snark()).expect("database");
    node.settle_until("both proofs", is(BatchStatus::Proven, 2)).await;
    l1.mine(2).await;
    let all_final = |store: &ashlar_sequencer::store::Store| store.final_batch().expect("database") == 2;
    node.settle_until("finality", all_final).await;
    let proven = node.batch(2);

    // Also when it is the first thing that a new process hears.
    for is_restarted in [false, true] {
        if is_restarted {
            node.restart_settlement();
        }
        proxy.answer(move |method, _| match method {
            "eth_blockNumber" => Answer::Result(json!(format!("{before:#x}"))),
            _ => Answer::Forward,
        });
        let error = node.settlement.advance().await.expect_err("it is behind");
        assert!(
            matches!(error, SettleError::L1(L1Error::Behind { head, .. }) if head == before),
            "{error:?}"
        );
        assert!(all_final(&node.store));
        assert_eq!(node.batch(2), proven);
        proxy.heal();
        node.settlement.advance().await.expect("the same as before");
    }
    node.stop().await;
}

/// A look at L1 takes many requests; if one that fails ended it, this one would never come to its end.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_loses_two_requests_out_of_three_holds_up_nothing() {
    let l1 = l1(Guard::AcceptsAll).await;
    let mut asked = HashMap::<String, u32>::new();
    let proxy = Proxy::start(&l1.endpoint, move |method, params| {
        let times = asked.entry(format!("{method} {params}")).or_default();
        *times += 1;
        match *times % 3 {
            1 => Answer::Http(StatusCode::TOO_MANY_REQUESTS),
            2 => Answer::Cut,
            _ => Answer::Forward,
        }
    })
    .await;
    let folder = tempfile::tempdir().expect("folder");
    let mut node = Node::start(folder.path(), l1.client(&[&l1.endpoint]).await, l1.rollup, 2).await;
    seal(&l1, &node, 1).await;
    node.settlement.l1 = l1.client(&[&proxy.url]).await; // who asks the same at once shares the losses
    node.store.put_snark(1, &l1.no_snark()).expect("database");
    let errors = node.settle_until("the proof", is(BatchStatus::Proven, 1)).await;
    assert!(errors.is_empty(), "{errors:?}");
    node.stop().await;
}
