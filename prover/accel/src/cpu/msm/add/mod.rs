//! Many independent additions of affine points with one inversion (Montgomery's trick).

#[cfg(target_arch = "x86_64")]
mod ifma;
mod portable;
mod prefetch;
#[cfg(test)]
mod tests;

use super::point::Packed;
use crate::cpu::Level;

/// A point by its index, or its negation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operand(u32);

impl Operand {
    /// `index` is below `2^31`.
    pub(super) fn new(index: usize, negate: bool) -> Self {
        Self((index as u32) << 1 | u32::from(negate))
    }

    #[inline(always)]
    fn index(self) -> usize {
        self.0 as usize >> 1
    }

    #[inline(always)]
    fn is_negated(self) -> bool {
        self.0 & 1 == 1
    }

    /// The point itself.
    pub(super) fn load(self, points: &[Packed], level: Level) -> Packed {
        let point = points[self.index()];
        if self.is_negated() && !point.is_identity() {
            Packed::new(&-point.unpack(level), level)
        } else {
            point
        }
    }
}

/// Adds pairs of points; keeps its scratch memory between calls.
pub(super) enum Adder {
    Portable(portable::Adder),
    #[cfg(target_arch = "x86_64")]
    Ifma(ifma::Adder),
}

impl Adder {
    /// For points packed for `level`.
    pub(super) fn new(level: Level) -> Self {
        match level {
            Level::Portable => Self::Portable(portable::Adder::default()),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512Ifma => Self::Ifma(ifma::Adder::new()),
            #[cfg(not(target_arch = "x86_64"))]
            Level::Avx512Ifma => unreachable!("a backend of a level that the machine lacks cannot be made"),
        }
    }

    /// `sums[i] = points[pairs[i][0]] + points[pairs[i][1]]`: any points, equal, opposite or the identity.
    pub(super) fn add(&mut self, points: &[Packed], pairs: &[[Operand; 2]], sums: &mut [Packed]) {
        assert_eq!(pairs.len(), sums.len());
        match self {
            Self::Portable(adder) => adder.add(points, pairs, sums),
            #[cfg(target_arch = "x86_64")]
            Self::Ifma(adder) => adder.add(points, pairs, sums),
        }
    }
}
