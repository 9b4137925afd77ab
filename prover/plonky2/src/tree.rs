//! plonky2's Merkle trees.

use ashlar_statement::hash::F;
use plonky2::{
    field::types::Field,
    hash::{
        hash_types::HashOut,
        merkle_tree::{MerkleCap, MerkleTree},
        poseidon::PoseidonHash,
    },
    util::log2_strict,
};
use rayon::prelude::*;

use crate::poseidon::{AT_ONCE, Arithmetic, Hash};

/// plonky2's tree over leaves of one length, equal to that of `MerkleTree::new`.
///
/// # Panics
/// If the leaves are no power of two, differ in length, or are fewer than the cap has digests.
pub fn merkle_tree(
    arithmetic: Arithmetic,
    leaves: Vec<Vec<F>>,
    cap_height: usize,
) -> MerkleTree<F, PoseidonHash> {
    let height = log2_strict(leaves.len())
        .checked_sub(cap_height)
        .expect("a cap is part of its tree");
    let empty = HashOut {
        elements: [F::ZERO; 4],
    };
    let mut layer = vec![empty; leaves.len()];
    let blocks = layer.par_chunks_mut(AT_ONCE).zip(leaves.par_chunks(AT_ONCE));
    blocks.for_each(|(digests, leaves)| arithmetic.hash_leaves(leaves, digests));
    let mut digests = vec![empty; 2 * (leaves.len() - (1 << cap_height))];
    let cap = if height == 0 {
        layer
    } else {
        let length = digests.len() >> cap_height;
        let subtrees = digests.par_chunks_exact_mut(length);
        subtrees
            .zip(layer.par_chunks_exact_mut(1 << height))
            .map(|(subtree, layer)| fill(arithmetic, subtree, layer))
            .collect()
    };
    MerkleTree {
        leaves,
        digests,
        cap: MerkleCap(cap),
    }
}

/// Writes all digests below a root and returns the root; `layer` begins as the digests of the leaves.
///
/// Siblings lie side by side. Between the pairs of a layer there is place for as many pairs as are below and above them:
/// with the leaves as layer 0, the pair `k` of layer `l` is the pair `k 2^(l + 1) + 2^l - 1` of all.
fn fill(arithmetic: Arithmetic, subtree: &mut [Hash], layer: &mut [Hash]) -> Hash {
    let height = log2_strict(layer.len());
    for level in 0..height {
        let (layer, parents) = (&mut layer[..1 << (height - level)], 1 << (height - level - 1));
        for (k, pair) in layer.chunks_exact(2).enumerate() {
            let place = 2 * ((k << (level + 1)) + (1 << level) - 1);
            subtree[place..place + 2].copy_from_slice(pair);
        }
        for start in (0..parents).step_by(AT_ONCE) {
            let end = parents.min(start + AT_ONCE);
            let mut block = [Hash {
                elements: [F::ZERO; 4],
            }; AT_ONCE];
            arithmetic.hash_pairs(&layer[2 * start..2 * end], &mut block[..end - start]);
            layer[start..end].copy_from_slice(&block[..end - start]);
        }
    }
    layer[0]
}

#[cfg(test)]
mod tests {
    use plonky2::field::goldilocks_field::GoldilocksField;
    use proptest::prelude::*;

    use super::*;

    /// Words of every kind: small, at the borders of halves and of p, and not canonical.
    fn word() -> impl Strategy<Value = F> {
        let edges = [
            0,
            1,
            u64::from(u32::MAX),
            1 << 32,
            0xffff_ffff_0000_0000,
            0xffff_ffff_0000_0001,
            u64::MAX,
        ];
        prop_oneof![any::<u64>(), proptest::sample::select(edges.to_vec())].prop_map(GoldilocksField)
    }

    /// Leaves and the height of a cap over them.
    fn forest() -> impl Strategy<Value = (Vec<Vec<F>>, usize)> {
        let shape = (0..8usize, prop_oneof![0..6usize, 6..40usize, Just(135)]);
        shape.prop_flat_map(|(height, width)| {
            let leaf = proptest::collection::vec(word(), width);
            (proptest::collection::vec(leaf, 1 << height), 0..=height)
        })
    }

    proptest! {
        #[test]
        fn a_tree_is_plonky2_s_digest_for_digest((leaves, cap_height) in forest()) {
            let stock = MerkleTree::<F, PoseidonHash>::new(leaves.clone(), cap_height);
            for arithmetic in [Arithmetic::Portable, Arithmetic::Fastest] {
                prop_assert_eq!(&merkle_tree(arithmetic, leaves.clone(), cap_height), &stock);
            }
        }
    }

    #[test]
    fn paths_of_a_large_tree_lead_to_its_cap() {
        let leaves: Vec<Vec<F>> = (0..1 << 10)
            .map(|leaf| (0..20).map(|i| F::from_canonical_u64(leaf * 20 + i)).collect())
            .collect();
        let tree = merkle_tree(Arithmetic::Fastest, leaves, 4);
        for leaf in [0, 1, 511, 1023] {
            let path = tree.prove(leaf);
            plonky2::hash::merkle_proofs::verify_merkle_proof_to_cap(
                tree.get(leaf).to_vec(),
                leaf,
                &tree.cap,
                &path,
            )
            .expect("a path of the tree");
        }
    }
}
