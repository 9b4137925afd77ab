//! Proof at compile time that every value of the permutation fits where it is kept. Bounds are in thousandths of `p`,
//! and every function rounds up.

use super::super::{HALF_FULL_ROUNDS, PARTIAL_ROUNDS};
use super::sum::MOST;

type Bound = u64;

const P: Bound = 1000;

/// What four words hold: `2^256` is above `5.28 p`.
const WORDS: Bound = 5280;

/// Rows of the external matrix add up to at most this.
const EXTERNAL_SUM: u64 = 16;

/// Four words.
const fn fits(bound: Bound) -> Bound {
    assert!(bound <= WORDS, "a value does not fit into four words");
    bound
}

/// [`Multiplier::mul`](crate::cpu::words::Multiplier::mul): the second factor must be below `4p`.
const fn product(a: Bound, b: Bound) -> Bound {
    assert!(b <= 4 * P, "a factor is too large");
    fits((fits(a) * b).div_ceil(WORDS) + P)
}

/// [`Sum::nearly_reduced`](super::Sum::nearly_reduced).
const fn nearly_reduced(sum: Bound) -> Bound {
    assert!(sum <= MOST * P, "a sum is too large");
    P + 1
}

const fn sbox(x: Bound) -> Bound {
    let square = product(x, x);
    product(product(square, square), x)
}

/// Elements after full rounds, for ones below `x` before.
const fn full_rounds(mut x: Bound) -> Bound {
    let mut round = 0;
    while round < HALF_FULL_ROUNDS {
        x = nearly_reduced(EXTERNAL_SUM * sbox(fits(x + P)));
        round += 1;
    }
    x
}

/// Elements after the partial rounds, for ones below these before.
const fn partial_rounds(x: Bound) -> Bound {
    let (mut first, mut rest) = (x, x);
    let mut round = 0;
    while round < PARTIAL_ROUNDS {
        let power = sbox(fits(first + P));
        let sum = nearly_reduced(power + 3 * rest);
        first = fits(product(power, P) + sum);
        rest = fits(product(rest, P) + sum);
        round += 1;
    }
    nearly_reduced(if first > rest { first } else { rest })
}

const _: () = {
    let loaded = nearly_reduced(EXTERNAL_SUM * P);
    let end = full_rounds(partial_rounds(full_rounds(loaded)));
    assert!(end <= 2 * P, "one subtraction does not reduce the result");
};
