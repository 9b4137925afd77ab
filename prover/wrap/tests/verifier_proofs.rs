//! Whole proofs: the verifier over the native chip decides as plonky2's does.

use std::{
    path::Path,
    sync::{Mutex, OnceLock},
};

use ashlar_bn254::Bn254Config;
use ashlar_recursion::testing::CompressedSample;
use ashlar_wrap::{
    chip::F,
    verifier::{NativeChip, VerifierError, verify_plonky2, zero_proof},
};
use halo2_proofs::halo2curves::bn256::Fr;
use plonky2::{
    field::{extension::quadratic::QuadraticExtension, types::Field},
    iop::witness::PartialWitness,
    plonk::{
        circuit_builder::CircuitBuilder,
        circuit_data::{CircuitConfig, CircuitData, VerifierCircuitData},
        proof::ProofWithPublicInputs,
    },
};
use rayon::prelude::*;

type Proof = ProofWithPublicInputs<F, Bn254Config, 2>;
type Corruption = Box<dyn Fn(&mut Proof) + Send + Sync>;

fn sample() -> &'static CompressedSample {
    static SAMPLE: OnceLock<CompressedSample> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("halo2-wrap-sample.bin");
        CompressedSample::cached(&path, 27, 7).expect("sample proof")
    })
}

fn accepts(proof: &Proof) -> bool {
    let VerifierCircuitData {
        common,
        verifier_only,
    } = &sample().verifier;
    let chip = &mut NativeChip::new();
    verify_plonky2(chip, common, verifier_only, proof).expect("the sample's shape");
    chip.result().is_ok()
}

#[test]
fn accepts_a_valid_proof() {
    let CompressedSample { verifier, proof } = sample();
    let chip = &mut NativeChip::new();
    let inputs = verify_plonky2(chip, &verifier.common, &verifier.verifier_only, proof).expect("supported");
    assert_eq!(chip.result(), Ok(()));
    assert_eq!(inputs, proof.public_inputs);
    assert!(!accepts(&zero_proof(&verifier.common)));
}

fn bump(element: &mut QuadraticExtension<F>, coordinate: usize) {
    element.0[coordinate] += F::ONE;
}

macro_rules! openings {
    ($corruptions:ident, $($field:ident),*) => {$(
        for i in 0..sample().proof.proof.openings.$field.len() {
            $corruptions.push((
                format!("{} opening {i}", stringify!($field)),
                Box::new(move |proof: &mut Proof| bump(&mut proof.proof.openings.$field[i], i % 2)),
            ));
        }
    )*};
}

macro_rules! caps {
    ($corruptions:ident, $($field:ident),*) => {$(
        for i in 0..sample().proof.proof.$field.0.len() {
            $corruptions.push((
                format!("{} element {i}", stringify!($field)),
                Box::new(move |proof: &mut Proof| proof.proof.$field.0[i].0 += Fr::one()),
            ));
        }
    )*};
}

/// One corruption for every element that the whole proof shares.
fn shared_corruptions() -> Vec<(String, Corruption)> {
    let mut corruptions: Vec<(String, Corruption)> = Vec::new();
    openings!(
        corruptions,
        constants,
        plonk_sigmas,
        wires,
        plonk_zs,
        plonk_zs_next,
        partial_products,
        quotient_polys
    );
    caps!(
        corruptions,
        wires_cap,
        plonk_zs_partial_products_cap,
        quotient_polys_cap
    );
    let fri = &sample().proof.proof.opening_proof;
    for (layer, cap) in fri.commit_phase_merkle_caps.iter().enumerate() {
        for i in 0..cap.0.len() {
            corruptions.push((
                format!("FRI cap {layer} element {i}"),
                Box::new(move |proof| {
                    proof.proof.opening_proof.commit_phase_merkle_caps[layer].0[i].0 -= Fr::one();
                }),
            ));
        }
    }
    for i in 0..fri.final_poly.coeffs.len() {
        corruptions.push((
            format!("final coefficient {i}"),
            Box::new(move |proof| bump(&mut proof.proof.opening_proof.final_poly.coeffs[i], i % 2)),
        ));
    }
    corruptions.push((
        "proof of work".into(),
        Box::new(|proof| proof.proof.opening_proof.pow_witness += F::ONE),
    ));
    for i in 0..sample().proof.public_inputs.len() {
        corruptions.push((
            format!("public input {i}"),
            Box::new(move |proof| proof.public_inputs[i] += F::ONE),
        ));
    }
    corruptions
}

