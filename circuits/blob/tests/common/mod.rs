//! Words, points, and proofs of them.
#![allow(dead_code, reason = "each suite uses a part")]

use std::sync::LazyLock;

use ark_ff::Zero;
use ashlar_blob::{Fr, WORD_BITS};
use ashlar_blob_link::{GATES, LinkAssignment, LinkCircuit, LinkPublicInputs, LinkWitness};
use ashlar_plonky2::Prover;
use ashlar_statement::{
    Domain, Provable, ProveError, Security,
    hash::{C, D, F},
};
use plonky2::{field::types::Field, plonk::proof::ProofWithPublicInputs};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Coefficients of the circuit that most tests share: four blocks.
pub const COEFFICIENTS: usize = 64;

pub static CIRCUIT: LazyLock<LinkCircuit> =
    LazyLock::new(|| LinkCircuit::of_coefficients(Security::default(), COEFFICIENTS));

pub const LARGEST: u64 = (1 << WORD_BITS) - 1;

pub fn f(value: u64) -> F {
    F::from_canonical_u64(value)
}

pub fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Of random words and points.
pub fn witness(seed: u64, words: usize) -> LinkWitness {
    let mut rng = rng(seed);
    let mut zeta = Fr::zero();
    for _ in 0..5 {
        zeta = zeta * Fr::from(u64::MAX) + Fr::from(rng.r#gen::<u64>());
    }
    LinkWitness {
        domain: Domain {
            chain_id: 31_337,
            rollup: [7; 20],
        }
        .words(),
        z: [f(rng.r#gen::<u64>() >> 1), f(rng.r#gen::<u64>() >> 1)],
        zeta,
        words: (0..words)
            .map(|_| rng.r#gen::<u64>() >> (64 - WORD_BITS))
            .collect(),
    }
}

pub fn prove_assignment(
    circuit: &LinkCircuit,
    assignment: &LinkAssignment,
) -> Result<ProofWithPublicInputs<F, C, D>, ProveError> {
    let prover = Prover::default().with_gates(GATES);
    Provable::new(&prover, "link", &circuit.data).prove(&prover, &circuit.data, || circuit.set(assignment))
}

/// The assignment of a witness that claims what the native side says.
pub fn assignment(circuit: &LinkCircuit, witness: &LinkWitness) -> LinkAssignment {
    let claim = witness.statement(circuit.coefficients()).expect("valid");
    LinkAssignment::new(witness, &claim, circuit.coefficients())
}

/// The same, but what the circuit derives is left to it.
pub fn open_assignment(circuit: &LinkCircuit, witness: &LinkWitness) -> LinkAssignment {
    let mut assignment = assignment(circuit, witness);
    let claimed = assignment.public_inputs;
    assignment.public_inputs = LinkPublicInputs {
        domain: claimed.domain,
        z: claimed.z,
        words: claimed.words,
        ..LinkPublicInputs::from_fn(|| None)
    };
    assignment
}

/// Proves, and compares what the proof states with what the native side says.
pub fn proves(circuit: &LinkCircuit, witness: &LinkWitness) {
    let claim = witness.statement(circuit.coefficients()).expect("valid");
    let proof = prove_assignment(circuit, &open_assignment(circuit, witness)).expect("satisfied");
    assert_eq!(proof.public_inputs, claim.to_vec());
}
