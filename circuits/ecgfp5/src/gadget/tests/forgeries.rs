//! Witnesses that meet every constraint but one.

use ashlar_circuit_checks::free_wires;
use ashlar_poseidon::hash_no_pad;
use plonky2::field::types::Sample;

use super::{super::*, Circuit, challenge, first_step_row, random_hash, random_scalar};
use crate::{
    field::Quintic,
    keys::SecretKey,
    point::curve_b,
    testing::{Verdict, prove_forged},
};

#[test]
fn keys_outside_the_group_give_no_proof() {
    let circuit = Circuit::get();
    let key = Point::GENERATOR.mul(&random_scalar());
    let e = 0; // the chain adds no key, so only what is constrained of the key itself can refuse it
    assert_eq!(
        circuit.disabled_verdict(&key, e, &[]),
        Verdict::Accepted,
        "control"
    );

    // the other root of the same u: on the curve, x a square
    let other = Point::from_coordinates_unchecked(curve_b() / key.x(), key.u());
    assert!(other.is_on_curve());
    assert_eq!(
        circuit.disabled_verdict(&other, e, &[]),
        Verdict::Refused,
        "wrong coset"
    );

    // off the curve, x seven times a square
    let root = Quintic::rand();
    let off = root * root * Quintic::from(F::from_canonical_u64(NON_SQUARE));
    let off = Point::from_coordinates_unchecked(off, key.u());
    assert!(!off.is_on_curve());
    assert_eq!(
        circuit.disabled_verdict(&off, e, &[]),
        Verdict::Refused,
        "off the curve"
    );

    assert_eq!(
        circuit.disabled_verdict(&Point::NEUTRAL, e, &[]),
        Verdict::Refused,
        "neutral"
    );
    for (i, hint) in [circuit.sig.key_root, circuit.sig.key_u_inverse]
        .into_iter()
        .enumerate()
    {
        let forged = [(hint[2], F::rand())];
        assert_eq!(
            circuit.disabled_verdict(&key, e, &forged),
            Verdict::Refused,
            "hint {i}"
        );
    }
}

/// Attacks that meet every constraint but the key's.
#[test]
fn forgeries_for_weak_keys_give_no_proof() {
    let circuit = Circuit::get();
    let message = random_hash();
    let key_hash = |key: &Point| hash_no_pad(Role::Key, &key.u().0);

    // Anybody signs for the neutral key: sG + e 0 = R.
    let s = random_scalar();
    let e = challenge(&Point::GENERATOR.mul(&s), &Point::NEUTRAL, &message);
    let statement = circuit.statement(key_hash(&Point::NEUTRAL), message, true);
    assert_eq!(
        circuit.verdict(statement, &Point::NEUTRAL, e, &s),
        Verdict::Refused
    );

    // The other root stands for -Q, up to the point of order two that an even e removes.
    let d = random_scalar();
    let key = Point::GENERATOR.mul(&d);
    let other = Point::from_coordinates_unchecked(curve_b() / key.x(), key.u());
    let (k, e) = loop {
        let k = random_scalar();
        let e = challenge(&Point::GENERATOR.mul(&k), &key, &message);
        if e & 1 == 0 {
            break (k, e);
        }
    };
    let s = k + Scalar::from(e) * d;
    let statement = circuit.statement(key_hash(&key), message, true);
    assert_eq!(circuit.verdict(statement, &other, e, &s), Verdict::Refused);
}

/// The signer keeps the commitment and answers another challenge: all but one word of it is right.
#[test]
fn each_word_of_the_challenge_is_bound() {
    let circuit = Circuit::get();
    let (d, k, message) = (random_scalar(), random_scalar(), random_hash());
    let key = Point::GENERATOR.mul(&d);
    let e = challenge(&Point::GENERATOR.mul(&k), &key, &message);
    let key_hash = hash_no_pad(Role::Key, &key.u().0);
    for (mask, verdict) in [
        (0, Verdict::Accepted),
        (1, Verdict::Refused),
        (1 << 64, Verdict::Refused),
    ] {
        let e = e ^ mask;
        let s = k - Scalar::from(e) * d;
        let statement = circuit.statement(key_hash, message, true);
        assert_eq!(circuit.verdict(statement, &key, e, &s), verdict, "mask {mask:x}");
    }
}

/// A bit above the challenge's 128, hidden by a word that reads the same modulo p.
#[test]
fn the_first_step_has_no_challenge_bit() {
    let circuit = Circuit::get();
    let (d, message) = (random_scalar(), random_hash());
    let key = Point::GENERATOR.mul(&d);
    let overflow = (1u64 << 32) - 1; // 2^64 modulo p
    let (k, e) = loop {
        let k = random_scalar();
        let e = challenge(&Point::GENERATOR.mul(&k), &key, &message);
        if (e >> 64) as u64 >= overflow {
            break (k, e - (u128::from(overflow) << 64));
        }
    };
    let top = Scalar::from(1 << 127);
    let s = k - (Scalar::from(e) + top + top) * d;
    let mut witness = circuit.statement(hash_no_pad(Role::Key, &key.u().0), message, true);
    circuit.sig.set(&mut witness, &key, e, &s).expect("set once");
    let bit = Target::wire(first_step_row(circuit), layout::challenge_bit(0));
    assert_eq!(
        prove_forged(&circuit.data, &witness, &[(bit, F::ONE)]),
        Verdict::Refused
    );
}

/// Each row starts where the one before it ended, and all add the same key: other values, that suit the row itself.
#[test]
fn the_inputs_of_every_row_are_bound() {
    let circuit = Circuit::get();
    let [key, other] = std::array::from_fn(|_| Point::GENERATOR.mul(&random_scalar()));
    let coordinates = [other.x().0, other.u().0].concat();
    let first = first_step_row(circuit);
    let inputs = [
        ("accumulator", layout::ACC, &coordinates[..]),
        ("key", layout::KEY, &coordinates),
        ("challenge", layout::CHALLENGE_IN, &[F::from_canonical_u64(5)]),
    ];
    for row in [0, 5, 17, 35, STEP_ROWS - 1] {
        for (what, column, values) in inputs {
            let wires = (column..).map(|column| Target::wire(first + row, column));
            let forged: Vec<_> = wires.zip(values.iter().copied()).collect();
            assert_eq!(
                circuit.disabled_verdict(&key, 6, &forged),
                Verdict::Refused,
                "{what} of row {row}"
            );
        }
    }
}

/// Of what [`SignatureTarget`] sets, everything else follows; see `ashlar_circuit_checks`.
#[test]
fn no_derived_wire_is_free() {
    let circuit = Circuit::get();
    let (secret, message) = (SecretKey::from_seed(b"alice"), random_hash());
    let public = secret.public_key();
    let mut enabled = circuit.statement(public.key_hash(), message, true);
    circuit
        .sig
        .set_witness(&mut enabled, &public, &secret.sign(&message))
        .expect("set once");
    let mut disabled = circuit.statement(random_hash(), random_hash(), false);
    circuit.sig.set_disabled(&mut disabled).expect("set once");
    let findings = free_wires(&circuit.data, [enabled, disabled]).expect("satisfied");
    assert_eq!((findings.free, findings.idle), (vec![], vec![]));
    assert!(findings.determined > STEP_ROWS * layout::WIRES / 2);
}
