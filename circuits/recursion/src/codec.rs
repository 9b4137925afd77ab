//! Circuits as bytes, for the cache on disk.

use plonky2::{
    plonk::{circuit_data::CircuitData, config::GenericConfig},
    util::serialization::{Buffer, DefaultGateSerializer, DefaultGeneratorSerializer, IoResult, Read, Write},
};

use crate::config::{C, D, F};

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
