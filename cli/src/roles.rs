//! The engine as a worker runs it, and the verifier as the coordinator asks it.

use std::sync::Arc;

use ashlar_engine::VerifyError;
use ashlar_farm::{ProofVerifier, Refusal};
use ashlar_proto::{Bytes, Digest, JobKind};
use ashlar_report::chain;
use ashlar_worker::{Begun, JobOutput, JobRunner, RunError, StepMetric};

use crate::cache::{Engine, Verifier};

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
    fn run(&self, kind: JobKind, inputs: Vec<Bytes>, begun: &Begun) -> Result<JobOutput, RunError> {
        let job = self
            .0
            .decode_job(kind, &slices(&inputs))
            .map_err(|error| RunError::fatal(chain(&error)))?;
        let proved = self.0.prove_if(&job, &|| begun.enters());
        let proved = proved.map_err(|error| RunError {
            retryable: error.is_retryable(),
            message: chain(&error),
        })?;
        let steps = proved.steps.iter().map(|step| StepMetric {
            name: step.step.name().to_owned(),
            seconds: step.time.as_secs_f64(),
            peak_rss_bytes: None,
            cpu_seconds: step.cpu.as_secs_f64(),
            device_seconds: step.device.as_secs_f64(),
        });
        Ok(JobOutput {
            steps: steps.collect(),
            waited: proved.waited,
            fallback: proved.fallback.as_ref().map(ToString::to_string),
            bytes: proved.proof.to_bytes().into(),
        })
    }
}

/// Checks what workers deliver.
#[derive(Debug)]
pub struct ResultVerifier(Verifier);

impl ResultVerifier {
    /// With these keys.
    pub fn new(verifier: Verifier) -> Self {
        Self(verifier)
    }
}

impl ProofVerifier for ResultVerifier {
    fn verify(
        &self,
        circuit_set: Digest,
        kind: JobKind,
        inputs: &[Bytes],
        output: &Bytes,
    ) -> Result<(), Refusal> {
        if circuit_set.0 != self.0.circuit_set_digest() {
            return Err(Refusal::CannotTell(format!(
                "no keys of circuit set {circuit_set}"
            )));
        }
        // They are the coordinator's own: the worker has read them.
        let job = self
            .0
            .decode_job(kind, &slices(inputs))
            .map_err(|error| Refusal::CannotTell(format!("its inputs cannot be read: {}", chain(&error))))?;
        let proof = self
            .0
            .decode_proof(kind, output)
            .map_err(|error| Refusal::Rejected(chain(&error)))?;
        self.0.verify(&job, &proof).map_err(refusal)
    }
}

fn slices(inputs: &[Bytes]) -> Vec<&[u8]> {
    inputs.iter().map(AsRef::as_ref).collect()
}

/// Whose fault it is that a proof was not accepted.
fn refusal(error: VerifyError) -> Refusal {
    let reason = chain(&error);
    match error {
        VerifyError::NoWrapKeys | VerifyError::Panicked(_) => Refusal::CannotTell(reason),
        VerifyError::Kind
        | VerifyError::Witness(_)
        | VerifyError::Span(_)
        | VerifyError::Length(_)
        | VerifyError::Statement
        | VerifyError::NotNeighbours
        | VerifyError::Link(_)
        | VerifyError::OtherStream
        | VerifyError::Compressed(_)
        | VerifyError::Snark(_) => Refusal::Rejected(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_without_keys_or_that_panics_blames_nobody() {
        for own in [
            VerifyError::NoWrapKeys,
            VerifyError::Panicked("index out of bounds".into()),
        ] {
            assert!(matches!(refusal(own), Refusal::CannotTell(_)));
        }
        assert!(matches!(refusal(VerifyError::Statement), Refusal::Rejected(_)));
    }
}
