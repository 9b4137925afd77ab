//! Bits behind the point, by quantity.

/// Of logarithms of prices, and of the parameters of a smile that are such logarithms.
pub const LOG_BITS: u32 = 28;
/// Of total volatilities, and of the arguments of the normal distribution. They share a grid: an error that `d1` and `d2`
/// share cancels in the price of an option to first order, one of their difference does not.
pub const GRID_BITS: u32 = 23;
/// Of probabilities and densities, and of total variance.
pub const PROBABILITY_BITS: u32 = 32;
