//! A compressed proof of the true shape over a trivial statement, for the tests of the wrap circuit.

use std::{fs, io, path::Path};

use ashlar_bn254::Bn254Config;
use ashlar_statement::{Security, prove::prove_stock};
use plonky2::{
    field::types::Field,
    gates::noop::NoopGate,
    iop::witness::{PartialWitness, WitnessWrite},
    plonk::{
        circuit_data::{CircuitData, VerifierCircuitData},
        config::GenericConfig,
    },
    util::serialization::DefaultGateSerializer,
};

use crate::config::{Bn254Proof, Builder, C, Circuit, D, F, Proof};

/// What a verifier of compressed proofs holds, with one proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompressedSample {
    /// Common and verifier-only data.
    pub verifier: VerifierCircuitData<F, Bn254Config, D>,
    /// An accepted proof.
    pub proof: Bn254Proof,
}

/// Why a stored sample was refused.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The file could not be read or written.
    #[error("sample file")]
    Io(#[from] io::Error),
    /// The bytes are no sample.
    #[error("sample encoding")]
    Encoding,
}

impl CompressedSample {
    /// Builds the circuits and proves; the public inputs are the squares of `seed`, `seed + 1`, … About ten seconds.
    pub fn generate(public_inputs: usize, seed: u64) -> Self {
        let (circuit, proof) = sample_compressed(public_inputs, seed);
        Self {
            verifier: circuit.verifier_data(),
            proof,
        }
    }

    /// Length-prefixed verifier data, then the proof.
    pub fn to_bytes(&self) -> Vec<u8> {
        let verifier = self
            .verifier
            .to_bytes(&DefaultGateSerializer)
            .expect("standard gates only");
        let mut bytes = (verifier.len() as u64).to_le_bytes().to_vec();
        bytes.extend(verifier);
        bytes.extend(self.proof.to_bytes());
        bytes
    }

    /// Inverse of [`Self::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SampleError> {
        let (length, rest) = bytes.split_first_chunk::<8>().ok_or(SampleError::Encoding)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| SampleError::Encoding)?;
        let (verifier, proof) = rest.split_at_checked(length).ok_or(SampleError::Encoding)?;
        let verifier = VerifierCircuitData::from_bytes(verifier.to_vec(), &DefaultGateSerializer)
            .map_err(|_| SampleError::Encoding)?;
        let proof =
            Bn254Proof::from_bytes(proof.to_vec(), &verifier.common).map_err(|_| SampleError::Encoding)?;
        Ok(Self { verifier, proof })
    }

    /// The sample at `path`, generated and stored on first use. The proof is verified either way.
    pub fn cached(path: &Path, public_inputs: usize, seed: u64) -> Result<Self, SampleError> {
        if let Ok(bytes) = fs::read(path)
            && let Ok(sample) = Self::from_bytes(&bytes)
            && sample.proof.public_inputs.len() == public_inputs
            && sample.verifier.verify(sample.proof.clone()).is_ok()
        {
            return Ok(sample);
        }
        let sample = Self::generate(public_inputs, seed);
        let partial = path.with_extension(format!("{}.partial", std::process::id()));
        fs::write(&partial, sample.to_bytes())?;
        fs::rename(&partial, path)?;
        Ok(sample)
    }
}

/// The whole circuit with a proof, through one standard recursion layer of 2^12 rows.
pub fn sample_compressed(public_inputs: usize, seed: u64) -> (CircuitData<F, Bn254Config, D>, Bn254Proof) {
    let (inner, inner_proof) = squares(public_inputs, seed);
    let (middle, middle_proof) = recurse::<C>(&inner, &inner_proof, Security::default().fold());
    let (outer, proof) = recurse::<Bn254Config>(&middle, &middle_proof, Security::default().compress());
    assert_eq!(
        outer.common.degree_bits(),
        Security::default().compress_degree_bits(),
        "sample has the true shape"
    );
    (outer, proof)
}

fn squares(public_inputs: usize, seed: u64) -> (Circuit, Proof) {
    let mut builder = Builder::new(Security::default().fold());
    let roots = builder.add_virtual_targets(public_inputs);
    for &root in &roots {
        let square = builder.square(root);
        builder.register_public_input(square);
    }
    while builder.num_gates() < 1 << 11 {
        builder.add_gate(NoopGate, vec![]);
    }
    let circuit = builder.build::<C>();
    let mut witness = PartialWitness::new();
    for (i, &root) in roots.iter().enumerate() {
        witness
            .set_target(root, F::from_canonical_u64(seed + i as u64))
            .expect("set once");
    }
    let proof = prove_stock("squares", &circuit, || Ok(witness)).expect("squares are satisfiable");
    (circuit, proof)
}

fn recurse<O: GenericConfig<D, F = F> + 'static>(
    inner: &Circuit,
    proof: &Proof,
    config: plonky2::plonk::circuit_data::CircuitConfig,
) -> (
    CircuitData<F, O, D>,
    plonky2::plonk::proof::ProofWithPublicInputs<F, O, D>,
) {
    let mut builder = Builder::new(config);
    let target = builder.add_virtual_proof_with_pis(&inner.common);
    let verifier = builder.constant_verifier_data(&inner.verifier_only);
    builder.verify_proof::<C>(&target, &verifier, &inner.common);
    builder.register_public_inputs(&target.public_inputs);
    let circuit = builder.build::<O>();
    let mut witness = PartialWitness::new();
    witness
        .set_proof_with_pis_target(&target, proof)
        .expect("shapes agree");
    let proof = prove_stock("sample", &circuit, || Ok(witness)).expect("inner proof is valid");
    (circuit, proof)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sample_survives_its_encoding_and_verifies() {
        let sample = CompressedSample::generate(27, 7);
        let again = CompressedSample::from_bytes(&sample.to_bytes()).expect("own encoding");
        assert_eq!(again, sample);
        again.verifier.verify(again.proof.clone()).expect("valid proof");
        let mut forged = again.proof;
        forged.public_inputs[3] += F::ONE;
        assert!(again.verifier.verify(forged).is_err());
    }
}
