//! The circuit as bytes, for the cache on disk.

use ashlar_ecgfp5::{EcGfp5GateSerializer, EcGfp5GeneratorSerializer};
use ashlar_gates::{LimbGateSerializer, LimbGeneratorSerializer};
use ashlar_statement::hash::{C, D, F};
use plonky2::plonk::circuit_data::CircuitData;

use super::{ChunkCircuit, Rows, targets::ChunkTargets};

const GATES: LimbGateSerializer<EcGfp5GateSerializer> = LimbGateSerializer(EcGfp5GateSerializer);
const GENERATORS: LimbGeneratorSerializer<EcGfp5GeneratorSerializer> =
    LimbGeneratorSerializer(EcGfp5GeneratorSerializer);

/// Bytes are not a chunk circuit, or a circuit could not be written.
#[derive(Debug, thiserror::Error)]
pub enum CircuitBytesError {
    /// The header with the row counts is malformed.
    #[error("row counts")]
    Rows(#[from] postcard::Error),
    /// plonky2's part is malformed, or holds an unknown gate or generator.
    #[error("circuit data")]
    Data,
    /// The parts belong to circuits of different size.
    #[error("{rows} rows counted, the circuit has {degree}")]
    Mismatch {
        /// Padded rows of the header.
        rows: usize,
        /// Degree of the circuit.
        degree: usize,
    },
}

/// Row counts, then plonky2's circuit data.
pub(super) fn to_bytes(circuit: &ChunkCircuit) -> Result<Vec<u8>, CircuitBytesError> {
    let mut bytes = postcard::to_stdvec(&circuit.rows)?;
    let data = circuit.data.to_bytes(&GATES, &GENERATORS);
    bytes.extend(data.map_err(|_| CircuitBytesError::Data)?);
    Ok(bytes)
}

/// Inverse of [`to_bytes`].
pub(super) fn from_bytes(bytes: &[u8]) -> Result<ChunkCircuit, CircuitBytesError> {
    let (rows, data): (Rows, _) = postcard::take_from_bytes(bytes)?;
    let data =
        CircuitData::<F, C, D>::from_bytes(data, &GATES, &GENERATORS).map_err(|_| CircuitBytesError::Data)?;
    let degree = data.common.degree();
    if degree != rows.padded {
        return Err(CircuitBytesError::Mismatch {
            rows: rows.padded,
            degree,
        });
    }
    let targets = ChunkTargets::of_circuit(data.common.config.clone(), rows.slots);
    Ok(ChunkCircuit { data, targets, rows })
}
