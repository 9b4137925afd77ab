//! L1 is the truth about batches.

use alloy::sol_types::SolValue;
use ashlar_contracts::BatchHeader;
use ashlar_sequencer::{l1::L1Error, pipeline::SettleError, store::BatchStatus};

use super::support::{Guard, L1, Node, key, l1, until};

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
    let inputs = batch.public_inputs().expect("24 elements");
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
