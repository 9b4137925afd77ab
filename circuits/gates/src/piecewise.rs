//! A function by polynomials ([`ashlar_fixed::Pieces`]): one evaluation in a row.
//!
//! The argument is six bits of the piece and twenty of the place u in it, so it is below 2^26 and has these only. The
//! coefficients of the piece are the values at its bits of polynomials that are linear in each bit. Horner's step k is
//!
//! > `v[k+1] u + c[k] 2^20 + 2^19 = v[k] 2^20 + r[k]`, with `r[k] < 2^20`.
//!
//! Values are of so many bits as [`VALUE_BITS`] says, raised by a half of that range to be no less than zero, so both sides
//! are below 2^56 in absolute value: the equation modulo p is one of integers, and v and r are its only solution. Each
//! quotient is checked, not only the last: a free one would be the prover's to choose within the next remainder.

use std::{fmt, marker::PhantomData, ops::Index};

use ashlar_fixed::{CDF, DEGREE, LN, OFFSET_BITS, PDF, PIECES, Pieces, VALUE_BITS};
use ashlar_lanes::Emit;
use plonky2::{
    field::types::{Field, Field64, PrimeField64},
    iop::target::Target,
};

use crate::{
    Builder, F,
    algebra::Algebra,
    digits::{DIGIT_BITS, DIGIT_DEGREE, compose, digits, vanish_on_digits},
    row::{Formula, RowGate},
};

/// Bits of the number of a piece.
const PIECE_BITS: usize = PIECES.ilog2() as usize;
/// Digits of the place in a piece, and of a remainder.
const OFFSET_DIGITS: usize = OFFSET_BITS as usize / DIGIT_BITS;
/// A half of a unit of a quotient.
const HALF: u64 = 1 << (OFFSET_BITS - 1);

/// A function that has a gate.
pub trait Function: Copy + Default + fmt::Debug + Send + Sync + 'static {
    /// Names the gate.
    const GATE: &'static str;
    /// The function.
    const PIECES: Pieces;
    /// Its coefficients by degree, each as a polynomial that is linear in every bit of a piece's number: the one at place `s`
    /// is that of the product of the bits of `s`. Elements of the field.
    const MONOMIALS: [[u64; PIECES]; DEGREE + 1] = monomials(&Self::PIECES);
}

/// The normal distribution function.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cdf;

impl Function for Cdf {
    const GATE: &'static str = "NormalCdfGate";
    const PIECES: Pieces = CDF;
}

/// The normal density.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pdf;

impl Function for Pdf {
    const GATE: &'static str = "NormalPdfGate";
    const PIECES: Pieces = PDF;
}

/// The natural logarithm of a mantissa.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ln;

impl Function for Ln {
    const GATE: &'static str = "LogarithmGate";
    const PIECES: Pieces = LN;
}

/// [`Function::MONOMIALS`] of these pieces.
const fn monomials(pieces: &Pieces) -> [[u64; PIECES]; DEGREE + 1] {
    let mut all = [[0; PIECES]; DEGREE + 1];
    let mut k = 0;
    while k <= DEGREE {
        let mut sums = [0i64; PIECES];
        let mut piece = 0;
        while piece < PIECES {
            sums[piece] = pieces.coefficients[piece][k];
            piece += 1;
        }
        // Möbius's transform: what the smaller sets of bits say is taken off.
        let mut bit = 1;
        while bit < PIECES {
            let mut piece = 0;
            while piece < PIECES {
                if piece & bit != 0 {
                    sums[piece] -= sums[piece ^ bit];
                }
                piece += 1;
            }
            bit *= 2;
        }
        let mut piece = 0;
        while piece < PIECES {
            let sum = sums[piece];
            all[k][piece] = if sum < 0 {
                F::ORDER - sum.unsigned_abs()
            } else {
                sum as u64
            };
            piece += 1;
        }
        k += 1;
    }
    all
}

/// What a value is raised by.
const fn raise(k: usize) -> u64 {
    1 << (VALUE_BITS[k] - 1)
}

const fn value_digits(k: usize) -> usize {
    VALUE_BITS[k] as usize / DIGIT_BITS
}

/// The function in a row: argument and value on routed wires; 118 wires, 122 constraints of degree at most 6.
#[derive(Clone, Copy, Debug, Default)]
pub struct Piecewise<T>(PhantomData<T>);

impl<T> Piecewise<T> {
    /// The wire of the argument.
    pub const ARGUMENT: usize = 0;
    /// The wire of the function's value, which may be negative.
    pub const VALUE: usize = 1;
    /// Bits of the piece.
    pub const PIECE: usize = 2;
    /// Digits of the place in the piece.
    pub const OFFSET: usize = Self::PIECE + PIECE_BITS;
    /// Values of Horner's steps 1, 2 and 3, and the highest coefficient, with which they begin.
    const INNER: usize = Self::OFFSET + OFFSET_DIGITS;
    /// Digits of the remainders.
    const REMAINDERS: usize = Self::INNER + DEGREE;
    /// Digits of the raised values.
    const DIGITS: usize = Self::REMAINDERS + DEGREE * OFFSET_DIGITS;

    /// The wire of what comes of Horner's step `k`, which may be negative.
    pub const fn value(k: usize) -> usize {
        if k == 0 { Self::VALUE } else { Self::INNER + k - 1 }
    }

    /// The first digit of the remainder of step `k`.
    pub const fn remainder(k: usize) -> usize {
        Self::REMAINDERS + k * OFFSET_DIGITS
    }

