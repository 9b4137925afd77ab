//! Plain twins of every operation: slow, short, and the oracle of every backend's tests.

pub mod ntt;
mod rows;

pub use rows::evaluate_rows;
