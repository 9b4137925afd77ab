//! Free targets of the circuit, and setting them from an assignment.

use ashlar_ecgfp5::{PublicKey, Signature, SignatureTarget};
use plonky2::{
    iop::{
        target::Target,
        witness::{PartialWitness, WitnessWrite},
    },
    plonk::circuit_data::CircuitConfig,
};

use ashlar_statement::{
    SpanPublicInputs,
    hash::{Builder, F},
};

use super::wires::{FeeWires, SlotWires};
use crate::{transaction::Operation, witness::ChunkWitness};

/// Values of all free wires. Nothing here is derived again when it is set, so that what is wrong in it reaches
/// the constraints.
#[derive(Debug, Clone)]
pub struct ChunkAssignment {
    /// What the proof is to claim; the circuit derives what is left open (but not what it starts from: old
    /// root, domain, point, fee account).
    pub public_inputs: SpanPublicInputs<Option<F>>,
    /// One per slot.
    pub slots: Vec<SlotWires<F>>,
    /// Key and signature of each signed slot.
    pub signatures: Vec<Option<(PublicKey, Signature)>>,
    /// The credit at the end.
    pub fee: FeeWires<F>,
}

impl ChunkAssignment {
    /// The wires that a witness stands for, unchecked; see [`ChunkWitness::check`].
    pub fn new(witness: &ChunkWitness, claim: &SpanPublicInputs<F>) -> Self {
        let signatures = witness.slots.iter().map(|slot| match &slot.operation {
            Operation::Signed(signed) => Some((signed.public_key, signed.signature)),
            Operation::Noop | Operation::L1(_) => None,
        });
        Self {
            public_inputs: claim.map(Some),
            slots: witness.slots.iter().map(SlotWires::from).collect(),
            signatures: signatures.collect(),
            fee: (&witness.fee).into(),
        }
    }
}

/// The free targets. They are the first that the circuit allocates, so that a circuit read from bytes finds
/// them again by allocating anew.
#[derive(Debug)]
pub(super) struct ChunkTargets {
    pub(super) public_inputs: SpanPublicInputs<Target>,
    pub(super) slots: Vec<SlotWires<Target>>,
    pub(super) signatures: Vec<SignatureTarget>,
    pub(super) fee: FeeWires<Target>,
}

impl ChunkTargets {
    /// Allocates in a fresh builder.
    pub(super) fn allocate(builder: &mut Builder, slots: usize) -> Self {
        let mut next = || builder.add_virtual_target();
        let public_inputs = SpanPublicInputs::from_fn(&mut next);
        let slot_wires = (0..slots).map(|_| SlotWires::from_fn(&mut next)).collect();
        let fee = FeeWires::from_fn(&mut next);
        let signatures = (0..slots)
            .map(|_| SignatureTarget::add_virtual(builder))
            .collect();
        Self {
            public_inputs,
            slots: slot_wires,
            signatures,
            fee,
        }
    }

    /// The targets of a circuit with this many slots, without building it.
    pub(super) fn of_circuit(config: CircuitConfig, slots: usize) -> Self {
        Self::allocate(&mut Builder::new(config), slots)
    }

    /// Sets every free target; the assignment has as many slots as there are here.
    pub(super) fn set(
        &self,
        witness: &mut PartialWitness<F>,
        assignment: &ChunkAssignment,
    ) -> anyhow::Result<()> {
        for (target, value) in self
            .public_inputs
            .to_vec()
            .into_iter()
            .zip(assignment.public_inputs.to_vec())
        {
            if let Some(value) = value {
                witness.set_target(target, value)?;
            }
        }
        for (targets, values) in self.slots.iter().zip(&assignment.slots) {
            set_all(witness, &targets.to_vec(), &values.to_vec())?;
        }
        set_all(witness, &self.fee.to_vec(), &assignment.fee.to_vec())?;
        for (target, signature) in self.signatures.iter().zip(&assignment.signatures) {
            match signature {
                Some((key, signature)) => target.set_witness(witness, key, signature)?,
                None => target.set_disabled(witness)?,
            }
        }
        Ok(())
    }
}

fn set_all(witness: &mut PartialWitness<F>, targets: &[Target], values: &[F]) -> anyhow::Result<()> {
    targets
        .iter()
        .zip(values)
        .try_for_each(|(target, value)| witness.set_target(*target, *value))
}
