//! What the recursion and the engine ask of an application's circuit.

use plonky2::{iop::witness::PartialWitness, plonk::circuit_data::CircuitData};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    LeafWitness, SpanPublicInputs,
    hash::{C, D, F},
};

/// A circuit whose proofs are leaves of a batch's fold tree: it states a span of one chunk.
pub trait LeafCircuit: std::fmt::Debug + Sized + Send + Sync + 'static {
    /// What one proof needs. It travels as [`crate::witness_to_bytes`].
    type Witness: LeafWitness + std::fmt::Debug + Clone + Serialize + DeserializeOwned + Send + Sync;

    /// Why bytes are no circuit, or a circuit gives no bytes.
    type BytesError: std::error::Error + Send + Sync + 'static;

    /// Changes with any source file of the circuit: names files that hold it.
    const SOURCE_FINGERPRINT: &'static str;

    /// Builds the production circuit.
    fn build() -> Self;

    /// Prover and verifier data. The public inputs are a [`SpanPublicInputs`].
    fn data(&self) -> &CircuitData<F, C, D>;

    /// Checks a witness natively as the circuit will: what its proof will state, or the first fault by name.
    ///
    /// # Errors
    /// The fault.
    fn check(
        &self,
        witness: &Self::Witness,
    ) -> Result<SpanPublicInputs<F>, <Self::Witness as LeafWitness>::Fault>;

    /// The free wires of a witness, and what its proof is to state. Nothing is derived again here, so that what is wrong
    /// reaches the constraints.
    ///
    /// # Errors
    /// If two values are given for one wire.
    fn assign(
        &self,
        witness: &Self::Witness,
        claim: &SpanPublicInputs<F>,
    ) -> anyhow::Result<PartialWitness<F>>;

    /// The circuit as bytes, for a cache of one's own.
    ///
    /// # Errors
    /// If it has a gate that cannot be written: a bug.
    fn to_bytes(&self) -> Result<Vec<u8>, Self::BytesError>;

    /// Inverse of [`Self::to_bytes`]. Bytes are trusted: compare the circuit's digest after reading.
    ///
    /// # Errors
    /// If they are no such circuit.
    fn from_bytes(bytes: &[u8]) -> Result<Self, Self::BytesError>;
}
