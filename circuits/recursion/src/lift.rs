//! `lift`: one chunk proof becomes a proof of the shape that fold verifies.

use plonky2::{
    hash::hash_types::HashOutTarget,
    iop::witness::{PartialWitness, WitnessWrite},
    plonk::proof::ProofWithPublicInputsTarget,
    util::serialization::{Buffer, IoResult, Read, Write},
};

use crate::{
    codec,
    config::{Builder, C, Circuit, D, F, Proof, fold_config},
    nested::{VerifierOnly, key_hash},
    shape::{self, BuildError, Common},
};

/// Verifies one leaf proof under a constant key. Its public inputs are the leaf's span and, free, the hash of
/// the fold circuit's key, which every parent compares with its own.
#[derive(Debug)]
pub struct LiftCircuit {
    /// The circuit.
    pub data: Circuit,
    /// Rows in use before padding (public-input hash and constants not counted).
    pub rows: usize,
    targets: LiftTargets,
}

#[derive(Debug)]
pub(crate) struct LiftTargets {
    leaf: ProofWithPublicInputsTarget<D>,
    fold_key: HashOutTarget,
}

/// Lays out the circuit, unpadded.
pub(crate) fn arithmetize(leaf: &Common, leaf_verifier: &VerifierOnly) -> (Builder, LiftTargets) {
    let mut builder = Builder::new(fold_config());
    let proof = builder.add_virtual_proof_with_pis(leaf);
    let key = builder.constant_verifier_data(leaf_verifier);
    builder.verify_proof::<C>(&proof, &key, leaf);
    builder.register_public_inputs(&proof.public_inputs);
    let fold_key = builder.add_virtual_hash();
    builder.register_public_inputs(&fold_key.elements);
    (
        builder,
        LiftTargets {
            leaf: proof,
            fold_key,
        },
    )
}

impl LiftCircuit {
    /// Builds the circuit for one leaf circuit.
    pub(crate) fn build(
        leaf: &Common,
        leaf_verifier: &VerifierOnly,
        shape: &Common,
    ) -> Result<Self, BuildError> {
        let (builder, targets) = arithmetize(leaf, leaf_verifier);
        let rows = builder.num_gates();
        Ok(Self {
            data: shape::build(builder, shape, "lift")?,
            rows,
            targets,
        })
    }

    /// The witness that lifts a leaf proof into the tree of the given fold circuit.
    ///
    /// # Errors
    /// If the proof is of another shape.
    pub fn assign(&self, leaf: &Proof, fold: &VerifierOnly) -> anyhow::Result<PartialWitness<F>> {
        let mut witness = PartialWitness::new();
        witness.set_proof_with_pis_target(&self.targets.leaf, leaf)?;
        witness.set_hash_target(self.targets.fold_key, key_hash(fold))?;
        Ok(witness)
    }
}

impl LiftCircuit {
    pub(crate) fn write(&self, buffer: &mut Vec<u8>) -> IoResult<()> {
        codec::write_circuit(buffer, &self.data)?;
        buffer.write_usize(self.rows)?;
        buffer.write_target_proof_with_public_inputs(&self.targets.leaf)?;
        buffer.write_target_hash(&self.targets.fold_key)
    }

    pub(crate) fn read(buffer: &mut Buffer) -> IoResult<Self> {
        Ok(Self {
            data: codec::read_circuit(buffer)?,
            rows: buffer.read_usize()?,
            targets: LiftTargets {
                leaf: buffer.read_target_proof_with_public_inputs()?,
                fold_key: buffer.read_target_hash()?,
            },
        })
    }
}
