//! A child proof inside fold and compress: a lift or a fold proof, verified by one verifier.

use plonky2::{
    hash::hash_types::HashOutTarget,
    iop::{
        target::{BoolTarget, Target},
        witness::{PartialWitness, WitnessWrite},
    },
    plonk::{circuit_data::VerifierCircuitTarget, proof::ProofWithPublicInputsTarget},
    util::serialization::{Buffer, IoResult, Read, Write},
};

use crate::{
    config::{Builder, C, D, F},
    nested::NestedPublicInputs,
    proof::{SpanKind, SpanProof},
    shape::Common,
};

/// Targets of one child.
#[derive(Debug)]
pub(crate) struct ChildTarget {
    is_lift: BoolTarget,
    proof: ProofWithPublicInputsTarget<D>,
}

impl ChildTarget {
    /// Allocates a proof of lift's and fold's common shape, unverified.
    pub(crate) fn new(builder: &mut Builder, shape: &Common) -> Self {
        let is_lift = builder.add_virtual_bool_target_safe();
        Self {
            is_lift,
            proof: builder.add_virtual_proof_with_pis(shape),
        }
    }

    /// True for a lift proof; constrained to a bit.
    pub(crate) fn is_lift(&self) -> BoolTarget {
        self.is_lift
    }

    /// Verifies the proof under `key`, which must be the key of its kind, and makes it carry `fold_key`: without that
    /// a fold child may stand on proofs of any circuit. Returns its public inputs.
    pub(crate) fn verify(
        &self,
        builder: &mut Builder,
        shape: &Common,
        key: &VerifierCircuitTarget,
        fold_key: HashOutTarget,
    ) -> NestedPublicInputs<Target> {
        builder.verify_proof::<C>(&self.proof, key, shape);
        let inputs =
            NestedPublicInputs::from_slice(&self.proof.public_inputs).expect("shape has this many inputs");
        builder.connect_hashes(inputs.fold_key_hash(), fold_key);
        inputs
    }

    /// Assigns the child.
    pub(crate) fn set(&self, witness: &mut PartialWitness<F>, child: &SpanProof) -> anyhow::Result<()> {
        witness.set_bool_target(self.is_lift, child.kind == SpanKind::Lift)?;
        witness.set_proof_with_pis_target(&self.proof, &child.proof)
    }

    pub(crate) fn write(&self, buffer: &mut Vec<u8>) -> IoResult<()> {
        buffer.write_target_bool(self.is_lift)?;
        buffer.write_target_proof_with_public_inputs(&self.proof)
    }

    pub(crate) fn read(buffer: &mut Buffer) -> IoResult<Self> {
        Ok(Self {
            is_lift: buffer.read_target_bool()?,
            proof: buffer.read_target_proof_with_public_inputs()?,
        })
    }
}
