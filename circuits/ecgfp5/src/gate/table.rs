//! The constant points of a step, and how three bits select one.

use std::sync::OnceLock;

use plonky2::field::types::Field;

use super::layout::SELECTOR_BITS;
use crate::{
    F,
    algebra::{Q, QuinticAlgebra},
    point::Point,
    scalar::Scalar,
};

/// Bits of each of the three parts of a response s: part i weighs 2^(107 i).
pub const PART_BITS: usize = 107;

const ENTRIES: usize = 1 << SELECTOR_BITS;
/// x, u and x u of a point.
const COORDINATES: usize = 15;

/// The constant point for the selector `index`: bit i adds 2^(107 i) G.
pub fn entry(index: usize) -> &'static Point {
    static TABLE: OnceLock<[Point; ENTRIES]> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let mut shift = Scalar::ONE;
        let bases: [Point; SELECTOR_BITS] = std::array::from_fn(|_| {
            let base = Point::GENERATOR.mul(&shift);
            for _ in 0..PART_BITS {
                shift = shift + shift;
            }
            base
        });
        std::array::from_fn(|index| {
            let chosen = (0..SELECTOR_BITS).filter(|i| index >> i & 1 == 1);
            chosen.fold(Point::NEUTRAL, |sum, i| sum + bases[i])
        })
    });
    &table[index]
}

/// Monomials in the bits, but for 1: number m - 1 has the set bits of m as its variables.
const MONOMIALS: usize = ENTRIES - 1;

/// Coefficients of the table as polynomials in the bits: those of each coordinate. That of 1 vanishes, because entry 0 is
/// (0, 0).
fn coefficients() -> &'static [[F; MONOMIALS]; COORDINATES] {
    static COEFFICIENTS: OnceLock<[[F; MONOMIALS]; COORDINATES]> = OnceLock::new();
    COEFFICIENTS.get_or_init(|| {
        let mut values: [_; ENTRIES] = std::array::from_fn(|index| {
            let (x, u) = (entry(index).x(), entry(index).u());
            let coordinates = [x.0, u.0, (x * u).0].concat();
            coordinates
                .try_into()
                .expect("three elements of five coefficients")
        });
        for bit in 0..SELECTOR_BITS {
            for m in (0..ENTRIES).filter(|m| m >> bit & 1 == 1) {
                let lower: [F; COORDINATES] = values[m ^ (1 << bit)];
                for (value, l) in values[m].iter_mut().zip(lower) {
                    *value -= l;
                }
            }
        }
        std::array::from_fn(|c| std::array::from_fn(|m| values[m + 1][c]))
    })
}

/// A selected constant point.
pub struct Selected<V> {
    pub x: Q<V>,
    pub u: Q<V>,
    /// x u: with it, an addition of the point has degree one in the selection.
    pub xu: Q<V>,
}

/// The table entry that the bits select, of degree three in them.
#[inline(always)]
pub fn select<A: QuinticAlgebra>(algebra: &mut A, bits: [A::Value; SELECTOR_BITS]) -> Selected<A::Value> {
    let zero = algebra.constant(F::ZERO);
    let mut monomials = [zero; MONOMIALS];
    for m in 1..ENTRIES {
        let bit = m.ilog2() as usize;
        let rest = m ^ (1 << bit);
        monomials[m - 1] = if rest == 0 {
            bits[bit]
        } else {
            algebra.arithmetic(1, bits[bit], monomials[rest - 1], 1, zero)
        };
    }
    let mut coordinates = [zero; COORDINATES];
    for (coordinate, coefficients) in coordinates.iter_mut().zip(coefficients()) {
        *coordinate = algebra.constant_combination(coefficients, &monomials);
    }
    let [x, u, xu] = [0, 5, 10].map(|first| [0, 1, 2, 3, 4].map(|i| coordinates[first + i]));
    Selected { x, u, xu }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algebra::BaseValues;

    #[test]
    fn bits_select_the_entry() {
        for index in 0..ENTRIES {
            let bits = std::array::from_fn(|i| F::from_bool(index >> i & 1 == 1));
            let selected = select(&mut BaseValues, bits);
            let expected = entry(index);
            assert_eq!((selected.x, selected.u), (expected.x().0, expected.u().0));
            assert_eq!(selected.xu, (expected.x() * expected.u()).0);
        }
    }
}
