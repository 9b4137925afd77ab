//! Merkle updates: the root before and the root after one leaf changes, along the same siblings.

use plonky2::hash::hash_types::HashOutTarget;
use plonky2::hash::hashing::PlonkyPermutation;
use plonky2::hash::poseidon::{PoseidonHash, PoseidonPermutation};
use plonky2::iop::target::BoolTarget;
use plonky2::plonk::config::AlgebraicHasher;

use super::wires::Siblings;
use crate::hash::Builder;
use plonky2::iop::target::Target;

/// A value before and after a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Update<T> {
    pub(super) old: T,
    pub(super) new: T,
}

/// Roots above a leaf before and after it changes: two rows a level, the index bits driving the swap wire of
/// the Poseidon gate. `index_bits` are little-endian and boolean, one per level.
pub(super) fn update_roots<const DEPTH: usize>(
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
pub(super) fn assert_equal_if(
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
pub(super) fn select_hash(
    builder: &mut Builder,
    condition: BoolTarget,
    then: HashOutTarget,
    otherwise: HashOutTarget,
) -> HashOutTarget {
    let elements =
        core::array::from_fn(|i| builder.select(condition, then.elements[i], otherwise.elements[i]));
    HashOutTarget { elements }
}
