//! Trees of the kernels beside plonky2's.

mod common;

use std::fs;

use ashlar_plonky2_cuda::{
    Words,
    kernels::tree::{DIGEST, Digest, Hash, Leaves, Source, Tree},
};
use common::{canonical, device, elements, upload};
use plonky2::{
    field::goldilocks_field::GoldilocksField as F,
    hash::{
        hash_types::HashOut,
        merkle_tree::MerkleTree,
        poseidon::{
            ALL_ROUND_CONSTANTS, HALF_N_FULL_ROUNDS, N_PARTIAL_ROUNDS, Poseidon, PoseidonHash, SPONGE_WIDTH,
        },
    },
};
use proptest::prelude::*;

type Rows = Vec<Vec<F>>;

/// Proofs, height of the tree, height of the cap, width of a leaf.
fn forest() -> impl Strategy<Value = (usize, usize, usize, usize)> {
    let width = prop_oneof![1..6usize, 6..40usize, Just(135)];
    (1..4usize, 0..7usize, width)
        .prop_flat_map(|(batch, height, width)| (Just(batch), Just(height), 0..=height, Just(width)))
}

fn digest(digest: &HashOut<F>) -> Digest {
    canonical(&digest.elements).try_into().expect("four")
}

/// Caps, and what is answered to queries of every leaf but some: the last of a tree first.
fn agrees_with_plonky2(leaves: &Leaves<'_>, proofs: &[Rows], cap_height: usize) {
    let tree = Tree::new(Hash::Poseidon, leaves, cap_height).expect("no fault");
    let count = leaves.count as u64;
    let queries = count.min(5);
    let queried: Vec<u64> = (0..proofs.len() as u64)
        .flat_map(|proof| (0..queries).map(move |query| (count - 1 - query + 3 * proof) % count))
        .collect();
    let rows = leaves.read(&queried).expect("no fault");
    let paths = tree.paths(&queried).expect("no fault");
    let mut rows = rows.chunks_exact(leaves.width);
    let mut paths = paths.chunks_exact(tree.levels().max(1));
    let caps = tree.caps().expect("no fault");
    let mut queried = queried.into_iter();
    for (proof, cap) in proofs.iter().zip(caps) {
        let stock = MerkleTree::<F, PoseidonHash>::new(proof.clone(), cap_height);
        assert_eq!(cap, stock.cap.0.iter().map(digest).collect::<Vec<_>>());
        for leaf in queried.by_ref().take(queries as usize) {
            assert_eq!(rows.next(), Some(&canonical(&proof[leaf as usize])[..]));
            let siblings: Vec<Digest> = stock.prove(leaf as usize).siblings.iter().map(digest).collect();
            if !siblings.is_empty() {
                assert_eq!(paths.next(), Some(&siblings[..]));
            }
        }
    }
    assert!(rows.next().is_none() && paths.next().is_none());
}

/// By columns.
fn columns(proofs: &[Rows]) -> Vec<F> {
    let (width, count) = (proofs[0][0].len(), proofs[0].len());
    let mut words = Vec::new();
    for rows in proofs {
        words.extend((0..width).flat_map(|column| (0..count).map(move |leaf| rows[leaf][column])));
    }
    words
}

fn rows(batch: usize, count: usize, width: usize, seed: u64) -> Vec<Rows> {
    let words = elements(batch * count * width, seed);
    let rows: Rows = words.chunks_exact(width).map(<[F]>::to_vec).collect();
    rows.chunks_exact(count).map(<[Vec<F>]>::to_vec).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn trees_are_plonky2_s_digest_for_digest((batch, height, cap_height, width) in forest(), seed: u64) {
        let count = 1 << height;
        let proofs = rows(batch, count, width, seed);
        let values = upload(&device(), &columns(&proofs));
        let source = Source::Columns;
        agrees_with_plonky2(&Leaves { values: &values, source, batch, width, count }, &proofs, cap_height);
    }

    #[test]
    fn trees_of_neighbours_are_plonky2_s((batch, height, cap_height, width) in forest(), seed: u64) {
        let (count, arity) = (1 << height, width.next_power_of_two().min(16));
        let width = 2 * arity;
        let proofs = rows(batch, count, width, seed);
        let mut words = Vec::new();
        for rows in &proofs {
            for part in 0..2 {
                words.extend(rows.iter().flat_map(|row| row.iter().skip(part).step_by(2)));
            }
        }
        let values = upload(&device(), &words);
        let source = Source::Neighbours;
        agrees_with_plonky2(&Leaves { values: &values, source, batch, width, count }, &proofs, cap_height);
    }
}

#[test]
fn a_tree_of_more_leaves_than_a_block_has_threads_is_plonky2_s() {
    let proofs = rows(2, 1 << 10, 20, 1);
    let values = upload(&device(), &columns(&proofs));
    let leaves = Leaves {
        values: &values,
        source: Source::Columns,
        batch: 2,
        width: 20,
        count: 1 << 10,
    };
    agrees_with_plonky2(&leaves, &proofs, 4);
}

#[test]
#[should_panic(expected = "no such leaf")]
fn a_leaf_that_is_not_there_is_not_read() {
    let values = Words::of(&device(), &[0; 8 * DIGEST]).expect("memory");
    let leaves = Leaves {
        values: &values,
        source: Source::Columns,
        batch: 1,
        width: DIGEST,
        count: 8,
    };
    let _ = leaves.read(&[8]);
}

/// The header, as it is to be: write it there when plonky2's constants change, which they never should.
#[test]
fn constants_are_plonky2_s() {
    let constants_of = |round: usize| &ALL_ROUND_CONSTANTS[round * SPONGE_WIDTH..][..SPONGE_WIDTH];
    let second = HALF_N_FULL_ROUNDS + N_PARTIAL_ROUNDS;
    let mut rows: Vec<&[u64]> = (0..HALF_N_FULL_ROUNDS).map(constants_of).collect();
    rows.push(&F::FAST_PARTIAL_FIRST_ROUND_CONSTANT);
    rows.extend((second..second + HALF_N_FULL_ROUNDS).map(constants_of));
    rows.push(&[0; SPONGE_WIDTH]);
    let words = |words: &[u64], separator| {
        let lines = words.chunks(4).map(|line| {
            let words: Vec<_> = line.iter().map(|word| format!("{word:#018x}ull")).collect();
            words.join(", ")
        });
        lines.collect::<Vec<_>>().join(separator)
    };
    let rows: Vec<String> = rows
        .iter()
        .map(|row| format!("    {{{}}},\n", words(row, ",\n     ")))
        .collect();
    let partial = words(&F::FAST_PARTIAL_ROUND_CONSTANTS, ",\n    ");
    let header = fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/kernels/poseidon_constants.cuh"
    ))
    .expect("is there");
    for part in [rows.concat(), format!("    {partial},\n")] {
        assert!(header.contains(&part), "the header lacks:\n{part}");
    }
}
