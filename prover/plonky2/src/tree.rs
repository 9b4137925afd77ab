//! Merkle trees as plonky2's: the same digests, layer by layer.

use ashlar_statement::hash::F;
use plonky2::{
    hash::{
        merkle_proofs::MerkleProof,
        merkle_tree::{MerkleCap, MerkleTree},
    },
    plonk::config::Hasher,
    util::log2_strict,
};
use rayon::prelude::*;

use crate::{
    Kind,
    hasher::{AT_ONCE, ManyHasher},
    leaves::Leaves,
};

/// A tree over leaves.
pub struct Tree<H: Hasher<F>> {
    pub leaves: Leaves,
    /// Digests of the leaves, then of each two neighbours, up to below the cap.
    layers: Vec<Vec<H::Hash>>,
    pub cap: MerkleCap<F, H>,
}

impl<H: ManyHasher> Tree<H> {
    /// Of leaves that nobody has hashed.
    pub fn new(kind: Kind, leaves: Leaves, cap_height: usize) -> Self {
        let mut digests = vec![H::empty(); leaves.count()];
        leaves.for_each_block(AT_ONCE, &mut digests, |tiles, digests| {
            H::hash_leaves(kind, leaves.width(), tiles, digests);
        });
        Self::over(kind, leaves, digests, cap_height)
    }

    /// Of leaves with these digests.
    ///
    /// # Panics
    /// If the leaves are no power of two, or fewer than the cap has digests.
    pub fn over(kind: Kind, leaves: Leaves, digests: Vec<H::Hash>, cap_height: usize) -> Self {
        let height = log2_strict(digests.len())
            .checked_sub(cap_height)
            .expect("a cap is part of its tree");
        let (mut layers, mut top) = (Vec::with_capacity(height), digests);
        for _ in 0..height {
            let mut parents = vec![H::empty(); top.len() / 2];
            let blocks = parents.par_chunks_mut(AT_ONCE).zip(top.par_chunks(2 * AT_ONCE));
            blocks.for_each(|(parents, children)| H::hash_pairs(kind, children, parents));
            layers.push(std::mem::replace(&mut top, parents));
        }
        let cap = MerkleCap(top);
        Self { leaves, layers, cap }
    }
}

/// What queries are answered from.
pub trait Oracle<H: Hasher<F>>: Sync {
    /// A leaf and its path to the cap.
    fn answer(&self, leaf: usize) -> (Vec<F>, MerkleProof<F, H>);
}

impl<H: ManyHasher> Oracle<H> for Tree<H> {
    fn answer(&self, leaf: usize) -> (Vec<F>, MerkleProof<F, H>) {
        let layers = self.layers.iter().enumerate();
        let siblings = layers.map(|(level, layer)| layer[(leaf >> level) ^ 1]).collect();
        (self.leaves.row(leaf), MerkleProof { siblings })
    }
}

/// plonky2's own.
impl<H: Hasher<F>> Oracle<H> for MerkleTree<F, H> {
    fn answer(&self, leaf: usize) -> (Vec<F>, MerkleProof<F, H>) {
        (self.get(leaf).to_vec(), self.prove(leaf))
    }
}

#[cfg(test)]
mod tests {
    use ashlar_bn254::Bn254Hasher;
    use plonky2::{
        field::goldilocks_field::GoldilocksField,
        hash::{merkle_proofs::verify_merkle_proof_to_cap, poseidon::PoseidonHash},
    };
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

    /// Cap, leaves and paths.
    fn agrees_with_plonky2<H: ManyHasher>(rows: &[Vec<F>], cap_height: usize) {
        let stock = MerkleTree::<F, H>::new(rows.to_vec(), cap_height);
        for kind in Kind::detect_all() {
            let leaves = Leaves::of_rows(rows[0].len(), rows.iter().map(Vec::as_slice));
            let tree = Tree::<H>::new(kind, leaves, cap_height);
            assert_eq!(tree.cap, stock.cap);
            for leaf in 0..rows.len() {
                assert_eq!(tree.answer(leaf), stock.answer(leaf));
            }
        }
    }

    proptest! {
        #[test]
        fn a_tree_is_plonky2_s_digest_for_digest((leaves, cap_height) in forest()) {
            agrees_with_plonky2::<PoseidonHash>(&leaves, cap_height);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn a_tree_over_bn254_is_plonky2_s_digest_for_digest((leaves, cap_height) in forest()) {
            agrees_with_plonky2::<Bn254Hasher>(&leaves, cap_height);
        }
    }

    #[test]
    fn paths_of_a_large_tree_lead_to_its_cap() {
        let rows: Vec<Vec<F>> = (0..1 << 10)
            .map(|leaf| (0..20).map(|i| GoldilocksField(leaf * 20 + i)).collect())
            .collect();
        let leaves = Leaves::of_rows(20, rows.iter().map(Vec::as_slice));
        let tree = Tree::<PoseidonHash>::new(Kind::widest(), leaves, 4);
        for (leaf, expected) in rows.iter().enumerate().step_by(73) {
            let (row, path) = tree.answer(leaf);
            assert_eq!(&row, expected);
            verify_merkle_proof_to_cap(row, leaf, &tree.cap, &path).expect("a path of the tree");
        }
    }
}
