//! The wrap circuit: plonky2's verifier, written once over [`chip::Chip`], and recorded as rows of a halo2 circuit.
//!
//! Who proves the circuit, and with which keys, is not known here.

pub mod chip;
pub mod circuit;
pub mod verifier;
