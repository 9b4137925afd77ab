//! What every backend must pass: call the suites from its tests.

pub mod ntt;
