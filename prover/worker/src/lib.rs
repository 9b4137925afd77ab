//! A worker of the proving farm: leases a job, keeps the lease alive, proves off the async threads, delivers.
//!
//! [`run`] is the whole worker. It knows no circuits: what a job does is a [`JobRunner`]. The rules it may rely on
//! are in `ashlar/farm/v1/farm.proto`: a lease and a worker id survive a restart of the coordinator, and a result
//! may arrive late or twice.

mod ahead;
mod begun;
mod config;
mod error;
mod job;
mod lease;
mod metrics;
mod peak;
mod queue;
mod renewal;
mod retry;
mod runner;
mod worker;

pub use ashlar_identity::grpc::Link;
pub use ashlar_proto::{Bytes, Digest, JobKind, farm::v1::Device};

pub use self::{
    begun::Begun,
    config::{Backend, WorkerConfig},
    error::WorkerError,
    metrics::WorkerMetrics,
    runner::{JobOutput, JobRunner, RunError, STACK_BYTES, StepMetric},
    worker::run,
};
