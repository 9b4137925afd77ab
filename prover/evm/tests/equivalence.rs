//! Our contract, snark-verifier's and stock verification agree on proofs of many circuits and on all that differs from
//! them. Needs Node and the compilers of `verifier-contracts/package.json`.

mod support;

use ashlar_evm as evm;
use ashlar_kzg::{
    CircuitKeys, INSTANCES, Snark, prove_stock,
    srs::Srs,
    testing::{Meeting, Phased, Shape, Synthetic},
};
use halo2_proofs::{halo2curves::bn256::Fr, plonk::Circuit};
use rayon::prelude::*;
use support::{Case, Contract, Generator, compare, corruptions};

/// Two proofs of the shape, the second with other instances; everything that differs from the first.
fn check(shape: &Shape) {
    check_circuit(shape.k, |first| Synthetic {
        instances: vec![instances(first).to_vec()],
        ..shape.circuit()
    });
}

fn instances(first: u64) -> [Fr; INSTANCES] {
    std::array::from_fn(|row| Fr::from(first + row as u64))
}

/// `circuit(first)` is satisfied by `instances(first)`.
fn check_circuit<C: Circuit<Fr>>(k: u32, circuit: impl Fn(u64) -> C) {
    let srs = Srs::insecure_development(k);
    let keys = CircuitKeys::generate(&srs, &circuit(1)).expect("keys");
    let key = keys.verifier();
    let ours = Contract::new(Generator::Ours, key);
    let oracle = Contract::new(Generator::Oracle, key);
    let prove = |first: u64| prove_stock(&keys, &srs, circuit(first), instances(first)).expect("a proof");
    let (snark, other) = (prove(1), prove(1 << 40));
    assert_eq!(evm::proof_bytes(key), snark.proof.len());
    for snark in [&snark, &other] {
        let honest = Case::honest(snark);
        assert!(ours.verify(&honest).accepted);
        compare(key, &ours, &oracle, &honest);
    }
    let mixed = Case::honest(&Snark {
        instances: other.instances,
        ..snark.clone()
    });
    assert!(!ours.verify(&mixed).accepted);
    compare(key, &ours, &oracle, &mixed);
    corruptions(&snark, commitment_words(&keys))
        .par_iter()
        .for_each(|case| compare(key, &ours, &oracle, case));
}

/// Words before the evaluations: all but the two points of the opening and the evaluations.
fn commitment_words(keys: &CircuitKeys) -> usize {
    let vk = keys.verifier().vk();
    let cs = vk.cs();
    let products = cs.permutation().get_columns().len().div_ceil(cs.degree() - 2);
    let quotient = vk.get_domain().get_quotient_poly_degree();
    2 * (cs.num_advice_columns() + 3 * cs.lookups().len() + products + 1 + quotient)
}

#[test]
fn no_lookup_and_no_copies() {
    check(&Shape::default());
}

#[test]
fn many_permutation_products() {
    check(&Shape {
        copies: true,
        spare_columns: 3,
        ..Shape::default()
    });
}

#[test]
fn one_lookup_and_copies() {
    check(&Shape {
        lookups: 1,
        gate_degree: 5,
        stated_degree: 5,
        copies: true,
        ..Shape::default()
    });
}

#[test]
fn several_lookups_one_of_two_expressions() {
    check(&Shape {
        k: 7,
        lookups: 3,
        gate_degree: 6,
        stated_degree: 6,
        ..Shape::default()
    });
}

#[test]
fn many_rotations() {
    check(&Shape {
        rotations: vec![-3, -1, 0, 1, 3],
        lookups: 1,
        gate_degree: 4,
        stated_degree: 7,
        copies: true,
        spare_columns: 2,
        ..Shape::default()
    });
}

#[test]
fn degrees_eight_and_nine() {
    for degree in [8, 9] {
        check(&Shape {
            k: 8,
            gate_degree: degree,
            stated_degree: degree,
            copies: degree == 9,
            ..Shape::default()
        });
    }
}

#[test]
fn a_challenge_between_two_phases_and_a_column_that_nothing_reads() {
    check_circuit(5, |first| Phased {
        values: instances(first),
        stated_degree: 3,
    });
}

#[test]
fn a_commitment_at_infinity_is_what_halo2_takes_it_for() {
    let circuit = || Phased {
        values: instances(1),
        stated_degree: 4,
    };
    let srs = Srs::insecure_development(5);
    let keys = CircuitKeys::generate(&srs, &circuit()).expect("keys");
    let key = keys.verifier();
    let snark = prove_stock(&keys, &srs, circuit(), instances(1)).expect("a proof");
    assert!(
        snark
            .proof
            .chunks(64)
            .any(|point| point.iter().all(|byte| *byte == 0))
    );
    let honest = Case::honest(&snark);
    assert!(honest.stock(key));
    let ours = Contract::new(Generator::Ours, key);
    assert!(ours.verify(&honest).accepted);
    for case in corruptions(&snark, commitment_words(&keys)) {
        assert_eq!(ours.verify(&case).accepted, case.stock(key), "{}", case.what);
    }
}

#[test]
fn rotations_that_meet_are_refused_by_name() {
    // A column of 32 rows is read at rotations -16 and 16.
    let circuit = Meeting;
    let keys = CircuitKeys::generate(&Srs::insecure_development(5), &circuit).expect("keys");
    let refused = evm::verifier_solidity(keys.verifier());
    assert_eq!(refused, Err(evm::GenerateError::RotationsCollide));
}
