//! Outages of the process that wraps, one file each, played by small real processes. One binary.

mod common;
mod died;
mod dropped;
mod finding;
mod foreign;
mod garbage;
mod hung;
mod idle;
mod lying;
mod resting;