/// For every query: one value of each leaf and coset and one sibling of each path, at places that move with the query.
fn query_corruptions() -> Vec<(String, Corruption)> {
    let mut corruptions: Vec<(String, Corruption)> = Vec::new();
    for (q, query) in sample()
        .proof
        .proof
        .opening_proof
        .query_round_proofs
        .iter()
        .enumerate()
    {
        for (tree, (leaf, path)) in query.initial_trees_proof.evals_proofs.iter().enumerate() {
            let (value, sibling) = (11 * q % leaf.len(), q % path.siblings.len());
            corruptions.push((
                format!("query {q}, tree {tree}, value {value}"),
                Box::new(move |proof| {
                    let query = &mut proof.proof.opening_proof.query_round_proofs[q];
                    query.initial_trees_proof.evals_proofs[tree].0[value] += F::ONE;
                }),
            ));
            corruptions.push((
                format!("query {q}, tree {tree}, sibling {sibling}"),
                Box::new(move |proof| {
                    let query = &mut proof.proof.opening_proof.query_round_proofs[q];
                    query.initial_trees_proof.evals_proofs[tree].1.siblings[sibling].0 += Fr::one();
                }),
            ));
        }
        for (s, step) in query.steps.iter().enumerate() {
            let (value, sibling) = (q % step.evals.len(), q % step.merkle_proof.siblings.len());
            corruptions.push((
                format!("query {q}, step {s}, value {value}"),
                Box::new(move |proof| {
                    let query = &mut proof.proof.opening_proof.query_round_proofs[q];
                    bump(&mut query.steps[s].evals[value], q % 2);
                }),
            ));
            corruptions.push((
                format!("query {q}, step {s}, sibling {sibling}"),
                Box::new(move |proof| {
                    let query = &mut proof.proof.opening_proof.query_round_proofs[q];
                    query.steps[s].merkle_proof.siblings[sibling].0 += Fr::one();
                }),
            ));
        }
    }
    corruptions
}

fn assert_rejected(corruptions: Vec<(String, Corruption)>) {
    let CompressedSample { verifier, proof } = sample();
    let accepted = Mutex::new(Vec::new());
    corruptions.into_par_iter().for_each(|(name, corrupt)| {
        let mut forged = proof.clone();
        corrupt(&mut forged);
        assert_ne!(forged, *proof, "{name} corrupts nothing");
        if verifier.verify(forged.clone()).is_ok() {
            accepted.lock().unwrap().push(format!("{name}: plonky2"));
        }
        if accepts(&forged) {
            accepted.lock().unwrap().push(format!("{name}: chip"));
        }
    });
    assert_eq!(accepted.into_inner().unwrap(), Vec::<String>::new());
}

#[test]
fn rejects_every_corrupted_shared_element() {
    assert_rejected(shared_corruptions());
}

#[test]
fn rejects_corrupted_queries() {
    assert_rejected(query_corruptions());
}

#[test]
fn refuses_another_circuits_digest_and_constants() {
    let CompressedSample { verifier, proof } = sample();
    let rejects = |corrupt: &dyn Fn(&mut VerifierCircuitData<F, Bn254Config, 2>)| {
        let mut other = verifier.clone();
        corrupt(&mut other);
        let chip = &mut NativeChip::new();
        verify_plonky2(chip, &other.common, &other.verifier_only, proof).expect("supported");
        chip.result().is_err() && other.verify(proof.clone()).is_err()
    };
    assert!(!rejects(&|_| ()));
    assert!(rejects(&|other| other.verifier_only.circuit_digest.0 += Fr::one()));
    for cap in 0..16 {
        // one query at least falls under some of the sixteen subtrees; those that none hits stay unseen
        let seen = rejects(&|other| other.verifier_only.constants_sigmas_cap.0[cap].0 += Fr::one());
        let mut other = verifier.clone();
        other.verifier_only.constants_sigmas_cap.0[cap].0 += Fr::one();
        assert_eq!(seen, other.verify(proof.clone()).is_err(), "cap element {cap}");
    }
    assert!(rejects(&|other| other.common.k_is.swap(1, 2)));
}

