//! What the passes ask of an arithmetic.
#![allow(unsafe_code)] // instructions that not every machine has, and raw parts of columns

use super::pass::Pass;
use crate::field::NttField;

/// Consecutive elements of a line that [`Arithmetic::load_rows`] and [`Arithmetic::store_rows`] move at once.
pub(super) const ROW_BLOCK: usize = 8;

/// One way to compute with `WIDTH` elements of a field at once.
///
/// # Bounds
/// A vector may hold values beyond the modulus; how far is the implementation's business, given that between loading
/// and storing there are at most one `multiply` before the butterflies, `butterfly_one` only in the first layers with
/// `STEP` 0, 1, 2 in turn, at most 14 layers in all, and one `multiply` or `scale` after them.
///
/// # Safety
/// The methods may use instructions that not every machine has: whoever names an implementation has made sure that
/// this machine has them, and inlines the methods into [`Arithmetic::run`]. Pointers are valid for what is read or
/// written: `WIDTH` elements; for rows `ROW_BLOCK` elements at each of `WIDTH` places `stride` apart.
pub(super) trait Arithmetic: Copy + Send + Sync + 'static {
    /// The field.
    type Field: NttField;
    /// An element in memory: of the size and alignment of `Field`.
    type Word: Copy + Default + Send + Sync;
    /// Elements per vector, at most [`ROW_BLOCK`].
    const WIDTH: usize;
    /// Vectors per row of a tile, where there are as many columns: fills whole cache lines.
    const VECTORS: usize;
    /// `WIDTH` elements.
    type Vector: Copy;
    /// A multiplier for all lanes alike, prepared.
    type Constant: Copy + Send + Sync;

    /// Prepares a multiplier.
    fn constant(value: Self::Field) -> Self::Constant;

    /// Computes one tile: inlines [`super::pass::tile`] into a function that has the instructions.
    unsafe fn run(pass: &Pass<'_, Self>, line: usize, buffer: *mut Self::Vector);

    /// Reads neighbours.
    unsafe fn load(from: *const Self::Word) -> Self::Vector;
    /// Reads a block: vector `i` has the elements `i` of all places.
    unsafe fn load_rows(from: *const Self::Word, stride: usize) -> [Self::Vector; ROW_BLOCK];
    /// Writes neighbours, fully reduced.
    unsafe fn store(to: *mut Self::Word, vector: Self::Vector);
    /// Writes neighbours that come from `scale` and will only be loaded again.
    unsafe fn store_scaled(to: *mut Self::Word, vector: Self::Vector);
    /// Writes a block, fully reduced.
    unsafe fn store_rows(to: *mut Self::Word, stride: usize, vectors: [Self::Vector; ROW_BLOCK]);

    /// Reads multipliers (fully reduced) of neighbouring lanes.
    unsafe fn load_factor(from: *const Self::Word) -> Self::Vector;
    /// `factor * ratio`, `ratio` straight from `load_factor`.
    unsafe fn advance(factor: Self::Vector, ratio: Self::Vector) -> Self::Vector;
    /// `vector * factor`.
    unsafe fn scale(vector: Self::Vector, factor: Self::Vector) -> Self::Vector;
    /// `vector * constant`.
    unsafe fn multiply(vector: Self::Vector, constant: &Self::Constant) -> Self::Vector;

    /// `(a + b * w, a - b * w)`.
    unsafe fn butterfly(a: Self::Vector, b: Self::Vector, w: &Self::Constant)
    -> (Self::Vector, Self::Vector);
    /// `(a + b, a - b)` in layer `STEP`.
    unsafe fn butterfly_one<const STEP: usize>(
        a: Self::Vector,
        b: Self::Vector,
    ) -> (Self::Vector, Self::Vector);
}
