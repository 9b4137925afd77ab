//! Unreduced integers: linear and quadratic forms in cells, with bounds, written out only when a product needs a cell.
//!
//! # Soundness of reduction
//! A coordinate stands for an integer N with static bounds `low ≤ N ≤ high`, both of at most
//! [`MAX_WIDE_BITS`](crate::chip::MAX_WIDE_BITS) = 239 bits, and equal to the native value of its form. A reduction
//! proves `N + K·p = q·p + r` in the native field, with the constant K making the left side non-negative, q
//! range-checked to whole limbs and r to 64 bits. Both sides are non-negative integers whose sum is below the native
//! modulus (asserted when the row is laid out), so the equation holds over the integers and `N ≡ r (mod p)`.

use std::{cell::OnceCell, rc::Rc};

use halo2_proofs::halo2curves::bn256::Fr;
use num_bigint::BigInt;
use plonky2::field::types::Field;

use super::{
    integer::{P, big_scalar, centred, native_modulus},
    layout::Cell,
    recorder::Recorder,
    sums::Term,
};
use crate::chip::{F, MAX_WIDE_BITS};

/// An element of GF(p): a constant, or a cell holding a representative below 2^64.
#[derive(Clone, Copy, Debug)]
pub enum Fe {
    /// Statically known.
    Constant(F),
    /// A cell of 64 bits.
    Cell(Cell),
}

/// An element of GF(p²), both coordinates below 2^64.
pub type Ext = [Fe; 2];

/// An element of GF(p²), not reduced.
pub type Wide = [Coordinate; 2];

/// Forms of more terms get a cell of their own before they enter another sum.
const MAX_INLINE_TERMS: usize = 4;

/// An integer with bounds: `constant + Σ terms`.
#[derive(Clone, Debug)]
pub struct Coordinate {
    constant: BigInt,
    terms: Rc<[Term]>,
    low: BigInt,
    high: BigInt,
    /// Set once the form has been written.
    cell: Rc<OnceCell<Cell>>,
}

impl Coordinate {
    pub(super) fn constant(value: F) -> Self {
        let mut sum = Sum::default();
        sum.add_constant(&BigInt::from(centred(value)));
        sum.finish()
    }

    pub(super) fn element(value: &Fe) -> Self {
        match value {
            Fe::Constant(value) => Self::constant(*value),
            Fe::Cell(cell) => Self::bounded(vec![Term::Linear(Fr::one(), *cell)], BigInt::from(u64::MAX)),
        }
    }

    /// Terms known to sum to an integer between 0 and `high`.
    pub(super) fn bounded(terms: Vec<Term>, high: BigInt) -> Self {
        Self {
            constant: BigInt::ZERO,
            terms: terms.into(),
            low: BigInt::ZERO,
            high,
            cell: Rc::default(),
        }
    }

    pub(super) fn with_constant(mut self, constant: BigInt) -> Self {
        self.constant += constant;
        self
    }

    fn is_constant(&self) -> bool {
        self.terms.is_empty()
    }

    pub(super) fn is_zero(&self) -> bool {
        self.is_constant() && self.constant == BigInt::ZERO
    }

    /// Bits of the largest magnitude.
    pub(super) fn magnitude_bits(&self) -> u64 {
        self.low.bits().max(self.high.bits())
    }

    fn known_cell(&self) -> Option<Cell> {
        self.cell.get().copied()
    }
}

/// Bits of the larger coordinate.
pub(super) fn wide_bits(wide: &Wide) -> u64 {
    wide[0].magnitude_bits().max(wide[1].magnitude_bits())
}

/// A coordinate under construction.
#[derive(Default)]
pub(super) struct Sum {
    constant: BigInt,
    terms: Vec<Term>,
    low: BigInt,
    high: BigInt,
}

impl Sum {
    pub(super) fn add_constant(&mut self, value: &BigInt) {
        self.constant += value;
        self.low += value;
        self.high += value;
    }

    fn add_bounds(&mut self, corners: &[BigInt]) {
        self.low += corners.iter().min().expect("corners");
        self.high += corners.iter().max().expect("corners");
    }

    pub(super) fn finish(self) -> Coordinate {
        let coordinate = Coordinate {
            constant: self.constant,
            terms: self.terms.into(),
            low: self.low,
            high: self.high,
            cell: Rc::default(),
        };
        assert!(
            coordinate.magnitude_bits() <= u64::from(MAX_WIDE_BITS),
            "unreduced value of {} bits",
            coordinate.magnitude_bits()
        );
        coordinate
    }
}

impl Recorder {
    /// Adds `scale · coordinate` to `sum`.
    pub(super) fn add_scaled(&mut self, sum: &mut Sum, scale: &BigInt, coordinate: &Coordinate) {
        if coordinate.is_constant() {
            return sum.add_constant(&(scale * &coordinate.constant));
        }
        let k = big_scalar(scale);
        if coordinate.known_cell().is_some() || coordinate.terms.len() > MAX_INLINE_TERMS {
            let cell = self.cell(coordinate);
            sum.terms.push(Term::Linear(k, cell));
        } else {
            sum.constant += scale * &coordinate.constant;
            sum.terms.extend(coordinate.terms.iter().map(|term| match *term {
                Term::Linear(c, cell) => Term::Linear(c * k, cell),
                Term::Product(c, x, y) => Term::Product(c * k, x, y),
            }));
        }
        sum.add_bounds(&[scale * &coordinate.low, scale * &coordinate.high]);
    }

