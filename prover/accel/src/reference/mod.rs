//! Plain twins of every operation: slow, short, and the oracle of every backend's tests.

mod msm;
pub mod ntt;
mod rows;

pub use msm::msm;
pub use rows::evaluate_rows;
