//! No batch that L1 or the provers cannot take, whatever fills it; and the log alone says where batches end.

use ashlar_ecgfp5::SecretKey;
use ashlar_payments::{
    packing::{PackedAmount, PackedFee},
    transaction::{Transaction, Transfer},
};
use ashlar_sequencer::{
    config::{Bounds, Limits, Sealing},
    store::{BatchRecord, LogItem, StoreError},
};
use tempfile::TempDir;

use super::support::{Core, DOMAIN, deposit, key, owner_of, seal_at, token_deposit, transfer, withdraw};

/// EIP-7825, and what nodes relay.
const L1_GAS: u64 = 16_777_216;
const L1_BYTES: usize = 128 << 10;

async fn batches(core: &Core, operations: usize) -> Vec<BatchRecord> {
    let mut batches = Vec::new();
    let mut sealed = 0;
    for number in 1.. {
        if sealed >= operations {
            break;
        }
        let batch = core.batch(number).await;
        sealed += batch.transactions.len();
        batches.push(batch);
    }
    batches
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_deposits_makes_several_batches_and_none_is_lost_at_a_restart() {
    let folder = TempDir::new().expect("folder");
    let sealing = seal_at(8_000);
    let core = Core::open(&folder, sealing);
    let owner = key("operator");
    let flood: Vec<LogItem> = (0..6_000).map(|index| deposit(index, &owner, 1)).collect();
    core.handle.l1_operations(flood).await.expect("taken");
    let full = batches(&core, 5_000).await;
    assert_eq!(full.len(), 3);
    for batch in &full {
        // 4,504 gas a deposit were measured.
        let (gas, bytes) = (
            80_000 + 4_504 * batch.transactions.len() as u64,
            batch.bridge.len(),
        );
        assert!(gas < L1_GAS && bytes < L1_BYTES, "{gas} gas, {bytes} bytes");
        assert!(bytes > L1_BYTES * 4 / 5, "the room is used: {bytes} bytes");
    }
    let sealed: usize = full.iter().map(|batch| batch.transactions.len()).sum();
    assert_eq!(core.store.unsealed().expect("database").len(), 6_000 - sealed);
    assert_eq!(core.nonce_and_balance(0).await, (0, 6_000));
    core.stop();
    let core = Core::open(&folder, sealing);
    assert_eq!(core.nonce_and_balance(0).await, (0, 6_000));
    core.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn rotating_fee_tokens_do_not_multiply_the_chunks_of_a_batch() {
    let folder = TempDir::new().expect("folder");
    let sealing = Sealing {
        bounds: Bounds {
            chunks: 3,
            ..Bounds::default()
        },
        ..seal_at(24)
    };
    let core = Core::with_slots(&folder, sealing, Limits::default(), 8);
    let (operator, alice) = (key("operator"), key("alice"));
    let mut deposits = vec![deposit(0, &operator, 1)];
    for token in 0..5 {
        deposits.push(token_deposit(1 + u64::from(token), &alice, token, 1_000));
    }
    core.handle.l1_operations(deposits).await.expect("taken");
    for nonce in 0..30 {
        let signed = in_token(&alice, (nonce % 5) as u8, nonce);
        core.handle.submit(signed).await.expect("accepted");
    }
    let batches = batches(&core, 24).await;
    assert!(batches.iter().all(|batch| batch.chunks <= 3), "{batches:?}");
    // The fifth token closes a chunk of eight slots after four.
    assert!(batches[1].transactions.len() <= 12, "{batches:?}");
    core.stop();
}

fn in_token(key: &SecretKey, token: u8, nonce: u32) -> Vec<u8> {
    let transfer = Transfer {
        from: 1,
        to: 0,
        to_owner: owner_of(0),
        token,
        amount: PackedAmount::exact(1).expect("representable"),
        fee: PackedFee::exact(1).expect("representable"),
        nonce,
    };
    Transaction::Transfer(transfer).sign(&DOMAIN, key).encode()
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_and_gas_bound_withdrawals_and_transfers_alike() {
    let bounds = Bounds {
        commit_bytes: 700,
        ..Bounds::default()
    };
    bound(bounds, |batch| {
        batch.bridge.len() + batch.rollup.len() + 354 <= 700
    })
    .await;
    let bounds = Bounds {
        commit_gas: 120_000,
        ..Bounds::default()
    };
    bound(bounds, |batch| {
        // As measured, without what is the same for all commits.
        let counted = 2_820 * batch.l1_operations as usize + 1_160 * batch.withdrawals as usize;
        counted + 24 * batch.bridge.len() + 40 * batch.rollup.len() <= 20_000
    })
    .await;
}

async fn bound(bounds: Bounds, holds: impl Fn(&BatchRecord) -> bool) {
    let folder = TempDir::new().expect("folder");
    let core = Core::open(
        &folder,
        Sealing {
            bounds,
            ..seal_at(1_000)
        },
    );
    let (operator, alice) = (key("operator"), key("alice"));
    core.deposit(0, &[&operator, &alice], 1_000).await;
    for nonce in (0..40).step_by(2) {
        let signed = withdraw(&alice, 1, 1, nonce).encode();
        core.handle.submit(signed).await.expect("accepted");
        let signed = transfer(&alice, 1, 0, 1, nonce + 1).encode();
        core.handle.submit(signed).await.expect("accepted");
    }
    let batches = batches(&core, 20).await;
    assert!(batches.len() > 1 && batches.iter().all(holds), "{batches:?}");
    core.stop();
}

/// A batch that was closed by its age and not stored is closed there again: what was accepted on top of it, here with the
/// fees that closing has credited, is not refused.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_alone_gives_the_same_batches_and_the_same_state() {
    let folder = TempDir::new().expect("folder");
    let sealing = Sealing {
        max_age: std::time::Duration::from_millis(200),
        ..seal_at(100)
    };
    let core = Core::open(&folder, sealing);
    let (operator, alice) = (key("operator"), key("alice"));
    core.handle
        .l1_operations(vec![deposit(0, &operator, 5), deposit(1, &alice, 1_000)])
        .await
        .expect("taken");
    core.handle
        .submit(transfer(&alice, 1, 1, 100, 0).encode())
        .await
        .expect("accepted");
    let first = core.batch(1).await;
    let spend = transfer(&operator, 0, 1, 5, 0); // five and a fee of one, which it earned
    core.handle.submit(spend.encode()).await.expect("accepted");
    let second = core.batch(2).await;
    let root = core.handle.root().await.expect("runs");
    core.stop();

    let again = TempDir::new().expect("folder");
    let log = "order-log.redb";
    std::fs::copy(folder.path().join(log), again.path().join(log)).expect("copied");
    let core = Core::open(&again, seal_at(100));
    for batch in [first, second] {
        let replayed = core.batch(batch.number).await;
        assert_eq!(
            (&replayed.transactions, &replayed.public_inputs),
            (&batch.transactions, &batch.public_inputs)
        );
    }
    assert_eq!(core.handle.root().await.expect("runs"), root);
    core.stop();
    std::fs::remove_file(again.path().join(log)).expect("removed");
    let error =
        ashlar_sequencer::store::Store::open(&again.path().join("state.redb")).expect_err("its log is gone");
    assert!(
        matches!(
            error,
            StoreError::LogBehind {
                log_end: 0,
                sealed_to: 4
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn l1_operations_behind_a_gap_are_not_taken() {
    let folder = TempDir::new().expect("folder");
    let core = Core::open(&folder, seal_at(100));
    let owner = key("operator");
    core.deposit(0, &[&owner], 5).await;
    let error = core
        .handle
        .l1_operations(vec![deposit(0, &owner, 5), deposit(2, &owner, 5)])
        .await
        .expect_err("index 1 is missing");
    assert!(
        error
            .to_string()
            .contains("operation 2 of L1's queue was read, but 1 is next"),
        "{error}"
    );
    assert_eq!(core.nonce_and_balance(0).await, (0, 5));
    assert_eq!(core.store.next_queue_index().expect("database"), 1);
    core.stop();
}

/// The next call is answered before the batch is stored.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_a_batch_to_be_sealed() {
    let folder = TempDir::new().expect("folder");
    let core = Core::open(&folder, seal_at(1_500));
    let owner = key("operator");
    let deposits = (0..1_500).map(|index| deposit(index, &owner, 5)).collect();
    core.handle.l1_operations(deposits).await.expect("taken");
    core.handle
        .submit(transfer(&owner, 0, 0, 5, 0).encode())
        .await
        .expect("accepted on top of the closed batch");
    assert_eq!(
        core.store.next_batch().expect("database"),
        1,
        "it is still being sealed"
    );
    assert_eq!(core.nonce_and_balance(0).await, (1, 7_499));
    assert_eq!(core.batch(1).await.transactions.len(), 1_500);
    core.stop();
}
