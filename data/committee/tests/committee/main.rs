//! A committee against the real contract on a real EVM, over gRPC, and against vectors that were made elsewhere.

mod attestation;
mod cells;
mod contract;
mod gather;
mod members;
mod proxy;
mod served;
mod service;
mod support;
