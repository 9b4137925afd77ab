//! Policies and last minutes: judged by the batch's time, which is settled before anything is executed in it.

use ashlar_payments::{
    policy::{Clause, ClauseWitness, Policy, PolicyError, Rules},
    transaction::{Kind, NO_EXPIRY, SignedTransaction, Transaction},
    validate::TransactionError,
};
use ashlar_sequencer::{
    executor::SubmitError,
    store::{Cursor, Store},
};
use tempfile::TempDir;

use super::{
    l1_operations::{set_auth, set_flags},
    support::{Core, DOMAIN, key, seal_at, transfer, withdraw},
};

const NOW: u32 = 29_700_000;

/// Alice's own key, and one for transfers of at most 50 with the fee, for an hour.
fn policy() -> Policy {
    let session = Rules {
        kinds: 1 << Kind::Transfer as u8,
        token: Some(0),
        cap: 50,
        from: NOW,
        until: NOW + 60,
    };
    let clauses = [(key("alice"), Rules::PLAIN), (key("session"), session)];
    let clauses = clauses.map(|(key, rules)| Clause {
        key_hash: key.public_key().key_hash(),
        rules,
        lock: None,
    });
    Policy::new(clauses.to_vec()).expect("a policy")
}

fn shown(place: u8) -> ClauseWitness {
    policy().authorise(place).expect("it has that clause")
}

/// Signed by the session's key under its clause.
fn in_session(tx: Transaction) -> SignedTransaction {
    tx.sign_under(&DOMAIN, &key("session"), shown(1), NO_EXPIRY)
}

fn pay(amount: u64, nonce: u32) -> Transaction {
    transfer(&key("alice"), 1, 0, amount, nonce).tx
}

/// What L1 says that time is.
fn tick(store: &Store, minute: u32) {
    let time = 60 * u64::from(minute);
    let cursor = Cursor {
        number: 1,
        hash: [0; 32],
        time,
    };
    store.set_l1_cursor(cursor).expect("disk");
}

/// Accounts of the operator and of Alice, hers under the policy.
async fn opened(folder: &TempDir, seal_after: u32) -> Core {
    let core = Core::open(folder, seal_at(seal_after));
    tick(&core.store, NOW);
    core.deposit(0, &[&key("operator"), &key("alice")], 1_000).await;
    core.l1(2, &[set_auth("alice", 1, policy().root())]).await;
    core
}

async fn refused(core: &Core, signed: SignedTransaction) -> TransactionError {
    match core.handle.submit(signed.encode()).await {
        Err(SubmitError::Refused(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn policy_error(error: TransactionError) -> PolicyError {
    match error {
        TransactionError::Policy(error) => error,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_session_key_signs_what_its_clause_permits() {
    let folder = TempDir::new().expect("folder");
    let core = opened(&folder, 100).await;
    let session = |tx| refused(&core, in_session(tx));
    let above = PolicyError::AboveCap { spent: 51, cap: 50 };
    assert_eq!(policy_error(session(pay(50, 0)).await), above);
    let (kind, kinds) = (Kind::Withdraw, 1 << Kind::Transfer as u8);
    let out = withdraw(&key("alice"), 1, 10, 0).tx;
    assert_eq!(
        policy_error(session(out).await),
        PolicyError::Kind { kind, kinds }
    );
    // The plain clause of either key is not the account's.
    for signer in ["alice", "session"] {
        let error = refused(&core, pay(10, 0).sign(&DOMAIN, &key(signer))).await;
        assert!(
            matches!(error, TransactionError::NotOwner { account: 1, .. }),
            "{error}"
        );
    }
    for signed in [
        in_session(pay(49, 0)),
        pay(500, 1).sign_under(&DOMAIN, &key("alice"), shown(0), NO_EXPIRY),
    ] {
        core.handle.submit(signed.encode()).await.expect("permitted");
    }
    assert_eq!(core.nonce_and_balance(1).await, (2, 1_000 - 50 - 501));
    core.stop();
}

#[tokio::test]
async fn a_window_and_a_last_minute_are_judged_by_the_batch_s_time() {
    let folder = TempDir::new().expect("folder");
    // Deposits, set-auth and one transfer fill a batch.
    let core = opened(&folder, 4).await;
    // The batch was begun within the hour: what comes late is still in its time.
    tick(&core.store, NOW + 61);
    core.handle
        .submit(in_session(pay(10, 0)).encode())
        .await
        .expect("in its time");
    assert_eq!(
        core.batch(1).await.public_inputs().expect("27 elements").time(),
        u64::from(NOW)
    );

    let late = PolicyError::TooLate {
        time: NOW + 61,
        until: NOW + 60,
    };
    let error = refused(&core, in_session(pay(10, 1))).await;
    assert_eq!(policy_error(error), late);
    let until = |valid_until| pay(10, 1).sign_under(&DOMAIN, &key("alice"), shown(0), valid_until);
    let error = refused(&core, until(NOW + 60)).await;
    assert!(
        matches!(error, TransactionError::Expired { valid_until, time } if (valid_until, time) == (NOW + 60, NOW + 61)),
        "{error}"
    );
    core.handle
        .submit(until(NOW + 61).encode())
        .await
        .expect("the last minute");
    core.stop();
}

#[tokio::test]
async fn a_replay_judges_by_the_time_that_the_batch_had() {
    let folder = TempDir::new().expect("folder");
    let core = opened(&folder, 5).await;
    core.handle
        .submit(in_session(pay(10, 0)).encode())
        .await
        .expect("permitted");
    core.stop();

    let store = Store::open(&folder.path().join("state.redb")).expect("database");
    tick(&store, NOW + 100_000);
    drop(store);
    let core = Core::open(&folder, seal_at(5));
    assert_eq!(core.nonce_and_balance(1).await, (1, 1_000 - 11));
    core.handle
        .submit(in_session(pay(10, 1)).encode())
        .await
        .expect("the same batch");
    assert_eq!(
        core.batch(1).await.public_inputs().expect("27 elements").time(),
        u64::from(NOW)
    );
    core.stop();
}

/// Time never runs backwards, whatever L1 says.
#[tokio::test]
async fn a_batch_is_never_before_the_last_one() {
    let folder = TempDir::new().expect("folder");
    let core = opened(&folder, 3).await;
    core.batch(1).await;
    tick(&core.store, NOW - 1_000);
    for nonce in 0..3 {
        let signed = pay(10, nonce).sign_under(&DOMAIN, &key("alice"), shown(0), NO_EXPIRY);
        core.handle.submit(signed.encode()).await.expect("permitted");
    }
    assert_eq!(
        core.batch(2).await.public_inputs().expect("27 elements").time(),
        u64::from(NOW)
    );
    core.stop();
}

/// Batches that were taken back leave their times behind, and a batch in the place of one may be of a later time than the
/// one after it was.
#[tokio::test]
async fn a_recorded_time_is_never_before_the_last_batch_s() {
    let folder = TempDir::new().expect("folder");
    let core = opened(&folder, 3).await;
    core.batch(1).await;
    core.store.set_batch_time(2, NOW - 1_000).expect("disk");
    let orders = [1, 2, 3].map(|flags| set_flags(1, flags));
    core.l1(3, &orders).await;
    assert_eq!(
        core.batch(2).await.public_inputs().expect("27 elements").time(),
        u64::from(NOW)
    );
    assert_eq!(core.store.batch_time(2).expect("disk"), Some(NOW));
    core.stop();
}
