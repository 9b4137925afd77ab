//! Signing, verifying, and what is refused.

use ashlar_ecgfp5::{F, KeyError, Point, PublicKey, Scalar, SecretKey, Signature, SignatureError};
use plonky2::{
    field::types::{Field, Field64, Sample},
    hash::hash_types::HashOut,
};
use proptest::prelude::*;

const ORDER_BYTES: [u8; 40] = {
    let limbs = [
        0xe80fd996948bffe1u64,
        0xe8885c39d724a09c,
        0x7fffffe6cfb80639,
        0x7ffffff100000016,
        0x7ffffffd80000007,
    ];
    let mut bytes = [0; 40];
    let mut i = 0;
    while i < 40 {
        bytes[i] = limbs[i / 8].to_le_bytes()[i % 8];
        i += 1;
    }
    bytes
};

fn message(k: u64) -> HashOut<F> {
    HashOut {
        elements: [k, 1, 2, 3].map(F::from_canonical_u64),
    }
}

#[test]
fn a_signature_verifies_for_its_key_and_message_only() {
    let (alice, bob) = (SecretKey::from_seed(b"alice"), SecretKey::from_seed(b"bob"));
    let signature = alice.sign(&message(1));
    assert_eq!(alice.public_key().verify(&message(1), &signature), Ok(()));
    assert_eq!(
        alice.public_key().verify(&message(2), &signature),
        Err(SignatureError::Mismatch)
    );
    assert_eq!(
        bob.public_key().verify(&message(1), &signature),
        Err(SignatureError::Mismatch)
    );
    assert_eq!(alice.sign(&message(1)), signature, "nonces are deterministic");
    assert_ne!(alice.sign(&message(2)).s(), signature.s());
}

#[test]
fn every_flipped_bit_is_refused() {
    let key = SecretKey::from_seed(b"flip");
    let bytes = key.sign(&message(7)).to_bytes();
    for bit in 0..bytes.len() * 8 {
        let mut bad = bytes;
        bad[bit / 8] ^= 1 << (bit % 8);
        if let Ok(signature) = Signature::from_bytes(&bad) {
            let verdict = key.public_key().verify(&message(7), &signature);
            assert_eq!(verdict, Err(SignatureError::Mismatch), "bit {bit}");
        }
    }
}

#[test]
fn malformed_signatures_are_refused() {
    let good = SecretKey::from_seed(b"x").sign(&message(1)).to_bytes();
    let length = |actual| Err(SignatureError::Length { expected: 56, actual });
    assert_eq!(Signature::try_from(&good[..55]), length(55));
    assert_eq!(Signature::try_from(&[&good[..], &[0]].concat()[..]), length(57));
    assert_eq!(Signature::try_from(&good[..]), Signature::from_bytes(&good));

    let mut bad = good;
    bad[16..].copy_from_slice(&ORDER_BYTES);
    assert_eq!(
        Signature::from_bytes(&bad),
        Err(SignatureError::ResponseOutOfRange)
    );
    for index in 0..2 {
        let mut bad = good;
        bad[8 * index..8 * index + 8].copy_from_slice(&F::ORDER.to_le_bytes());
        assert_eq!(
            Signature::from_bytes(&bad),
            Err(SignatureError::ChallengeNonCanonical { index })
        );
    }
}

#[test]
fn malformed_public_keys_are_refused() {
    let good = SecretKey::from_seed(b"x").public_key().to_bytes();
    assert_eq!(
        PublicKey::try_from(&good[1..]),
        Err(KeyError::Length {
            expected: 40,
            actual: 39
        })
    );
    assert_eq!(PublicKey::from_bytes(&[0; 40]), Err(KeyError::Neutral));
    assert_eq!(PublicKey::from_point(Point::NEUTRAL), Err(KeyError::Neutral));
    for index in 0..5 {
        let mut bad = good;
        bad[8 * index..8 * index + 8].fill(0xff);
        assert_eq!(PublicKey::from_bytes(&bad), Err(KeyError::NonCanonical { index }));
    }
    let small_u = |k: u8| {
        let mut bytes = [0; 40];
        bytes[0] = k;
        PublicKey::from_bytes(&bytes)
    };
    // about half of all u belong to no point
    let refused = (1..=40)
        .filter(|k| small_u(*k) == Err(KeyError::NotInGroup))
        .count();
    let decoded = (1..=40).filter(|k| small_u(*k).is_ok()).count();
    assert!(
        refused > 5 && decoded > 5 && refused + decoded == 40,
        "{refused} refused, {decoded} decoded"
    );
}

