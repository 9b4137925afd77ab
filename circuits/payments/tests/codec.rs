//! The canonical encoding: strict, total, one byte string per value.

mod common;

use ashlar_payments::policy::{Clause, Policy, Rules};
use ashlar_payments::transaction::{DecodeError, Operation, Served, SignedTransaction};
use ashlar_statement::queue::RecordError;
use common::{
    DOMAIN, TIME, deposit, force_transfer, force_withdrawal, key, set_auth, set_flags, signed, transfer,
    withdraw,
};
use proptest::prelude::*;

fn under_a_clause() -> SignedTransaction {
    let clause = Clause {
        key_hash: key(1).public_key().key_hash(),
        rules: Rules {
            cap: 5,
            ..Rules::PLAIN
        },
        lock: None,
    };
    let policy = Policy::new(vec![clause]).expect("a policy");
    let shown = policy.authorise(0).expect("it has that clause");
    transfer(1, 2, 3, 1_234_000, 310, 7).sign_under(&DOMAIN, &key(1), shown, TIME)
}

fn samples() -> Vec<Operation> {
    vec![
        Operation::Noop,
        deposit(0x0102_0304, 5, 6).into(),
        Served {
            operation: set_auth(0x0102_0304, 1, 2),
            account: 0x0102_0304,
            paid: 0,
        }
        .into(),
        Served {
            operation: force_withdrawal(7, 1, 2, 3),
            account: 7,
            paid: 2,
        }
        .into(),
        Served {
            operation: force_transfer(7, 8, 1, 2, 3),
            account: 7,
            paid: 3,
        }
        .into(),
        Served {
            operation: set_flags(7, 0xff),
            account: 7,
            paid: 0,
        }
        .into(),
        signed(transfer(1, 2, 3, 1_234_000, 310, 7)),
        signed(withdraw(1, 3, (1 << 56) - 1, 310, u32::MAX)),
        under_a_clause().into(),
    ]
}

#[test]
fn round_trip_at_exact_length_only() {
    for (operation, length) in samples().into_iter().zip([2, 72, 72, 44, 51, 9, 141, 141, 323]) {
        let bytes = operation.encode();
        assert_eq!(bytes.len(), length);
        assert_eq!(Operation::decode(&bytes).expect("own encoding"), operation);
        let longer = [bytes.clone(), vec![0]].concat();
        assert!(matches!(
            Operation::decode(&longer),
            Err(DecodeError::Length { .. })
        ));
        assert!(Operation::decode(&bytes[..length - 1]).is_err());
    }
}

#[test]
fn every_field_is_checked() {
    let bytes = signed(transfer(1, 2, 3, 1_234_000, 310, 7)).encode();
    let with = |at: usize, value: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = value;
        SignedTransaction::decode(&bytes).expect_err("malformed")
    };
    assert!(matches!(
        SignedTransaction::decode(&[2]),
        Err(DecodeError::NoHeader { actual: 1 })
    ));
    assert!(matches!(with(0, 1), DecodeError::Version { given: 1 }));
    assert!(matches!(with(1, 9), DecodeError::Kind { given: 9 }));
    assert!(matches!(
        with(1, 7),
        DecodeError::Length {
            actual: 141,
            expected: 9
        }
    ));
    assert!(matches!(with(34, 11), DecodeError::Amount(_)), "exponent 11");
    assert!(matches!(
        with(40, 0x1f),
        DecodeError::ValidUntil { given: 0x1fff_ffff }
    ));
    assert!(matches!(with(44, 2), DecodeError::Clause(_)), "form 2");
    assert!(matches!(with(44, 1), DecodeError::Length { expected: 323, .. }));
    assert!(matches!(with(52, 0xff), DecodeError::PublicKey(_)));
    assert!(matches!(with(140, 0xff), DecodeError::Signature(_)));
    let deposit = Operation::from(deposit(1, 0, 1)).encode();
    assert!(matches!(
        SignedTransaction::decode(&deposit),
        Err(DecodeError::Kind { given: 1 })
    ));
    let mut free = deposit.clone();
    free[15] = 0;
    let refused = |field| Err::<(), _>(RecordError::Field { field });
    let record = |bytes: &[u8]| match Operation::decode(bytes) {
        Err(DecodeError::Record(error)) => Err::<(), _>(error),
        other => panic!("{other:?}"),
    };
    assert_eq!(record(&free), refused("amount"));
    let mut wide = deposit.clone();
    wide[37..44].fill(0xff);
    wide[68] = 0xff;
    assert_eq!(record(&wide), refused("auth"));
    // The record says what it is, too.
    let mut other = deposit;
    other[1] = 4;
    assert!(matches!(
        Operation::decode(&other),
        Err(DecodeError::Kind { given: 4 })
    ));
}

#[test]
fn identifiers_cover_the_signature() {
    let tx = transfer(1, 2, 3, 1_234_000, 310, 7);
    assert_ne!(tx.sign(&DOMAIN, &key(1)).id(), tx.sign(&DOMAIN, &key(2)).id());
}

proptest! {
    #[test]
    fn decoding_never_panics_and_is_canonical(bytes in prop::collection::vec(any::<u8>(), 0..140), kind in 0u8..9) {
        let mut bytes = bytes;
        if bytes.len() > 1 {
            (bytes[0], bytes[1]) = (2, kind);
        }
        if let Ok(operation) = Operation::decode(&bytes) {
            prop_assert_eq!(operation.encode(), bytes);
        }
    }

    #[test]
    fn a_changed_byte_is_refused_or_another_transaction(at in 0usize..141, flip in 1u8..=255) {
        let operation = signed(transfer(1, 2, 3, 1_234_000, 310, 7));
        let mut bytes = operation.encode();
        bytes[at] ^= flip;
        if let Ok(other) = Operation::decode(&bytes) {
            prop_assert_ne!(other, operation);
        }
    }
}