#[test]
fn refuses_other_shapes_with_a_reason() {
    let CompressedSample { verifier, proof } = sample();
    let refusal = |corrupt: &dyn Fn(&mut Proof)| {
        let mut forged = proof.clone();
        corrupt(&mut forged);
        let verdict = verify_plonky2(
            &mut NativeChip::new(),
            &verifier.common,
            &verifier.verifier_only,
            &forged,
        );
        assert!(verifier.verify(forged).is_err());
        match verdict {
            Err(VerifierError::ProofShape { part, .. }) => part,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        refusal(&|proof| proof.public_inputs.push(F::ZERO)),
        "public inputs"
    );
    assert_eq!(
        refusal(&|proof| {
            proof.proof.openings.wires.pop();
        }),
        "wires openings"
    );
    assert_eq!(
        refusal(&|proof| {
            proof.proof.opening_proof.query_round_proofs.pop();
        }),
        "FRI queries"
    );
    assert_eq!(
        refusal(&|proof| {
            let query = &mut proof.proof.opening_proof.query_round_proofs[27];
            query.steps[1].merkle_proof.siblings.pop();
        }),
        "Merkle path of a FRI step"
    );
    assert_eq!(
        refusal(&|proof| {
            proof
                .proof
                .opening_proof
                .final_poly
                .coeffs
                .push(QuadraticExtension::ZERO);
        }),
        "final polynomial"
    );
}

fn small_circuit(with_table: bool) -> CircuitData<F, Bn254Config, 2> {
    let mut builder = CircuitBuilder::<F, 2>::new(CircuitConfig::standard_recursion_config());
    let mut x = builder.two();
    if with_table {
        let table = std::sync::Arc::new((0..16u16).map(|i| (i, i * i)).collect());
        let table = builder.add_lookup_table_from_pairs(table);
        x = builder.add_lookup_from_index(x, table);
    }
    let x = builder.cube(x);
    builder.register_public_input(x);
    builder.build::<Bn254Config>()
}

/// A circuit of another shape: few gates, one selector, other FRI layers.
#[test]
fn accepts_another_circuits_proof() {
    let circuit = small_circuit(false);
    let proof = circuit.prove(PartialWitness::new()).expect("satisfiable");
    circuit.verify(proof.clone()).expect("valid");
    let chip = &mut NativeChip::new();
    let inputs = verify_plonky2(chip, &circuit.common, &circuit.verifier_only, &proof).expect("supported");
    assert_eq!(chip.result(), Ok(()));
    assert_eq!(inputs, [F::from_canonical_u64(8)]);
}

#[test]
fn refuses_lookup_tables_and_zero_knowledge() {
    let refusal = |verifier: &VerifierCircuitData<F, Bn254Config, 2>| {
        let proof = zero_proof(&verifier.common);
        let chip = &mut NativeChip::new();
        verify_plonky2(chip, &verifier.common, &verifier.verifier_only, &proof)
    };
    let with_table = small_circuit(true).verifier_data();
    assert!(matches!(
        refusal(&with_table),
        Err(VerifierError::Lookups { tables: 1 })
    ));

    let mut hiding = sample().verifier.clone();
    hiding.common.fri_params.hiding = true;
    assert!(matches!(refusal(&hiding), Err(VerifierError::ZeroKnowledge)));
    let mut blinded = sample().verifier.clone();
    blinded.common.config.zero_knowledge = true;
    assert!(matches!(refusal(&blinded), Err(VerifierError::ZeroKnowledge)));
}
