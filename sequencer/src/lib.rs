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
mod changes;
pub mod config;
pub mod executor;
pub mod farm;
pub mod l1;
mod node;
pub mod pipeline;
pub mod store;

pub use changes::Changes;
pub use config::Config;
pub use node::{NodeError, run};
