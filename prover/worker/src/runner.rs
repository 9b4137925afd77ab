//! What a job does, apart from the network.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ashlar_proto::{Bytes, JobKind};
use ashlar_report::{caught, cpu::Thread};
use tokio::sync::oneshot;

use crate::{begun::Begun, peak::Peak};

/// Proves jobs. A pure function of the job: the same inputs may be proved twice, here or elsewhere.
pub trait JobRunner: Send + Sync + 'static {
    /// Makes the proof of `kind` from `inputs`: a witness for [`JobKind::Chunk`], the left and the right proof for
    /// [`JobKind::Fold`], else the one proof before. Checks the proof before returning it. Called on a thread of its
    /// own, for at most two jobs at a time: for a second one once [`Begun::enters`] was asked for the first, and for one job
    /// at a time if that is never asked. Who asks must let only one of them compute on all cores.
    ///
    /// # Errors
    /// [`RunError`], with whether another attempt may succeed. Any, if the job is not wanted any more.
    fn run(&self, kind: JobKind, inputs: Vec<Bytes>, begun: &Begun) -> Result<JobOutput, RunError>;
}

/// A finished job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobOutput {
    /// The proof.
    pub bytes: Bytes,
    /// What its steps cost. If empty, one step named after the kind is reported, with the CPU time of the job's thread.
    pub steps: Vec<StepMetric>,
    /// How long it waited while another job computed: no part of its steps.
    pub waited: Duration,
    /// Why it was not made where it was meant to be, for example on the CPU and not on a card. Kept with the job.
    pub fallback: Option<String>,
}

/// Cost of one step inside a job.
#[derive(Debug, Clone, PartialEq)]
pub struct StepMetric {
    /// The step, named as in the pipeline: `prove_chunk`, `lift`, `fold`, `compress`, `wrap`.
    pub name: String,
    /// Wall-clock seconds, without those in which it waited.
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
    begun: Begun,
) -> Result<JobOutput, RunError> {
    let (sender, receiver) = oneshot::channel();
    let job = move || {
        // A panic says nothing of the job: damaged keys or memory cause one as a bug does. Its pauses make a bug visible.
        let result = caught(|| measured(&*runner, kind, inputs, &begun))
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

fn measured(
    runner: &dyn JobRunner,
    kind: JobKind,
    inputs: Vec<Bytes>,
    begun: &Begun,
) -> Result<JobOutput, RunError> {
    let (peak, start) = (Peak::watch(), Instant::now());
    let mut output = runner.run(kind, inputs, begun)?;
    let (time, peak) = (start.elapsed().saturating_sub(output.waited), peak.bytes());
    if output.steps.is_empty() {
        output.steps.push(StepMetric {
            name: kind.name().into(),
            seconds: time.as_secs_f64(),
            peak_rss_bytes: None,
            cpu_seconds: Thread::current().time().as_secs_f64(), // a thread of its own
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
        fn run(&self, kind: JobKind, inputs: Vec<Bytes>, _: &Begun) -> Result<JobOutput, RunError> {
            match kind {
                JobKind::Chunk => Ok(JobOutput {
                    bytes: inputs.concat().into(),
                    steps: vec![],
                    waited: Duration::ZERO,
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
        let run = |kind, inputs| run_on_thread(runner.clone(), kind, inputs, Begun::default());
        let output = run(JobKind::Chunk, vec![b"w".as_slice().into()])
            .await
            .expect("runs");
        assert_eq!(
            (&output.bytes[..], &output.steps[0].name[..]),
            (b"w".as_slice(), "chunk")
        );
        assert!(output.steps[0].peak_rss_bytes.is_some_and(|peak| peak > 1 << 20));
        let error = run(JobKind::Fold, vec![]).await;
        assert_eq!(error, Err(RunError::retryable("no memory")));
        let panic = run(JobKind::Wrap, vec![]).await;
        assert_eq!(panic, Err(RunError::retryable("panicked: slot 7")));
    }
}
