//! The coordinator of the proving farm.
//!
//! A batch's chunk witnesses become a graph of jobs: each chunk is proved, neighbouring proofs are folded as soon as
//! both exist, and the root is compressed and wrapped. Workers lease jobs for a time and deliver proofs, which are
//! verified before they count. The graph lives in one SQLite file and the witnesses and proofs beside it, so that a
//! coordinator that crashes loses nothing. The rules of the protocol are in `ashlar/farm/v1/farm.proto`.
//!
//! [`Farm`] is the coordinator, [`serve`] puts it on addresses: of this machine, or over TLS. It knows no circuits: the caller gives it a
//! [`ProofVerifier`].

mod artifact;
mod budget;
mod config;
mod convert;
mod error;
mod farm;
pub mod graph;
pub mod metrics;
pub mod model;
mod server;
mod service;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod verifier;

pub use self::{
    artifact::ArtifactStore,
    budget::Allowance,
    config::{FarmConfig, KindPolicies, KindPolicy},
    error::FarmError,
    farm::{Farm, JobInspection},
    metrics::FarmMetrics,
    server::{Listener, Services, serve},
    verifier::{ProofVerifier, Refusal},
};
