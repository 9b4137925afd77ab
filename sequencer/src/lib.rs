//! The sequencer: admits, orders and executes transactions, seals them into batches, has the farm prove these and
//! settles them on L1.
//!
//! * [`store`]: the database, whose order log is the source of truth
//! * [`executor`]: the thread that owns the open batch
//! * [`l1`]: the rollup contract, and the watcher that reads its deposits
//! * [`farm`]: the client of the proving farm
//! * [`pipeline`]: takes sealed batches through commit, proof and settlement
//! * [`api`]: the public gRPC service

pub mod api;
pub mod config;
pub mod executor;
pub mod farm;
pub mod l1;
mod node;
pub mod pipeline;
pub mod store;

pub use config::Config;
pub use node::{NodeError, run};

/// An error with its causes on one line.
pub(crate) fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    text
}

/// Peak resident memory of this process in bytes; 0 where the system does not tell.
pub(crate) fn peak_rss_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
