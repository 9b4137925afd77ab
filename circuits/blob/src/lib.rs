//! The link between a batch and a blob of EIP-4844: one plonky2 circuit in which the same words are hashed, evaluated over
//! GF(p²) as a batch's public data is, and evaluated over BLS12-381's scalar field as KZG opens a blob.
//!
//! The words are the coefficients of the blob's polynomial, four to a coefficient (`ashlar_blob`), so the circuit needs one
//! product modulo r for each coefficient and no Fourier transform. Sixteen products are summed before one reduction; a
//! row of [`coefficient::Coefficient`] does a whole coefficient, range checks included.

mod circuit;
pub mod coefficient;
pub mod count;
pub mod limbs;
pub mod octal;
pub mod product;
mod public_inputs;
mod serialization;
mod witness;

use ashlar_gates::RowGate;
use ashlar_lanes::Recognise;

pub use circuit::{LinkAssignment, LinkCircuit, Rows};
pub use public_inputs::LinkPublicInputs;
pub use serialization::{LinkGateSerializer, LinkGeneratorSerializer};
pub use witness::{LinkFault, LinkWitness, POINT_BITS, blob_point, words_hash};

/// Coefficients of a whole blob.
pub const COEFFICIENTS: usize = ashlar_blob::COEFFICIENTS;

/// Finds the circuit's own gates, for a prover that evaluates constraints at several points at once.
pub const GATES: &[Recognise] = &[
    RowGate::<coefficient::Coefficient>::recognise,
    RowGate::<count::Count>::recognise,
    RowGate::<octal::Octal>::recognise,
    RowGate::<product::Product>::recognise,
];
