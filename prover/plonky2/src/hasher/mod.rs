//! Hashes of many inputs at once.

mod bn254;
mod poseidon;

use ashlar_lanes::Kind;
use ashlar_statement::hash::F;
use plonky2::plonk::config::Hasher;

/// Inputs that are hashed in one call: two groups of vector lanes.
pub const AT_ONCE: usize = 16;

/// plonky2's hash for trees and transcripts, of up to sixteen inputs at once.
pub trait ManyHasher: Hasher<F> {
    /// The `hash_or_noop` of as many leaves as there are digests, in tiles of eight: eight elements of the first column,
    /// then of the next.
    fn hash_leaves(kind: Kind, width: usize, tiles: &[F], digests: &mut [Self::Hash]);

    /// The `two_to_one` of each two neighbours.
    fn hash_pairs(kind: Kind, children: &[Self::Hash], parents: &mut [Self::Hash]);

    /// Permutes each state.
    fn permute(kind: Kind, states: &mut [Self::Permutation]);

    /// Fills places that are written later.
    fn empty() -> Self::Hash;
}
