//! `lift`: one chunk proof becomes a proof of the shape that fold verifies.

use anyhow::Context;
use plonky2::{
    hash::hash_types::HashOutTarget,
    iop::witness::{PartialWitness, WitnessWrite},
    plonk::{circuit_data::CircuitConfig, proof::ProofWithPublicInputsTarget},
    util::serialization::{Buffer, IoResult, Read, Write},
};

use crate::{
    choice::KeyChoice,
    codec,
    config::{Builder, C, Circuit, D, F, Proof},
    leaves::Leaves,
    nested::{VerifierOnly, key_hash},
    shape::{self, BuildError, Common},
};

/// Verifies one leaf proof under the constant key of one of the leaf circuits of a shape. Its public inputs are the
/// leaf's span and, free, the hash of the fold circuit's key, which every parent compares with its own.
#[derive(Debug)]
pub struct LiftCircuit {
    /// The circuit.
    pub data: Circuit,
    /// Rows in use before padding (public-input hash and constants not counted).
    pub rows: usize,
    /// Kinds of the leaf circuits.
    kinds: Vec<usize>,
    /// Their verifier data.
    keys: Vec<VerifierOnly>,
    targets: LiftTargets,
}

#[derive(Debug)]
pub(crate) struct LiftTargets {
    key: KeyChoice,
    leaf: ProofWithPublicInputsTarget<D>,
    fold_key: HashOutTarget,
}

/// Lays out the circuit, unpadded.
pub(crate) fn arithmetize(leaves: &Leaves<'_>, config: &CircuitConfig) -> (Builder, LiftTargets) {
    let mut builder = Builder::new(config.clone());
    let leaf = builder.add_virtual_proof_with_pis(leaves.common);
    let key = KeyChoice::among(&mut builder, &leaves.keys);
    builder.verify_proof::<C>(&leaf, key.key(), leaves.common);
    builder.register_public_inputs(&leaf.public_inputs);
    let fold_key = builder.add_virtual_hash();
    builder.register_public_inputs(&fold_key.elements);
    let targets = LiftTargets { key, leaf, fold_key };
    (builder, targets)
}

impl LiftCircuit {
    /// Builds the circuit for the leaf circuits of one shape.
    pub(crate) fn build(leaves: Leaves<'_>, shape: &Common) -> Result<Self, BuildError> {
        let (builder, targets) = arithmetize(&leaves, &shape.config);
        let rows = builder.num_gates();
        Ok(Self {
            data: shape::build(builder, shape, "lift")?,
            rows,
            kinds: leaves.kinds,
            keys: leaves.keys,
            targets,
        })
    }

    /// Kinds of the leaf circuits whose proofs it lifts.
    pub fn kinds(&self) -> &[usize] {
        &self.kinds
    }

    /// The witness that lifts a proof of the leaf circuit `kind` into the tree of the given fold circuit.
    ///
    /// # Errors
    /// If the kind is not among [`Self::kinds`], or the proof is of another shape.
    pub fn assign(
        &self,
        kind: usize,
        leaf: &Proof,
        fold: &VerifierOnly,
    ) -> anyhow::Result<PartialWitness<F>> {
        let index = self.kinds.iter().position(|other| *other == kind);
        let index = index.with_context(|| format!("leaves of kind {kind} have another lift"))?;
        self.assign_under(index, &self.keys[index], leaf, fold)
    }

    /// Assigns a key of one's own as the `index`-th: tests play the cheat.
    pub(crate) fn assign_under(
        &self,
        index: usize,
        key: &VerifierOnly,
        leaf: &Proof,
        fold: &VerifierOnly,
    ) -> anyhow::Result<PartialWitness<F>> {
        let mut witness = PartialWitness::new();
        self.targets.key.set(&mut witness, index, key)?;
        witness.set_proof_with_pis_target(&self.targets.leaf, leaf)?;
        witness.set_hash_target(self.targets.fold_key, key_hash(fold))?;
        Ok(witness)
    }
}

impl LiftCircuit {
    pub(crate) fn write(&self, buffer: &mut Vec<u8>) -> IoResult<()> {
        codec::write_circuit(buffer, &self.data)?;
        buffer.write_usize(self.rows)?;
        buffer.write_usize_vec(&self.kinds)?;
        codec::write_keys(buffer, &self.keys)?;
        self.targets.key.write(buffer)?;
        buffer.write_target_proof_with_public_inputs(&self.targets.leaf)?;
        buffer.write_target_hash(&self.targets.fold_key)
    }

    pub(crate) fn read(buffer: &mut Buffer) -> IoResult<Self> {
        Ok(Self {
            data: codec::read_circuit(buffer)?,
            rows: buffer.read_usize()?,
            kinds: buffer.read_usize_vec()?,
            keys: codec::read_keys(buffer)?,
            targets: LiftTargets {
                key: KeyChoice::read(buffer)?,
                leaf: buffer.read_target_proof_with_public_inputs()?,
                fold_key: buffer.read_target_hash()?,
            },
        })
    }
}
