//! The suites that every backend must pass, where a function panics if a backend is wrong, and a device without one.

mod check;
pub mod msm;
pub mod ntt;
pub mod observed;
pub mod rows;

pub use check::Check;
