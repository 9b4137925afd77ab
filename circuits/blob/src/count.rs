//! How many words there are: those behind the last are zero.

use std::ops::Index;

use ashlar_gates::{Formula, algebra::Algebra};
use ashlar_lanes::Emit;
use ashlar_statement::hash::F;
use plonky2::field::types::{Field, PrimeField64};

/// Sixty-four words, of which the first `left before - left after` may be anything. A row is open or closed at its
/// beginning; a stop before a word closes it, and every word of a closed row is zero.
///
/// The caller owes that the first row is open.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count;

impl Count {
    /// Words of a row.
    pub const ROW: usize = 64;
    /// Words not counted before the row, and after.
    pub const LEFT: [usize; 2] = [Self::ROW, Self::ROW + 1];
    /// Whether the count goes on before the row, and after.
    pub const OPEN: [usize; 2] = [Self::ROW + 2, Self::ROW + 3];

    /// The wire of a word.
    pub const fn word(index: usize) -> usize {
        index
    }

    /// Whether the count stops before a word.
    pub const fn stop(index: usize) -> usize {
        Self::ROW + 4 + index
    }
}

impl Formula for Count {
    const NAME: &'static str = "BlobCountGate";
    const WIRES: usize = Self::stop(Self::ROW);
    const CONSTANTS: usize = 0;
    const DEGREE: usize = 2;
    const CONSTRAINTS: usize = 2 * Self::ROW + 3;

    #[inline(always)]
    fn evaluate<A: Algebra>(
        algebra: &mut A,
        _constants: &(impl Index<usize, Output = A::Value> + ?Sized),
        wires: &(impl Index<usize, Output = A::Value> + ?Sized),
        constraints: &mut impl Emit<A::Value>,
    ) {
        let (mut open, mut left) = (wires[Self::OPEN[0]], wires[Self::LEFT[0]]);
        for index in 0..Self::ROW {
            let stop = wires[Self::stop(index)];
            constraints.emit(algebra.shifted_square(stop, -1));
            open = algebra.sub(open, stop);
            left = algebra.sub(left, open);
            constraints.emit(algebra.mul_shifted(wires[Self::word(index)], open, -1));
        }
        // Stops only lower it, by ones; so where it ends as a bit it was one throughout.
        constraints.emit(algebra.shifted_square(wires[Self::OPEN[1]], -1));
        constraints.emit(algebra.sub(open, wires[Self::OPEN[1]]));
        constraints.emit(algebra.sub(left, wires[Self::LEFT[1]]));
    }

    fn given(_part: usize) -> Vec<usize> {
        vec![Self::LEFT[0], Self::OPEN[0]]
    }

    fn fill(_part: usize, value: &dyn Fn(usize) -> F) -> Vec<(usize, F)> {
        let mut open = value(Self::OPEN[0]);
        let left = value(Self::LEFT[0]).to_canonical_u64();
        let counted = left.min(Self::ROW as u64) as usize;
        let mut filled = Vec::with_capacity(Self::ROW + 2);
        for index in 0..Self::ROW {
            let stops = index == counted && open == F::ONE;
            filled.push((Self::stop(index), F::from_bool(stops)));
            open -= F::from_bool(stops);
        }
        filled.push((Self::OPEN[1], open));
        filled.push((Self::LEFT[1], F::from_canonical_u64(left - counted as u64)));
        filled
    }
}
