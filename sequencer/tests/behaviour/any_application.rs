//! The executor over another application than payments: the same log, batches, receipts and restarts.

use std::{path::Path, sync::Arc};

use ashlar_sequencer::{
    Changes,
    config::Limits,
    executor::{Executor, ExecutorHandle, SubmitError, Thread},
    exit_mode::ExitMode,
    store::{LogItem, Store},
};
use ashlar_statement::{
    hash::{F, ZERO_HASH},
    queue::{Deposit, L1Operation},
    testing::{AdderWitness, Counter, OutOfRange, SLOTS},
    witness_from_bytes,
};
use plonky2::field::types::Field;
use tempfile::TempDir;

use super::support::{DOMAIN, seal_at};

fn open(folder: &Path, seal_after: u32) -> (Arc<Store>, ExecutorHandle<Counter>, Thread) {
    let store = Arc::new(Store::open(&folder.join("state.redb")).expect("database opens"));
    let (handle, thread) = Executor::start(
        store.clone(),
        Counter(DOMAIN),
        seal_at(seal_after),
        Changes::default(),
        Limits::default(),
        ExitMode::default(),
    )
    .expect("executor starts");
    (store, handle, thread)
}

async fn count(handle: &ExecutorHandle<Counter>) -> F {
    handle.root().await.expect("runs").elements[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counter_is_executed_sealed_and_restarted() {
    let folder = TempDir::new().expect("temporary folder");
    let (store, handle, thread) = open(folder.path(), 6);
    for addition in 1..=4u64 {
        handle
            .submit(addition.to_be_bytes().to_vec())
            .await
            .expect("in range");
    }
    let deposit = L1Operation::Deposit(Deposit {
        token: 0,
        amount: 100,
        owner: [1; 20],
        auth: ZERO_HASH,
    });
    let deposit = LogItem::l1(0, &deposit);
    handle.l1_operations(vec![deposit]).await.expect("runs");
    let zero = handle.submit(vec![0; 8]).await;
    assert!(matches!(zero, Err(SubmitError::Refused(OutOfRange(0)))));
    assert!(matches!(
        handle.submit(vec![1]).await,
        Err(SubmitError::Decode(_))
    ));
    assert_eq!(count(&handle).await, F::from_canonical_u64(110));
    drop(handle);
    thread.join().expect("no panic").expect("no error");
    drop(store);

    // The five are executed again from the log; the sixth seals.
    let (store, handle, _thread) = open(folder.path(), 6);
    assert_eq!(count(&handle).await, F::from_canonical_u64(110));
    handle
        .submit(5u64.to_be_bytes().to_vec())
        .await
        .expect("in range");
    while store.batch(1).expect("database").is_none() {
        tokio::task::yield_now().await;
    }
    let chunks = store.chunks(1).expect("sealed");
    let chunks: Vec<AdderWitness> = chunks
        .iter()
        .map(|bytes| witness_from_bytes(bytes).expect("own encoding"))
        .collect();
    assert_eq!(chunks[0].additions, [1, 2, 3, 4]);
    assert_eq!((chunks[0].additions.len(), chunks[1].start), (SLOTS, 10));
    assert_eq!(chunks[1].additions, [100, 5]);
    // The next batch goes on from the sealed state.
    handle
        .submit(6u64.to_be_bytes().to_vec())
        .await
        .expect("in range");
    assert_eq!(count(&handle).await, F::from_canonical_u64(121));
}
