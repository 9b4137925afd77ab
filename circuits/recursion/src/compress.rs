//! `compress`: the root of the tree becomes a proof that the wrap circuit verifies cheaply, stating what L1 checks.

use ashlar_bn254::Bn254Config;
use ashlar_statement::ElementsError;
use plonky2::{
    hash::hash_types::HashOutTarget,
    iop::witness::{PartialWitness, WitnessWrite},
    plonk::circuit_data::{CircuitData, VerifierCircuitTarget},
    util::serialization::{Buffer, IoResult, Read, Write},
};

use crate::{
    child::ChildTarget,
    codec,
    config::{Bn254Proof, Builder, COMPRESS_DEGREE_BITS, D, F, compress_config},
    nested::{VerifierOnly, key_hash, key_hash_circuit},
    proof::{DecodeError, SpanKind, SpanProof, decode_proof},
    shape::{BuildError, Common, check_degree},
    span::{Batch, to_batch},
};

/// A compressed proof; its public inputs are [`Batch`].
pub type CompressedProof = Bn254Proof;

/// Verifies the root (a fold proof, or a lift proof for a batch of one chunk) under constant keys and ends the
/// recursion: the key that the tree carried must be fold's.
#[derive(Debug)]
pub struct CompressCircuit {
    /// The circuit.
    pub data: CircuitData<F, Bn254Config, D>,
    /// Rows in use before padding (public-input hash and constants not counted).
    pub rows: usize,
    root: ChildTarget,
    key: VerifierCircuitTarget,
    /// Verifier data of lift and fold.
    keys: [VerifierOnly; 2],
}

impl CompressCircuit {
    pub(crate) fn build(
        shape: &Common,
        lift: &VerifierOnly,
        fold: &VerifierOnly,
    ) -> Result<Self, BuildError> {
        let mut builder = Builder::new(compress_config());
        let root = ChildTarget::new(&mut builder, shape);
        // The two keys are pinned by their hashes: as constants they would cost seventy rows, and 2^12 is tight.
        let key = builder.add_virtual_verifier_data(shape.config.fri_config.cap_height);
        let hash = key_hash_circuit(&mut builder, &key);
        let [lift_hash, fold_hash] = [lift, fold].map(|key| builder.constant_hash(key_hash(key)));
        let expected = HashOutTarget {
            elements: std::array::from_fn(|i| {
                builder.select(root.is_lift(), lift_hash.elements[i], fold_hash.elements[i])
            }),
        };
        builder.connect_hashes(hash, expected);
        let inputs = root.verify(&mut builder, shape, &key, fold_hash);
        let batch = to_batch(&mut builder, &inputs.span);
        builder.register_public_inputs(&batch.to_vec());
        let rows = builder.num_gates();
        let data = builder.build::<Bn254Config>();
        check_degree(&data, COMPRESS_DEGREE_BITS, "compress")?;
        let keys = [lift.clone(), fold.clone()];
        Ok(Self {
            data,
            rows,
            root,
            key,
            keys,
        })
    }

    /// The witness for the proof of a whole batch.
    ///
    /// # Errors
    /// If the proof is of another shape.
    pub fn assign(&self, root: &SpanProof) -> anyhow::Result<PartialWitness<F>> {
        let mut witness = PartialWitness::new();
        self.root.set(&mut witness, root)?;
        let [lift, fold] = &self.keys;
        witness.set_verifier_data_target(
            &self.key,
            match root.kind {
                SpanKind::Lift => lift,
                SpanKind::Fold => fold,
            },
        )?;
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
        buffer.write_target_verifier_circuit(&self.key)?;
        self.keys
            .iter()
            .try_for_each(|key| buffer.write_verifier_only_circuit_data(key))
    }

    pub(crate) fn read(buffer: &mut Buffer) -> IoResult<Self> {
        Ok(Self {
            data: codec::read_circuit(buffer)?,
            rows: buffer.read_usize()?,
            root: ChildTarget::read(buffer)?,
            key: buffer.read_target_verifier_circuit()?,
            keys: [
                buffer.read_verifier_only_circuit_data()?,
                buffer.read_verifier_only_circuit_data()?,
            ],
        })
    }
}
