//! Proof at compile time that every value of the permutation fits into five limbs.

use super::super::{HALF_FULL_ROUNDS, PARTIAL_ROUNDS};
use crate::cpu::lanes::bounds::{Bound, FACTOR_PRODUCT, P, fits, nearly_reduced, product};

/// Rows of the external matrix add up to at most this.
const EXTERNAL_SUM: u64 = 16;

const fn sbox(x: Bound) -> Bound {
    let square = product(x, x);
    product(product(square, square), x)
}

/// Elements after the external layer, for ones below `x` before the full rounds.
const fn full_rounds(mut x: Bound) -> Bound {
    let mut round = 0;
    while round < HALF_FULL_ROUNDS {
        x = fits(EXTERNAL_SUM * sbox(fits(x + P)));
        round += 1;
    }
    x
}

const fn partial_rounds(mut x: Bound) -> Bound {
    let mut round = 0;
    while round < PARTIAL_ROUNDS {
        let first = sbox(fits(x + P));
        x = fits(FACTOR_PRODUCT + nearly_reduced(first + 3 * x));
        round += 1;
    }
    x
}

const _: () = {
    let loaded = EXTERNAL_SUM * nearly_reduced(16 * P);
    let end = full_rounds(partial_rounds(full_rounds(fits(loaded))));
    assert!(
        product(end, P) <= 2 * P,
        "one subtraction does not reduce the result"
    );
};
