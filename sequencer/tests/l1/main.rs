//! The sequencer's seam to L1 against the real contract on a real EVM, through nodes that fail in every way seen in the
//! field. One file per concern.

mod by_one;
mod faults;
mod flood;
mod follow;
mod forced;
mod identity;
mod metrics;
mod proxy;
mod queue;
mod sending;
mod support;
mod unseal;
