//! The circuit as bytes, for the cache on disk. A byte before a gate or a generator tells ours from plonky2's.

use ashlar_gates::{Formula, RowGate, RowGenerator};
use ashlar_statement::hash::{C, D, F};
use plonky2::{
    gates::gate::{AnyGate, Gate, GateRef},
    iop::generator::{SimpleGenerator, WitnessGeneratorRef},
    plonk::circuit_data::CommonCircuitData,
    util::serialization::{
        Buffer, DefaultGateSerializer, DefaultGeneratorSerializer, GateSerializer, IoError, IoResult, Read,
        WitnessGeneratorSerializer, Write,
    },
};

use crate::{
    circuit::ComplementGenerator, coefficient::Coefficient, count::Count, octal::Octal, product::Product,
};

const PLONKY2: u8 = 0;
const COMPLEMENT: u8 = 255;

type Common = CommonCircuitData<F, D>;

/// A gate of this crate, and what fills its rows.
struct Kind {
    is: fn(&dyn AnyGate<F, D>) -> bool,
    generator: fn() -> String,
    read_gate: fn(&mut Buffer, &Common) -> IoResult<GateRef<F, D>>,
    read_generator: fn(&mut Buffer, &Common) -> IoResult<WitnessGeneratorRef<F, D>>,
}

impl Kind {
    const fn of<T: Formula>() -> Self {
        Self {
            is: |gate| gate.as_any().is::<RowGate<T>>(),
            generator: || RowGenerator::<T>::default().id(),
            read_gate: |buffer, common| Ok(GateRef::new(RowGate::<T>::deserialize(buffer, common)?)),
            read_generator: |buffer, common| {
                let generator = RowGenerator::<T>::deserialize(buffer, common)?;
                Ok(WitnessGeneratorRef::new(generator.adapter()))
            },
        }
    }
}

/// The byte of a kind is its place, from one on.
const KINDS: [Kind; 4] = [
    Kind::of::<Coefficient>(),
    Kind::of::<Count>(),
    Kind::of::<Octal>(),
    Kind::of::<Product>(),
];

fn kind(byte: u8) -> IoResult<&'static Kind> {
    let place = usize::from(byte).checked_sub(1).ok_or(IoError)?;
    KINDS.get(place).ok_or(IoError)
}

/// Serialises plonky2's gates and those of this crate.
#[derive(Clone, Copy, Debug, Default)]
pub struct LinkGateSerializer;

impl GateSerializer<F, D> for LinkGateSerializer {
    fn read_gate(&self, buffer: &mut Buffer, common: &Common) -> IoResult<GateRef<F, D>> {
        match buffer.read_u8()? {
            PLONKY2 => DefaultGateSerializer.read_gate(buffer, common),
            byte => (kind(byte)?.read_gate)(buffer, common),
        }
    }

    fn write_gate(&self, buffer: &mut Vec<u8>, gate: &GateRef<F, D>, common: &Common) -> IoResult<()> {
        match (1..).zip(&KINDS).find(|(_, kind)| (kind.is)(&*gate.0)) {
            Some((byte, _)) => {
                buffer.write_u8(byte)?;
                gate.0.serialize(buffer, common)
            }
            None => {
                buffer.write_u8(PLONKY2)?;
                DefaultGateSerializer.write_gate(buffer, gate, common)
            }
        }
    }
}

/// Serialises plonky2's witness generators and those of this crate.
#[derive(Clone, Copy, Debug, Default)]
pub struct LinkGeneratorSerializer;

impl LinkGeneratorSerializer {
    fn inner() -> DefaultGeneratorSerializer<C, D> {
        DefaultGeneratorSerializer::default()
    }
}

impl WitnessGeneratorSerializer<F, D> for LinkGeneratorSerializer {
    fn read_generator(&self, buffer: &mut Buffer, common: &Common) -> IoResult<WitnessGeneratorRef<F, D>> {
        match buffer.read_u8()? {
            PLONKY2 => Self::inner().read_generator(buffer, common),
            COMPLEMENT => {
                let generator = ComplementGenerator::deserialize(buffer, common)?;
                Ok(WitnessGeneratorRef::new(generator.adapter()))
            }
            byte => (kind(byte)?.read_generator)(buffer, common),
        }
    }

    fn write_generator(
        &self,
        buffer: &mut Vec<u8>,
        generator: &WitnessGeneratorRef<F, D>,
        common: &Common,
    ) -> IoResult<()> {
        let id = generator.0.id();
        let ours = (1..).zip(&KINDS).find(|(_, kind)| (kind.generator)() == id);
        let byte = match ours {
            Some((byte, _)) => byte,
            None if id == ComplementGenerator::ID => COMPLEMENT,
            None => {
                buffer.write_u8(PLONKY2)?;
                return Self::inner().write_generator(buffer, generator, common);
            }
        };
        buffer.write_u8(byte)?;
        generator.0.serialize(buffer, common)
    }
}
