//! Circuit twins of what the statement is made of.

mod merkle;
mod stream;

pub use ashlar_poseidon::circuit::hash;
pub use merkle::{Siblings, Update, assert_equal_if, root, select_hash, update_roots};
pub use stream::{DataHash, EvaluationTarget, Part};
