//! Wrap keys for a circuit set.

use std::path::Path;

use ashlar_recursion::{
    CircuitSet, CompressedProof, D, F,
    bn254::{Bn254Config, Digest},
};
use ashlar_snark::{
    halo2::WrapCircuit,
    snark::{self, INSTANCES, KeyError, Snark, WrapKeys},
    srs::Srs,
    verifier::VerifierError,
};
use plonky2::plonk::circuit_data::CircuitData;

use crate::ProveError;

/// Why an engine cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The wrap circuit cannot be laid out over the compress circuit.
    #[error("wrap circuit")]
    WrapCircuit(#[source] VerifierError),
    /// The wrap keys cannot be made or read.
    #[error("wrap keys")]
    Keys(#[source] KeyError),
    /// The wrap keys belong to another compress circuit.
    #[error("wrap keys of another circuit set")]
    ForeignKeys,
}

/// Keys and reference string of the wrap circuit for one compress circuit.
#[derive(Debug)]
pub struct WrapKit {
    keys: WrapKeys,
    srs: Srs,
    compress: Digest,
}

impl WrapKit {
    /// Reads the keys from `cache_dir`, or makes them (seconds) and stores them there.
    pub fn load_or_generate(cache_dir: &Path, srs: Srs, circuits: &CircuitSet) -> Result<Self, SetupError> {
        let compress = &circuits.recursion.compress.data;
        let circuit = WrapCircuit::without_proof(&compress.common, &compress.verifier_only)
            .map_err(SetupError::WrapCircuit)?;
        let keys = WrapKeys::load_or_generate(cache_dir, &srs, &circuit).map_err(SetupError::Keys)?;
        Ok(Self {
            keys,
            srs,
            compress: compress.verifier_only.circuit_digest,
        })
    }

    /// The keys.
    pub fn keys(&self) -> &WrapKeys {
        &self.keys
    }

    /// The reference string.
    pub fn srs(&self) -> &Srs {
        &self.srs
    }

    /// Digest of the compress circuit whose proofs these keys wrap.
    pub(crate) fn compress_digest(&self) -> Digest {
        self.compress
    }

    pub(crate) fn prove(
        &self,
        compress: &CircuitData<F, Bn254Config, D>,
        proof: &CompressedProof,
    ) -> Result<Snark, ProveError> {
        let circuit = WrapCircuit::new(&compress.common, &compress.verifier_only, proof)
            .map_err(ProveError::WrapCircuit)?;
        let instances: [_; INSTANCES] = circuit
            .instances()
            .try_into()
            .expect("24 public inputs make eight instances");
        snark::prove(&self.keys, &self.srs, circuit, instances).map_err(ProveError::Wrap)
    }
}
