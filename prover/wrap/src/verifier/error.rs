//! Why a circuit or a proof cannot be handed to the verifier.

/// A circuit that this verifier does not implement, or a proof of another shape. A proof of the right shape that is
/// wrong is no such error: it makes an assertion of the chip fail.
#[derive(Debug, thiserror::Error)]
pub enum VerifierError {
    /// The circuit uses a gate without constraints here: add it under `verifier/gates`.
    #[error("gate `{id}` is not supported")]
    UnsupportedGate {
        /// plonky2's name of the gate, with parameters.
        id: String,
    },
    /// The circuit uses lookup tables.
    #[error("circuits with lookup tables are not supported ({tables} tables)")]
    Lookups {
        /// Number of tables.
        tables: usize,
    },
    /// The circuit was built with `zero_knowledge`, so its Merkle leaves are salted.
    #[error("circuits with zero knowledge (salted leaves) are not supported")]
    ZeroKnowledge,
    /// plonky2 changed the serialisation through which its selector layout is read.
    #[error("selector layout of the circuit cannot be read")]
    Selectors(#[source] serde_json::Error),
    /// A part of the proof has another length than the circuit's common data prescribe.
    #[error("{part}: length {found}, the circuit prescribes {expected}")]
    ProofShape {
        /// Which part.
        part: &'static str,
        /// The length that the circuit prescribes.
        expected: usize,
        /// The length in the proof.
        found: usize,
    },
}
