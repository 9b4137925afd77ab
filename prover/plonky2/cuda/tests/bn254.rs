//! Trees and the proof of work over BN254, beside what plonky2 makes of `Bn254Hasher`.

mod common;

use std::fs;

use ashlar_bn254::{
    Bn254Config, Bn254Hasher, Fr, SpongeState,
    poseidon2::{self, Constants},
};
use ashlar_plonky2_cuda::kernels::{
    grind::{STATE, grind},
    tree::{Digest, Hash, Leaves, Source, Tree},
};
use common::{device, elements, upload};
use plonky2::{
    field::{
        goldilocks_field::GoldilocksField as F,
        types::{Field, PrimeField64},
    },
    hash::{hashing::PlonkyPermutation, merkle_tree::MerkleTree},
    iop::challenger::Challenger,
    plonk::config::{GenericConfig, GenericHashOut},
};
use proptest::prelude::*;

type Stock = <Bn254Config as GenericConfig<2>>::Hasher;

/// The words of a number, the lowest first.
fn words(number: &Fr) -> [u64; 4] {
    let bytes = GenericHashOut::<F>::to_bytes(&ashlar_bn254::Digest(*number));
    let words: Vec<_> = bytes
        .as_chunks()
        .0
        .iter()
        .map(|word| u64::from_le_bytes(*word))
        .collect();
    words.try_into().expect("32 bytes")
}

/// Caps of trees over rows of the proofs of a batch.
fn caps(
    source: Source,
    values: &[F],
    batch: usize,
    width: usize,
    count: usize,
    cap_height: usize,
) -> Vec<Vec<Digest>> {
    let values = upload(&device(), values);
    let leaves = Leaves {
        values: &values,
        source,
        batch,
        width,
        count,
    };
    let tree = Tree::new(Hash::Bn254, &leaves, cap_height).expect("no fault");
    tree.caps().expect("no fault")
}

fn expected(rows: Vec<Vec<F>>, cap_height: usize) -> Vec<Digest> {
    let stock = MerkleTree::<F, Stock>::new(rows, cap_height);
    stock.cap.0.iter().map(|digest| words(&digest.0)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn trees_are_plonky2_s(
        (batch, height, width) in (1..3usize, 0..4usize, prop_oneof![1..12usize, 12..30usize]),
        cap in 0..4usize,
        seed: u64,
    ) {
        let (count, cap_height) = (1 << height, cap.min(height));
        let values = elements(batch * width * count, seed);
        let found = caps(Source::Columns, &values, batch, width, count, cap_height);
        for (columns, cap) in values.chunks_exact(width * count).zip(found) {
            let row = |leaf: usize| columns.iter().skip(leaf).step_by(count).copied().collect();
            prop_assert_eq!(cap, expected((0..count).map(row).collect(), cap_height));
        }
    }
}

/// Words of every kind, at once in all elements: carries through all limbs.
#[test]
fn leaves_of_the_largest_elements_are_plonky2_s() {
    for word in [0, 1, 0xffff_ffff_0000_0000, 0xffff_ffff_0000_0001, u64::MAX] {
        let values = vec![F(word); 20];
        let found = caps(Source::Columns, &values, 1, 20, 1, 0);
        assert_eq!(found[0], expected(vec![values], 0), "{word:x}");
    }
}

#[test]
fn leaves_of_neighbours_are_plonky2_s() {
    let (count, arity) = (4, 4);
    let values = elements(2 * count * arity, 5);
    let row = |leaf: usize| -> Vec<F> {
        let elements = leaf * arity..(leaf + 1) * arity;
        elements
            .flat_map(|i| [values[i], values[count * arity + i]])
            .collect()
    };
    let found = caps(Source::Neighbours, &values, 1, 2 * arity, count, 1);
    assert_eq!(found[0], expected((0..count).map(row).collect(), 1));
}

/// A transcript before its nonce, whose hidden lane is not empty.
fn transcript(seed: u64) -> SpongeState {
    let mut challenger = Challenger::<F, Bn254Hasher>::new();
    challenger.observe_elements(&elements(9, seed));
    challenger.compact()
}

#[test]
fn the_smallest_nonce_that_serves_is_found_for_each_proof() {
    for (batch, place, bits) in [(1, 0, 0), (2, 8, 4), (3, 2, 6)] {
        let states: Vec<_> = (0..batch).map(transcript).collect();
        let plain = |state: &SpongeState| {
            let serves = |nonce: &u64| {
                let mut state = *state;
                state.set_elt(F::from_canonical_u64(*nonce), place);
                state.permute();
                let response = state.squeeze().last().expect("a rate").to_canonical_u64();
                response.leading_zeros() >= bits
            };
            (0..).find(serves).expect("one in 2^bits nonces serves")
        };
        let on_card = |state: &SpongeState| -> [u64; STATE] {
            let rate = state.as_ref().iter().map(|element| element.0);
            let all: Vec<_> = rate.chain(words(&state.lanes()[0])).collect();
            all.try_into().expect("nine and four")
        };
        let cards: Vec<_> = states.iter().map(on_card).collect();
        let nonces = grind(&device(), Hash::Bn254, &cards, place, bits).expect("no fault");
        assert_eq!(
            nonces,
            states.iter().map(plain).collect::<Vec<_>>(),
            "{bits} bits at {place}"
        );
    }
}

/// The header, as it is to be.
#[test]
fn constants_are_those_of_the_hash() {
    let Constants {
        initial,
        partial,
        last,
        diagonal,
    } = poseidon2::constants();
    let radix = Fr::from(1 << 32) * Fr::from(1 << 32);
    let radix = radix * radix * radix * radix;
    let number = |constant: &Fr| {
        let words = words(&(radix * constant)).map(|word| format!("{word:#018x}ull"));
        format!("{{{}}}", words.join(", "))
    };
    let lines = |constants: &[Fr]| -> String {
        constants
            .iter()
            .map(|constant| format!("    {},\n", number(constant)))
            .collect()
    };
    let full = initial.iter().chain(last).map(|round| {
        let round: Vec<_> = round.iter().map(number).collect();
        format!("    {{{}}},\n", round.join(",\n     "))
    });
    let header = fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/kernels/bn254_constants.cuh"
    ));
    let header = header.expect("is there");
    for part in [full.collect(), lines(partial), lines(diagonal)] {
        assert!(
            header.contains(&format!("= {{\n{part}}};")),
            "the header lacks:\n{part}"
        );
    }
}
