//! What bad input gets: a typed refusal that names the field, and an unchanged state.

use ashlar_payments::{transaction::Domain, validate::TransactionError};
use ashlar_sequencer::executor::SubmitError;

use super::support::{Core, DOMAIN, key, seal_at, transfer, withdraw};

#[tokio::test]
async fn bad_transactions_are_refused_by_field_and_change_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let core = Core::open(&folder, seal_at(100));
    let (operator, alice) = (key("operator"), key("alice"));
    core.deposit(0, &[&operator, &alice], 1_000).await;
    let before = core.handle.root().await.expect("runs");

    let good = transfer(&alice, 1, 0, 100, 0);
    let refuse = async |bytes: Vec<u8>| core.handle.submit(bytes).await.expect_err("must be refused");

    let error = refuse(transfer(&alice, 1, 0, 100, 4_097).encode()).await;
    assert!(
        matches!(
            error,
            SubmitError::TooFarAhead {
                given: 4_097,
                expected: 0,
                window: 4_096
            }
        ),
        "{error:?}"
    );
    let error = refuse(transfer(&alice, 1, 0, 1_000, 0).encode()).await; // the fee does not fit any more
    assert!(
        matches!(
            error,
            SubmitError::Refused(TransactionError::InsufficientBalance { needed: 1_001, .. })
        ),
        "{error:?}"
    );
    let error = refuse(transfer(&alice, 1, 9, 100, 0).encode()).await;
    assert!(
        matches!(
            error,
            SubmitError::Refused(TransactionError::UnknownAccount {
                field: "to",
                account: 9
            })
        ),
        "{error:?}"
    );
    let error = refuse(transfer(&alice, 8, 0, 100, 0).encode()).await;
    assert!(
        matches!(
            error,
            SubmitError::Refused(TransactionError::UnknownAccount { field: "from", .. })
        ),
        "{error:?}"
    );
    let error = refuse(transfer(&operator, 1, 0, 100, 0).encode()).await;
    assert!(
        matches!(error, SubmitError::Refused(TransactionError::NotOwner { .. })),
        "{error:?}"
    );

    // A signature for another chain.
    let elsewhere = good.tx.sign(
        &Domain {
            chain_id: 1,
            ..DOMAIN
        },
        &alice,
    );
    let error = refuse(elsewhere.encode()).await;
    assert!(
        matches!(error, SubmitError::Refused(TransactionError::Signature(_))),
        "{error:?}"
    );

    // Every flipped bit of the signed fields, and cuts of the encoding.
    let bytes = good.encode();
    for position in 0..bytes.len() {
        let mut bent = bytes.clone();
        bent[position] ^= 1;
        refuse(bent).await;
    }
    for cut in [0, 1, bytes.len() - 1] {
        assert!(matches!(
            refuse(bytes[..cut].to_vec()).await,
            SubmitError::Decode(_)
        ));
    }
    assert_eq!(core.handle.root().await.expect("runs"), before);
    assert_eq!(core.nonce_and_balance(1).await, (0, 1_000));

    core.handle
        .submit(bytes)
        .await
        .expect("the honest one is accepted");
    core.stop();
}

#[tokio::test]
async fn a_transaction_sent_twice_is_executed_once() {
    let folder = tempfile::tempdir().expect("folder");
    let core = Core::open(&folder, seal_at(100));
    let (operator, alice) = (key("operator"), key("alice"));
    core.deposit(0, &[&operator, &alice], 1_000).await;
    let signed = withdraw(&alice, 1, 100, 0);
    let first = core.handle.submit(signed.encode()).await.expect("accepted");
    let second = core.handle.submit(signed.encode()).await.expect("known");
    assert_eq!((first, first), (second, signed.id()));
    assert_eq!(core.nonce_and_balance(1).await, (1, 899));
    core.stop();
}
