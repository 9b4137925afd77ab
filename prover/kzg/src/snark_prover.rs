//! Proofs that are always checked, by a backend that may fail.

use std::sync::{Arc, OnceLock};

use ashlar_accel::{AccelError, Backend, cpu::CpuBackend};
use ashlar_report::{caught, chain};
use halo2_proofs::{
    halo2curves::bn256::{Bn256, Fr, G1Affine},
    plonk::{Circuit, ProvingKey},
    poly::kzg::commitment::ParamsKZG,
};

use crate::{
    CircuitKeys, INSTANCES, ProveError, Snark, VerifierKey, VerifyError,
    prover::{Memory, PreparedKey, ProverError, Seed, Steps, Witness},
    srs::Srs,
    transcript::Transcript,
};

/// Makes proofs for one pair of keys and SRS, prepared once for one backend. Every proof is verified before it is
/// handed out.
///
/// A backend other than the CPU may fail or compute wrong values: then the same witness is proved once more on the CPU,
/// and the log and [`ProvedSnark::fallback`] say why.
pub struct SnarkProver {
    pk: Arc<ProvingKey<G1Affine>>,
    verifier: VerifierKey,
    primary: Result<Box<dyn ProveWitness>, Fallback>,
    cpu: Option<Cpu>,
}

/// The CPU behind another backend; prepared when it is first needed.
struct Cpu {
    params: ParamsKZG<Bn256>,
    key: OnceLock<PreparedKey<CpuBackend>>,
}

/// A proof with what it cost.
#[derive(Debug)]
pub struct ProvedSnark {
    /// The proof, verified.
    pub snark: Snark,
    /// Steps of the attempt that made it, between synthesis and verification.
    pub steps: Steps,
    /// The backend that made it.
    pub backend: &'static str,
    /// Why it was not the chosen one.
    pub fallback: Option<Fallback>,
}

/// Why a proof was made on the CPU.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fallback {
    /// The backend could not hold the keys.
    #[error("{backend} cannot be prepared: {reason}")]
    Unprepared {
        /// Name of the backend.
        backend: &'static str,
        /// What it said.
        reason: String,
    },
    /// The backend stopped.
    #[error("{backend} failed: {reason}")]
    Failed {
        /// Name of the backend.
        backend: &'static str,
        /// What it said.
        reason: String,
    },
    /// The backend computed wrong values: its proof does not verify and the CPU's does.
    #[error("{backend} made a proof that does not verify")]
    WrongProof {
        /// Name of the backend.
        backend: &'static str,
    },
}

/// A prepared key, whatever its backend.
trait ProveWitness: Send + Sync {
    fn name(&self) -> &'static str;
    fn memory(&self) -> Memory;
    fn prove(&self, witness: &Witness, instances: &[Fr], seed: Seed)
    -> Result<(Vec<u8>, Steps), ProverError>;
}

impl<B: Backend> ProveWitness for PreparedKey<B> {
    fn name(&self) -> &'static str {
        self.backend().name()
    }

    fn memory(&self) -> Memory {
        PreparedKey::memory(self)
    }

    fn prove(
        &self,
        witness: &Witness,
        instances: &[Fr],
        seed: Seed,
    ) -> Result<(Vec<u8>, Steps), ProverError> {
        let mut transcript = Transcript::new(Vec::new());
        let steps = self.prove_witness(witness, &[instances], seed, &mut transcript)?;
        Ok((transcript.finalize(), steps))
    }
}

impl std::fmt::Debug for SnarkProver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SnarkProver")
            .field("backend", &self.backend())
            .finish_non_exhaustive()
    }
}

impl SnarkProver {
    /// Prepares the keys for the CPU (a second at k = 18).
    pub fn on_cpu(keys: &CircuitKeys, srs: &Srs) -> Result<Self, ProveError> {
        let key = PreparedKey::new(keys.proving_key().clone(), srs.params(), CpuBackend::new())?;
        Ok(Self {
            pk: keys.proving_key().clone(),
            verifier: keys.verifier().clone(),
            primary: Ok(Box::new(key)),
            cpu: None,
        })
    }

