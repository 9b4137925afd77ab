//! A batch whose proof is there before its commit goes to L1 by one transaction.

use std::sync::{Arc, Mutex};

use alloy::{
    consensus::{Transaction, TxEnvelope},
    eips::eip2718::Decodable2718,
    providers::Provider,
    sol_types::SolCall,
};
use ashlar_contracts::{Rollup, VerifierRouter};
use ashlar_sequencer::{
    config::CommitWhen,
    l1::{Finality, L1Client, L1Error},
    pipeline::SettleError,
    store::{BatchStatus, Store},
};
use serde_json::{Value, json};

use super::{
    follow::{is, nonce, seal, with_one_batch},
    proxy::{Answer, Proxy},
    support::{Guard, L1, Node, key, l1, operator_key, provider, until},
};

fn prove(l1: &L1, node: &Node, number: u64) {
    node.store.put_snark(number, &l1.no_snark()).expect("database");
}

/// Looks at L1 so often that whatever is to be sent is sent.
async fn look(node: &mut Node) {
    for _ in 0..10 {
        node.settlement.advance().await.expect("nothing is refused");
    }
}

fn has_no_snark(store: &Store) -> bool {
    store.snark(1).expect("database").is_none()
}

/// A node with one sealed batch, to which nothing is final before two blocks are on top.
async fn patient(l1: &L1, folder: &tempfile::TempDir) -> Node {
    let mut settings = l1.settings(&[&l1.endpoint]);
    settings.finality = Finality::Depth(2);
    let client = L1Client::connect(settings, l1.rollup.into_array(), operator_key()).await;
    let node = Node::start(folder.path(), client.expect("connects"), l1.rollup, 1).await;
    l1.deposit(&key("a")).await;
    l1.mine(2).await;
    until("the batch is sealed", async || {
        node.store.next_batch().expect("database") == 2
    })
    .await;
    node
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_is_there_first_goes_with_the_commit() {
    let folder = tempfile::tempdir().expect("folder");
    let l1 = l1(Guard::AcceptsAll).await;
    let mut node = patient(&l1, &folder).await;
    prove(&l1, &node, 1);
    let before = nonce(&l1).await;
    let errors = node.settle_until("the proof", is(BatchStatus::Proven, 1)).await;
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(nonce(&l1).await, before + 1, "one transaction");
    let proven = node.batch(1);
    assert!(
        proven.commit.is_some() && proven.commit == proven.prove,
        "{proven:?}"
    );
    let steps: Vec<_> = proven.steps.iter().map(|step| step.name.as_str()).collect();
    assert!(
        steps.contains(&"settle") && !steps.contains(&"commit"),
        "{steps:?}"
    );

    // A crash after it was sent and before its inclusion was noted: nothing is sent again, and its receipt is found.
    node.store
        .update_batch(1, |batch| {
            batch.status = BatchStatus::Sealed;
            (batch.header, batch.commit, batch.prove) = (None, None, None);
        })
        .expect("database");
    node.restart_settlement();
    node.settle_until("the proof is found", is(BatchStatus::Proven, 1))
        .await;
    let found = node.batch(1);
    assert_eq!(
        (&found.header, &found.commit, &found.prove),
        (&proven.header, &proven.commit, &proven.prove)
    );
    assert_eq!(nonce(&l1).await, before + 1);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_waits_for_its_proof_only_where_that_is_set() {
    let folder = tempfile::tempdir().expect("folder");
    let (l1, mut node) = with_one_batch(Guard::AcceptsAll, &folder).await;
    node.settlement.commit_when = CommitWhen::WithProof;
    let before = nonce(&l1).await;
    look(&mut node).await;
    assert_eq!(
        (nonce(&l1).await, node.batch(1).status),
        (before, BatchStatus::Sealed)
    );
    // The proof of a later batch does not bring it there.
    seal(&l1, &node, 2).await;
    prove(&l1, &node, 2);
    look(&mut node).await;
    assert_eq!(nonce(&l1).await, before);
    prove(&l1, &node, 1);
    node.settle_until("both proofs", is(BatchStatus::Proven, 2)).await;
    assert_eq!(nonce(&l1).await, before + 2);

    // At once, the next is committed while its proof is made, and proven by a second transaction.
    node.settlement.commit_when = CommitWhen::AtOnce;
    seal(&l1, &node, 3).await;
    node.settle_until("the commit", is(BatchStatus::Committed, 3))
        .await;
    prove(&l1, &node, 3);
    node.settle_until("the proof", is(BatchStatus::Proven, 3)).await;
    assert_eq!(nonce(&l1).await, before + 4);
    let batch = node.batch(3);
    assert!(batch.commit.is_some() && batch.prove.is_some() && batch.commit != batch.prove);

    // Committed before the setting was changed: its proof goes alone, and the next one waits for that.
    seal(&l1, &node, 4).await;
    node.settle_until("the commit", is(BatchStatus::Committed, 4))
        .await;
    node.settlement.commit_when = CommitWhen::WithProof;
    seal(&l1, &node, 5).await;
    prove(&l1, &node, 5);
    look(&mut node).await;
    assert_eq!(nonce(&l1).await, before + 5);
    prove(&l1, &node, 4);
    node.settle_until("the proof", is(BatchStatus::Proven, 5)).await;
    assert_eq!(nonce(&l1).await, before + 7);
    assert_ne!(node.batch(4).commit, node.batch(4).prove);
    assert_eq!(node.batch(5).commit, node.batch(5).prove);
    node.stop().await;
}

/// By receipts, of batches alike: the first is left out, for it fills slots of the contract that were empty.
#[tokio::test(flavor = "multi_thread")]
async fn one_transaction_costs_less_than_two_by_more_than_what_any_transaction_costs() {
    let folder = tempfile::tempdir().expect("folder");
    let (l1, mut node) = with_one_batch(Guard::AcceptsAll, &folder).await;
    prove(&l1, &node, 1);
    node.settle_until("the first", is(BatchStatus::Proven, 1)).await;
    seal(&l1, &node, 2).await;
    node.settle_until("the commit", is(BatchStatus::Committed, 2))
        .await;
    prove(&l1, &node, 2);
    node.settle_until("the proof", is(BatchStatus::Proven, 2)).await;
    node.settlement.commit_when = CommitWhen::WithProof;
    seal(&l1, &node, 3).await;
    prove(&l1, &node, 3);
    node.settle_until("both", is(BatchStatus::Proven, 3)).await;
    let (apart, by_one) = (node.batch(2), node.batch(3));
    let gas = |receipt: Option<ashlar_sequencer::store::L1Receipt>| receipt.expect("found").gas_used;
    let (commit, prove, both) = (gas(apart.commit), gas(apart.prove), gas(by_one.prove));
    println!("{commit} commit + {prove} prove, {both} both");
    assert!(both + 21_000 < commit + prove, "{commit} + {prove}, {both}");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_proof_holds_up_no_commit_that_is_to_be_made_at_once() {
    let folder = tempfile::tempdir().expect("folder");
    let (l1, mut node) = with_one_batch(Guard::Real, &folder).await;
    prove(&l1, &node, 1);
    let errors = node
        .settle_until("the commit", is(BatchStatus::Committed, 1))
        .await;
    assert!(
        matches!(
            errors.as_slice(),
            [SettleError::L1(L1Error::Reverted {
                call: "commitAndProveBatch",
                by_verifier: true,
                ..
            })]
        ),
        "{errors:?}"
    );
    assert!(has_no_snark(&node.store), "the farm is asked again");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_proof_is_made_again_before_a_commit_that_waits_for_it() {
    let folder = tempfile::tempdir().expect("folder");
    let (l1, mut node) = with_one_batch(Guard::Real, &folder).await;
    node.settlement.commit_when = CommitWhen::WithProof;
    let before = nonce(&l1).await;
    for (snark, is_malformed) in [(l1.no_snark(), false), (l1.no_snark()[1..].to_vec(), true)] {
        node.store.put_snark(1, &snark).expect("database");
        let errors = node.settle_until("the refusal", has_no_snark).await;
        let [error] = errors.as_slice() else {
            panic!("{errors:?}")
        };
        let expected = match is_malformed {
            true => matches!(error, SettleError::Snark { number: 1, .. }),
            false => matches!(
                error,
                SettleError::L1(L1Error::Reverted {
                    by_verifier: true,
                    ..
                })
            ),
        };
        assert!(expected, "{error:?}");
        assert!(node.batch(1).failure.is_some(), "noted");
        // What the farm delivers next is tried after a pause, and nothing is committed meanwhile.
        node.store.put_snark(1, &snark).expect("database");
        look(&mut node).await;
        assert_eq!(
            (nonce(&l1).await, node.batch(1).status),
            (before, BatchStatus::Sealed)
        );
        node.restart_settlement();
        node.settlement.commit_when = CommitWhen::WithProof;
        node.store.drop_snark(1).expect("database");
    }
    node.stop().await;
}

/// Removed from the router, the verifier refuses nothing, for it is not asked: the proof may be right.
#[tokio::test(flavor = "multi_thread")]
async fn where_the_two_are_refused_together_for_another_reason_they_are_sent_apart() {
    let folder = tempfile::tempdir().expect("folder");
    let (l1, mut node) = with_one_batch(Guard::AcceptsAll, &folder).await;
    let contract = l1.contract(0);
    let router = contract.ROUTER().call().await.expect("call");
    let set = contract.circuitSet().call().await.expect("call");
    let removal = VerifierRouter::new(router, contract.provider())
        .remove(set)
        .send()
        .await;
    assert!(
        removal
            .expect("sent")
            .get_receipt()
            .await
            .expect("mined")
            .status()
    );
    node.settlement.commit_when = CommitWhen::WithProof;
    prove(&l1, &node, 1);
    let errors = node
        .settle_until("the commit", is(BatchStatus::Committed, 1))
        .await;
    assert!(
        matches!(
            errors.first(),
            Some(SettleError::L1(L1Error::Reverted {
                call: "commitAndProveBatch",
                by_verifier: false,
                reason,
            })) if reason.contains("RouteNotActive")
        ),
        "{errors:?}"
    );
    node.stop().await;
}

fn transaction(params: &Value) -> TxEnvelope {
    let raw = alloy::hex::decode(params[0].as_str().expect("bytes")).expect("hexadecimal");
    TxEnvelope::decode_2718(&mut raw.as_slice()).expect("a transaction")
}

/// A node that says that it has every transaction, and includes none until it is healed.
async fn losing(l1: &L1) -> (Proxy, Arc<Mutex<Vec<TxEnvelope>>>) {
    let seen: Arc<Mutex<Vec<TxEnvelope>>> = Arc::default();
    let proxy = Proxy::start(&l1.endpoint, {
        let seen = seen.clone();
        move |method, params| {
            if method != "eth_sendRawTransaction" {
                return Answer::Forward;
            }
            let sent = transaction(params);
            let hash = *sent.tx_hash();
            seen.lock().expect("no panic").push(sent);
            Answer::Result(json!(hash))
        }
    })
    .await;
    (proxy, seen)
}

async fn sealed_behind(proxy: &Proxy, l1: &L1, folder: &tempfile::TempDir) -> Node {
    let node = Node::start(folder.path(), l1.client(&[&proxy.url]).await, l1.rollup, 1).await;
    l1.deposit(&key("a")).await;
    until("the batch is sealed", async || {
        node.store.next_batch().expect("database") == 2
    })
    .await;
    node
}

/// Sends until a fee was raised.
async fn until_replaced(node: &mut Node, seen: &Mutex<Vec<TxEnvelope>>) {
    let is_replaced = || {
        let seen = seen.lock().expect("no panic");
        let last = seen.last().expect("sent").max_fee_per_gas();
        seen[0].max_fee_per_gas() < last
    };
    node.settlement.advance().await.expect("sent");
    while !is_replaced() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        node.settlement.advance().await.expect("sent again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_lost_is_replaced_under_its_nonce_and_found_by_its_last_hash() {
    let l1 = l1(Guard::AcceptsAll).await;
    let (proxy, seen) = losing(&l1).await;
    let folder = tempfile::tempdir().expect("folder");
    let mut node = sealed_behind(&proxy, &l1, &folder).await;
    prove(&l1, &node, 1);
    until_replaced(&mut node, &seen).await;
    node.restart_settlement(); // the journal is what remembers it
    node.settlement.advance().await.expect("sent again");
    let sent = seen.lock().expect("no panic").clone();
    let first = &sent[0];
    assert!(
        first
            .input()
            .starts_with(&Rollup::commitAndProveBatchCall::SELECTOR)
    );
    assert!(
        sent.iter()
            .all(|sent| (sent.nonce(), sent.input()) == (first.nonce(), first.input()))
    );
    proxy.heal();
    node.settle_until("the proof", is(BatchStatus::Proven, 1)).await;
    let batch = node.batch(1);
    assert!(batch.commit.is_some() && batch.commit == batch.prove);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_under_way_when_its_proof_comes_stays_the_commit() {
    for then in [CommitWhen::AtOnce, CommitWhen::WithProof] {
        stays_the_commit(then).await;
    }
}

async fn stays_the_commit(then: CommitWhen) {
    let l1 = l1(Guard::AcceptsAll).await;
    let (proxy, seen) = losing(&l1).await;
    let folder = tempfile::tempdir().expect("folder");
    let mut node = sealed_behind(&proxy, &l1, &folder).await;
    node.settlement.advance().await.expect("sent");
    node.settlement.commit_when = then;
    prove(&l1, &node, 1);
    until_replaced(&mut node, &seen).await;
    let sent = seen.lock().expect("no panic").clone();
    let is_commit = |sent: &TxEnvelope| sent.input().starts_with(&Rollup::commitBatchCall::SELECTOR);
    assert!(sent.iter().all(is_commit), "replaced by another call");
    proxy.heal();
    node.settle_until("the proof", is(BatchStatus::Proven, 1)).await;
    let batch = node.batch(1);
    assert!(batch.commit.is_some() && batch.prove.is_some() && batch.commit != batch.prove);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_reorganisation_takes_away_is_sent_again() {
    let l1 = l1(Guard::AcceptsAll).await;
    let folder = tempfile::tempdir().expect("folder");
    let mut node = patient(&l1, &folder).await;
    prove(&l1, &node, 1);
    node.settle_until("the proof", is(BatchStatus::Proven, 1)).await;
    let first = node.batch(1);

    let chain = provider(&l1.endpoint, 1);
    let answer: Result<Value, _> = chain.raw_request("anvil_reorg".into(), (1, json!([]))).await;
    answer.expect("the devnet reorganises");
    assert_eq!(l1.contract(1).provenBatches().call().await.expect("call"), 0);
    // The operator's transaction is back in the pool, or gone.
    node.settle_until("the loss, or the proof again", |store| {
        let batch = store.batch(1).expect("database").expect("sealed");
        batch.status == BatchStatus::Sealed || batch.prove != first.prove
    })
    .await;
    node.settle_until("the proof again", is(BatchStatus::Proven, 1))
        .await;
    let again = node.batch(1);
    assert!(again.commit.is_some() && again.commit == again.prove);
    assert_eq!(again.header, first.header);
    assert_eq!(l1.contract(1).provenBatches().call().await.expect("call"), 1);
    l1.mine(2).await;
    node.settle_until("finality", |store| store.final_batch().expect("database") == 1)
        .await;
    node.stop().await;
}
