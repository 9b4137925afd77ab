//! What the recursion and the engine ask of an application's circuits.

use ashlar_lanes::Recognise;
use plonky2::{iop::witness::PartialWitness, plonk::circuit_data::CircuitData};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    LeafWitness, Security, SpanPublicInputs,
    hash::{C, D, F},
};

/// The circuits whose proofs are leaves of a batch's fold tree: one, or several for several kinds of chunks. Each states
/// a span of one chunk. Circuits of one [`plonky2::plonk::circuit_data::CommonCircuitData`] (gates, degree,
/// configuration) share a lift; each further shape costs one more.
pub trait LeafCircuits: std::fmt::Debug + Sized + Send + Sync + 'static {
    /// What one proof needs: of several kinds, an enum of theirs. It travels as [`crate::witness_to_bytes`].
    type Witness: LeafWitness + std::fmt::Debug + Clone + Serialize + DeserializeOwned + Send + Sync;

    /// Why bytes are no circuits, or circuits give no bytes.
    type BytesError: std::error::Error + Send + Sync + 'static;

    /// Changes with any source file of the circuits: names files that hold them.
    const SOURCE_FINGERPRINT: &'static str;

    /// Finds the circuits' own gates that are written for any lanes: provers evaluate them at several points at once.
    const GATES: &'static [Recognise] = &[];

    /// Builds the production circuits with the parameters [`Security::leaf`].
    fn build(security: Security) -> Self;

    /// Prover and verifier data of each circuit, in a fixed order. The public inputs are a [`SpanPublicInputs`].
    fn circuits(&self) -> Vec<&CircuitData<F, C, D>>;

    /// Which of [`Self::circuits`] proves the witness: its place there.
    fn kind(witness: &Self::Witness) -> usize;

    /// Checks a witness natively as its production circuit will: what its proof will state, or the first fault by name.
    /// Takes no circuit: who only verifies has none.
    ///
    /// # Errors
    /// The fault.
    fn check(witness: &Self::Witness) -> Result<SpanPublicInputs<F>, <Self::Witness as LeafWitness>::Fault>;

    /// The free wires of a witness in the circuit of its kind, and what its proof is to state. Nothing is derived again here, so that what is wrong
    /// reaches the constraints.
    ///
    /// # Errors
    /// If two values are given for one wire.
    fn assign(
        &self,
        witness: &Self::Witness,
        claim: &SpanPublicInputs<F>,
    ) -> anyhow::Result<PartialWitness<F>>;

    /// The circuits as bytes, for a cache of one's own.
    ///
    /// # Errors
    /// If one has a gate that cannot be written: a bug.
    fn to_bytes(&self) -> Result<Vec<u8>, Self::BytesError>;

    /// Inverse of [`Self::to_bytes`]. Bytes are trusted: compare the circuits' digests after reading.
    ///
    /// # Errors
    /// If they are no such circuits.
    fn from_bytes(bytes: &[u8]) -> Result<Self, Self::BytesError>;
}
