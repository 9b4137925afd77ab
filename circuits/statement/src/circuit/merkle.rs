//! Merkle updates: the root before and the root after one leaf changes, along the same siblings.

use plonky2::{
    hash::{
        hash_types::HashOutTarget,
        hashing::PlonkyPermutation,
        poseidon::{PoseidonHash, PoseidonPermutation},
    },
    iop::target::{BoolTarget, Target},
    plonk::config::AlgebraicHasher,
};

use crate::hash::Builder;

/// Siblings from the leaf upwards.
pub type Siblings<T, const DEPTH: usize> = [[T; 4]; DEPTH];

/// A value before and after a step.
#[derive(Debug, Clone, Copy)]
pub struct Update<T> {
    /// Before.
    pub old: T,
    /// After.
    pub new: T,
}

/// Roots above a leaf before and after it changes: two rows a level, the index bits driving the swap wire of
/// the Poseidon gate. `index_bits` are little-endian and boolean, one per level.
pub fn update_roots<const DEPTH: usize>(
    builder: &mut Builder,
    leaf: Update<HashOutTarget>,
    index_bits: &[BoolTarget],
    siblings: &Siblings<Target, DEPTH>,
) -> Update<HashOutTarget> {
    assert_eq!(index_bits.len(), DEPTH, "one index bit per level");
    let mut node = leaf;
    for (sibling, bit) in siblings.iter().zip(index_bits) {
        let sibling = HashOutTarget { elements: *sibling };
        node = Update {
            old: parent(builder, node.old, sibling, *bit),
            new: parent(builder, node.new, sibling, *bit),
        };
    }
    node
}

/// Twin of [`crate::hash::two_to_one`]; `swap` puts the node on the right.
fn parent(
    builder: &mut Builder,
    node: HashOutTarget,
    sibling: HashOutTarget,
    swap: BoolTarget,
) -> HashOutTarget {
    let zero = builder.zero();
    let mut state = PoseidonPermutation::new(core::iter::repeat_n(zero, 12));
    state.set_from_slice(&node.elements, 0);
    state.set_from_slice(&sibling.elements, 4);
    let state = PoseidonHash::permute_swapped(state, swap, builder);
    HashOutTarget {
        elements: core::array::from_fn(|i| state.squeeze()[i]),
    }
}

/// Constrains `condition → left == right`; `condition` must be boolean.
pub fn assert_equal_if(
    builder: &mut Builder,
    condition: BoolTarget,
    left: HashOutTarget,
    right: HashOutTarget,
) {
    for (left, right) in left.elements.into_iter().zip(right.elements) {
        builder.conditional_assert_eq(condition.target, left, right);
    }
}

/// `condition ? then : otherwise`, element by element.
pub fn select_hash(
    builder: &mut Builder,
    condition: BoolTarget,
    then: HashOutTarget,
    otherwise: HashOutTarget,
) -> HashOutTarget {
    let elements =
        core::array::from_fn(|i| builder.select(condition, then.elements[i], otherwise.elements[i]));
    HashOutTarget { elements }
}
