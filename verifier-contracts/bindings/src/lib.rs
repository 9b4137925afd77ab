//! Bindings to the L1 contracts, from the artifacts committed beside them: building needs neither Node nor solc.
//!
//! * [`Rollup`], [`VerifierRouter`], [`Halo2Verifier`], [`MintableToken`]: typed calls, events and errors
//! * [`bridge`]: records of a batch's bridge stream, and what the queue keeps of them
//! * [`DataMode`]: where a rollup's batches have their public data
//! * [`deploy()`]: puts a rollup, its verifier and the router between them on a chain
//! * [`encoding`]: hashes and extension elements as L1 words
//! * [`revert`]: named errors of refused calls
//! * [`generated_verifier`]: the verifier of the wrap circuit
//! * [`withdrawal`]: the tree that a claim is proven in

pub mod bridge;
mod data_mode;
pub mod deploy;
pub mod encoding;
mod generated;
pub mod revert;
mod verifier;
pub mod withdrawal;

pub use data_mode::{DataMode, UnknownDataMode};
pub use deploy::{DEFAULT_NOTICE_SECS, DeployConfig, DeployError, Deployment, deploy, deploy_token};
pub use generated::{
    Halo2Verifier,
    IRollup::{BatchHeader, CommitData, Token, TokenListing, Withdrawal},
    MintableToken, Rollup, VerifierRouter,
};
pub use verifier::{GeneratedVerifier, generated_verifier};
