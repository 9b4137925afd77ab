//! The sequencer against a real database and a real EVM, one file per concern or outage.

mod admission;
mod any_application;
mod api;
mod bounds;
mod exit_mode;
mod history;
mod http;
mod l1_operations;
mod metrics;
mod policies;
mod restart;
mod sealing;
mod support;
mod traces;
mod waiting;
