//! Wrap keys for a circuit set.

use std::{path::Path, sync::OnceLock};

use ashlar_recursion::{
    CircuitSet, CompressedProof, D, F,
    bn254::{Bn254Config, Digest},
};
use ashlar_snark::{
    halo2::WrapCircuit,
    snark::{self, BackendChoice, INSTANCES, KeyError, WrapKeys, WrapProver, Wrapped},
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
    backend: BackendChoice,
    /// Made by the first proof, used by all: who only verifies does not pay for it.
    prover: OnceLock<WrapProver>,
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
            backend: BackendChoice::default(),
            prover: OnceLock::new(),
        })
    }

    /// Proves on another backend than [`BackendChoice::Auto`]'s.
    pub fn with_backend(mut self, backend: BackendChoice) -> Self {
        self.backend = backend;
        self.prover = OnceLock::new();
        self
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
    ) -> Result<Wrapped, ProveError> {
        let circuit = WrapCircuit::new(&compress.common, &compress.verifier_only, proof)
            .map_err(ProveError::WrapCircuit)?;
        let instances: [_; INSTANCES] = circuit
            .instances()
            .try_into()
            .expect("24 public inputs make eight instances");
        let prover = self.prover().map_err(ProveError::Wrap)?;
        prover.prove(&circuit, instances).map_err(ProveError::Wrap)
    }

    fn prover(&self) -> Result<&WrapProver, snark::ProveError> {
        if let Some(prover) = self.prover.get() {
            return Ok(prover);
        }
        let prover = WrapProver::new(&self.keys, &self.srs, self.backend)?;
        Ok(self.prover.get_or_init(|| prover))
    }
}
