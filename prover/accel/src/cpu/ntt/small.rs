//! Transforms that are too short for tiles: one element at a time.

use super::pass::reverse;
use crate::field::{NttField, progression};

/// Multiplies element `i` by `first * ratio^i`.
pub(super) fn scale<F: NttField>(column: &mut [F], first: F, ratio: F) {
    let mut factor = first;
    for value in column {
        *value = *value * factor;
        factor = factor * ratio;
    }
}

/// Moves every element to the place with its index's bits reversed.
pub(super) fn permute<F: NttField>(column: &mut [F]) {
    let bits = column.len().ilog2();
    for i in 0..column.len() {
        let j = if bits == 0 { i } else { reverse(i, bits) };
        if i < j {
            column.swap(i, j);
        }
    }
}

/// Values at the powers of `root`, in natural order, of coefficients in reversed order.
pub(super) fn transform<F: NttField>(column: &mut [F], root: F) {
    let length = column.len();
    let mut half = 1;
    while half < length {
        let twiddles = progression(F::NTT_ONE, root.power((length / (2 * half)) as u64), half);
        for block in column.chunks_exact_mut(2 * half) {
            let (low, high) = block.split_at_mut(half);
            for ((a, b), &twiddle) in low.iter_mut().zip(high).zip(&twiddles) {
                let product = *b * twiddle;
                (*a, *b) = (*a + product, *a - product);
            }
        }
        half *= 2;
    }
}
