//! Transactions whose account's earlier ones are on their way.

use std::time::{Duration, Instant};

use ashlar_payments::{
    packing::{PackedAmount, PackedFee},
    transaction::{Transaction, Transfer},
    validate::TransactionError,
};
use ashlar_sequencer::{config::Limits, executor::SubmitError};
use tempfile::TempDir;

use super::support::{Core, DOMAIN, key, owner_of, seal_at, transfer};

const PATIENCE: Duration = Duration::from_millis(200);

async fn core(folder: &TempDir, limits: Limits) -> Core {
    let core = Core::with_limits(folder, seal_at(10_000), limits);
    core.deposit(0, &[&key("operator"), &key("alice"), &key("bob")], 1_000_000)
        .await;
    core
}

fn paying(fee: u64, nonce: u32) -> Vec<u8> {
    let transfer = Transfer {
        from: 1,
        to: 0,
        to_owner: owner_of(0),
        token: 0,
        amount: PackedAmount::exact(1).expect("representable"),
        fee: PackedFee::exact(fee).expect("representable"),
        nonce,
    };
    Transaction::Transfer(transfer)
        .sign(&DOMAIN, &key("alice"))
        .encode()
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_in_any_order_are_all_admitted() {
    let folder = TempDir::new().expect("folder");
    let core = core(&folder, Limits::default()).await;
    // Backwards within the window: the worst order.
    let mut calls = Vec::new();
    for group in 0..4u32 {
        for nonce in (200 * group..200 * (group + 1)).rev() {
            let handle = core.handle.clone();
            let encoded = transfer(&key("alice"), 1, 2, 1, nonce).encode();
            calls.push(tokio::spawn(async move { handle.submit(encoded).await }));
        }
        for call in calls.drain(..) {
            call.await.expect("no panic").expect("admitted");
        }
    }
    assert_eq!(core.nonce_and_balance(1).await, (800, 1_000_000 - 2 * 800));
    core.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_whose_predecessor_does_not_come_is_refused_in_time() {
    let folder = TempDir::new().expect("folder");
    let limits = Limits {
        patience: PATIENCE,
        ..Limits::default()
    };
    let core = core(&folder, limits).await;
    let error = core
        .handle
        .submit(paying(1, 2))
        .await
        .expect_err("0 and 1 are missing");
    assert!(
        matches!(
            error,
            SubmitError::NotInTime {
                given: 2,
                expected: 0,
                waited: PATIENCE
            }
        ),
        "{error:?}"
    );
    // It left nothing behind.
    for nonce in 0..3 {
        core.handle.submit(paying(1, nonce)).await.expect("admitted");
    }
    core.stop();
}

/// Whoever waits behind a long queue is not refused while that queue is served.
#[tokio::test(flavor = "multi_thread")]
async fn patience_begins_anew_when_the_account_moves() {
    let folder = TempDir::new().expect("folder");
    // Long, so that a busy machine does not stand still for so long.
    let patience = Duration::from_secs(4);
    let limits = Limits {
        patience,
        ..Limits::default()
    };
    let core = core(&folder, limits).await;
    let started = Instant::now();
    let verified = core.handle.verify(paying(1, 500)).expect("signed");
    let last = core.handle.hand_over(verified).await.expect("runs");
    let mut nonces = 0..500;
    while started.elapsed() < patience * 5 / 4 {
        let nonce = nonces.next().expect("at most one in 20 ms");
        core.handle.submit(paying(1, nonce)).await.expect("admitted");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for nonce in nonces {
        core.handle.submit(paying(1, nonce)).await.expect("admitted");
    }
    last.outcome().await.expect("its turn has come");
    core.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_transaction_is_replaced_by_one_that_pays_more_only() {
    let folder = TempDir::new().expect("folder");
    let core = core(&folder, Limits::default()).await;
    let waits = |fee| {
        let handle = core.handle.clone();
        async move {
            let verified = handle.verify(paying(fee, 1)).expect("signed");
            handle.hand_over(verified).await.expect("runs")
        }
    };
    let first = waits(5).await;
    let again = waits(5).await; // the same one, sent twice
    let error = waits(4).await.outcome().await.expect_err("pays less");
    assert!(
        matches!(
            error,
            SubmitError::NotReplaced {
                offered: 4,
                waiting: 5
            }
        ),
        "{error:?}"
    );
    let second = waits(6).await;
    for replaced in [first, again] {
        let error = replaced.outcome().await.expect_err("replaced");
        assert!(matches!(error, SubmitError::Replaced { fee: 6 }), "{error:?}");
    }
    core.handle.submit(paying(1, 0)).await.expect("admitted");
    second.outcome().await.expect("its turn has come");
    assert_eq!(core.nonce_and_balance(1).await, (2, 1_000_000 - 1 - 1 - 1 - 6));
    core.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_does_not_wait_in_an_account_s_place() {
    let folder = TempDir::new().expect("folder");
    let core = core(&folder, Limits::default()).await;
    let error = core
        .handle
        .submit(transfer(&key("bob"), 1, 0, 1, 1).encode())
        .await
        .expect_err("account 1 is Alice's");
    assert!(
        matches!(error, SubmitError::Refused(TransactionError::NotOwner { .. })),
        "{error:?}"
    );
    core.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_wait_than_the_node_keeps() {
    let folder = TempDir::new().expect("folder");
    let limits = Limits {
        waiting: 3,
        patience: PATIENCE,
        ..Limits::default()
    };
    let core = core(&folder, limits).await;
    let mut waiting = Vec::new();
    for nonce in 1..4 {
        let verified = core.handle.verify(paying(1, nonce)).expect("signed");
        waiting.push(core.handle.hand_over(verified).await.expect("runs"));
    }
    let error = core.handle.submit(paying(1, 4)).await.expect_err("one too many");
    assert!(
        matches!(error, SubmitError::TooManyWaiting { limit: 3 }),
        "{error:?}"
    );
    // Whoever does not wait is served.
    core.handle
        .submit(transfer(&key("bob"), 2, 0, 1, 0).encode())
        .await
        .expect("admitted");
    for submitted in waiting {
        submitted.outcome().await.expect_err("0 never came");
    }
    core.handle.submit(paying(1, 0)).await.expect("room again");
    core.stop();
}
