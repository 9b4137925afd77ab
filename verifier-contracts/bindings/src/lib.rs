//! Bindings to the L1 contracts, from the artifacts committed beside them: building needs neither Node nor solc.
//!
//! * [`Rollup`], [`VerifierRouter`], [`Halo2Verifier`], [`MintableToken`]: typed calls, events and errors; [`BlobRollup`] and
//!   [`ValidiumRollup`] have the same, and are here to be deployed
//! * [`bridge`]: records of a batch's bridge stream, and what the queue keeps of them
//! * [`DataMode`]: where a rollup's batches have their public data
//! * [`deploy()`]: puts a rollup, its verifier, the router between them and what computes paths on a chain
//! * [`encoding`]: hashes and extension elements as L1 words
//! * [`revert`]: named errors of refused calls
//! * [`seat`]: rollups whose operator's key changes hands
//! * [`fast_exit`]: the market where withdrawals are sold before they are proven
//! * [`generated_verifier()`]: the verifier of the wrap circuit; [`path_code`]: what computes paths for exits without a proof
//! * [`optimistic`]: rollups whose batches are final by time, unless somebody challenges them
//! * [`withdrawal`]: the tree that a claim is proven in

pub mod bridge;
mod data_mode;
pub mod deploy;
pub mod encoding;
pub mod fast_exit;
mod generated;
pub mod optimistic;
pub mod revert;
pub mod seat;
mod verifier;
pub mod withdrawal;

pub use data_mode::{DataMode, UnknownDataMode};
pub use deploy::{
    CommitteeTermsError, DEFAULT_EXIT_DEADLINE_SECS, DEFAULT_NOTICE_SECS, DeployConfig, DeployError,
    Deployment, deploy, deploy_token,
};
pub use generated::blob::BlobRollup;
pub use generated::validium::{IValidium::Terms as ValidiumTerms, ValidiumRollup};
pub use generated::{
    Halo2Verifier,
    IRollup::{AccountPath, BatchHeader, Claim, CommitData, Token, TokenListing, Withdrawal},
    MintableToken, PasskeyOwner, PasskeyOwners, Rollup, VerifierRouter, WebAuthn,
};
pub use optimistic::{OptimisticTerms, TermsError};
pub use seat::{SeatTerms, SeatTermsError};
pub use verifier::{GeneratedVerifier, generated_verifier, path_code};