    /// The first digit of the raised value of step `k`; behind the last one, the end.
    pub const fn raised(k: usize) -> usize {
        let (mut first, mut before) = (Self::DIGITS, 0);
        while before < k {
            first += value_digits(before);
            before += 1;
        }
        first
    }
}

impl<T: Function> Formula for Piecewise<T> {
    const NAME: &'static str = T::GATE;
    const WIRES: usize = Self::raised(DEGREE);
    const CONSTANTS: usize = 0;
    const DEGREE: usize = if PIECE_BITS > DIGIT_DEGREE {
        PIECE_BITS
    } else {
        DIGIT_DEGREE
    };
    const CONSTRAINTS: usize =
        PIECE_BITS + (Self::INNER - Self::OFFSET) + 1 + (Self::WIRES - Self::REMAINDERS) + 1 + 2 * DEGREE;

    #[inline(always)]
    fn evaluate<A: Algebra>(
        algebra: &mut A,
        _constants: &(impl Index<usize, Output = A::Value> + ?Sized),
        wires: &(impl Index<usize, Output = A::Value> + ?Sized),
        constraints: &mut impl Emit<A::Value>,
    ) {
        for bit in Self::PIECE..Self::OFFSET {
            constraints.emit(algebra.shifted_square(wires[bit], -1));
        }
        for place in Self::OFFSET..Self::INNER {
            constraints.emit(vanish_on_digits(algebra, wires[place]));
        }
        let offset = compose(algebra, wires, Self::OFFSET, OFFSET_DIGITS);
        let mut argument = offset;
        for bit in 0..PIECE_BITS {
            argument = algebra.scale_add(
                wires[Self::PIECE + bit],
                1 << (OFFSET_BITS as usize + bit),
                argument,
            );
        }
        constraints.emit(algebra.sub(argument, wires[Self::ARGUMENT]));
        for place in Self::REMAINDERS..Self::WIRES {
            constraints.emit(vanish_on_digits(algebra, wires[place]));
        }

        // Products of bits, each from one with a bit less; that of none is one, and has no place.
        let mut products = [wires[Self::PIECE]; PIECES];
        for set in 2..PIECES {
            let highest = set.ilog2() as usize;
            let rest = set ^ (1 << highest);
            let bit = wires[Self::PIECE + highest];
            products[set] = if rest == 0 {
                bit
            } else {
                algebra.mul(products[rest], bit)
            };
        }
        let monomials = const { &T::MONOMIALS };
        let mut last = wires[Self::value(DEGREE)];
        let highest = coefficient(algebra, &monomials[DEGREE], &products);
        constraints.emit(algebra.sub(highest, last));
        for k in (0..DEGREE).rev() {
            let value = wires[Self::value(k)];
            let raised = compose(algebra, wires, Self::raised(k), value_digits(k));
            let lowered = algebra.add_const(raised, F::ORDER - raise(k));
            constraints.emit(algebra.sub(lowered, value));
            let own = coefficient(algebra, &monomials[k], &products);
            let product = algebra.mul(last, offset);
            let sum = algebra.scale_add(own, 1 << OFFSET_BITS, product);
            let sum = algebra.add_const(sum, HALF);
            let remainder = compose(algebra, wires, Self::remainder(k), OFFSET_DIGITS);
            let divided = algebra.scale_add(value, 1 << OFFSET_BITS, remainder);
            constraints.emit(algebra.sub(sum, divided));
            last = value;
        }
    }

    fn given(_part: usize) -> Vec<usize> {
        vec![Self::ARGUMENT]
    }

    fn fill(_part: usize, value: &dyn Fn(usize) -> F) -> Vec<(usize, F)> {
        // What is too large is cut off, and refused.
        let argument =
            value(Self::ARGUMENT).to_canonical_u64() & ((1 << (OFFSET_BITS as usize + PIECE_BITS)) - 1);
        let steps = T::PIECES.steps(argument as u32);
        let bit = |bit: usize| (Self::PIECE + bit, F::from_bool(steps.piece >> bit & 1 == 1));
        let mut filled: Vec<_> = (0..PIECE_BITS).map(bit).collect();
        filled.extend(digits(steps.offset.into(), Self::OFFSET, OFFSET_DIGITS));
        let highest = F::from_noncanonical_i64(steps.values[DEGREE]);
        filled.push((Self::value(DEGREE), highest));
        for k in 0..DEGREE {
            let value = steps.values[k];
            filled.push((Self::value(k), F::from_noncanonical_i64(value)));
            filled.extend(digits(
                steps.remainders[k].into(),
                Self::remainder(k),
                OFFSET_DIGITS,
            ));
            let raised = value.wrapping_add(raise(k) as i64) as u64;
            filled.extend(digits(raised, Self::raised(k), value_digits(k)));
        }
        filled
    }
}

/// A coefficient of the piece with these products of bits.
#[inline(always)]
fn coefficient<A: Algebra>(
    algebra: &mut A,
    monomials: &[u64; PIECES],
    products: &[A::Value; PIECES],
) -> A::Value {
    let zero = algebra.sub(products[1], products[1]);
    let mut sum = algebra.add_const(zero, monomials[0]);
    for set in 1..PIECES {
        sum = algebra.scale_add(products[set], monomials[set], sum);
    }
    sum
}

/// The function's value at `argument`, which may be negative: a row. Refuses an argument of 2^26 or more.
pub fn piecewise<T: Function>(builder: &mut Builder, argument: Target) -> Target {
    let row = builder.add_gate(RowGate::<Piecewise<T>>::new(), vec![]);
    builder.connect(argument, Target::wire(row, Piecewise::<T>::ARGUMENT));
    Target::wire(row, Piecewise::<T>::VALUE)
}
