//! What a worker counts.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use ashlar_metrics::{Counter, Gauge, Histogram, Readiness, Registry, Source, names};
use ashlar_proto::JobKind;

/// What became of a job, as far as this worker can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobResult {
    /// Its proof was delivered, and was good.
    Proved,
    /// It could not be proved here, or the coordinator refused the proof.
    Failed,
    /// Its lease was handed back without a verdict.
    Released,
}

impl JobResult {
    const ALL: [Self; 3] = [Self::Proved, Self::Failed, Self::Released];

    const fn name(self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::Failed => "failed",
            Self::Released => "released",
        }
    }
}

/// The instruments of a worker; all clones are one.
#[derive(Debug, Clone)]
pub struct WorkerMetrics {
    jobs: Counter<2>,
    seconds: Histogram<1>,
    busy: Gauge,
    /// Jobs that are proved now.
    proving: Arc<Mutex<u32>>,
    fallbacks: Counter,
    readiness: Readiness,
}

impl Default for WorkerMetrics {
    fn default() -> Self {
        let results = |kind: JobKind| JobResult::ALL.map(move |result| [kind.name(), result.name()]);
        let busy = Gauge::new(names::WORKER_BUSY);
        busy.be(0.0);
        Self {
            jobs: Counter::new(names::WORKER_JOBS, JobKind::ALL.into_iter().flat_map(results)),
            seconds: Histogram::new(names::WORKER_JOB_SECONDS, JobKind::ALL.map(|kind| [kind.name()])),
            busy,
            proving: Arc::default(),
            fallbacks: Counter::new(names::WORKER_FALLBACKS, [[]]),
            readiness: Readiness::default(),
        }
    }
}

impl WorkerMetrics {
    /// Ready is a worker that the coordinator knows.
    pub const fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// Proving a job begins; the job ends when what this gives is dropped.
    pub(crate) fn begin(&self, kind: JobKind) -> Job {
        self.now_proving(|proving| proving + 1);
        Job {
            metrics: self.clone(),
            kind,
            start: Instant::now(),
            waited: Duration::ZERO,
            result: JobResult::Released,
            proving: true,
        }
    }

    /// A lease was handed back before its job began.
    pub(crate) fn released(&self, kind: JobKind) {
        self.count(kind, JobResult::Released);
    }

    /// A proof was made elsewhere than meant.
    pub(crate) fn fell_back(&self) {
        self.fallbacks.count([]);
    }

    fn now_proving(&self, change: impl FnOnce(u32) -> u32) {
        let mut proving = self.proving.lock().unwrap_or_else(PoisonError::into_inner);
        *proving = change(*proving);
        self.busy.be(f64::from(u8::from(*proving > 0)));
    }

    fn count(&self, kind: JobKind, result: JobResult) {
        self.jobs.count([kind.name(), result.name()]);
    }
}

impl Source for WorkerMetrics {
    fn register(&self, registry: &mut Registry) {
        self.jobs.register(registry);
        self.seconds.register(registry);
        self.busy.register(registry);
        self.fallbacks.register(registry);
    }
}

/// A job in progress: handed back, unless something else becomes of it.
#[derive(Debug)]
pub(crate) struct Job {
    metrics: WorkerMetrics,
    kind: JobKind,
    start: Instant,
    waited: Duration,
    result: JobResult,
    proving: bool,
}

impl Job {
    /// It is no longer proved, and still to be delivered.
    pub(crate) fn proving_ended(&mut self) {
        if std::mem::take(&mut self.proving) {
            self.metrics.now_proving(|proving| proving - 1);
        }
    }

    /// So long it waited for another job.
    pub(crate) fn waited(&mut self, time: Duration) {
        self.waited = time;
    }

    /// This became of it.
    pub(crate) fn end(mut self, result: JobResult) {
        self.result = result;
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.proving_ended();
        self.metrics.count(self.kind, self.result);
        if self.result == JobResult::Proved {
            self.metrics.seconds.observe(
                [self.kind.name()],
                self.start.elapsed().saturating_sub(self.waited),
            );
        }
    }
}
