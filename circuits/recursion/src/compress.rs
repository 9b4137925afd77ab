//! `compress`: the root of the tree, joined with a blob or not, becomes a proof that the wrap circuit verifies cheaply,
//! stating what L1 checks.

use ashlar_bn254::Bn254Config;
use ashlar_statement::{ElementsError, Security, gates::with_equations};
use plonky2::{
    iop::witness::PartialWitness,
    plonk::circuit_data::CircuitData,
    util::serialization::{Buffer, IoResult, Read, Write},
};

use crate::{
    child::ChildTarget,
    codec,
    config::{Bn254Proof, Builder, D, F},
    join::JoinedProof,
    nested::{VerifierOnly, key_hash},
    proof::{DecodeError, SpanProof, decode_proof},
    shape::{BuildError, Common, check_degree},
    span::{Batch, to_batch},
};

/// A compressed proof; its public inputs are [`Batch`].
pub type CompressedProof = Bn254Proof;

/// Verifies the root (a fold proof, or a lift proof for a batch of one chunk) or the root's join with a blob, under constant
/// keys, and ends the recursion: the key that the tree carried must be fold's. What it states says which of both it was.
#[derive(Debug)]
pub struct CompressCircuit {
    /// The circuit.
    pub data: CircuitData<F, Bn254Config, D>,
    /// Rows in use before padding (public-input hash and constants not counted).
    pub rows: usize,
    root: ChildTarget,
    /// Verifier data of the lifts.
    lifts: Vec<VerifierOnly>,
    /// Verifier data of join, whose place is behind the lifts'.
    join: VerifierOnly,
    /// Verifier data of fold.
    fold: VerifierOnly,
}

impl CompressCircuit {
    pub(crate) fn build(
        security: Security,
        shape: &Common,
        lifts: Vec<VerifierOnly>,
        join: VerifierOnly,
        fold: VerifierOnly,
    ) -> Result<Self, BuildError> {
        let hashes: Vec<_> = lifts.iter().chain([&join]).map(key_hash).collect();
        let config = security.compress();
        let (builder, root) = with_equations(&config, || {
            let mut builder = Builder::new(config.clone());
            let fold_key = builder.constant_hash(key_hash(&fold));
            let (root, inputs) = ChildTarget::verified(&mut builder, shape, &hashes, fold_key);
            let batch = to_batch(&mut builder, &inputs.span, root.is(lifts.len()));
            builder.register_public_inputs(&batch.to_vec());
            (builder, root)
        });
        let rows = builder.num_gates();
        let data = builder.build::<Bn254Config>();
        check_degree(&data, security.compress_degree_bits(), "compress")?;
        Ok(Self {
            data,
            rows,
            root,
            lifts,
            join,
            fold,
        })
    }

    /// The witness for the proof of a whole batch.
    ///
    /// # Errors
    /// If the proof is of another shape, or of a lift that is not there.
    pub fn assign(&self, root: &SpanProof) -> anyhow::Result<PartialWitness<F>> {
        self.assign_under(root, &self.lifts, &self.fold)
    }

    /// The witness for a whole batch that was joined with its blob.
    ///
    /// # Errors
    /// If the proof is of another shape.
    pub fn assign_joined(&self, joined: &JoinedProof) -> anyhow::Result<PartialWitness<F>> {
        let mut witness = PartialWitness::new();
        self.root
            .set_under(&mut witness, self.lifts.len(), &self.join, &joined.0)?;
        Ok(witness)
    }

    /// Assigns chosen keys: tests play the cheat who verifies the root under another.
    pub(crate) fn assign_under(
        &self,
        root: &SpanProof,
        lifts: &[VerifierOnly],
        fold: &VerifierOnly,
    ) -> anyhow::Result<PartialWitness<F>> {
        let mut witness = PartialWitness::new();
        self.root.set(&mut witness, root, lifts, fold)?;
        Ok(witness)
    }

    /// Decodes a compressed proof strictly.
    pub fn decode(&self, bytes: &[u8]) -> Result<CompressedProof, DecodeError> {
        decode_proof(bytes, &self.data.common)
    }

    /// The batch that a proof states. Says nothing about its validity.
    pub fn batch(proof: &CompressedProof) -> Result<Batch, ElementsError> {
        Batch::from_slice(&proof.public_inputs)
    }

    pub(crate) fn write(&self, buffer: &mut Vec<u8>) -> IoResult<()> {
        codec::write_circuit(buffer, &self.data)?;
        buffer.write_usize(self.rows)?;
        self.root.write(buffer)?;
        codec::write_keys(buffer, &self.lifts)?;
        buffer.write_verifier_only_circuit_data(&self.join)?;
        buffer.write_verifier_only_circuit_data(&self.fold)
    }

    pub(crate) fn read(buffer: &mut Buffer) -> IoResult<Self> {
        Ok(Self {
            data: codec::read_circuit(buffer)?,
            rows: buffer.read_usize()?,
            root: ChildTarget::read(buffer)?,
            lifts: codec::read_keys(buffer)?,
            join: buffer.read_verifier_only_circuit_data()?,
            fold: buffer.read_verifier_only_circuit_data()?,
        })
    }
}
