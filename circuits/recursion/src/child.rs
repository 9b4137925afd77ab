//! A child proof inside fold, join and compress: a proof of the common shape, verified by one verifier.

use anyhow::Context;
use plonky2::{
    hash::hash_types::{HashOut, HashOutTarget},
    iop::{
        target::{BoolTarget, Target},
        witness::{PartialWitness, WitnessWrite},
    },
    plonk::proof::ProofWithPublicInputsTarget,
    util::serialization::{Buffer, IoResult, Read, Write},
};

use crate::{
    choice::KeyChoice,
    config::{Builder, C, D, F, Proof},
    nested::{NestedPublicInputs, VerifierOnly},
    proof::{SpanKind, SpanProof},
    shape::Common,
};

/// Targets of one child.
#[derive(Debug)]
pub(crate) struct ChildTarget {
    /// The lifts in order, what else there is, then fold.
    key: KeyChoice,
    proof: ProofWithPublicInputsTarget<D>,
}

impl ChildTarget {
    /// Verifies a proof of lift's and fold's common shape under one of `keys` or the one whose hash is
    /// `fold_key`, and makes it carry `fold_key`: without that a fold child may stand on proofs of any circuit. Returns
    /// its public inputs too.
    pub(crate) fn verified(
        builder: &mut Builder,
        shape: &Common,
        keys: &[HashOut<F>],
        fold_key: HashOutTarget,
    ) -> (Self, NestedPublicInputs<Target>) {
        let mut hashes: Vec<_> = keys.iter().map(|hash| builder.constant_hash(*hash)).collect();
        hashes.push(fold_key);
        let key = KeyChoice::new(builder, shape.config.fri_config.cap_height, &hashes);
        let proof = builder.add_virtual_proof_with_pis(shape);
        builder.verify_proof::<C>(&proof, key.key(), shape);
        let inputs =
            NestedPublicInputs::from_slice(&proof.public_inputs).expect("shape has this many inputs");
        builder.connect_hashes(inputs.fold_key_hash(), fold_key);
        (Self { key, proof }, inputs)
    }

    /// Whether the key is the `index`-th of those that are not fold's.
    pub(crate) fn is(&self, index: usize) -> BoolTarget {
        self.key.is(index)
    }

    /// Assigns the child, in a tree of these circuits.
    pub(crate) fn set(
        &self,
        witness: &mut PartialWitness<F>,
        child: &SpanProof,
        lifts: &[VerifierOnly],
        fold: &VerifierOnly,
    ) -> anyhow::Result<()> {
        let (index, key) = match child.kind {
            SpanKind::Lift(lift) => {
                let index = usize::from(lift);
                let key = lifts.get(index);
                (index, key.with_context(|| format!("no lift {lift}"))?)
            }
            SpanKind::Fold => (self.key.last(), fold),
        };
        self.set_under(witness, index, key, &child.proof)
    }

    /// Assigns a proof of the `index`-th circuit, which has this key.
    pub(crate) fn set_under(
        &self,
        witness: &mut PartialWitness<F>,
        index: usize,
        key: &VerifierOnly,
        proof: &Proof,
    ) -> anyhow::Result<()> {
        self.key.set(witness, index, key)?;
        witness.set_proof_with_pis_target(&self.proof, proof)
    }

    pub(crate) fn write(&self, buffer: &mut Vec<u8>) -> IoResult<()> {
        self.key.write(buffer)?;
        buffer.write_target_proof_with_public_inputs(&self.proof)
    }

    pub(crate) fn read(buffer: &mut Buffer) -> IoResult<Self> {
        Ok(Self {
            key: KeyChoice::read(buffer)?,
            proof: buffer.read_target_proof_with_public_inputs()?,
        })
    }
}
