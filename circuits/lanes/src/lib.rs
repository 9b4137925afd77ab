//! Goldilocks in the lanes of vectors: one way to write arithmetic for every processor, and gates' constraints with it.
//!
//! [`Lanes`] is the arithmetic of a kind of vectors. What is written for any of them ([`Work`]) is compiled for each, and
//! runs with the widest that the processor has.
//!
//! ```
//! use ashlar_lanes::{F, Lanes, Work, widest};
//! use plonky2::field::types::Field;
//!
//! struct Sevenths<'a>(&'a mut [F]);
//!
//! impl Work for Sevenths<'_> {
//!     type Output = ();
//!
//!     #[inline(always)]
//!     fn run<L: Lanes>(self, lanes: L) {
//!         for values in self.0.chunks_exact_mut(L::COUNT) {
//!             let x = lanes.load(values);
//!             let cube = lanes.mul(x, lanes.mul(x, x));
//!             lanes.store(lanes.mul(cube, lanes.mul(cube, x)), values);
//!         }
//!     }
//! }
//!
//! let mut values: Vec<_> = (0..64).map(F::from_canonical_u64).collect();
//! widest(Sevenths(&mut values));
//! assert_eq!(values[3], F::from_canonical_u64(3).exp_u64(7));
//! ```

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod gate;
mod kind;
mod portable;
mod poseidon;
pub mod program;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;

#[cfg(target_arch = "x86_64")]
pub use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub use avx512::Avx512;
pub use gate::{Constraints, Emit, Evaluate, PackedGate, Recognise, Row};
pub use kind::{Kind, widest};
pub use portable::Portable;
pub use poseidon::{BIAS, State, UNREDUCED_ROUNDS, mds, mds_with_bias, sbox, sbox_to_halves};
pub use program::{Program, Tracer};

use plonky2::field::types::Field64;

/// Goldilocks, p = 2^64 - 2^32 + 1. Any 64-bit word stands for its value modulo p.
pub use plonky2::field::goldilocks_field::GoldilocksField as F;

/// Degree of the extension that plonky2 draws its challenges from.
pub const D: usize = 2;
/// No lanes are more.
pub const MAX_COUNT: usize = 8;

/// Products in a sum, one that is added to itself counted twice.
pub const MAX_PRODUCTS: usize = 1024;

/// Halves that [`Lanes::join_and_add`] takes are below this.
pub const SMALL_HALF: u64 = 1 << 43;
/// What [`Lanes::join_and_add`] adds is at most this: with a small low half and the carry of a small high one, still p.
pub const MOST_ADDED: u64 = F::ORDER - SMALL_HALF - (SMALL_HALF >> 32) * 0xFFFF_FFFF;

/// A kind of vectors, and that the processor has its instructions.
///
/// Elements may be any words, and so are results, unless said otherwise.
pub trait Lanes: Copy + Send + Sync + 'static {
    /// Some elements side by side.
    type Vector: Copy + Send + Sync;
    /// See [`Self::factor`].
    type Factor: Copy + Send + Sync;
    /// Products, added up and not reduced yet.
    type Sum: Copy + Send + Sync;
    /// How many: a power of two, at most [`MAX_COUNT`].
    const COUNT: usize;

    /// Runs what is written for any lanes, compiled for these.
    fn run<W: Work>(self, work: W) -> W::Output;

    /// Adds `filter` times each constraint of a gate to `sums`, which are as many or more.
    fn evaluate(self, gate: &dyn Evaluate, row: Row<'_, Self>, filter: Self::Factor, sums: &mut [Self::Sum]);

    /// One element in each lane.
    fn splat(self, value: F) -> Self::Vector;
    /// The first [`Self::COUNT`] elements, which there must be.
    fn load(self, values: &[F]) -> Self::Vector;
    /// Into the first [`Self::COUNT`] places, which there must be.
    fn store(self, vector: Self::Vector, values: &mut [F]);
    /// Element `i` of each of the [`Self::COUNT`] rows, for every `i` of `columns`: all rows must be that long.
    fn transpose(self, rows: &[&[F]], columns: &mut [Self::Vector]);

    /// `a + b`.
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a + b`, b below p.
    fn add_canonical(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a - b`.
    fn sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a b`.
    fn mul(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a^2`.
    fn square(self, a: Self::Vector) -> Self::Vector;
    /// `a b` as `low + 2^32 high` of integers: low above -2^33 and below 2^32, high below 2^33.
    fn mul_to_halves(self, a: Self::Vector, b: Self::Vector) -> [Self::Vector; 2];
    /// `a b + c`, with one reduction.
    fn mul_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// An element made ready for sums of products.
    fn factor(self, a: Self::Vector) -> Self::Factor;
    /// A sum of nothing.
    fn empty_sum(self) -> Self::Sum;
    /// `sum + a b`.
    fn add_product(self, sum: Self::Sum, a: Self::Factor, b: Self::Factor) -> Self::Sum;
    /// `a + b`.
    fn add_sums(self, a: Self::Sum, b: Self::Sum) -> Self::Sum;
    /// The element that a sum of at most [`MAX_PRODUCTS`] products is.
    fn reduce(self, sum: Self::Sum) -> Self::Vector;

    /// `c a`.
    fn scale(self, a: Self::Vector, c: u32) -> Self::Vector;

    /// Low and high 32 bits of each word.
    fn split(self, a: Self::Vector) -> [Self::Vector; 2];
    /// The element `low + 2^32 high` of integers, high below 2^64 - 2^32.
    fn join(self, halves: [Self::Vector; 2]) -> Self::Vector;
    /// The element `low + 2^32 high + more` of integers, halves below [`SMALL_HALF`], and more at most [`MOST_ADDED`].
    fn join_and_add(self, halves: [Self::Vector; 2], more: Self::Vector) -> Self::Vector;
    /// The sum of integers modulo 2^64.
    fn plus(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// The difference of integers modulo 2^64.
    fn minus(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `2^BITS a` of integers modulo 2^64.
    fn shifted<const BITS: u32>(self, a: Self::Vector) -> Self::Vector;
}

/// Something to compute that is written for any lanes.
pub trait Work {
    /// What comes of it.
    type Output;

    /// Computes it. To be `#[inline(always)]`, with all that it calls: only so it is compiled for the lanes' instructions.
    fn run<L: Lanes>(self, lanes: L) -> Self::Output;
}
