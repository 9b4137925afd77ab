//! The sequencer's seam to L1 against the real contract on a real EVM, through nodes that fail in every way seen in the
//! field. One file per concern.

mod by_one;
mod exit_mode;
mod faults;
mod flood;
mod follow;
mod forced;
mod full_blob;
mod identity;
mod members;
mod metrics;
mod optimistic;
mod proxy;
mod queue;
mod rebuild;
mod sending;
mod support;
mod unseal;
mod validium;
