//! The engine as the commands use it: opened from the cache, run by a worker, asked by the coordinator.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, ensure};
use ashlar_accel::BackendConfig;
use ashlar_engine::{Engine, WrapKit};
use ashlar_farm::{ProofVerifier, Rejection};
use ashlar_kzg::srs::{Srs, SrsKind};
use ashlar_proto::{Bytes, JobKind};
use ashlar_recursion::CircuitSet;
use ashlar_report::chain;
use ashlar_worker::{JobOutput, JobRunner, RunError, StepMetric};
use ashlar_wrap::circuit::WRAP_K;

/// Where circuits and keys are kept unless told otherwise.
pub const DEFAULT_CACHE: &str = "target/ashlar";

/// Where circuits, keys and reference string come from.
#[derive(Clone, Debug, clap::Args)]
pub struct Cache {
    /// Circuits, keys and reference string are kept here.
    #[arg(long, default_value = DEFAULT_CACHE)]
    pub cache_dir: PathBuf,
    /// Refuse the insecure development reference string; use the one that `ashlar setup --ptau` has stored.
    #[arg(long)]
    pub production: bool,
}

impl Cache {
    /// The reference string: the ceremony's if it was stored, else (and never with `--production`) the development one.
    pub fn srs(&self) -> anyhow::Result<Srs> {
        let ceremony = Srs::path(&self.cache_dir, SrsKind::PowersOfTau, WRAP_K);
        if let Some(srs) = Srs::load(&ceremony)? {
            return Ok(srs);
        }
        ensure!(
            !self.production,
            "no ceremony reference string in {}: run `ashlar setup --ptau FILE` first",
            self.cache_dir.display()
        );
        Ok(Srs::load_or_generate_insecure(&self.cache_dir, WRAP_K)?)
    }

    /// Opens the engine; what the cache lacks is made and stored.
    pub fn engine(&self) -> anyhow::Result<Arc<Engine>> {
        self.engine_on(BackendConfig::default())
    }

    /// The same, for who wraps proofs in this process on a chosen backend.
    pub fn engine_on(&self, backend: BackendConfig) -> anyhow::Result<Arc<Engine>> {
        let (circuits, kit) = self.open()?;
        Ok(Arc::new(
            Engine::new(circuits).with_wrap(kit.with_backend(backend)?)?,
        ))
    }

    /// The parts of an engine.
    pub fn open(&self) -> anyhow::Result<(CircuitSet, WrapKit)> {
        std::fs::create_dir_all(&self.cache_dir)
            .with_context(|| format!("cannot create {}", self.cache_dir.display()))?;
        let circuits = ashlar_engine::load_or_build(&self.cache_dir)?;
        let srs = self.srs()?;
        if self.production {
            srs.require_production()?;
        }
        let kit = WrapKit::load_or_generate(&self.cache_dir, srs, &circuits)?;
        Ok((circuits, kit))
    }
}

/// Proves a worker's jobs.
#[derive(Debug)]
pub struct EngineRunner(Arc<Engine>);

impl EngineRunner {
    /// A runner of this engine.
    pub fn new(engine: Arc<Engine>) -> Self {
        Self(engine)
    }
}

impl JobRunner for EngineRunner {
    fn run(&self, kind: JobKind, inputs: Vec<Bytes>) -> Result<JobOutput, RunError> {
        let job = self
            .0
            .decode_job(kind, &inputs)
            .map_err(|error| RunError::fatal(chain(&error)))?;
        let proved = self.0.prove(&job).map_err(|error| RunError {
            retryable: error.is_retryable(),
            message: chain(&error),
        })?;
        let steps = proved.steps.iter().map(|step| StepMetric {
            name: step.step.name().to_owned(),
            seconds: step.time.as_secs_f64(),
            peak_rss_bytes: None,
        });
        Ok(JobOutput {
            steps: steps.collect(),
            fallback: proved.fallback.as_ref().map(ToString::to_string),
            bytes: proved.proof.to_bytes().into(),
        })
    }
}

/// Checks what workers deliver.
#[derive(Debug)]
pub struct EngineVerifier(Arc<Engine>);

impl EngineVerifier {
    /// A verifier with this engine's keys.
    pub fn new(engine: Arc<Engine>) -> Self {
        Self(engine)
    }
}

impl ProofVerifier for EngineVerifier {
    fn verify(&self, kind: JobKind, inputs: &[Bytes], output: &Bytes) -> Result<(), Rejection> {
        let job = self
            .0
            .decode_job(kind, inputs)
            .map_err(|error| Rejection(chain(&error)))?;
        let proof = self
            .0
            .decode_proof(kind, output)
            .map_err(|error| Rejection(chain(&error)))?;
        self.0
            .verify(&job, &proof)
            .map_err(|error| Rejection(chain(&error)))
    }
}

/// Creation code of the generated verifier contract, if it is the one for the wrap verifying key with this digest.
pub fn verifier_contract(wrap_verifier: &str) -> anyhow::Result<Vec<u8>> {
    let contract = ashlar_contracts::generated_verifier().context("verifier artifact")?;
    ensure!(
        contract.digest == wrap_verifier,
        "the verifier contract in this build is for key {}, the circuits have key {wrap_verifier}: run `ashlar circuits verifier --out verifier-contracts/generated/wrap` and verifier-contracts/script/build",
        contract.digest
    );
    Ok(contract.creation_code.to_vec())
}
