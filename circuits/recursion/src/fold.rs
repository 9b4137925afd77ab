//! `fold`: two neighbouring spans become one. Children are lift or fold proofs, in any mix, so a tree of any shape and
//! any number of leaves needs only this circuit.

use plonky2::{
    hash::hash_types::{HashOut, HashOutTarget},
    iop::witness::{PartialWitness, WitnessWrite},
    util::serialization::{Buffer, IoResult, Read, Write},
};

use crate::{
    child::ChildTarget,
    codec,
    config::{Builder, Circuit, F},
    nested::{NestedPublicInputs, VerifierOnly, key_hash},
    proof::SpanProof,
    shape::{self, BuildError, Common},
    span::join,
};

/// Verifies two children, joins their spans and hands on the hash of fold's key that both carry.
///
/// A circuit cannot hold its own key's hash as a constant, so the prover supplies it. A fold child is verified under the
/// key with the hash that this proof carries, and must carry the same hash. Compress compares the root's with the true
/// one, so by induction every fold below was accepted under the true key; every lift was, under a constant one.
#[derive(Debug)]
pub struct FoldCircuit {
    /// The circuit.
    pub data: Circuit,
    /// Rows in use before padding (public-input hash and constants not counted).
    pub rows: usize,
    targets: FoldTargets,
    /// Verifier data of the lifts.
    pub(crate) lifts: Vec<VerifierOnly>,
}

#[derive(Debug)]
pub(crate) struct FoldTargets {
    left: ChildTarget,
    right: ChildTarget,
    fold_key: HashOutTarget,
}

/// Lays out the circuit, unpadded, for lifts whose keys have these hashes.
pub(crate) fn arithmetize(shape: &Common, lifts: &[HashOut<F>]) -> (Builder, FoldTargets) {
    let mut builder = Builder::new(shape.config.clone());
    let fold_key = builder.add_virtual_hash();
    let (left, left_inputs) = ChildTarget::verified(&mut builder, shape, lifts, fold_key);
    let (right, right_inputs) = ChildTarget::verified(&mut builder, shape, lifts, fold_key);
    let inputs = NestedPublicInputs {
        span: join(&mut builder, &left_inputs.span, &right_inputs.span),
        fold_key: fold_key.elements,
    };
    builder.register_public_inputs(&inputs.to_vec());
    let targets = FoldTargets {
        left,
        right,
        fold_key,
    };
    (builder, targets)
}

impl FoldCircuit {
    pub(crate) fn build(shape: &Common, lifts: Vec<VerifierOnly>) -> Result<Self, BuildError> {
        let hashes: Vec<_> = lifts.iter().map(key_hash).collect();
        let (builder, targets) = arithmetize(shape, &hashes);
        let rows = builder.num_gates();
        Ok(Self {
            data: shape::build(builder, shape, "fold")?,
            rows,
            targets,
            lifts,
        })
    }

    /// The witness that joins two proofs of neighbouring spans.
    ///
    /// # Errors
    /// If a proof is of another shape, or of a lift that is not there.
    pub fn assign(&self, left: &SpanProof, right: &SpanProof) -> anyhow::Result<PartialWitness<F>> {
        self.assign_under(left, right, &self.lifts, &self.data.verifier_only)
    }

    /// Assigns chosen keys: tests play the cheat who names other circuits.
    pub(crate) fn assign_under(
        &self,
        left: &SpanProof,
        right: &SpanProof,
        lifts: &[VerifierOnly],
        fold: &VerifierOnly,
    ) -> anyhow::Result<PartialWitness<F>> {
        let (targets, mut witness) = (&self.targets, PartialWitness::new());
        targets.left.set(&mut witness, left, lifts, fold)?;
        targets.right.set(&mut witness, right, lifts, fold)?;
        witness.set_hash_target(targets.fold_key, key_hash(fold))?;
        Ok(witness)
    }

    pub(crate) fn write(&self, buffer: &mut Vec<u8>) -> IoResult<()> {
        codec::write_circuit(buffer, &self.data)?;
        buffer.write_usize(self.rows)?;
        self.targets.left.write(buffer)?;
        self.targets.right.write(buffer)?;
        buffer.write_target_hash(&self.targets.fold_key)?;
        codec::write_keys(buffer, &self.lifts)
    }

    pub(crate) fn read(buffer: &mut Buffer) -> IoResult<Self> {
        Ok(Self {
            data: codec::read_circuit(buffer)?,
            rows: buffer.read_usize()?,
            targets: FoldTargets {
                left: ChildTarget::read(buffer)?,
                right: ChildTarget::read(buffer)?,
                fold_key: buffer.read_target_hash()?,
            },
            lifts: codec::read_keys(buffer)?,
        })
    }
}
