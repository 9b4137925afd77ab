//! Settings of a worker.

use std::time::Duration;

use ashlar_identity::grpc::Link;
use ashlar_proto::{Digest, JobKind, farm::v1::Device};
use ashlar_traces::Traces;
use tokio::sync::watch;

use crate::metrics::WorkerMetrics;

/// How a worker's heavy arithmetic runs, as it was found to work.
#[derive(Debug, Clone, PartialEq)]
pub struct Backend {
    /// For example `cpu`.
    pub name: String,
    /// The device, if it is one.
    pub device: Option<Device>,
    /// Why it is not the one that the worker was told to use; empty if it is.
    pub fallback: String,
}

impl Backend {
    /// The CPU, as told.
    pub fn cpu() -> Self {
        Self {
            name: "cpu".into(),
            device: None,
            fallback: String::new(),
        }
    }
}

/// Settings of a worker.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// Where the jobs come from.
    pub coordinator: Link,
    /// Unique in the farm. Over TLS that of the certificate; empty means that one.
    pub name: String,
    /// The circuits this worker proves.
    pub circuit_set: Digest,
    /// The kinds of job it takes.
    pub kinds: Vec<JobKind>,
    /// How its heavy arithmetic runs. When that changes, the farm is told before the next job is asked for.
    pub backend: watch::Receiver<Backend>,
    /// Memory it may use.
    pub ram_bytes: u64,
    /// How long one call waits for a job, at most 30 s.
    pub lease_wait: Duration,
    /// So many jobs are leased and fetched while another is proved; the first of them is made ready beside it. The farm gives
    /// such jobs only while there are enough for workers that are idle. 0: a job is leased when the one before is delivered.
    pub prefetch: usize,
    /// When told to stop, jobs that have had a turn get so long to finish before they are handed back.
    pub drain_timeout: Duration,
    /// First and longest delay before a failed call is repeated.
    pub retry_delay: (Duration, Duration),
    /// What it counts with.
    pub metrics: WorkerMetrics,
    /// Where it tells of the steps of its jobs.
    pub traces: Traces,
}

impl WorkerConfig {
    /// Default settings: every kind on the CPU, with all of the machine's memory.
    pub fn new(coordinator: Link, name: impl Into<String>, circuit_set: Digest) -> Self {
        Self {
            coordinator,
            name: name.into(),
            circuit_set,
            kinds: JobKind::ALL.to_vec(),
            backend: watch::channel(Backend::cpu()).1,
            ram_bytes: ashlar_report::memory::total_bytes().unwrap_or(0),
            lease_wait: Duration::from_secs(20),
            prefetch: 1,
            drain_timeout: Duration::from_secs(120),
            retry_delay: (Duration::from_millis(100), Duration::from_secs(5)),
            metrics: WorkerMetrics::default(),
            traces: Traces::default(),
        }
    }
}
