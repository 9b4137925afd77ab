//! Scenarios of the worker against a real coordinator, one file per outage.

mod beside;
mod certificates;
mod changing_backend;
mod coordinator_restarted;
mod drain;
mod drain_under_load;
mod failing_jobs;
mod metrics;
mod network_cut;
mod overlap;
mod pipeline;
mod process_killed;
mod runner;
mod traces;
