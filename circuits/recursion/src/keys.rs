//! What verifies the proofs of a circuit set: verifying keys and shapes, a few kilobytes, and nothing of a prover's.

use ashlar_bn254::Bn254Config;
use ashlar_statement::{Security, gates::gate_equations};
use plonky2::{
    field::types::Field,
    plonk::{
        circuit_data::{CircuitConfig, VerifierCircuitData},
        config::{GenericConfig, GenericHashOut, Hasher},
    },
    util::serialization::{Buffer, DefaultGateSerializer, IoError, IoResult, Read, Write},
};

use crate::{
    circuits::{CircuitDigest, VerifyError, digest_bytes},
    codec,
    compress::{CompressCircuit, CompressedProof},
    config::{C, D, F},
    fold::FoldCircuit,
    lift::LiftCircuit,
    nested::NestedPublicInputs,
    proof::{DecodeError, SpanKind, SpanProof, decode_proof},
    set::CircuitDigests,
    shape::Common,
    span::{Batch, Span},
};

type Key = VerifierCircuitData<F, C, D>;
type Bn254Key = VerifierCircuitData<F, Bn254Config, D>;

/// Verifying keys of lifts, fold and compress.
#[derive(Clone, Debug)]
pub struct RecursionKeys {
    lifts: Vec<Key>,
    fold: Key,
    compress: Bn254Key,
}

impl RecursionKeys {
    /// Those of these circuits.
    pub(crate) fn new(lifts: &[LiftCircuit], fold: &FoldCircuit, compress: &CompressCircuit) -> Self {
        Self {
            lifts: lifts.iter().map(|lift| lift.data.verifier_data()).collect(),
            fold: fold.data.verifier_data(),
            compress: compress.data.verifier_data(),
        }
    }

    /// Shape and key of compress.
    pub fn compress(&self) -> &Bn254Key {
        &self.compress
    }

    /// Reads a lift or fold proof strictly. Says nothing about its validity.
    pub fn decode_span(&self, bytes: &[u8]) -> Result<SpanProof, DecodeError> {
        SpanProof::from_bytes(bytes, self.lifts.len(), &self.fold.common) // every lift's is the same
    }

    /// Reads a compressed proof strictly. Says nothing about its validity.
    pub fn decode_compressed(&self, bytes: &[u8]) -> Result<CompressedProof, DecodeError> {
        decode_proof(bytes, &self.compress.common)
    }

    /// Verifies a lift or fold proof of this tree. Whoever accepts a tree proof must use this, not plonky2's verifier:
    /// only here the carried key is compared.
    pub fn verify_span(&self, proof: &SpanProof) -> Result<Span, VerifyError> {
        let (circuit, key) = match proof.kind {
            SpanKind::Lift(lift) => {
                let key = self.lifts.get(usize::from(lift));
                ("lift", key.ok_or(VerifyError::UnknownLift(lift))?)
            }
            SpanKind::Fold => ("fold", &self.fold),
        };
        key.verify(proof.proof.clone())
            .map_err(|source| VerifyError::Invalid { circuit, source })?;
        let inputs = NestedPublicInputs::<F>::from_slice(&proof.proof.public_inputs).map_err(|source| {
            VerifyError::Invalid {
                circuit,
                source: source.into(),
            }
        })?;
        if inputs != NestedPublicInputs::new(inputs.span, &self.fold.verifier_only) {
            return Err(VerifyError::ForeignTree);
        }
        Ok(inputs.span)
    }
}

/// [`RecursionKeys`] with the digests of the circuits that nobody but these verifies: they name the set together.
#[derive(Clone, Debug)]
pub struct SetKeys {
    leaves: Vec<CircuitDigest>,
    /// Of the link, and of join.
    aside: [CircuitDigest; 2],
    /// Of the recursion.
    pub recursion: RecursionKeys,
}

/// Why bytes are no verifying keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyBytesError {
    /// Cut short, with something behind, or with a gate that is unknown.
    #[error("verifying keys are malformed")]
    Malformed,
    /// The key's digest does not follow from its commitments, gates and degree.
    #[error("the digest of {circuit} is not that of its key")]
    Digest {
        /// Which circuit.
        circuit: &'static str,
    },
    /// Another number of queries or public inputs, or other parameters.
    #[error("the shape of {circuit} is not that of these parameters")]
    Shape {
        /// Which circuit.
        circuit: &'static str,
    },
}

impl From<IoError> for KeyBytesError {
    fn from(_: IoError) -> Self {
        Self::Malformed
    }
}

impl SetKeys {
    pub(crate) fn new(
        leaves: Vec<CircuitDigest>,
        aside: [CircuitDigest; 2],
        recursion: RecursionKeys,
    ) -> Self {
        Self {
            leaves,
            aside,
            recursion,
        }
    }

