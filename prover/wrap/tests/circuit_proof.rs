//! The layout under real proofs, and what a verifier pays for it.

mod circuit_support;

use std::{collections::BTreeMap, sync::Arc};

use ashlar_kzg::{CircuitKeys, Snark, VerifyError, prove, prove_stock, srs::Srs};
use ashlar_wrap::{
    chip::Chip,
    circuit::{LayoutCircuit, Recorder, WrapConfig},
};
use circuit_support::{LIMB_BITS, smallest_k};
use halo2_proofs::{
    halo2curves::{
        bn256::{Fr, G1Affine},
        ff::Field,
        group::prime::PrimeCurveAffine as _,
    },
    plonk::ConstraintSystem,
};

/// All kinds of rows, and nine exposed words.
fn circuit() -> (LayoutCircuit, [Fr; 9], u32) {
    let mut recorder = Recorder::with_limb_bits(LIMB_BITS);
    let state = [1, 2, 3, 4].map(|lane| recorder.witness_word(Fr::from(lane)));
    let words = recorder.permute(state);
    let elements = recorder.unpack(&words[1]);
    let wide = elements.map(|element| recorder.widen(&element));
    let product = recorder.product(&wide[0], &wide[1]);
    let product = recorder.reduce(&product);
    let packed = [[product, elements[2]], [elements[2], product]].map(|pair| recorder.pack(&pair));
    let bit = recorder.bits(&product)[0];
    let (left, right) = recorder.swap(&bit, &words[2], &words[3]);
    for word in words.into_iter().chain(packed).chain([bit, left, right]) {
        recorder.expose(word);
    }
    let layout = recorder.finish();
    let k = smallest_k(&layout);
    let instances = layout.instances().try_into().expect("nine words");
    (LayoutCircuit(Arc::new(layout)), instances, k)
}

#[test]
fn proofs_verify_and_only_with_their_instances() {
    let (circuit, instances, k) = circuit();
    let srs = Srs::insecure_development(k);
    let keys = CircuitKeys::generate(&srs, &circuit).expect("keys");
    let ours = prove(&keys, &srs, circuit.clone(), instances).expect("a proof");
    let stock = prove_stock(&keys, &srs, circuit, instances).expect("a proof");
    for snark in [ours, stock] {
        keys.verifier().verify(&snark).expect("verifies");
        for i in 0..9 {
            let mut bad: Snark = snark.clone();
            bad.instances[i] += Fr::ONE;
            let refused = keys.verifier().verify(&bad);
            assert!(matches!(refused, Err(VerifyError::Invalid(_))), "instance {i}");
        }
    }
    // a contract multiplies none of them away
    let vk = keys.verifier().vk();
    let mut commitments: Vec<G1Affine> = vk.fixed_commitments().to_vec();
    commitments.extend(vk.permutation().commitments());
    assert!(commitments.iter().all(|point| !bool::from(point.is_identity())));
}

/// Each opened commitment costs a contract about 6,500 gas, each evaluation about 1,000.
#[test]
fn columns_are_few() {
    let mut cs = ConstraintSystem::<Fr>::default();
    WrapConfig::configure(&mut cs);
    assert_eq!(cs.degree(), 6);
    let (copied, lookups) = (cs.permutation().get_columns().len(), cs.lookups().len());
    let products = copied.div_ceil(cs.degree() - 2);
    let quotient = cs.degree() - 1;
    let key = cs.num_fixed_columns() + copied;
    // per lookup: permuted input, permuted table, product; then the random polynomial and the two opening proofs
    let proof = cs.num_advice_columns() + 3 * lookups + products + 1 + quotient + 2;
    assert_eq!((key, proof), (10, 16));

    let mut rotations = BTreeMap::new();
    for (_, rotation) in cs.advice_queries() {
        *rotations.entry(rotation.0).or_insert(0) += 1;
    }
    for (_, rotation) in cs.fixed_queries() {
        *rotations.entry(rotation.0).or_insert(0) += 1;
    }
    assert_eq!(rotations, BTreeMap::from([(0, 11), (1, 5)]));
    // sigmas, two or three values a product, five a lookup, random polynomial
    let evaluations = rotations.values().sum::<usize>() + copied + (3 * products - 1) + 5 * lookups + 1;
    assert_eq!(evaluations, 27);
}
