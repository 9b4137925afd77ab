//! Merkle paths, and updates along them: the root before and the root after one leaf changes.

use ashlar_poseidon::circuit::initial_state;
use plonky2::{
    hash::{
        hash_types::HashOutTarget,
        hashing::PlonkyPermutation,
        poseidon::{PoseidonHash, PoseidonPermutation},
    },
    iop::target::{BoolTarget, Target},
    plonk::config::AlgebraicHasher,
};

use crate::hash::{Builder, Role};

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

/// Root above a leaf, twin of [`crate::tree::MerklePath::root`]: a row a level, the index bits driving the swap wire of the
/// Poseidon gate. `index_bits` are little-endian and boolean, one per level.
pub fn root<const DEPTH: usize>(
    builder: &mut Builder,
    node: Role,
    leaf: HashOutTarget,
    index_bits: &[BoolTarget],
    siblings: &Siblings<Target, DEPTH>,
) -> HashOutTarget {
    assert_eq!(index_bits.len(), DEPTH, "one index bit per level");
    let levels = siblings.iter().zip(index_bits);
    levels.fold(leaf, |below, (sibling, bit)| {
        let sibling = HashOutTarget { elements: *sibling };
        parent(builder, node, below, sibling, *bit)
    })
}

/// Roots above a leaf before and after it changes: [`root`] of both, two rows a level.
pub fn update_roots<const DEPTH: usize>(
    builder: &mut Builder,
    node: Role,
    leaf: Update<HashOutTarget>,
    index_bits: &[BoolTarget],
    siblings: &Siblings<Target, DEPTH>,
) -> Update<HashOutTarget> {
    Update {
        old: root(builder, node, leaf.old, index_bits, siblings),
        new: root(builder, node, leaf.new, index_bits, siblings),
    }
}

/// Twin of [`crate::hash::two_to_one`]; `swap` puts `below` on the right.
fn parent(
    builder: &mut Builder,
    node: Role,
    below: HashOutTarget,
    sibling: HashOutTarget,
    swap: BoolTarget,
) -> HashOutTarget {
    let mut state = PoseidonPermutation::new(initial_state(builder, node));
    state.set_from_slice(&below.elements, 0);
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

#[cfg(test)]
mod tests;
