//! Scenarios of the worker against a real coordinator, one file per outage.

#[path = "../../../farm/tests/scenarios/common.rs"]
#[allow(dead_code, reason = "the farm's own scenarios use the rest")]
mod common;
mod coordinator_restarted;
mod drain;
mod failing_jobs;
mod pipeline;
mod process_killed;
mod runner;
