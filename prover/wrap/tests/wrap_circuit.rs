//! The whole wrap circuit: once in its true size on a real compressed proof, the rest on proofs as small as they get (one
//! query, little proof of work) with limbs of eight bits.

mod circuit_support;

use std::{collections::HashMap, path::Path, sync::OnceLock};

use ashlar_bn254::Bn254Config;
use ashlar_recursion::testing::CompressedSample;
use ashlar_wrap::{
    chip::{Chip, F, F2},
    circuit::{Cell, Fe, Recorder, WRAP_K, WrapCircuit, pack_public_inputs},
};
use circuit_support::{LIMB_BITS, failures};
use halo2_proofs::{
    dev::MockProver,
    halo2curves::{bn256::Fr, ff::Field as _},
};
use plonky2::{
    field::types::{Field, Field64},
    fri::{FriConfig, reduction_strategies::FriReductionStrategy},
    iop::witness::{PartialWitness, WitnessWrite},
    plonk::{
        circuit_builder::CircuitBuilder,
        circuit_data::{CircuitConfig, CircuitData},
        proof::ProofWithPublicInputs,
    },
};

type Proof = ProofWithPublicInputs<F, Bn254Config, 2>;

const PUBLIC_INPUTS: usize = 27;
/// Of the small proofs: with them all rows fit in 2^16.
const FEW_PUBLIC_INPUTS: u64 = 8;

#[test]
fn a_real_proof_is_accepted_and_the_constraints_do_not_depend_on_it() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("halo2-wrap-sample.bin");
    let CompressedSample { verifier, proof } =
        CompressedSample::cached(&path, PUBLIC_INPUTS, 7).expect("a sample proof");
    let (common, verifier_only) = (&verifier.common, &verifier.verifier_only);
    let circuit = WrapCircuit::new(common, verifier_only, &proof).expect("supported");
    let stats = circuit.stats();
    assert!(stats.used.rows <= (1 << WRAP_K) - 8);
    assert!(stats.used.rows > (1 << (WRAP_K - 1)) - 8, "a smaller k would do");
    let instances = circuit.instances();
    assert_eq!(instances, pack_public_inputs(&proof.public_inputs));
    let prover = MockProver::run(WRAP_K, &circuit, vec![instances]).expect("the circuit fits");
    assert_eq!(prover.verify_par(), Ok(()));

    let for_keys = WrapCircuit::without_proof(common, verifier_only).expect("supported");
    assert!(circuit.layout().same_constraints(for_keys.layout()));
}

/// The squares of 7, 8, … as public inputs.
fn small_sample() -> &'static (CircuitData<F, Bn254Config, 2>, Proof) {
    static SAMPLE: OnceLock<(CircuitData<F, Bn254Config, 2>, Proof)> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let config = CircuitConfig {
            security_bits: 5,
            fri_config: FriConfig {
                rate_bits: 3,
                cap_height: 1,
                proof_of_work_bits: 2,
                reduction_strategy: FriReductionStrategy::ConstantArityBits(2, 2),
                num_query_rounds: 1,
            },
            ..CircuitConfig::standard_recursion_config()
        };
        let mut builder = CircuitBuilder::<F, 2>::new(config);
        let mut witness = PartialWitness::new();
        for root in 0..FEW_PUBLIC_INPUTS {
            let target = builder.add_virtual_target();
            let value = F::from_canonical_u64(7 + root);
            witness.set_target(target, value).expect("set once");
            let square = builder.square(target);
            builder.register_public_input(square);
        }
        let circuit = builder.build::<Bn254Config>();
        let proof = circuit.prove(witness).expect("satisfiable");
        circuit.verify(proof.clone()).expect("valid");
        (circuit, proof)
    })
}

fn wrap(proof: &Proof, forced: HashMap<Cell, Fr>) -> WrapCircuit {
    let (circuit, _) = small_sample();
    let recorder = Recorder::forced(LIMB_BITS, forced);
    WrapCircuit::recorded(recorder, &circuit.common, &circuit.verifier_only, proof).expect("supported")
}

/// Names of the rules that the circuit breaks.
fn found(circuit: &WrapCircuit, instances: Vec<Fr>) -> Vec<String> {
    failures(circuit.layout(), instances).into_iter().collect()
}

#[test]
fn a_proof_is_accepted_with_its_public_inputs_only() {
    let (_, proof) = small_sample();
    let circuit = wrap(proof, HashMap::new());
    let mut instances = pack_public_inputs(&proof.public_inputs);
    assert_eq!(found(&circuit, instances.clone()), Vec::<String>::new());
    instances[2] += Fr::ONE;
    assert_eq!(found(&circuit, instances), ["sum"]);
}

/// x + p below 2^64 is x for every equation modulo p, and another instance.
#[test]
fn a_public_input_has_one_representative() {
    let (_, proof) = small_sample();
    let mut recorder = Recorder::with_limb_bits(LIMB_BITS);
    let Fe::Cell(first) = recorder.witness(proof.public_inputs[0]) else {
        panic!("a witness has a cell")
    };
    let other = Fr::from(49) + Fr::from(F::ORDER);
    let forged = wrap(proof, HashMap::from([(first, other)]));
    let mut instances = pack_public_inputs(&proof.public_inputs);
    instances[0] += Fr::from(F::ORDER);
    assert_eq!(forged.instances(), instances);
    assert_eq!(found(&forged, instances), ["sum"]);
}

/// One wrong value in each part of the proof.
#[test]
fn corrupted_proofs_are_refused() {
    type Corruption = (&'static str, fn(&mut Proof));
    let corruptions: [Corruption; 4] = [
        ("public input", |proof| proof.public_inputs[3] += F::ONE),
        ("opening", |proof| proof.proof.openings.wires[7] += F2::ONE),
        ("leaf", |proof| {
            let rounds = &mut proof.proof.opening_proof.query_round_proofs;
            rounds[0].initial_trees_proof.evals_proofs[1].0[4] += F::ONE;
        }),
        ("path", |proof| {
            let rounds = &mut proof.proof.opening_proof.query_round_proofs;
            rounds[0].initial_trees_proof.evals_proofs[1].1.siblings[0].0 += Fr::ONE;
        }),
    ];
    let (circuit, proof) = small_sample();
    for (part, corrupt) in corruptions {
        let mut bad = proof.clone();
        corrupt(&mut bad);
        assert!(circuit.verify(bad.clone()).is_err(), "{part}");
        let wrapped = wrap(&bad, HashMap::new());
        let rules = found(&wrapped, wrapped.instances());
        assert!(!rules.is_empty(), "{part}");
    }
}

/// Every rule is at work in the whole, not only in gadgets: wrong cells all over it break all of them.
#[test]
fn every_rule_notices_wrong_cells() {
    let mut layout = wrap(&small_sample().1, HashMap::new()).layout().clone();
    let instances = layout.instances();
    let wrong: Vec<Cell> = layout.cells().step_by(503).collect();
    assert!(wrong.len() > 100);
    for cell in wrong {
        layout.set_value(cell, layout.value(cell) - Fr::from(1 << 16));
    }
    let rules = ["limb", "move", "permutation", "round", "sum"];
    assert_eq!(failures(&layout, instances), rules.map(String::from).into());
}
