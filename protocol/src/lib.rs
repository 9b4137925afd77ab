//! What everybody who makes, moves or checks proofs of a batch must agree on, whatever the application.
//!
//! So far: the shape of the fold tree, which a batch's data hash has too; the names of the steps; the encoding of a SNARK; the
//! kinds of jobs.

mod fold;
mod job_kind;
mod snark;
mod step;

pub use fold::{FoldStep, fold_schedule};
pub use job_kind::JobKind;
pub use snark::{
    INSTANCES, MAX_SNARK_PROOF_BYTES, SNARK_VERSION, SnarkLayoutError, SnarkParts, WORD_BYTES,
    check_proof_length,
};
pub use step::Step;
