//! The suites that every backend must pass. A function panics where a backend is wrong.

pub mod msm;
pub mod ntt;
pub mod rows;
