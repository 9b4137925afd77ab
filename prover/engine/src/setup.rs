//! Wrap keys for a circuit set.

use std::{
    io,
    path::Path,
    sync::{Arc, OnceLock},
};

use ashlar_accel::{BackendChoice, BackendConfig, BackendNotBuilt};
use ashlar_bn254::{Bn254Config, Digest};
use ashlar_kzg::{CircuitKeys, INSTANCES, KeyError, SnarkProver, srs::Srs};
use ashlar_recursion::{CompressedProof, D, F, RecursionCircuits};
use ashlar_statement::Security;
use ashlar_wrap::{
    circuit::{WRAP_K, WrapCircuit},
    verifier::VerifierError,
};
use plonky2::plonk::circuit_data::CircuitData;
use tokio::sync::watch;

use crate::{
    Found, Proof, ProveError,
    isolation::{ChildCommand, IsolatedWrap, Policy, Wrapped, greeting},
    open::{OpenError, open},
    verifier::{WrapVerifier, verify_snark},
};

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
    /// The chosen backend is not in this binary.
    #[error("wrap backend")]
    Backend(#[from] BackendNotBuilt),
    /// The thread that supervises the wrap process cannot be started; the machine is out of resources.
    #[error("cannot supervise a wrap process")]
    Supervisor(#[source] io::Error),
}

/// log2 of the rows of the wrap circuit over circuits with these parameters.
pub const fn wrap_k(security: Security) -> u32 {
    match security {
        Security::Conjectured100 => WRAP_K,
        Security::Proven100 => 20,
    }
}

/// Keys and reference string of the wrap circuit for one compress circuit.
#[derive(Debug)]
pub struct WrapKit {
    keys: CircuitKeys,
    srs: Srs,
    compress: Digest,
    /// What this process proves on.
    backend: BackendConfig,
    /// Made by the first proof, used by all: who only verifies does not pay for it.
    prover: OnceLock<(SnarkProver, Found)>,
    /// The child that is asked first, if there is one.
    isolated: Option<IsolatedWrap>,
}

impl WrapKit {
    /// Reads the keys from `cache_dir`, or makes them (seconds) and stores them there.
    pub fn load_or_generate(
        cache_dir: &Path,
        srs: Srs,
        recursion: &RecursionCircuits,
    ) -> Result<Self, SetupError> {
        let compress = &recursion.compress.data;
        let circuit = WrapCircuit::without_proof(&compress.common, &compress.verifier_only)
            .map_err(SetupError::WrapCircuit)?;
        let keys = CircuitKeys::load_or_generate(cache_dir, &srs, &circuit).map_err(SetupError::Keys)?;
        Ok(Self {
            keys,
            srs,
            compress: compress.verifier_only.circuit_digest,
            backend: BackendConfig::default(),
            prover: OnceLock::new(),
            isolated: None,
        })
    }

    /// Proves in this process, on another backend than [`BackendChoice::Auto`]'s.
    pub fn with_backend(mut self, backend: impl Into<BackendConfig>) -> Result<Self, SetupError> {
        let backend = backend.into();
        backend.choice.require_built()?;
        self.backend = backend;
        self.prover = OnceLock::new();
        self.isolated = None;
        Ok(self)
    }

    /// Proves on `backend` in a child process, started by the first proof; on the CPU of this one where that fails.
    pub fn isolated(
        self,
        backend: BackendChoice,
        command: ChildCommand,
        policy: Policy,
    ) -> Result<Self, SetupError> {
        backend.require_built()?;
        let name = if backend.uses_device() {
            backend.name()
        } else {
            "cpu"
        };
        let child = IsolatedWrap::new(command, greeting(&self), policy, name);
        let mut kit = self.with_backend(BackendChoice::Cpu)?;
        kit.isolated = Some(child.map_err(SetupError::Supervisor)?);
        Ok(kit)
    }

    /// Whether a child is asked first.
    pub fn is_isolated(&self) -> bool {
        self.isolated.is_some()
    }

    /// Makes the prover now instead of with the first proof (a second).
    pub fn prepare(&self) -> Result<(), ProveError> {
        self.opened().map(drop).map_err(ProveError::Backend)
    }

    /// Opens what wraps are made on, here or in the child, and says what it is. A device is tested; where it fails, the
    /// CPU proves, and a child tries it again with the next proof, as its [`Policy`] allows.
    pub fn find(&self) -> Result<Found, ProveError> {
        match &self.isolated {
            Some(child) => Ok(child.find()),
            None => Ok(self.opened().map_err(ProveError::Backend)?.1.clone()),
        }
    }

    /// What is known of it, and every change: a child's device may fail, and work again. None where it does not change.
    pub fn changes(&self) -> Option<watch::Receiver<Found>> {
        Some(self.isolated.as_ref()?.changes())
    }

    /// The keys.
    pub fn keys(&self) -> &CircuitKeys {
        &self.keys
    }

    /// The reference string.
    pub fn srs(&self) -> &Srs {
        &self.srs
    }

    /// What verifies these wraps, without the rest.
    pub(crate) fn verifier(&self) -> WrapVerifier {
        WrapVerifier {
            key: Arc::new(self.keys.verifier().clone()),
            circuit: self.keys.fingerprint(),
            srs: self.srs.kind(),
            srs_checksum: self.srs.checksum(),
        }
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
        let Some(child) = &self.isolated else {
            return self.prove_here(compress, proof);
        };
        let request = Proof::Compressed(proof.clone()).to_bytes();
        child.prove(
            &request,
            |snark| verify_snark(self.keys.verifier(), proof, snark),
            || self.prove_here(compress, proof),
        )
    }

    fn prove_here(
        &self,
        compress: &CircuitData<F, Bn254Config, D>,
        proof: &CompressedProof,
    ) -> Result<Wrapped, ProveError> {
        let circuit = WrapCircuit::new(&compress.common, &compress.verifier_only, proof)
            .map_err(ProveError::WrapCircuit)?;
        let instances: [_; INSTANCES] = circuit
            .instances()
            .try_into()
            .expect("27 public inputs make nine instances");
        let (prover, _) = self.opened().map_err(ProveError::Backend)?;
        let proved = prover.prove(&circuit, instances).map_err(ProveError::Wrap)?;
        Ok(proved.into())
    }

    fn opened(&self) -> Result<&(SnarkProver, Found), OpenError> {
        if let Some(opened) = self.prover.get() {
            return Ok(opened);
        }
        let opened = open(&self.keys, &self.srs, self.backend)?;
        Ok(self.prover.get_or_init(|| opened))
    }
}
