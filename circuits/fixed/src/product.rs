//! Products that are rounded.

/// By how many bits a product is divided.
pub const SHIFT_BITS: u32 = 30;
/// Bits of a rounded product.
pub const MAX_QUOTIENT_BITS: u32 = 32;

/// Which way to round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Round {
    /// To the largest integer that is not above.
    Down,
    /// To the smallest integer that is not below.
    Up,
}

/// `x y / 2^30`, rounded; `None` if that is 2^32 or more. For a shift of fewer bits, multiply a factor by the power of two
/// that is missing.
pub fn mul_shift(x: u64, y: u64, round: Round) -> Option<u32> {
    let product = u128::from(x) * u128::from(y);
    let up = match round {
        Round::Down => 0,
        Round::Up => (1 << SHIFT_BITS) - 1,
    };
    u32::try_from((product + up) >> SHIFT_BITS).ok()
}
