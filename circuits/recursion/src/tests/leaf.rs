//! A leaf circuit that states any span: thirty free public inputs.

use ashlar_statement::Security;
use plonky2::{
    field::types::Field,
    gates::noop::NoopGate,
    iop::{
        target::Target,
        witness::{PartialWitness, WitnessWrite},
    },
};

use super::prove;
use crate::{
    config::{Builder, C, Circuit, F, Proof},
    span::Span,
};

pub(super) struct Leaf {
    pub(super) data: Circuit,
    inputs: Vec<Target>,
}

impl Leaf {
    /// `salt` becomes a constant, so it changes the circuit digest and nothing else.
    pub(super) fn build(salt: u64) -> Self {
        Self::of_rows(salt, 1 << 11)
    }

    /// Padded to more than so many rows, a power of two: leaves of different degree have different shapes.
    pub(super) fn of_rows(salt: u64, rows: usize) -> Self {
        let mut builder = Builder::new(Security::default().fold());
        let inputs = builder.add_virtual_targets(Span::LEN);
        builder.register_public_inputs(&inputs);
        let salt = builder.constant(F::from_canonical_u64(salt + 100));
        builder.is_equal(salt, inputs[0]); // keeps the constant and brings in arithmetic
        while builder.num_gates() < rows {
            builder.add_gate(NoopGate, vec![]);
        }
        Self {
            data: builder.build::<C>(),
            inputs,
        }
    }

    pub(super) fn prove(&self, span: &Span) -> Proof {
        let mut witness = PartialWitness::new();
        witness
            .set_target_arr(&self.inputs, &span.to_vec())
            .expect("set once");
        prove("leaf", &self.data, || Ok(witness)).expect("inputs are free")
    }
}
