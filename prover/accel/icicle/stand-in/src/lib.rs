//! A stand-in for a card, for tests only: ICICLE 1.3.0's symbols for BN254 and the CUDA runtime's functions that the
//! host side calls, computed on the CPU with halo2curves.
//!
//! It tests our Rust code without a card: layouts, flags, orders, cosets, batches, the memory budget, waiting for
//! streams, and what errors become. **It says nothing about the CUDA kernels**, of which it holds none.
//!
//! Streams are lazy: what a call may leave to the device happens only when somebody waits for the stream. A host that
//! reads a result too early, or fills a buffer again too early, gets a wrong answer every time.
//!
//! The environment makes it misbehave; see [`faults`].
#![allow(unsafe_code, reason = "a native library: every entry point takes pointers")]

mod abi;
mod cudart;
mod curve;
mod faults;
mod msm;
mod ntt;
mod streams;
