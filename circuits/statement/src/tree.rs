//! Sparse binary Merkle trees over Poseidon.
//!
//! Level 0 holds the leaves, level `DEPTH` the root; node `i` of level `l` covers the leaves `i·2^l ..`.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::hash::{Hash, ZERO_HASH, two_to_one, two_to_one_all};

/// The deepest tree supported: indices have 32 bits.
pub const MAX_DEPTH: usize = 32;

static EMPTY: LazyLock<[Hash; MAX_DEPTH + 1]> = LazyLock::new(|| {
    let mut level = ZERO_HASH;
    core::array::from_fn(|_| {
        let next = two_to_one(level, level);
        core::mem::replace(&mut level, next)
    })
});

/// Root of a subtree of the given height (at most [`MAX_DEPTH`]) whose leaves are all absent.
pub fn empty_subtree(height: usize) -> Hash {
    EMPTY[height]
}

/// Siblings from the leaf upwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MerklePath<const DEPTH: usize> {
    /// One sibling per level.
    pub siblings: [Hash; DEPTH],
}

impl<const DEPTH: usize> MerklePath<DEPTH> {
    /// The path of every leaf of an empty tree.
    pub fn empty() -> Self {
        Self {
            siblings: core::array::from_fn(empty_subtree),
        }
    }

    /// The root that a leaf at `index` leads to.
    pub fn root(&self, leaf: Hash, index: u32) -> Hash {
        self.nodes(leaf, index)[DEPTH - 1]
    }

    /// The nodes above a leaf at `index`: levels 1 to `DEPTH`.
    pub fn nodes(&self, leaf: Hash, index: u32) -> [Hash; DEPTH] {
        let mut node = leaf;
        core::array::from_fn(|level| {
            let sibling = self.siblings[level];
            node = if index >> level & 1 == 1 {
                two_to_one(sibling, node)
            } else {
                two_to_one(node, sibling)
            };
            node
        })
    }
}

/// A leaf with its index, and the path that it is to climb.
pub type Climb<'a, const DEPTH: usize> = (&'a MerklePath<DEPTH>, Hash, u32);

/// The root that each leaf leads to: [`MerklePath::root`] of many, level by level and so faster.
pub fn roots<const DEPTH: usize>(climbs: &[Climb<'_, DEPTH>]) -> Vec<Hash> {
    let mut nodes: Vec<Hash> = climbs.iter().map(|(_, leaf, _)| *leaf).collect();
    for level in 0..DEPTH {
        let pair = |((path, _, index), node): (&Climb<'_, DEPTH>, &Hash)| {
            let sibling = path.siblings[level];
            if index >> level & 1 == 1 {
                [sibling, *node]
            } else {
                [*node, sibling]
            }
        };
        let pairs: Vec<_> = climbs.iter().zip(&nodes).map(pair).collect();
        nodes = two_to_one_all(&pairs);
    }
    nodes
}

// serde derives arrays up to 32 elements only of its own; a path travels as a list of exactly DEPTH digests.
impl<const DEPTH: usize> Serialize for MerklePath<DEPTH> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.siblings.as_slice().serialize(serializer)
    }
}

impl<'de, const DEPTH: usize> Deserialize<'de> for MerklePath<DEPTH> {
    fn deserialize<T: serde::Deserializer<'de>>(deserializer: T) -> Result<Self, T::Error> {
        let siblings = Vec::<Hash>::deserialize(deserializer)?;
        let count = siblings.len();
        let siblings = siblings
            .try_into()
            .map_err(|_| serde::de::Error::custom(format!("path of {count} siblings, {DEPTH} expected")))?;
        Ok(Self { siblings })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_paths_lead_to_the_empty_root() {
        for index in [0, 1, 77, u32::MAX] {
            assert_eq!(
                MerklePath::<32>::empty().root(ZERO_HASH, index),
                empty_subtree(32)
            );
        }
        assert_ne!(empty_subtree(8), empty_subtree(32));
    }

    #[test]
    fn index_bits_choose_the_side() {
        let leaf = two_to_one(ZERO_HASH, ZERO_HASH);
        let path = MerklePath::<2>::empty();
        let left = two_to_one(two_to_one(leaf, empty_subtree(0)), empty_subtree(1));
        let right = two_to_one(empty_subtree(1), two_to_one(empty_subtree(0), leaf));
        assert_eq!((path.root(leaf, 0), path.root(leaf, 3)), (left, right));
    }

    #[test]
    fn many_climbs_lead_where_each_leads() {
        let leaf = |i: u32| two_to_one(empty_subtree(i as usize), ZERO_HASH);
        let paths: Vec<_> = (0..21)
            .map(|i| MerklePath::<8> {
                siblings: core::array::from_fn(|level| leaf((i + level as u32) % 30)),
            })
            .collect();
        let climbs: Vec<_> = (0..)
            .zip(&paths)
            .map(|(i, path)| (path, leaf(i), 37 * i))
            .collect();
        let each: Vec<_> = climbs
            .iter()
            .map(|(path, leaf, index)| path.root(*leaf, *index))
            .collect();
        assert_eq!(roots(&climbs), each);
        assert!(roots::<8>(&[]).is_empty());
    }

    #[test]
    fn serde_keeps_the_depth() {
        let path = MerklePath::<8>::empty();
        let bytes = postcard::to_stdvec(&path).expect("serialises");
        assert_eq!(
            postcard::from_bytes::<MerklePath<8>>(&bytes).expect("same depth"),
            path
        );
        assert!(postcard::from_bytes::<MerklePath<32>>(&bytes).is_err());
    }
}
