//! The process dies between batches, inside one, and right after a deposit was read.

use ashlar_sequencer::store::{Store, StoreError};

use super::support::{Core, deposit, key, seal_at, transfer};

#[tokio::test]
async fn accepted_transactions_survive_a_crash_inside_an_open_batch() {
    let folder = tempfile::tempdir().expect("folder");
    let (operator, alice, bob) = (key("operator"), key("alice"), key("bob"));
    let core = Core::open(&folder, seal_at(7));
    core.deposit(0, &[&operator, &alice, &bob], 1_000).await;
    core.handle
        .submit(transfer(&alice, 1, 2, 100, 0).encode())
        .await
        .expect("accepted");
    core.handle
        .submit(transfer(&bob, 2, 1, 30, 0).encode())
        .await
        .expect("accepted");
    let root = core.handle.root().await.expect("runs");
    core.stop();

    let core = Core::open(&folder, seal_at(7));
    assert_eq!(core.handle.root().await.expect("runs"), root);
    assert_eq!(core.nonce_and_balance(1).await, (1, 1_000 - 101 + 30));
    // Deposits that are read again are not credited again.
    let again = vec![deposit(0, &operator, 1_000), deposit(2, &bob, 1_000)];
    core.handle.l1_operations(again).await.expect("runs");
    assert_eq!(core.handle.root().await.expect("runs"), root);
    // The batch closes with what was accepted before the crash in it.
    core.handle
        .submit(transfer(&alice, 1, 2, 1, 1).encode())
        .await
        .expect("accepted");
    core.handle
        .submit(transfer(&alice, 1, 2, 1, 2).encode())
        .await
        .expect("accepted");
    let batch = core.batch(1).await;
    assert_eq!(batch.transactions.len(), 7);
    core.stop();

    let core = Core::open(&folder, seal_at(7));
    assert_eq!(core.store.next_batch().expect("database"), 2);
    assert!(core.store.unsealed().expect("database").is_empty());
    // Fees were credited when the batch closed: four transfers of fee 1.
    assert_eq!(core.nonce_and_balance(0).await, (0, 1_004));
    core.stop();
}

#[tokio::test]
async fn a_log_longer_than_a_batch_is_replayed_in_order() {
    let folder = tempfile::tempdir().expect("folder");
    let (operator, alice) = (key("operator"), key("alice"));
    let core = Core::open(&folder, seal_at(100));
    core.deposit(0, &[&operator, &alice], 1_000).await;
    for nonce in 0..6 {
        core.handle
            .submit(transfer(&alice, 1, 0, 10, nonce).encode())
            .await
            .expect("accepted");
    }
    core.stop();

    // The operator has lowered the batch size: 8 items make batches of 3, 3 and an open one of 2.
    let core = Core::open(&folder, seal_at(3));
    let (first, second) = (core.batch(1).await, core.batch(2).await);
    assert_eq!((first.transactions.len(), second.transactions.len()), (3, 3));
    let inputs = |batch: &ashlar_sequencer::store::BatchRecord| batch.public_inputs().expect("27 elements");
    assert_eq!(inputs(&first).new_root, inputs(&second).old_root);
    assert_eq!(core.nonce_and_balance(1).await, (6, 1_000 - 66));
    assert_eq!(core.store.unsealed().expect("database").len(), 2);
    core.stop();
}

/// A database whose tables have another layout is an error at the start, not an empty state under a full log.
#[test]
fn a_database_of_an_earlier_layout_is_refused() {
    const NODES: redb::TableDefinition<'_, (u8, u32), [u8; 32]> = redb::TableDefinition::new("nodes");
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("state.redb");
    let database = redb::Database::create(&path).expect("a new file");
    let writing = database.begin_write().expect("alone");
    writing.open_table(NODES).expect("a new table");
    writing.commit().expect("disk");
    drop(database);
    let refused = Store::open(&path).expect_err("nodes had no tree");
    let StoreError::Database(cause) = refused else {
        panic!("{refused:?}")
    };
    assert!(
        matches!(*cause, redb::Error::TableTypeMismatch { .. }),
        "{cause:?}"
    );
}
