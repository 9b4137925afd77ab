//! Sparse binary Merkle trees over Poseidon.
//!
//! Level 0 holds the leaves, level `DEPTH` the root; node `i` of level `l` covers the leaves `i·2^l ..`. The nodes of each
//! kind of tree have a [`Role`] of their own, so no path of one is a path of another.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::hash::{Hash, Role, ZERO_HASH, two_to_one, two_to_one_all};

/// The deepest tree supported: indices have 32 bits.
pub const MAX_DEPTH: usize = 32;

/// By height.
type Empty = [Hash; MAX_DEPTH + 1];

/// Root of a subtree of the given height (at most [`MAX_DEPTH`]) whose leaves are all absent, in trees of which this is the
/// role of the nodes.
pub fn empty_subtree(node: Role, height: usize) -> Hash {
    static EMPTY: [OnceLock<Empty>; Role::ALL.len()] = [const { OnceLock::new() }; Role::ALL.len()];
    let levels = || {
        let mut level = ZERO_HASH;
        core::array::from_fn(|_| {
            let next = two_to_one(node, level, level);
            core::mem::replace(&mut level, next)
        })
    };
    EMPTY[node as usize - 1].get_or_init(levels)[height]
}

/// Siblings from the leaf upwards, in a tree whose nodes have the role with the number `NODE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MerklePath<const NODE: u64, const DEPTH: usize> {
    /// One sibling per level.
    pub siblings: [Hash; DEPTH],
}

impl<const NODE: u64, const DEPTH: usize> MerklePath<NODE, DEPTH> {
    /// Role of the nodes.
    pub const NODE: Role = Role::numbered(NODE);

    /// The path of every leaf of an empty tree.
    pub fn empty() -> Self {
        Self {
            siblings: core::array::from_fn(|height| empty_subtree(Self::NODE, height)),
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
                two_to_one(Self::NODE, sibling, node)
            } else {
                two_to_one(Self::NODE, node, sibling)
            };
            node
        })
    }
}

/// A leaf with its index, and the path that it is to climb.
pub type Climb<'a, const NODE: u64, const DEPTH: usize> = (&'a MerklePath<NODE, DEPTH>, Hash, u32);

/// The root that each leaf leads to: [`MerklePath::root`] of many, level by level and so faster.
pub fn roots<const NODE: u64, const DEPTH: usize>(climbs: &[Climb<'_, NODE, DEPTH>]) -> Vec<Hash> {
    let mut nodes: Vec<Hash> = climbs.iter().map(|(_, leaf, _)| *leaf).collect();
    for level in 0..DEPTH {
        let pair = |((path, _, index), node): (&Climb<'_, NODE, DEPTH>, &Hash)| {
            let sibling = path.siblings[level];
            if index >> level & 1 == 1 {
                [sibling, *node]
            } else {
                [*node, sibling]
            }
        };
        let pairs: Vec<_> = climbs.iter().zip(&nodes).map(pair).collect();
        nodes = two_to_one_all(MerklePath::<NODE, DEPTH>::NODE, &pairs);
    }
    nodes
}

// serde derives arrays up to 32 elements only of its own; a path travels as a list of exactly DEPTH digests.
impl<const NODE: u64, const DEPTH: usize> Serialize for MerklePath<NODE, DEPTH> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.siblings.as_slice().serialize(serializer)
    }
}

impl<'de, const NODE: u64, const DEPTH: usize> Deserialize<'de> for MerklePath<NODE, DEPTH> {
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

    const NODE: Role = Role::BalanceNode;
    type Path<const DEPTH: usize> = MerklePath<{ NODE as u64 }, DEPTH>;

    fn node(left: Hash, right: Hash) -> Hash {
        two_to_one(NODE, left, right)
    }

    #[test]
    fn empty_paths_lead_to_the_empty_root() {
        for index in [0, 1, 77, u32::MAX] {
            assert_eq!(
                Path::<32>::empty().root(ZERO_HASH, index),
                empty_subtree(NODE, 32)
            );
        }
        assert_ne!(empty_subtree(NODE, 8), empty_subtree(NODE, 32));
    }

    #[test]
    fn empty_trees_of_two_roles_share_leaves_only() {
        for (at, role) in Role::ALL.iter().enumerate() {
            for other in &Role::ALL[..at] {
                assert_eq!(empty_subtree(*role, 0), empty_subtree(*other, 0));
                for height in 1..=MAX_DEPTH {
                    assert_ne!(empty_subtree(*role, height), empty_subtree(*other, height));
                }
            }
        }
    }

    #[test]
    fn the_same_siblings_lead_elsewhere_in_another_tree() {
        let siblings = core::array::from_fn(|level| empty_subtree(NODE, level));
        let (balance, account) = (
            Path::<8> { siblings },
            MerklePath::<{ Role::AccountNode as u64 }, 8> { siblings },
        );
        let each = [balance.root(ZERO_HASH, 5), account.root(ZERO_HASH, 5)];
        assert_ne!(each[0], each[1]);
        let many = [
            roots(&[(&balance, ZERO_HASH, 5)]),
            roots(&[(&account, ZERO_HASH, 5)]),
        ];
        assert_eq!(many, each.map(|root| vec![root]));
    }

    #[test]
    fn index_bits_choose_the_side() {
        let leaf = node(ZERO_HASH, ZERO_HASH);
        let path = Path::<2>::empty();
        let [low, high] = [0, 1].map(|height| empty_subtree(NODE, height));
        let (left, right) = (node(node(leaf, low), high), node(high, node(low, leaf)));
        assert_eq!((path.root(leaf, 0), path.root(leaf, 3)), (left, right));
    }

    #[test]
    fn many_climbs_lead_where_each_leads() {
        let leaf = |i: u32| node(empty_subtree(NODE, i as usize), ZERO_HASH);
        let paths: Vec<_> = (0..21)
            .map(|i| Path::<8> {
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
        assert!(roots::<{ NODE as u64 }, 8>(&[]).is_empty());
    }

    #[test]
    fn serde_keeps_the_depth() {
        let path = Path::<8>::empty();
        let bytes = postcard::to_stdvec(&path).expect("serialises");
        assert_eq!(postcard::from_bytes::<Path<8>>(&bytes).expect("same depth"), path);
        assert!(postcard::from_bytes::<Path<32>>(&bytes).is_err());
    }
}
