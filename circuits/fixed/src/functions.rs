//! Functions of numbers of either sign and of any size, from their tables.

use crate::{
    CDF, LN, OFFSET_BITS, PDF, PIECES,
    format::{LOG_BITS, PROBABILITY_BITS},
};

/// The largest argument of the normal distribution that is told apart, in 2^-23: a little below 8. Beyond it nothing changes.
pub const LIMIT: u32 = ((PIECES as u32) << OFFSET_BITS) - 1;

/// One, as a probability.
const ONE: i64 = 1 << PROBABILITY_BITS;
/// Bits of a mantissa behind its leading one: [`LN`]'s argument.
const MANTISSA_BITS: u32 = 26;
/// ln 2 in 2^-40, as `reference/tables.py` prints it: it is taken up to 63 times.
const LN_2: i64 = 762_123_384_786;
const LN_2_BITS: u32 = 40;

/// How far an argument is from zero, as the tables know it.
fn distance(d: i64) -> u32 {
    d.unsigned_abs().min(LIMIT.into()) as u32
}

/// The normal distribution function Φ at `d` in 2^-23, in 2^-32: from 0 to 2^32. Where it rises by less than a unit,
/// rounding makes it fall by up to two here and there. `cdf(d) + cdf(-d)` is 2^32.
pub fn cdf(d: i64) -> i64 {
    let above = CDF.at(distance(d));
    if d < 0 { ONE - above } else { above }
}

/// The normal density φ at `d` in 2^-23, in 2^-32.
pub fn pdf(d: i64) -> i64 {
    PDF.at(distance(d))
}

/// The natural logarithm of a positive integer, in 2^-28. Of a number of more than 27 bits the highest 27 count.
///
/// # Panics
/// For zero.
pub fn ln(n: u64) -> i64 {
    let exponent = n.ilog2();
    let mantissa = match exponent <= MANTISSA_BITS {
        true => n << (MANTISSA_BITS - exponent),
        false => n >> (exponent - MANTISSA_BITS),
    };
    let fraction = (mantissa - (1 << MANTISSA_BITS)) as u32;
    let wide = (LN.at(fraction) << (LN_2_BITS - PROBABILITY_BITS)) + i64::from(exponent) * LN_2;
    const MORE: u32 = LN_2_BITS - LOG_BITS;
    (wide + (1 << (MORE - 1))) >> MORE
}
