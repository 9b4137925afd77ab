//! What everybody who makes, moves or checks proofs of a batch must agree on, whatever the application.
//!
//! So far: the shape of the fold tree. Circuits, sequencer and farm all derive it, and a batch's data hash has it too.

mod fold;

pub use fold::{FoldStep, fold_schedule};
