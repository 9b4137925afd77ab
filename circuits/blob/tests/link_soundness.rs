//! Negative tests of the link circuit. Every test starts from an assignment that the circuit accepts and breaks one thing;
//! nothing is checked beforehand. What each constraint inside a gate is for is in `blob_gates.rs`, what ties rows together
//! in `src/circuit/tests.rs`.

mod common;

use ark_ff::Zero;
use ashlar_blob::Fr;
use ashlar_blob_link::{
    LinkAssignment, LinkCircuit, LinkPublicInputs, LinkWitness,
    limbs::{LIMB_BITS, LIMBS, MODULUS, NUMBER_WORDS, TOP_BITS, integer, limbs, words},
    words_hash,
};
use ashlar_circuit_checks::free_wires;
use ashlar_ecgfp5::testing::{Verdict, prove_forged};
use ashlar_statement::{Security, hash::F};
use common::{CIRCUIT, COEFFICIENTS, LARGEST, assignment, f, open_assignment, prove_assignment, witness};
use num_bigint::BigUint;
use plonky2::field::types::Field;

const ROOM: usize = 4 * COEFFICIENTS;

#[track_caller]
fn accepted(assignment: &LinkAssignment) {
    prove_assignment(&CIRCUIT, assignment).expect("a satisfied circuit");
}

#[track_caller]
fn rejected(assignment: &LinkAssignment, what: &str) {
    assert!(
        prove_assignment(&CIRCUIT, assignment).is_err(),
        "accepted: {what}"
    );
}

/// The same, where witness generation overlooks contradictions between what is set and what is derived: slower, as plonky2's
/// own prover does it.
#[track_caller]
fn rejected_by_a_constraint(assignment: &LinkAssignment, what: &str) {
    let inputs = CIRCUIT.set(assignment).expect("as many words");
    let verdict = prove_forged(&CIRCUIT.data, &inputs, &[]);
    assert_eq!(verdict, Verdict::Refused, "{what}");
}

#[test]
fn every_public_input_is_bound() {
    let honest = assignment(&CIRCUIT, &witness(1, 200));
    accepted(&honest);
    let names = LinkPublicInputs::<F>::LEN;
    for element in 4..names {
        for change in [F::ONE, F::NEG_ONE] {
            let mut claimed = honest.public_inputs.to_vec();
            claimed[element] = claimed[element].map(|value| value + change);
            let mut broken = honest.clone();
            broken.public_inputs = LinkPublicInputs::from_slice(&claimed).expect("as many");
            let mut after = broken.public_inputs.to_vec().into_iter();
            // One more word than the last is a true statement if that is zero; one less is none.
            if element == names - 1 && change == F::ONE {
                accepted(&broken);
            } else {
                let what = format!("element {element}: {:?}", after.nth(element));
                rejected(&broken, &what);
                if change == F::NEG_ONE {
                    rejected_by_a_constraint(&broken, &what);
                }
            }
        }
    }
}

#[test]
fn a_proof_is_of_one_domain() {
    let honest = assignment(&CIRCUIT, &witness(1, 3));
    let proof = prove_assignment(&CIRCUIT, &honest).expect("satisfied");
    for element in 0..LinkPublicInputs::<F>::LEN {
        let mut other = proof.clone();
        other.public_inputs[element] += F::ONE;
        assert!(CIRCUIT.data.verify(other).is_err(), "element {element}");
    }
    CIRCUIT.data.verify(proof).expect("unchanged");
}

type Claim = LinkPublicInputs<Option<F>>;
/// Takes a part of another claim.
type Take = fn(&mut Claim, &Claim);

/// Hash of some words, polynomials of others.
#[test]
fn all_parts_are_of_the_same_words() {
    let one = witness(1, 200);
    let mut other = one.clone();
    other.words[77] ^= 1;
    let [one, other] = [one, other].map(|witness| assignment(&CIRCUIT, &witness));
    let parts: [(&str, Take); 3] = [
        ("hash", |claim, other| claim.words_hash = other.words_hash),
        ("evaluation at z", |claim, other| {
            claim.rollup_eval = other.rollup_eval
        }),
        ("value at ζ", |claim, other| claim.value = other.value),
    ];
    for (what, take) in parts {
        let mut broken = one.clone();
        take(&mut broken.public_inputs, &other.public_inputs);
        rejected(&broken, what);
        broken.words = other.words.clone();
        rejected(&broken, what);
    }
}

