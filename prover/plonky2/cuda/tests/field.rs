//! The field of the kernels beside plonky2's.

mod common;

use ashlar_plonky2_cuda::{
    Words,
    kernels::arithmetic::{Operation, compute},
};
use common::word;
use plonky2::{
    field::{
        extension::quadratic::QuadraticExtension,
        goldilocks_field::GoldilocksField as F,
        types::{Field, Field64, PrimeField64},
    },
    hash::poseidon::Poseidon,
};
use proptest::prelude::*;

type FE = QuadraticExtension<F>;
type Plain = fn(F, F) -> F;
type PlainExtension = fn(FE, FE, u64) -> FE;

fn run(operation: Operation, a: &[u64], b: &[u64]) -> Vec<u64> {
    let device = common::device();
    let (a, b) = (
        Words::of(&device, a).expect("memory"),
        Words::of(&device, b).expect("memory"),
    );
    compute(operation, &a, &b)
        .and_then(|out| out.read_all())
        .expect("no fault")
}

fn element(word: u64) -> u64 {
    F(word).to_canonical_u64()
}

fn pairs(words: &[u64]) -> Vec<FE> {
    let pairs = words.chunks_exact(2);
    pairs
        .map(|pair| QuadraticExtension([F(pair[0]), F(pair[1])]))
        .collect()
}

proptest! {
    #[test]
    fn operations_are_plonky2_s(operands in proptest::collection::vec((word(), word()), 1..600)) {
        let (a, b): (Vec<u64>, Vec<u64>) = operands.iter().map(|(a, b)| (a.0, b.0)).unzip();
        let plain: [(Operation, Plain); 6] = [
            (Operation::Add, |a, b| a + b),
            (Operation::Subtract, |a, b| a - b),
            (Operation::Multiply, |a, b| a * b),
            (Operation::Invert, |a, _| Field::try_inverse(&a).unwrap_or(F::ZERO)),
            (Operation::Canonical, |a, _| a),
            (Operation::ReduceSmall, |a, b| a + F::from_canonical_u64(b.0 & 0xffff_ffff) * F(1 << 32).exp_u64(2)),
        ];
        for (operation, plain) in plain {
            let found = run(operation, &a, &b);
            if operation == Operation::Canonical {
                prop_assert!(found.iter().all(|word| *word < F::ORDER));
            }
            for ((a, b), found) in a.iter().zip(&b).zip(found) {
                let expected = plain(F(*a), F(*b)).to_canonical_u64();
                prop_assert_eq!(element(found), expected, "{:?} of {:x} and {:x}", operation, a, b);
            }
        }
    }

    #[test]
    fn operations_of_the_extension_are_plonky2_s(
        operands in proptest::collection::vec((word(), word(), word(), word()), 1..100),
    ) {
        let a: Vec<u64> = operands.iter().flat_map(|(a, b, ..)| [a.0, b.0]).collect();
        let b: Vec<u64> = operands.iter().flat_map(|(.., c, d)| [c.0, d.0]).collect();
        let plain: [(Operation, PlainExtension); 5] = [
            (Operation::AddExtension, |a, b, _| a + b),
            (Operation::SubtractExtension, |a, b, _| a - b),
            (Operation::MultiplyExtension, |a, b, _| a * b),
            (Operation::ScaleExtension, |a, b, _| a * FE::from(b.0[0])),
            (Operation::Power, |a, _, word| a.exp_u64(word & 0xffff_ffff)),
        ];
        for (operation, plain) in plain {
            let found = pairs(&run(operation, &a, &b));
            let words = b.iter().step_by(2);
            for (((a, b), word), found) in pairs(&a).into_iter().zip(pairs(&b)).zip(words).zip(found) {
                prop_assert_eq!(found, plain(a, b, *word), "{:?}", operation);
            }
        }
    }

    /// Words at the borders too, which no permutation of a test's leaves comes to: sums of halves that carry are rare.
    #[test]
    fn poseidon_s_matrix_is_plonky2_s(operands in proptest::collection::vec((word(), word()), 12..600)) {
        let whole = operands.len() / 12 * 12;
        let (a, b): (Vec<u64>, Vec<u64>) = operands[..whole].iter().map(|(a, b)| (a.0, b.0)).unzip();
        let found = run(Operation::Matrix, &a, &b);
        let states = a.as_chunks::<12>().0.iter().zip(b.as_chunks::<12>().0);
        for ((state, constants), found) in states.zip(found.as_chunks::<12>().0) {
            let product = F::mds_layer(&state.map(F));
            for i in 0..12 {
                prop_assert_eq!(element(found[i]), (product[i] + F(constants[i])).to_canonical_u64());
            }
        }
    }
}
