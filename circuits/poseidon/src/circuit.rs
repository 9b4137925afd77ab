//! Circuit twins of the hashes.

use plonky2::{
    hash::{
        hash_types::HashOutTarget,
        hashing::PlonkyPermutation,
        poseidon::{PoseidonHash, PoseidonPermutation, SPONGE_RATE, SPONGE_WIDTH},
    },
    iop::target::Target,
    plonk::circuit_builder::CircuitBuilder,
};

use crate::{F, Role};

type Builder = CircuitBuilder<F, 2>;

/// Twin of [`crate::initial_state`]. The role's number is one constant of the circuit, however often it is used.
pub fn initial_state(builder: &mut Builder, role: Role) -> [Target; SPONGE_WIDTH] {
    let mut state = [builder.zero(); SPONGE_WIDTH];
    state[SPONGE_RATE] = builder.constant(role.tag());
    state
}

/// Twin of [`crate::hash_no_pad`], and of [`crate::two_to_one`] of eight elements: a row for each eight.
pub fn hash(builder: &mut Builder, role: Role, elements: &[Target]) -> HashOutTarget {
    let mut state = initial_state(builder, role);
    for block in elements.chunks(SPONGE_RATE) {
        state[..block.len()].copy_from_slice(block);
        let permuted = builder.permute::<PoseidonHash>(PoseidonPermutation::new(state));
        state.copy_from_slice(permuted.as_ref());
    }
    HashOutTarget {
        elements: core::array::from_fn(|i| state[i]),
    }
}

#[cfg(test)]
mod tests;