#[test]
fn malformed_secret_keys_are_refused() {
    assert_eq!(
        SecretKey::from_bytes(&[0; 40]).unwrap_err(),
        KeyError::SecretOutOfRange
    );
    assert_eq!(
        SecretKey::from_bytes(&ORDER_BYTES).unwrap_err(),
        KeyError::SecretOutOfRange
    );
    assert_eq!(
        SecretKey::from_bytes(&[0xff; 40]).unwrap_err(),
        KeyError::SecretOutOfRange
    );
    let key = SecretKey::from_seed(b"seed");
    let same = SecretKey::from_bytes(&key.to_bytes()).expect("its own encoding");
    assert_eq!(same.public_key(), key.public_key());
    assert_eq!(format!("{key:?}"), "SecretKey(..)");
}

#[test]
fn the_fixed_base_table_agrees_with_multiplication() {
    for seed in 0..8u8 {
        let key = SecretKey::from_seed(&[seed]);
        let scalar = Scalar::from_bytes(&key.to_bytes()).expect("below n");
        assert_eq!(*key.public_key().point(), Point::GENERATOR.mul(&scalar));
    }
}

#[test]
fn serde_round_trips_and_refuses_bad_bytes() {
    let key = SecretKey::from_seed(b"serde");
    let signature = key.sign(&message(3));
    let encoded = postcard::to_allocvec(&(key.public_key(), signature)).expect("encodes");
    assert_eq!(encoded.len(), 96);
    assert_eq!(
        postcard::from_bytes::<(PublicKey, Signature)>(&encoded).expect("decodes"),
        (key.public_key(), signature)
    );
    assert!(postcard::from_bytes::<PublicKey>(&[0xff; 40]).is_err());
    assert!(postcard::from_bytes::<Signature>(&[0xff; 56]).is_err());
    assert!(postcard::from_bytes::<PublicKey>(&encoded[..39]).is_err());
}

/// Vectors of this implementation, pinned so that a change of the scheme is seen.
#[test]
fn known_answers() {
    let key = SecretKey::from_seed(b"ashlar known answer");
    let signature = key.sign(&message(42));
    assert_eq!(
        hex::encode(*key.to_bytes()), // SHA-512 of the domain, a zero byte and the seed, modulo n: checked in Python
        "6c9c238ec1534da622e30cc281332a36209d8cf66bd04468b91f7c95ef6d5fcd55b0702526a3b50b"
    );
    assert_eq!(
        hex::encode(key.public_key().to_bytes()),
        "a0419d3ddaed2b3c8482bd04596ae602ea9e0bf8a1f7ae5713d6387e07dfeba3a71e4b4f77c6ceba"
    );
    assert_eq!(
        key.public_key().key_hash().elements,
        [
            9748385712797997846,
            12121840533999959547,
            12330121413743851759,
            14260428389565001477
        ]
        .map(F::from_canonical_u64)
    );
    assert_eq!(
        hex::encode(signature.to_bytes()),
        "06dd9677daafbcd43ed6c864db421e93688e4cf45640e4823c09f2319576aa2b\
         e99a2432a6721b47d32e4b405c7b48a328268d7cdae09a2d"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn random_keys_and_messages(seed in any::<[u8; 32]>()) {
        let key = SecretKey::from_seed(&seed);
        let message = HashOut { elements: std::array::from_fn(|_| F::rand()) };
        let signature = key.sign(&message);
        prop_assert_eq!(key.public_key().verify(&message, &signature), Ok(()));
        prop_assert_eq!(Signature::from_bytes(&signature.to_bytes()), Ok(signature));
        prop_assert_eq!(PublicKey::from_bytes(&key.public_key().to_bytes()), Ok(key.public_key()));
    }
}
