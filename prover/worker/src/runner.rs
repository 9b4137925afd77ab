//! What a job does, apart from the network.

use std::{sync::Arc, time::Instant};

use ashlar_proto::{Bytes, JobKind};
use ashlar_report::{Chain, caught, cpu, memory};
use tokio::sync::oneshot;

/// Proves jobs. A pure function of the job: the same inputs may be proved twice, here or elsewhere.
pub trait JobRunner: Send + Sync + 'static {
    /// Makes the proof of `kind` from `inputs`: a witness for [`JobKind::Chunk`], the left and the right proof for
    /// [`JobKind::Fold`], else the one proof before. Checks the proof before returning it. Called on a thread of its
    /// own, one job at a time.
    ///
    /// # Errors
    /// [`RunError`], with whether another attempt may succeed.
    fn run(&self, kind: JobKind, inputs: Vec<Bytes>) -> Result<JobOutput, RunError>;
}

/// A finished job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobOutput {
    /// The proof.
    pub bytes: Bytes,
    /// What its steps cost. If empty, one step named after the kind is reported.
    pub steps: Vec<StepMetric>,
    /// Why it was not made where it was meant to be, for example on the CPU and not on a card. Kept with the job.
    pub fallback: Option<String>,
}

/// Cost of one step inside a job.
#[derive(Debug, Clone, PartialEq)]
pub struct StepMetric {
    /// The step, named as in the pipeline: `prove_chunk`, `lift`, `fold`, `compress`, `wrap`.
    pub name: String,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Peak resident memory in bytes, if the step measured its own; else that of the job is reported.
    pub peak_rss_bytes: Option<u64>,
    /// CPU seconds of the processes that did it.
    pub cpu_seconds: f64,
    /// Seconds in calls of a device; zero on the CPU.
    pub device_seconds: f64,
}

/// Why a job could not be proved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RunError {
    /// Another attempt, here or elsewhere, may succeed.
    pub retryable: bool,
    /// The reason, with its causes: kept with the job and shown to the operator.
    pub message: String,
}

impl RunError {
    /// The fault is, or may be, this machine's or this moment's.
    pub fn retryable(message: impl Into<String>) -> Self {
        Self {
            retryable: true,
            message: message.into(),
        }
    }

    /// The input itself breaks a rule: proving it again, here or elsewhere, would fail the same way.
    pub fn fatal(message: impl Into<String>) -> Self {
        Self {
            retryable: false,
            message: message.into(),
        }
    }
}

/// Big enough for the deepest recursion of the provers' circuit builders.
pub const STACK_BYTES: usize = 64 << 20;

/// Runs a job on a thread of its own. A blocking task of the async runtime would keep the process from exiting
/// while it proves; this thread ends with the process.
pub(crate) async fn run_on_thread(
    runner: Arc<dyn JobRunner>,
    kind: JobKind,
    inputs: Vec<Bytes>,
) -> Result<JobOutput, RunError> {
    let (sender, receiver) = oneshot::channel();
    let job = move || {
        // A panic says nothing of the job: damaged keys or memory cause one as a bug does. Its pauses make a bug visible.
        let result = caught(|| measured(&*runner, kind, inputs))
            .unwrap_or_else(|text| Err(RunError::retryable(format!("panicked: {text}"))));
        sender.send(result).ok(); // nobody waits any more if the worker was told to stop
    };
    std::thread::Builder::new()
        .name(format!("prove-{kind}"))
        .stack_size(STACK_BYTES)
        .spawn(job)
        .map_err(|error| RunError::retryable(format!("cannot start a thread: {error}")))?;
    receiver
        .await
        .unwrap_or_else(|_| Err(RunError::retryable("the proving thread vanished")))
}

fn measured(runner: &dyn JobRunner, kind: JobKind, inputs: Vec<Bytes>) -> Result<JobOutput, RunError> {
    if let Err(error) = memory::reset_peak() {
        tracing::debug!(error = %Chain(&error), "peak memory is that of the process so far");
    }
    let (start, cpu_before) = (Instant::now(), cpu::process_time());
    let mut output = runner.run(kind, inputs)?;
    let (seconds, peak) = (start.elapsed().as_secs_f64(), memory::peak_bytes());
    if output.steps.is_empty() {
        output.steps.push(StepMetric {
            name: kind.name().into(),
            seconds,
            peak_rss_bytes: None,
            cpu_seconds: cpu::since(cpu_before).as_secs_f64(),
            device_seconds: 0.0,
        });
    }
    for step in &mut output.steps {
        step.peak_rss_bytes = step.peak_rss_bytes.or(peak);
    }
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Touchy;

    impl JobRunner for Touchy {
        fn run(&self, kind: JobKind, inputs: Vec<Bytes>) -> Result<JobOutput, RunError> {
            match kind {
                JobKind::Chunk => Ok(JobOutput {
                    bytes: inputs.concat().into(),
                    steps: vec![],
                    fallback: None,
                }),
                JobKind::Fold => Err(RunError::retryable("no memory")),
                _ => panic!("slot {}", 7),
            }
        }
    }

    #[tokio::test]
    async fn results_errors_and_panics_come_back() {
        let runner = Arc::new(Touchy);
        let output = run_on_thread(runner.clone(), JobKind::Chunk, vec![b"w".as_slice().into()])
            .await
            .expect("runs");
        assert_eq!(
            (&output.bytes[..], &output.steps[0].name[..]),
            (b"w".as_slice(), "chunk")
        );
        assert!(output.steps[0].peak_rss_bytes.is_some_and(|peak| peak > 1 << 20));
        let error = run_on_thread(runner.clone(), JobKind::Fold, vec![]).await;
        assert_eq!(error, Err(RunError::retryable("no memory")));
        let panic = run_on_thread(runner, JobKind::Wrap, vec![]).await;
        assert_eq!(panic, Err(RunError::retryable("panicked: slot 7")));
    }
}