    /// Prepares the keys for `backend`, with the CPU behind it.
    pub fn with_backend<B: Backend + 'static>(
        keys: &CircuitKeys,
        srs: &Srs,
        backend: B,
    ) -> Result<Self, ProveError> {
        Self::with_opened(keys, srs, backend.name(), || Ok(backend))
    }

    /// The same for a backend called `name` that may not open: that is a [`Fallback`], told with each proof.
    pub fn with_opened<B: Backend + 'static>(
        keys: &CircuitKeys,
        srs: &Srs,
        name: &'static str,
        open: impl FnOnce() -> Result<B, AccelError>,
    ) -> Result<Self, ProveError> {
        let prepare = || PreparedKey::new(keys.proving_key().clone(), srs.params(), open()?);
        let primary: Result<Box<dyn ProveWitness>, _> = match caught(prepare) {
            Ok(Ok(key)) => Ok(Box::new(key)),
            Ok(Err(error)) if !error.depends_on_backend() => return Err(error.into()),
            Ok(Err(error)) => Err(unprepared(name, chain(&error))),
            Err(panic) => Err(unprepared(name, panicked(&panic))),
        };
        Ok(Self {
            pk: keys.proving_key().clone(),
            verifier: keys.verifier().clone(),
            primary,
            cpu: Some(Cpu {
                params: srs.params().clone(),
                key: OnceLock::new(),
            }),
        })
    }

    /// Name of the backend that proofs are tried on first.
    pub fn backend(&self) -> &'static str {
        self.primary.as_ref().map_or("cpu", |key| key.name())
    }

    /// Why the chosen backend could not hold the keys, if it could not.
    pub fn unprepared(&self) -> Option<&Fallback> {
        self.primary.as_ref().err()
    }

    /// What the prepared key holds and a proof adds; none where the backend could not hold it.
    pub fn memory(&self) -> Option<Memory> {
        Some(self.primary.as_ref().ok()?.memory())
    }

    /// Proves `circuit`. The blinding comes from the operating system, so two proofs of one witness differ.
    pub fn prove<C: Circuit<Fr>>(
        &self,
        circuit: &C,
        instances: [Fr; INSTANCES],
    ) -> Result<ProvedSnark, ProveError> {
        self.prove_seeded(circuit, instances, Seed::from_os())
    }

    /// The same with a given seed, see [`Seed`] for when that is safe.
    pub fn prove_seeded<C: Circuit<Fr>>(
        &self,
        circuit: &C,
        instances: [Fr; INSTANCES],
        seed: Seed,
    ) -> Result<ProvedSnark, ProveError> {
        let mut steps = Steps::default();
        let witness = steps.time("witness", tracing::info_span!("witness"), || {
            Witness::synthesize(self.pk.get_vk(), circuit, &[&instances])
        })?;
        let job = Job {
            verifier: &self.verifier,
            witness,
            instances,
            seed,
            before: steps,
        };
        let fallback = match &self.primary {
            Err(unprepared) => unprepared.clone(),
            Ok(key) if self.cpu.is_none() => return job.run(key.as_ref()).map_err(ProveError::from),
            Ok(key) => match caught(|| job.run(key.as_ref())) {
                Ok(Ok(wrapped)) => return Ok(wrapped),
                Ok(Err(Refusal::Prover(error))) if !error.depends_on_backend() => return Err(error.into()),
                Ok(Err(Refusal::Prover(error))) => failed(key.name(), chain(&error)),
                Ok(Err(Refusal::Proof(_))) => Fallback::WrongProof { backend: key.name() },
                Err(panic) => failed(key.name(), panicked(&panic)),
            },
        };
        tracing::warn!(reason = %fallback, "proving on the CPU instead");
        let cpu = self.cpu.as_ref().expect("only a CPU prover has none behind it");
        let mut wrapped = job.run(cpu.key(&self.pk)?)?;
        wrapped.fallback = Some(fallback);
        Ok(wrapped)
    }
}

impl Cpu {
    fn key(&self, pk: &Arc<ProvingKey<G1Affine>>) -> Result<&PreparedKey<CpuBackend>, ProverError> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let key = PreparedKey::new(pk.clone(), &self.params, CpuBackend::new())?;
        Ok(self.key.get_or_init(|| key))
    }
}

/// A witness to be proved, perhaps twice.
struct Job<'a> {
    verifier: &'a VerifierKey,
    witness: Witness,
    instances: [Fr; INSTANCES],
    seed: Seed,
    before: Steps,
}

/// Why one attempt gives no proof.
enum Refusal {
    Prover(ProverError),
    Proof(VerifyError),
}

impl From<Refusal> for ProveError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Prover(error) => error.into(),
            Refusal::Proof(error) => Self::Unsatisfied(error),
        }
    }
}

impl Job<'_> {
    fn run(&self, key: &dyn ProveWitness) -> Result<ProvedSnark, Refusal> {
        // The same seed on a second attempt is safe: the witness is the same, and a refused proof goes nowhere.
        let (proof, proving) = key
            .prove(&self.witness, &self.instances, self.seed)
            .map_err(Refusal::Prover)?;
        let snark = Snark {
            proof,
            instances: self.instances,
        };
        let mut steps = self.before.clone();
        steps.append(proving);
        steps
            .time("verify", tracing::info_span!("verify"), || {
                self.verifier.verify(&snark)
            })
            .map_err(Refusal::Proof)?;
        Ok(ProvedSnark {
            snark,
            steps,
            backend: key.name(),
            fallback: None,
        })
    }
}

/// A driver's panic; all that it touches is only read.
fn panicked(text: &str) -> String {
    format!("panicked: {text}")
}

fn failed(backend: &'static str, reason: String) -> Fallback {
    Fallback::Failed { backend, reason }
}

fn unprepared(backend: &'static str, reason: String) -> Fallback {
    Fallback::Unprepared { backend, reason }
}
