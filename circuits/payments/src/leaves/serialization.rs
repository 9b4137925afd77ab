//! The circuits as bytes, for the cache on disk.

use ashlar_ecgfp5::{EcGfp5GateSerializer, EcGfp5GeneratorSerializer};
use ashlar_gates::{LimbGateSerializer, LimbGeneratorSerializer};
use ashlar_statement::hash::{C, D, F};
use plonky2::plonk::circuit_data::CircuitData;

use super::PaymentCircuits;
use crate::{
    chunk::{ChunkCircuit, Rows},
    exit::ExitCircuit,
};

const GATES: LimbGateSerializer<EcGfp5GateSerializer> = LimbGateSerializer(EcGfp5GateSerializer);
const GENERATORS: LimbGeneratorSerializer<EcGfp5GeneratorSerializer> =
    LimbGeneratorSerializer(EcGfp5GeneratorSerializer);

/// Bytes are not the leaf circuits, or a circuit could not be written.
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

/// The exit circuit, then the chunk circuits: of each the row counts and the length of what follows, plonky2's circuit
/// data.
pub(super) fn to_bytes(circuits: &PaymentCircuits) -> Result<Vec<u8>, CircuitBytesError> {
    let mut bytes = Vec::new();
    write(&mut bytes, circuits.exit.rows(), &circuits.exit.data)?;
    for chunk in &circuits.chunks {
        write(&mut bytes, chunk.rows(), &chunk.data)?;
    }
    Ok(bytes)
}

/// Inverse of [`to_bytes`].
pub(super) fn from_bytes(mut bytes: &[u8]) -> Result<PaymentCircuits, CircuitBytesError> {
    let (rows, data) = read(&mut bytes)?;
    let exit = ExitCircuit::read(rows, data);
    let mut chunks = Vec::new();
    while !bytes.is_empty() {
        let (rows, data) = read(&mut bytes)?;
        chunks.push(ChunkCircuit::read(rows, data));
    }
    Ok(PaymentCircuits { chunks, exit })
}

fn write(bytes: &mut Vec<u8>, rows: &Rows, data: &CircuitData<F, C, D>) -> Result<(), CircuitBytesError> {
    let data = data.to_bytes(&GATES, &GENERATORS);
    let data = data.map_err(|_| CircuitBytesError::Data)?;
    bytes.extend(postcard::to_stdvec(&(rows, data.len()))?);
    bytes.extend(data);
    Ok(())
}

fn read(bytes: &mut &[u8]) -> Result<(Rows, CircuitData<F, C, D>), CircuitBytesError> {
    let ((rows, length), rest): ((Rows, usize), _) = postcard::take_from_bytes(bytes)?;
    let (data, rest) = rest.split_at_checked(length).ok_or(CircuitBytesError::Data)?;
    let data =
        CircuitData::<F, C, D>::from_bytes(data, &GATES, &GENERATORS).map_err(|_| CircuitBytesError::Data)?;
    let degree = data.common.degree();
    if degree != rows.padded {
        return Err(CircuitBytesError::Mismatch {
            rows: rows.padded,
            degree,
        });
    }
    *bytes = rest;
    Ok((rows, data))
}
