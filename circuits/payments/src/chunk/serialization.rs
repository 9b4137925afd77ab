//! The circuits as bytes, for the cache on disk.

use ashlar_ecgfp5::{EcGfp5GateSerializer, EcGfp5GeneratorSerializer};
use ashlar_gates::{LimbGateSerializer, LimbGeneratorSerializer};
use ashlar_statement::hash::{C, D, F};
use plonky2::plonk::circuit_data::CircuitData;

use super::{ChunkCircuit, Rows, targets::ChunkTargets};

const GATES: LimbGateSerializer<EcGfp5GateSerializer> = LimbGateSerializer(EcGfp5GateSerializer);
const GENERATORS: LimbGeneratorSerializer<EcGfp5GeneratorSerializer> =
    LimbGeneratorSerializer(EcGfp5GeneratorSerializer);

/// Bytes are not chunk circuits, or a circuit could not be written.
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

/// Of each circuit row counts and the length of what follows: plonky2's circuit data.
pub(super) fn to_bytes(circuits: &[ChunkCircuit]) -> Result<Vec<u8>, CircuitBytesError> {
    let mut bytes = Vec::new();
    for circuit in circuits {
        let data = circuit.data.to_bytes(&GATES, &GENERATORS);
        let data = data.map_err(|_| CircuitBytesError::Data)?;
        bytes.extend(postcard::to_stdvec(&(&circuit.rows, data.len()))?);
        bytes.extend(data);
    }
    Ok(bytes)
}

/// Inverse of [`to_bytes`].
pub(super) fn from_bytes(mut bytes: &[u8]) -> Result<Vec<ChunkCircuit>, CircuitBytesError> {
    let mut circuits = Vec::new();
    while !bytes.is_empty() {
        let ((rows, length), rest): ((Rows, usize), _) = postcard::take_from_bytes(bytes)?;
        let (data, rest) = rest.split_at_checked(length).ok_or(CircuitBytesError::Data)?;
        circuits.push(read(rows, data)?);
        bytes = rest;
    }
    Ok(circuits)
}

fn read(rows: Rows, data: &[u8]) -> Result<ChunkCircuit, CircuitBytesError> {
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