    /// Adds all of `coordinate`, however long.
    pub(super) fn continue_from(&mut self, sum: &mut Sum, coordinate: &Coordinate) {
        if coordinate.known_cell().is_some() {
            return self.add_scaled(sum, &BigInt::from(1), coordinate);
        }
        sum.constant += &coordinate.constant;
        sum.terms.extend(coordinate.terms.iter());
        sum.add_bounds(&[coordinate.low.clone(), coordinate.high.clone()]);
    }

    /// Adds `scale · a · b` to `sum`.
    pub(super) fn add_product(&mut self, sum: &mut Sum, scale: u64, a: &Coordinate, b: &Coordinate) {
        if a.is_zero() || b.is_zero() {
            return;
        }
        for (constant, other) in [(a, b), (b, a)] {
            if constant.is_constant() {
                return self.add_scaled(sum, &(&constant.constant * scale), other);
            }
        }
        let (k, x) = self.factor(a);
        let (l, y) = self.factor(b);
        sum.terms.push(Term::Product(k * l * Fr::from(scale), x, y));
        let corners = [
            &a.low * &b.low,
            &a.low * &b.high,
            &a.high * &b.low,
            &a.high * &b.high,
        ]
        .map(|corner| corner * scale);
        sum.add_bounds(&corners);
    }

    /// `coordinate` as a constant times a cell.
    fn factor(&mut self, coordinate: &Coordinate) -> (Fr, Cell) {
        match (coordinate.known_cell(), &*coordinate.terms) {
            (None, &[Term::Linear(k, cell)]) if coordinate.constant == BigInt::ZERO => (k, cell),
            _ => (Fr::one(), self.cell(coordinate)),
        }
    }

    /// A cell holding `coordinate` in the native field.
    pub(super) fn cell(&mut self, coordinate: &Coordinate) -> Cell {
        if let Some(cell) = coordinate.known_cell() {
            return cell;
        }
        let constant = big_scalar(&coordinate.constant);
        let cell = match (&*coordinate.terms, coordinate.constant == BigInt::ZERO) {
            ([], _) => self.constant_cell(constant),
            (&[Term::Linear(k, cell)], true) if k == Fr::one() => cell,
            (terms, _) => self.solve(terms, constant),
        };
        *coordinate.cell.get_or_init(|| cell)
    }

    /// The terms of `coordinate`, through its cell where it has one, and its constant.
    fn form(&self, coordinate: &Coordinate) -> (Vec<Term>, BigInt) {
        match coordinate.known_cell() {
            Some(cell) => (vec![Term::Linear(Fr::one(), cell)], BigInt::ZERO),
            None => (coordinate.terms.to_vec(), coordinate.constant.clone()),
        }
    }

    /// The residue of `coordinate` modulo p.
    pub(super) fn reduce_coordinate(&mut self, coordinate: &Coordinate) -> Fe {
        if coordinate.is_constant() {
            return Fe::Constant(residue(&coordinate.constant));
        }
        if coordinate.low >= BigInt::ZERO && coordinate.high <= BigInt::from(u64::MAX) {
            return Fe::Cell(self.cell(coordinate));
        }
        let (terms, constant) = self.form(coordinate);
        let quotient = Quotient::of(self, coordinate);
        let constant = big_scalar(&(constant + quotient.offset));
        Fe::Cell(self.remainder(&terms, constant, quotient.bits))
    }

    /// Makes `coordinate` a multiple of p.
    pub(super) fn assert_zero_coordinate(&mut self, coordinate: &Coordinate) {
        if coordinate.is_constant() && residue(&coordinate.constant) == F::ZERO {
            return;
        }
        let (terms, constant) = self.form(coordinate);
        let quotient = Quotient::of(self, coordinate);
        let constant = big_scalar(&(constant + quotient.offset));
        let bits = if coordinate.is_constant() {
            0
        } else {
            quotient.bits
        };
        self.assert_multiple(&terms, constant, bits);
    }
}

/// How to divide a coordinate by p.
struct Quotient {
    /// A multiple of p that makes the dividend non-negative.
    offset: BigInt,
    /// Bits of the quotient.
    bits: u32,
}

impl Quotient {
    fn of(recorder: &Recorder, coordinate: &Coordinate) -> Self {
        let p = BigInt::from(P);
        let offset = if coordinate.low < BigInt::ZERO {
            ((&p - 1 - &coordinate.low) / &p) * &p
        } else {
            BigInt::ZERO
        };
        let dividend = &coordinate.high + &offset;
        let bits = (&dividend / &p).bits() as u32;
        let range = BigInt::from(1) << recorder.whole_limbs(bits);
        let product = range * &p + u64::MAX;
        assert!(
            dividend + product < native_modulus().into(),
            "a reduction could wrap around the native field"
        );
        Self { offset, bits }
    }
}

fn residue(value: &BigInt) -> F {
    let p = BigInt::from(P);
    let residue = ((value % &p) + &p) % &p;
    F::from_canonical_u64(residue.iter_u64_digits().next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "a reduction could wrap around the native field")]
    fn reductions_stay_below_the_native_modulus() {
        let mut recorder = Recorder::with_limb_bits(4);
        let terms = vec![Term::Linear(Fr::one(), recorder.one())];
        recorder.reduce_coordinate(&Coordinate::bounded(terms, BigInt::from(1) << 192));
        let terms = vec![Term::Linear(Fr::one(), recorder.one())];
        recorder.reduce_coordinate(&Coordinate::bounded(terms, BigInt::from(1) << 253));
    }
}
