//! Sealed batches that L1 does not hold can be taken back.

use ashlar_sequencer::store::{BatchStatus, LogItem, Store, UnsealError};
use ashlar_statement::queue::{Deposit, L1Operation};

use super::support::{Guard, Node, auth, key, l1, until};

fn deposit(index: u64) -> LogItem {
    let deposit = Deposit {
        token: 0,
        amount: 5,
        owner: [1; 20],
        auth: auth(&key(&format!("k{index}"))),
    };
    LogItem::l1(index, &L1Operation::Deposit(deposit))
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_taken_back_are_sealed_again_to_the_same_state() {
    let l1 = l1(Guard::AcceptsAll).await;
    let folder = tempfile::tempdir().expect("folder");
    let start = async |per_batch| {
        Node::start(
            folder.path(),
            l1.client(&[&l1.endpoint]).await,
            l1.rollup,
            per_batch,
        )
        .await
    };
    let node = start(4).await;
    for index in 0..8 {
        node.executor
            .l1_operations(vec![deposit(index)])
            .await
            .expect("runs");
    }
    until("two batches", async || {
        node.store.next_batch().expect("database") == 3
    })
    .await;
    let (root, first) = (node.executor.root().await.expect("runs"), node.batch(1));
    node.stop().await;

    let path = folder.path().join("state.redb");
    let store = Store::open(&path).expect("database");
    assert!(matches!(
        store.unseal(3, None),
        Err(UnsealError::NotSealed { number: 3, last: 2 })
    ));
    assert_eq!(store.batch_of_l1_operation(6).expect("database"), Some(2));
    store.unseal(2, None).expect("L1 holds neither");
    assert_eq!(store.next_batch().expect("database"), 2);
    assert!(store.chunks(2).expect("database").is_empty());
    drop(store);

    // Sealed again in smaller batches: a batch that is too large for L1 is split so.
    let node = start(2).await;
    until("three batches", async || {
        node.store.next_batch().expect("database") == 4
    })
    .await;
    assert_eq!(node.executor.root().await.expect("runs"), root);
    assert_eq!(node.batch(1), first);
    let inputs = |number| node.batch(number).public_inputs().expect("27 elements");
    assert_eq!(inputs(2).old_root, inputs(1).new_root);
    assert_eq!(inputs(3).old_root, inputs(2).new_root);
    node.stop().await;

    // Without the operations that L1 has replaced: they are read anew.
    let store = Store::open(&path).expect("database");
    let from = store.batch_of_l1_operation(3).expect("database").expect("sealed");
    store.unseal(from, Some(3)).expect("L1 holds none");
    assert_eq!(store.next_queue_index().expect("database"), 3);
    drop(store);
    let node = start(4).await;
    for index in 3..8 {
        node.executor
            .l1_operations(vec![deposit(index)])
            .await
            .expect("runs");
    }
    until("two batches", async || {
        node.store.next_batch().expect("database") == 3
    })
    .await;
    assert_eq!(node.executor.root().await.expect("runs"), root);
    node.store
        .update_batch(2, |batch| batch.status = BatchStatus::Committed)
        .expect("database");
    assert!(matches!(
        node.store.unseal(1, None),
        Err(UnsealError::OnL1 {
            number: 2,
            status: BatchStatus::Committed
        })
    ));
    node.stop().await;
}

/// What a reorganisation below the configured finality needs: the queue is read from L1 again, though the cursor was
/// past them.
#[tokio::test(flavor = "multi_thread")]
async fn operations_that_are_taken_out_are_read_again() {
    let l1 = l1(Guard::AcceptsAll).await;
    let folder = tempfile::tempdir().expect("folder");
    let start = async || Node::start(folder.path(), l1.client(&[&l1.endpoint]).await, l1.rollup, 2).await;
    let all_sealed = async |node: &Node| node.store.next_batch().expect("database") == 3;
    let node = start().await;
    for index in 0..4 {
        l1.deposit(&key(&format!("k{index}"))).await;
        until("it is executed", async || {
            node.store.next_queue_index().expect("database") == index + 1
        })
        .await;
    }
    until("two batches", async || all_sealed(&node).await).await;
    let root = node.executor.root().await.expect("runs");
    node.stop().await;

    let store = Store::open(&folder.path().join("state.redb")).expect("database");
    store.unseal(2, Some(3)).expect("L1 holds neither");
    drop(store);
    let node = start().await;
    until("two batches again", async || all_sealed(&node).await).await;
    assert_eq!(node.executor.root().await.expect("runs"), root);
    node.stop().await;
}
