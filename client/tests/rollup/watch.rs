//! What somebody sees who looks at L1 alone.

use alloy::{primitives::U256, providers::Provider};
use ashlar_client::{ExitState, Finding, L1, Milestone, Watcher};
use ashlar_contracts::{BatchHeader, CommitData};

use super::support::{LIMIT, Rollup, amount, fee, payee};

pub async fn look(watcher: &mut Watcher) -> Vec<String> {
    let mut found = Vec::new();
    watcher.look(&mut found).await.expect("L1 answers");
    let short = |finding: &Finding| match finding {
        Finding::Right { number } => format!("right {number}"),
        Finding::Wrong { number, .. } => format!("wrong {number}"),
        Finding::Signed { number } => format!("signed {number}"),
        Finding::NotShown { number, error } if error.is_wrong() => format!("wrongly shown {number}"),
        Finding::NotShown { number, .. } => format!("not shown {number}"),
        Finding::Proven { number } => format!("proven {number}"),
        Finding::TakenBack { first } => format!("back {first}"),
    };
    found.iter().map(short).collect()
}

/// A batch of the operator's own making, which does nothing and claims a root.
async fn commit(operator: &L1, of: &BatchHeader, root: U256) -> u64 {
    let last = operator.state().await.expect("asks").committed_batches;
    let batch = CommitData {
        number: last + 1,
        time: of.time,
        newRoot: root,
        dataHash: of.dataHash,
        feeAccount: 0,
        bridge: Default::default(),
        rollup: Default::default(),
    };
    let sent = operator.contract().commitBatch(batch).send().await.expect("sent");
    assert!(sent.get_receipt().await.expect("mined").status());
    last + 1
}

async fn revert(operator: &L1, first: u64) {
    let header = operator.committed_batch(first).await.expect("committed").header;
    let sent = operator.contract().revertBatches(header).send().await;
    assert!(sent.expect("sent").get_receipt().await.expect("mined").status());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_batch_is_executed_once_and_a_root_that_its_data_do_not_give_is_found() {
    let mut rollup = Rollup::start(100).await;
    let mut senders = rollup.fund(&[0, 1, 2]).await;
    let (client, l1) = (rollup.client().await, rollup.l1(3).await);
    let paid = senders[1].transfer(payee(2, 2), 0, amount(5_000), fee()).await;
    client
        .wait(paid.expect("admitted"), Milestone::Committed, LIMIT)
        .await
        .expect("committed");
    rollup.stop_sequencer().await;

    assert_eq!(l1.optimistic_terms().await.expect("asks"), None);
    let mut watcher = Watcher::new(l1.clone());
    let last = l1.state().await.expect("asks").committed_batches;
    let all: Vec<_> = (1..=last).map(|number| format!("right {number}")).collect();
    assert_eq!(look(&mut watcher).await, all);
    assert_eq!(look(&mut watcher).await, [""; 0]);
    assert!(matches!(
        l1.exit_state().await.expect("asks"),
        ExitState::Waits { index: 0, .. }
    ));

    let batches = l1.committed(1, last).await.expect("committed");
    for batch in batches.values().take(last as usize - 1) {
        rollup.prove(batch.header.clone()).await;
    }
    let proven: Vec<_> = (1..last).map(|number| format!("proven {number}")).collect();
    assert_eq!(look(&mut watcher).await, proven);

    // The operator lies, and nothing behind the lie is looked at.
    let operator = rollup.l1(0).await;
    let honest = &batches[&last].header;
    let (root, false_root) = (honest.newRoot, honest.oldRoot);
    let lie = commit(&operator, honest, false_root).await;
    let behind = commit(&operator, honest, false_root).await;
    assert_eq!(look(&mut watcher).await, [format!("wrong {lie}")]);
    assert_eq!((wrong(&watcher), watcher.last()), (Some(lie), last));
    assert_eq!(look(&mut watcher).await, [""; 0]);

    // He takes back what is behind it, then the lie, and then the truth before it.
    revert(&operator, behind).await;
    assert_eq!(look(&mut watcher).await, [""; 0]);
    revert(&operator, lie).await;
    assert_eq!(look(&mut watcher).await, [format!("back {lie}")]);
    revert(&operator, last).await;
    assert_eq!(look(&mut watcher).await, [format!("back {last}")]);
    assert_eq!((wrong(&watcher), watcher.last()), (None, last - 1));
    let right = commit(&operator, honest, false_root).await;
    assert_eq!(right, last);
    assert_eq!(
        look(&mut watcher).await,
        [format!("right {last}")],
        "nothing happened in it"
    );

    // Another batch in its place, under the same number, between two looks.
    revert(&operator, last).await;
    commit(&operator, honest, root).await;
    assert_eq!(
        look(&mut watcher).await,
        [format!("back {last}"), format!("wrong {last}")]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_forgets_what_was_proven_is_followed_anew() {
    let mut rollup = Rollup::start(100).await;
    rollup.fund(&[0]).await;
    let client = rollup.client().await;
    client
        .wait_for_l1_operation(0, Milestone::Committed, LIMIT)
        .await
        .expect("committed");
    rollup.stop_sequencer().await;
    let (l1, operator) = (rollup.l1(3).await, rollup.l1(0).await);
    let provider = l1.contract().provider();
    let snapshot: serde_json::Value = provider
        .raw_request("evm_snapshot".into(), ())
        .await
        .expect("a snapshot");
    let last = l1.state().await.expect("asks").committed_batches;
    let mut watcher = Watcher::new(l1.clone());
    for batch in l1.committed(1, last).await.expect("committed").values() {
        rollup.prove(batch.header.clone()).await;
    }
    let honest = l1.committed_batch(last).await.expect("committed").header;
    let empty = commit(&operator, &honest, honest.newRoot).await;
    rollup
        .prove(l1.committed_batch(empty).await.expect("committed").header)
        .await;
    let found = look(&mut watcher).await;
    assert_eq!(found.last(), Some(&format!("proven {empty}")));

    let _: bool = provider
        .raw_request("evm_revert".into(), [snapshot])
        .await
        .expect("goes back");
    let found = look(&mut watcher).await;
    assert_eq!(found[0], "back 1");
    assert_eq!(watcher.last(), last, "{found:?}");
}

fn wrong(watcher: &Watcher) -> Option<u64> {
    watcher.wrong().map(|batch| batch.header.number)
}
