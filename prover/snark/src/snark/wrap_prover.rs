//! Proofs that are always checked, by a backend that may fail.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, OnceLock},
};

use ashlar_accel::{AccelError, Backend, cpu::CpuBackend};
use halo2_proofs::{
    halo2curves::bn256::{Bn256, Fr, G1Affine},
    plonk::{Circuit, ProvingKey},
    poly::kzg::commitment::ParamsKZG,
};

use super::{
    BackendChoice, BackendConfig, INSTANCES, ProveError, Snark, VerifierKey, VerifyError, WrapKeys, icicle,
    transcript::Transcript,
};
use crate::{
    prover::{Memory, PreparedKey, ProverError, Seed, Steps, Witness},
    srs::Srs,
};

/// Makes proofs for one pair of keys and SRS, prepared once for one backend. Every proof is verified before it is
/// handed out.
///
/// A backend other than the CPU may fail or compute wrong values: then the same witness is proved once more on the CPU,
/// and the log and [`Wrapped::fallback`] say why.
pub struct WrapProver {
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
pub struct Wrapped {
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
    /// The process that the backend ran in died, overran its deadline or answered nonsense.
    #[error("{backend} in a process of its own: {reason}")]
    Process {
        /// Name of the backend.
        backend: &'static str,
        /// What became of the process: its exit status or signal in words, or what it said.
        reason: String,
    },
    /// The backend failed so often in a row that it is left alone for a while.
    #[error("{backend} is left alone for {remaining_secs} s more after {faults} faults in a row")]
    Resting {
        /// Name of the backend.
        backend: &'static str,
        /// Faults without a success between them.
        faults: u32,
        /// Seconds until it is tried again.
        remaining_secs: u64,
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

impl std::fmt::Debug for WrapProver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WrapProver")
            .field("backend", &self.backend())
            .finish_non_exhaustive()
    }
}

impl WrapProver {
    /// Prepares the keys for the chosen backend (a second at k = 18).
    pub fn new(keys: &WrapKeys, srs: &Srs, config: impl Into<BackendConfig>) -> Result<Self, ProveError> {
        let BackendConfig { choice, device } = config.into();
        let prover = match choice {
            BackendChoice::Cpu => Self::on_cpu(keys, srs)?,
            BackendChoice::Icicle => icicle::prover(keys, srs, device)?,
            BackendChoice::Auto => match icicle::prover_if_any(keys, srs, device)? {
                Some(prover) => prover,
                None => Self::on_cpu(keys, srs)?,
            },
        };
        if let Some(Memory { held, proof }) = prover.memory() {
            // See `Memory` for what they are, and at which step a proof needs most.
            let (held_mib, proof_peak_mib) = (held >> 20, proof >> 20);
            tracing::info!(
                backend = prover.backend(),
                held_mib,
                proof_peak_mib,
                "wrap prover ready"
            );
        }
        Ok(prover)
    }

    fn on_cpu(keys: &WrapKeys, srs: &Srs) -> Result<Self, ProveError> {
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
        keys: &WrapKeys,
        srs: &Srs,
        backend: B,
    ) -> Result<Self, ProveError> {
        Self::with_opened(keys, srs, backend.name(), || Ok(backend))
    }

    /// The same for a backend called `name` that may not open.
    pub(super) fn with_opened<B: Backend + 'static>(
        keys: &WrapKeys,
        srs: &Srs,
        name: &'static str,
        open: impl FnOnce() -> Result<B, AccelError>,
    ) -> Result<Self, ProveError> {
        let prepare = || PreparedKey::new(keys.proving_key().clone(), srs.params(), open()?);
        let primary: Result<Box<dyn ProveWitness>, _> = match caught(prepare) {
            Ok(Ok(key)) => Ok(Box::new(key)),
            Ok(Err(error)) if !error.depends_on_backend() => return Err(error.into()),
            Ok(Err(error)) => Err(unprepared(name, chain(&error))),
            Err(panic) => Err(unprepared(name, panic)),
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
    ) -> Result<Wrapped, ProveError> {
        self.prove_seeded(circuit, instances, Seed::from_os())
    }

    /// The same with a given seed, see [`Seed`] for when that is safe.
    pub fn prove_seeded<C: Circuit<Fr>>(
        &self,
        circuit: &C,
        instances: [Fr; INSTANCES],
        seed: Seed,
    ) -> Result<Wrapped, ProveError> {
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
                Err(panic) => failed(key.name(), panic),
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
    fn run(&self, key: &dyn ProveWitness) -> Result<Wrapped, Refusal> {
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
        Ok(Wrapped {
            snark,
            steps,
            backend: key.name(),
            fallback: None,
        })
    }
}

/// Runs what a driver may panic in; the error is the panic's message. All that it touches is only read.
fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let text = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        format!("panicked: {}", text.unwrap_or("no message"))
    })
}

/// An error and its sources.
fn chain(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(error.source(), |error| error.source());
    sources.fold(error.to_string(), |text, source| format!("{text}: {source}"))
}

fn failed(backend: &'static str, reason: String) -> Fallback {
    Fallback::Failed { backend, reason }
}

fn unprepared(backend: &'static str, reason: String) -> Fallback {
    Fallback::Unprepared { backend, reason }
}
