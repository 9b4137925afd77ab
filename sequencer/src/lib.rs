//! The sequencer: admits, orders and executes transactions, seals them into batches, has the farm prove these and
//! settles them on L1.
//!
//! * [`store`]: the database, whose order log is the source of truth
//! * [`executor`]: the threads that fill and seal batches
//! * [`l1`]: the rollup contract, and the watcher that reads its queue of operations
//! * [`farm`]: the client of the proving farm
//! * [`pipeline`]: takes sealed batches through commit, proof and settlement
//! * [`progress`]: what the farm has still to do
//! * [`load`]: how far proving lags, and what it costs
//! * [`exit_mode`]: whether there is anything more to settle
//! * [`rebuild`]: a database from L1 alone
//! * [`readiness`]: what works, for the health service
//! * [`metrics`]: what is counted
//! * [`api`]: the public gRPC service
//! * [`http`]: the same over HTTP and JSON, with the explorer

pub mod api;
mod changes;
pub mod config;
pub mod demand;
pub mod executor;
pub mod exit_mode;
pub mod farm;
pub mod http;
pub mod l1;
pub mod load;
pub mod metrics;
mod node;
pub mod pipeline;
pub mod progress;
pub mod readiness;
pub mod rebuild;
mod retry;
pub mod store;

pub use changes::Changes;
pub use config::Config;
pub use node::{NodeError, run};
