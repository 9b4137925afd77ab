//! Twin of the transforms: by the definition, or as in the textbook.

use crate::{Direction, NttField, Order};

/// Up to this length [`ntt`] sums by the definition.
const MAX_DEFINITION: usize = 64;

/// Twin of [`crate::Ntt`], for one column: `shift` is 1 without a coset.
pub fn ntt<F: NttField>(direction: Direction, order: Order, shift: F, column: &[F]) -> Vec<F> {
    let log_size = column.len().ilog2();
    let root = F::root(log_size);
    let mut column = column.to_vec();
    if order == Order::ReversedToNatural {
        column = reverse_bits(&column);
    }
    let mut out = match direction {
        Direction::Forward => evaluate(&scale(&column, shift), root),
        Direction::Inverse => {
            let inverse = |value: F| value.inverse().expect("roots, shifts and sizes are not zero");
            let sums = evaluate(&column, inverse(root));
            let size_inverse = inverse(F::from_integer(column.len() as u64));
            let coefficients: Vec<F> = sums.iter().map(|&sum| sum * size_inverse).collect();
            scale(&coefficients, inverse(shift))
        }
    };
    if order == Order::NaturalToReversed {
        out = reverse_bits(&out);
    }
    out
}

/// Values of a polynomial at all powers of `root`, which has the order `coefficients.len()`.
pub fn evaluate<F: NttField>(coefficients: &[F], root: F) -> Vec<F> {
    if coefficients.len() <= MAX_DEFINITION {
        definition(coefficients, root)
    } else {
        cooley_tukey(coefficients, root)
    }
}

/// [`evaluate`] point by point.
pub fn definition<F: NttField>(coefficients: &[F], root: F) -> Vec<F> {
    (0..coefficients.len() as u64)
        .map(|k| horner(coefficients, root.power(k)))
        .collect()
}

/// [`evaluate`] from the values of the polynomials of even and of odd coefficients.
pub fn cooley_tukey<F: NttField>(coefficients: &[F], root: F) -> Vec<F> {
    if coefficients.len() == 1 {
        return coefficients.to_vec();
    }
    let half = |odd: usize| coefficients[odd..].iter().step_by(2).copied().collect::<Vec<F>>();
    let even = cooley_tukey(&half(0), root * root);
    let odd = cooley_tukey(&half(1), root * root);
    let mut power = F::NTT_ONE;
    let (mut low, mut high) = (Vec::new(), Vec::new());
    for (even, odd) in even.into_iter().zip(odd) {
        low.push(even + power * odd);
        high.push(even - power * odd);
        power = power * root;
    }
    low.extend(high);
    low
}

/// Value of a polynomial at `point`.
pub fn horner<F: NttField>(coefficients: &[F], point: F) -> F {
    let step = |sum: F, &coefficient: &F| sum * point + coefficient;
    coefficients.iter().rev().fold(F::NTT_ZERO, step)
}

/// The element of each index at the index with its bits reversed.
pub fn reverse_bits<T: Copy>(column: &[T]) -> Vec<T> {
    let bits = column.len().ilog2();
    let place = |i: usize| (0..bits).fold(0, |place, bit| place << 1 | (i >> bit & 1));
    (0..column.len()).map(|i| column[place(i)]).collect()
}

fn scale<F: NttField>(column: &[F], ratio: F) -> Vec<F> {
    let mut power = F::NTT_ONE;
    let mut scaled = Vec::with_capacity(column.len());
    for &value in column {
        scaled.push(value * power);
        power = power * ratio;
    }
    scaled
}