/// The attack that range checks of words are there for: a wide word is the same coefficient as the next word and one more, so
/// the blob is another than the hash says.
#[test]
fn a_word_has_56_bits_wherever_it_is() {
    for place in [0, 1, 2, 3, 4, 63, 64, ROOM / 2 + 1, ROOM - 1] {
        let mut broken = open_assignment(&CIRCUIT, &witness(1, ROOM));
        broken.words[place] = f(LARGEST);
        accepted(&broken);
        for wide in [LARGEST + 1, 1 << 63] {
            broken.words[place] = f(wide);
            rejected(&broken, &format!("word {place} is {wide:#x}"));
        }
        broken.words[place] = F::NEG_ONE;
        rejected(&broken, &format!("word {place} is -1"));
    }
    // Two writings of one coefficient.
    let honest = assignment(
        &CIRCUIT,
        &LinkWitness {
            words: vec![5, 9],
            ..witness(1, 0)
        },
    );
    let mut broken = honest.clone();
    (broken.words[0], broken.words[1]) = (f(5 + (1 << 56)), f(8));
    let as_words: Vec<u64> = vec![5 + (1 << 56), 8];
    broken.public_inputs.words_hash = words_hash(&as_words, COEFFICIENTS).elements.map(Some);
    broken.public_inputs.rollup_eval = [None; 2];
    rejected(&broken, "a wide word and the same coefficient");
}

#[test]
fn the_point_is_a_number() {
    let honest = assignment(&CIRCUIT, &witness(1, 20));
    let mut widened = honest.clone();
    widened.zeta[0] += f(1 << LIMB_BITS);
    widened.zeta[1] -= F::ONE;
    assert_eq!(words(widened.zeta), words(honest.zeta), "the same claim");
    rejected(&widened, "a wide limb");
    let mut top = open_assignment(&CIRCUIT, &witness(1, 20));
    top.zeta = limbs(&BigUint::ZERO);
    top.zeta[LIMBS - 1] = f((1 << TOP_BITS) - 1);
    accepted(&top); // above r, and the statement is of it modulo r
    top.zeta[LIMBS - 1] += F::ONE;
    rejected(&top, "2^255");
}

/// A point is stated as it is, but what it is modulo r decides.
#[test]
fn a_point_above_the_modulus_is_its_remainder() {
    let reduced = LinkWitness {
        zeta: Fr::from(12_345u64),
        ..witness(4, ROOM)
    };
    let claim = reduced.statement(COEFFICIENTS).expect("valid");
    let mut above = assignment(&CIRCUIT, &reduced);
    above.zeta = limbs(&(integer(reduced.zeta) + &*MODULUS));
    above.public_inputs.zeta = words(above.zeta).map(Some);
    let proof = prove_assignment(&CIRCUIT, &above).expect("satisfied");
    let stated = LinkPublicInputs::from_slice(&proof.public_inputs).expect("23");
    assert_eq!((stated.value, stated.zeta == claim.zeta), (claim.value, false));
}

#[test]
fn the_value_is_below_the_modulus() {
    // p(ζ) is small, so that r more is below 2^255, too.
    for (words, zeta) in [
        (vec![5], Fr::zero()),
        (vec![1, 2, 3], Fr::from(7u64)),
        (Vec::new(), Fr::from(3u64)),
    ] {
        let small = LinkWitness {
            words,
            zeta,
            ..witness(1, 0)
        };
        let honest = assignment(&CIRCUIT, &small);
        accepted(&honest);
        let value = integer(ashlar_blob::evaluate(&small.words, zeta)) + &*MODULUS;
        let mut broken = honest;
        let unreduced: [F; NUMBER_WORDS] = words_of(&value);
        broken.public_inputs.value = unreduced.map(Some);
        rejected(&broken, "r too much");
    }
}

fn words_of(value: &BigUint) -> [F; NUMBER_WORDS] {
    words(limbs(value))
}

#[test]
fn the_count_is_not_less_than_the_words_and_not_more_than_their_room() {
    let counted = |words: usize, count: u64| {
        let mut assignment = assignment(&CIRCUIT, &witness(3, words));
        assignment.public_inputs.words = Some(f(count));
        assignment
    };
    for words in [0, 1, 64, 100, ROOM] {
        let room = ROOM as u64;
        accepted(&counted(words, words as u64));
        accepted(&counted(words, room)); // zeros are words
        rejected(&counted(words, room + 1), "more than there is room for");
        rejected(&counted(words, room + 64), "a row more");
        if words > 0 {
            rejected(&counted(words, words as u64 - 1), "the last word is not counted");
            rejected(&counted(words, 0), "none");
        }
    }
    let mut less = assignment(&CIRCUIT, &witness(3, 1));
    less.public_inputs.words = Some(F::NEG_ONE);
    rejected(&less, "less than none");
}

#[test]
fn no_derived_wire_is_free() {
    let circuit = LinkCircuit::of_coefficients(Security::default(), 16);
    let witnesses = [witness(1, 64), witness(2, 5), witness(3, 0)].map(|witness| {
        let assignment = open_assignment(&circuit, &witness);
        circuit.set(&assignment).expect("as many words")
    });
    let findings = free_wires(&circuit.data, witnesses).expect("satisfied");
    assert_eq!((findings.free, findings.idle), (vec![], vec![]));
    assert!(
        findings.determined > circuit.rows().used * 20,
        "{}",
        findings.determined
    );
}
