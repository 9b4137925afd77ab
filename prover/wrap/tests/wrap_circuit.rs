//! The whole wrap circuit on a real compressed proof.

mod circuit_support;

use std::{path::Path, sync::OnceLock};

use ashlar_recursion::testing::CompressedSample;
use ashlar_wrap::{
    chip::{F, F2},
    circuit::{Cell, WRAP_K, WrapCircuit, pack_public_inputs},
};
use circuit_support::failures;
use halo2_proofs::{
    dev::MockProver,
    halo2curves::{bn256::Fr, ff::Field as _},
};
use plonky2::field::types::Field;

const PUBLIC_INPUTS: usize = 24;

fn sample() -> &'static CompressedSample {
    static SAMPLE: OnceLock<CompressedSample> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("halo2-wrap-sample.bin");
        CompressedSample::cached(&path, PUBLIC_INPUTS, 7).expect("a sample proof")
    })
}

fn wrap(sample: &CompressedSample) -> WrapCircuit {
    WrapCircuit::new(
        &sample.verifier.common,
        &sample.verifier.verifier_only,
        &sample.proof,
    )
    .expect("the verifier supports the circuit")
}

fn is_satisfied(circuit: &WrapCircuit, instances: Vec<Fr>) -> bool {
    MockProver::run(WRAP_K, circuit, vec![instances])
        .expect("the circuit fits")
        .verify_par()
        .is_ok()
}

#[test]
fn accepts_a_proof_and_only_its_public_inputs() {
    let circuit = wrap(sample());
    let stats = circuit.stats();
    println!("{stats:#?}");
    assert!(stats.used.rows <= (1 << WRAP_K) - 8);
    assert!(stats.used.rows > (1 << (WRAP_K - 1)) - 8, "a smaller k would do");
    let mut instances = circuit.instances();
    assert_eq!(instances, pack_public_inputs(&sample().proof.public_inputs));
    assert!(is_satisfied(&circuit, instances.clone()));
    instances[5] += Fr::ONE;
    assert!(!is_satisfied(&circuit, instances));
}

#[test]
fn constraints_do_not_depend_on_the_proof() {
    let with_proof = wrap(sample());
    let verifier = &sample().verifier;
    let for_keys = WrapCircuit::without_proof(&verifier.common, &verifier.verifier_only).expect("supported");
    assert!(with_proof.layout().same_constraints(for_keys.layout()));
}

/// One wrong value in each part of the proof.
#[test]
fn refuses_corrupted_proofs() {
    type Corruption = (&'static str, fn(&mut CompressedSample));
    let corruptions: [Corruption; 4] = [
        ("public input", |s| s.proof.public_inputs[3] += F::ONE),
        ("opening", |s| s.proof.proof.openings.wires[7] += F2::ONE),
        ("leaf", |s| {
            let rounds = &mut s.proof.proof.opening_proof.query_round_proofs;
            rounds[11].initial_trees_proof.evals_proofs[1].0[4] += F::ONE;
        }),
        ("path", |s| {
            let rounds = &mut s.proof.proof.opening_proof.query_round_proofs;
            rounds[27].steps[0].merkle_proof.siblings[2].0 += Fr::ONE;
        }),
    ];
    for (part, corrupt) in corruptions {
        let mut bad = sample().clone();
        corrupt(&mut bad);
        assert!(bad.verifier.verify(bad.proof.clone()).is_err(), "{part}");
        let circuit = wrap(&bad);
        let instances = circuit.instances();
        assert!(!is_satisfied(&circuit, instances), "{part}");
    }
}

/// Every rule is at work in this circuit, not only in small ones: wrong cells all over it break all of them.
#[test]
fn every_rule_notices_wrong_cells() {
    let mut layout = wrap(sample()).layout().clone();
    let instances = layout.instances();
    let wrong: Vec<Cell> = layout.cells().step_by(5003).collect();
    assert!(wrong.len() > 100);
    for cell in wrong {
        layout.set_value(cell, layout.value(cell) - Fr::from(1 << 16));
    }
    let rules = ["limb", "move", "permutation", "round", "sum"];
    assert_eq!(failures(&layout, instances), rules.map(String::from).into());
}
