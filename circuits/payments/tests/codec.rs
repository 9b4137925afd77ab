//! The canonical encoding: strict, total, one byte string per value.

mod common;

use ashlar_payments::transaction::{DecodeError, Operation, SignedTransaction};
use common::{DOMAIN, deposit, key, signed, transfer, withdraw};
use proptest::prelude::*;

fn samples() -> Vec<Operation> {
    vec![
        Operation::Noop,
        deposit(0x0102_0304, 5, 6).into(),
        signed(transfer(1, 2, 3, 1_234_000, 310, 7)),
        signed(withdraw(1, 3, (1 << 56) - 1, 310, u32::MAX)),
    ]
}

#[test]
fn round_trip_at_exact_length_only() {
    for (operation, length) in samples().into_iter().zip([2, 47, 116, 136]) {
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
        SignedTransaction::decode(&[1]),
        Err(DecodeError::NoHeader { actual: 1 })
    ));
    assert!(matches!(with(0, 2), DecodeError::Version { given: 2 }));
    assert!(matches!(with(1, 9), DecodeError::Kind { given: 9 }));
    assert!(matches!(
        with(1, 3),
        DecodeError::Length {
            actual: 116,
            expected: 136
        }
    ));
    assert!(matches!(with(14, 11), DecodeError::Amount(_)), "exponent 11");
    assert!(matches!(with(27, 0xff), DecodeError::PublicKey(_)));
    assert!(matches!(with(115, 0xff), DecodeError::Signature(_)));
    let deposit = Operation::from(deposit(1, 0, 1)).encode();
    assert!(matches!(
        SignedTransaction::decode(&deposit),
        Err(DecodeError::Kind { given: 1 })
    ));
    let mut free = deposit.clone();
    free[14] = 0;
    assert!(matches!(
        Operation::decode(&free),
        Err(DecodeError::BridgeAmount { given: 0 })
    ));
    let mut wide = deposit;
    wide[15..23].fill(0xff);
    assert!(matches!(Operation::decode(&wide), Err(DecodeError::KeyHash)));
}

#[test]
fn identifiers_cover_the_signature() {
    let tx = transfer(1, 2, 3, 1_234_000, 310, 7);
    assert_ne!(tx.sign(&DOMAIN, &key(1)).id(), tx.sign(&DOMAIN, &key(2)).id());
}

proptest! {
    #[test]
    fn decoding_never_panics_and_is_canonical(bytes in prop::collection::vec(any::<u8>(), 0..140), kind in 0u8..4) {
        let mut bytes = bytes;
        if bytes.len() > 1 {
            (bytes[0], bytes[1]) = (1, kind);
        }
        if let Ok(operation) = Operation::decode(&bytes) {
            prop_assert_eq!(operation.encode(), bytes);
        }
    }

    #[test]
    fn a_changed_byte_is_refused_or_another_transaction(at in 0usize..116, flip in 1u8..=255) {
        let operation = signed(transfer(1, 2, 3, 1_234_000, 310, 7));
        let mut bytes = operation.encode();
        bytes[at] ^= flip;
        if let Ok(other) = Operation::decode(&bytes) {
            prop_assert_ne!(other, operation);
        }
    }
}
