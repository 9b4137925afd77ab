//! Our contract, snark-verifier's and stock verification agree on proofs of many circuits and on all that differs from
//! them. Needs Node and the compilers of `verifier-contracts/package.json`.

mod evm_support;
mod prover_support;

use ashlar_snark::{
    evm,
    snark::{INSTANCES, Snark, WrapKeys, prove_stock},
    srs::Srs,
};
use evm_support::{Case, Contract, Generator, compare, corruptions};
use halo2_proofs::halo2curves::bn256::Fr;
use prover_support::{Shape, Synthetic};
use rayon::prelude::*;

/// Two proofs of the shape, the second with other instances; everything that differs from the first.
fn check(shape: &Shape) {
    let srs = Srs::insecure_development(shape.k);
    let circuit = |first: u64| Synthetic {
        instances: vec![(first..).map(Fr::from).take(INSTANCES).collect()],
        ..shape.circuit()
    };
    let keys = WrapKeys::generate(&srs, &circuit(1)).expect("keys");
    let key = keys.verifier();
    let ours = Contract::new(Generator::Ours, key);
    let oracle = Contract::new(Generator::Oracle, key);
    let prove = |first: u64| {
        let circuit = circuit(first);
        let instances: [Fr; INSTANCES] = circuit.instances[0].clone().try_into().expect("eight");
        prove_stock(&keys, &srs, circuit, instances).expect("a proof")
    };
    let (snark, other) = (prove(1), prove(1 << 40));
    assert_eq!(evm::proof_bytes(key), snark.proof.len());
    for snark in [&snark, &other] {
        let honest = Case::honest(snark);
        assert!(ours.verify(&honest).accepted, "{shape:?}");
        compare(key, &ours, &oracle, &honest);
    }
    let mixed = Case::honest(&Snark {
        instances: other.instances,
        ..snark.clone()
    });
    compare(key, &ours, &oracle, &mixed);
    let commitments = commitment_words(&keys);
    corruptions(&snark, commitments)
        .par_iter()
        .for_each(|case| compare(key, &ours, &oracle, case));
}

/// Words before the evaluations: all but the two points of the opening and the evaluations.
fn commitment_words(keys: &WrapKeys) -> usize {
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
