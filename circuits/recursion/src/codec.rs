//! Circuits as bytes, for the cache on disk.

use plonky2::{
    plonk::{circuit_data::CircuitData, config::GenericConfig},
    util::serialization::{Buffer, DefaultGateSerializer, DefaultGeneratorSerializer, IoResult, Read, Write},
};

use crate::{
    config::{C, D, F},
    nested::VerifierOnly,
};

/// Writes a circuit of standard gates. The generators do not depend on the hash, so `C` names any configuration with
/// an algebraic one, as plonky2's serializer wants.
pub(crate) fn write_circuit<O: GenericConfig<D, F = F>>(
    buffer: &mut Vec<u8>,
    data: &CircuitData<F, O, D>,
) -> IoResult<()> {
    buffer.write_circuit_data(
        data,
        &DefaultGateSerializer,
        &DefaultGeneratorSerializer::<C, D>::default(),
    )
}

/// Inverse of [`write_circuit`].
pub(crate) fn read_circuit<O: GenericConfig<D, F = F>>(
    buffer: &mut Buffer,
) -> IoResult<CircuitData<F, O, D>> {
    buffer.read_circuit_data(
        &DefaultGateSerializer,
        &DefaultGeneratorSerializer::<C, D>::default(),
    )
}

/// Writes the number of keys, then each.
pub(crate) fn write_keys(buffer: &mut Vec<u8>, keys: &[VerifierOnly]) -> IoResult<()> {
    buffer.write_usize(keys.len())?;
    keys.iter()
        .try_for_each(|key| buffer.write_verifier_only_circuit_data(key))
}

/// Inverse of [`write_keys`].
pub(crate) fn read_keys(buffer: &mut Buffer) -> IoResult<Vec<VerifierOnly>> {
    let count = buffer.read_usize()?;
    (0..count)
        .map(|_| buffer.read_verifier_only_circuit_data())
        .collect()
}
