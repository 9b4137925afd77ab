//! The coordinator of the proving farm.
//!
//! A batch's chunk witnesses become a graph of jobs: each chunk is proved, neighbouring proofs are folded as soon as
//! both exist, and the root is compressed and wrapped. Workers lease jobs for a time and deliver proofs, which are
//! verified before they count. The graph lives in one SQLite file, or in PostgreSQL for several coordinators, and the
//! witnesses and proofs beside it or in an S3-compatible store, so that a coordinator that crashes loses nothing. The
//! rules of the protocol are in `ashlar/farm/v1/farm.proto`.
//!
//! [`Farm`] is the coordinator. It knows no circuits: the caller gives it a [`ProofVerifier`]. [`serve`] puts it on addresses,
//! of this machine or over TLS; [`Dashboard`] shows it to a browser of this machine.

mod artifact;
mod budget;
mod config;
mod convert;
mod dashboard;
mod error;
mod farm;
mod fleet;
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
    artifact::{
        ArtifactStore, ArtifactsAt, ArtifactsAtError, Leftover, RENEWED_AFTER, S3Location, StoreRefusal,
        Stored,
    },
    budget::Allowance,
    config::{FarmConfig, KindPolicies, KindPolicy},
    dashboard::{
        Dashboard, cost_object, device_object, overview_object, tenant_object, tenant_status_object,
    },
    error::FarmError,
    farm::{Farm, JobInspection},
    metrics::FarmMetrics,
    server::{Listener, Services, serve},
    store::{Database, WallClock},
    verifier::{ProofVerifier, Refusal},
};