    /// Digests of the circuits that these are the keys of.
    pub fn digests(&self) -> CircuitDigests {
        let RecursionKeys {
            lifts,
            fold,
            compress,
        } = &self.recursion;
        let digest = |key: &Key| digest_bytes(&key.verifier_only.circuit_digest);
        CircuitDigests {
            leaves: self.leaves.clone(),
            lifts: lifts.iter().map(digest).collect(),
            fold: digest(fold),
            link: self.aside[0],
            join: self.aside[1],
            compress: digest_bytes(&compress.verifier_only.circuit_digest),
        }
    }

    /// Number and digests of the leaves, digests of link and join, keys of the lifts, fold's, the shape of all these, compress's key and shape.
    pub fn to_bytes(&self) -> IoResult<Vec<u8>> {
        let RecursionKeys {
            lifts,
            fold,
            compress,
        } = &self.recursion;
        let mut buffer = Vec::new();
        buffer.write_usize(self.leaves.len())?;
        let digests = self.leaves.iter().chain(&self.aside);
        digests
            .into_iter()
            .try_for_each(|digest| buffer.write_all(digest))?;
        let lifts: Vec<_> = lifts.iter().map(|lift| lift.verifier_only.clone()).collect();
        codec::write_keys(&mut buffer, &lifts)?;
        buffer.write_verifier_circuit_data(fold, &DefaultGateSerializer)?;
        buffer.write_verifier_circuit_data(compress, &DefaultGateSerializer)?;
        Ok(buffer)
    }

    /// Inverse of [`Self::to_bytes`] for circuits with these parameters.
    ///
    /// Digests are computed from the keys, so that whoever knows the digest of the set knows the commitments, the gates with
    /// their equations, and the degrees. Of the shapes only what a proof's soundness hangs on without appearing in a digest
    /// is compared; the rest (how selectors are grouped, numbers of constraints and products) follows from gates and
    /// parameters and is trusted as the file is. Lengths are trusted, too: plonky2's reader may panic on damaged bytes.
    pub fn from_bytes(bytes: &[u8], security: Security) -> Result<Self, KeyBytesError> {
        let mut buffer = Buffer::new(bytes);
        let leaves = buffer.read_usize()?;
        let digest = |buffer: &mut Buffer| -> IoResult<CircuitDigest> {
            let mut digest = CircuitDigest::default();
            buffer.read_exact(&mut digest)?;
            Ok(digest)
        };
        let leaves = (0..leaves)
            .map(|_| digest(&mut buffer))
            .collect::<IoResult<_>>()?;
        let aside = [digest(&mut buffer)?, digest(&mut buffer)?];
        let lifts = codec::read_keys(&mut buffer)?;
        let fold: Key = buffer.read_verifier_circuit_data(&DefaultGateSerializer)?;
        let compress: Bn254Key = buffer.read_verifier_circuit_data(&DefaultGateSerializer)?;
        if !buffer.unread_bytes().is_empty() {
            return Err(KeyBytesError::Malformed);
        }
        let lifts: Vec<_> = lifts
            .into_iter()
            .map(|verifier_only| Key {
                verifier_only,
                common: fold.common.clone(),
            })
            .collect();
        for lift in &lifts {
            check("lift", lift, &security.fold(), NestedPublicInputs::<F>::LEN)?;
        }
        check("fold", &fold, &security.fold(), NestedPublicInputs::<F>::LEN)?;
        check("compress", &compress, &security.compress(), Batch::LEN)?;
        let recursion = RecursionKeys {
            lifts,
            fold,
            compress,
        };
        Ok(Self::new(leaves, aside, recursion))
    }
}

fn check<O: GenericConfig<D, F = F>>(
    circuit: &'static str,
    key: &VerifierCircuitData<F, O, D>,
    config: &CircuitConfig,
    public_inputs: usize,
) -> Result<(), KeyBytesError> {
    let common = &key.common;
    let fri = config
        .fri_config
        .fri_params(common.degree_bits(), config.zero_knowledge);
    if common.config != *config || common.fri_params != fri || common.num_public_inputs != public_inputs {
        return Err(KeyBytesError::Shape { circuit });
    }
    let commitments = key.verifier_only.constants_sigmas_cap.flatten();
    if key.verifier_only.circuit_digest != digest::<O::Hasher>(commitments, common) {
        return Err(KeyBytesError::Digest { circuit });
    }
    Ok(())
}

/// plonky2's digest of a circuit with these commitments, whose domain separator is its gates' equations.
fn digest<H: Hasher<F>>(mut commitments: Vec<F>, common: &Common) -> H::Hash {
    let equations = gate_equations(&common.gates, &common.config);
    commitments.extend(H::hash_pad(&equations.elements).to_vec());
    commitments.push(F::from_canonical_usize(common.degree_bits()));
    H::hash_no_pad(&commitments)
}
