//! Numbers of fixed point, and functions over them, by integers alone: what a circuit proves and what a sequencer computes are
//! the same integers.
//!
//! * [`mod@format`]: how many bits stand behind the point of which quantity
//! * [`Pieces`]: a function by 64 polynomials, and every step of evaluating one, for a circuit that proves them
//! * [`cdf`], [`pdf`], [`ln`]: the normal distribution and the logarithm
//! * [`mul_shift`]: a product, rounded to fewer bits
//!
//! Tables are made by `reference/tables.py`, which knows nothing of this crate, from functions of 40 digits; so are the
//! values that `tests/` compares with.
//!
//! ```
//! use ashlar_fixed::{cdf, format::GRID_BITS};
//! // Φ(1) = 0.8413…
//! assert_eq!((cdf(1 << GRID_BITS) as f64 / 2f64.powi(32) * 1e6).round(), 841_345.0);
//! ```

pub mod format;
mod functions;
mod pieces;
mod product;
mod tables;

pub use functions::{LIMIT, cdf, ln, pdf};
pub use pieces::{DEGREE, OFFSET_BITS, PIECES, Pieces, Steps, VALUE_BITS};
pub use product::{MAX_QUOTIENT_BITS, Round, SHIFT_BITS, mul_shift};
pub use tables::{CDF, LN, PDF};
