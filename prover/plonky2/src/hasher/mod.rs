//! Hashes of many inputs at once.

mod bn254;
mod poseidon;

use ashlar_lanes::{Portable, Work, widest};
use ashlar_statement::hash::F;
use plonky2::plonk::config::Hasher;

/// Inputs that are hashed in one call: two groups of vector lanes.
pub const AT_ONCE: usize = 16;

/// How elements are computed with. Results are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arithmetic {
    /// One element at a time: on every machine, and what the other is compared with.
    Portable,
    /// As many at a time as the processor has instructions for.
    #[default]
    Fastest,
}

impl Arithmetic {
    /// Runs what is written for any lanes.
    pub(crate) fn run<W: Work>(self, work: W) -> W::Output {
        match self {
            Self::Portable => ashlar_lanes::Lanes::run(Portable, work),
            Self::Fastest => widest(work),
        }
    }
}

/// plonky2's hash for trees and transcripts, of up to [`AT_ONCE`] inputs at once.
pub trait ManyHasher: Hasher<F> {
    /// The `hash_or_noop` of as many leaves as there are digests, in tiles of [`TILE`](crate::leaves::TILE).
    fn hash_leaves(arithmetic: Arithmetic, width: usize, tiles: &[F], digests: &mut [Self::Hash]);

    /// The `two_to_one` of each two neighbours.
    fn hash_pairs(arithmetic: Arithmetic, children: &[Self::Hash], parents: &mut [Self::Hash]);

    /// Permutes each state.
    fn permute(arithmetic: Arithmetic, states: &mut [Self::Permutation]);

    /// Fills places that are written later.
    fn empty() -> Self::Hash;
}
