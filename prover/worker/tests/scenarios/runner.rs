//! Stands in for the engine: a "proof" is a hash, made as slowly or as badly as a test wants.

use std::{
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use ashlar_proto::{Bytes, JobKind, farm::v1 as pb};
use ashlar_worker::{Begun, JobOutput, JobRunner, Link, RunError, WorkerConfig, WorkerError, run};
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use ashlar_farm::testing::{circuit_set, hash_proof};

/// What every wrap reports.
pub const FALLBACK: &str = "the card was lost: proved on the CPU";

type Behaviour = Box<dyn Fn(JobKind) -> Result<(), RunError> + Send + Sync>;

/// Hashes after doing what it is told.
pub struct HashRunner {
    pub runs: AtomicU32,
    before: Behaviour,
    lies: bool,
}

impl HashRunner {
    pub fn new(before: impl Fn(JobKind) -> Result<(), RunError> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            runs: AtomicU32::new(0),
            before: Box::new(before),
            lies: false,
        })
    }

    /// Delivers what is no proof.
    pub fn lying() -> Arc<Self> {
        Arc::new(Self {
            runs: AtomicU32::new(0),
            before: Box::new(|_| Ok(())),
            lies: true,
        })
    }

    pub fn quick() -> Arc<Self> {
        Self::new(|_| Ok(()))
    }

    /// Keeps a core busy for a while before each hash.
    pub fn busy(time: Duration) -> Arc<Self> {
        Self::new(move |_| {
            let start = Instant::now();
            while start.elapsed() < time {
                std::hint::spin_loop();
            }
            Ok(())
        })
    }
}

/// Holds jobs up until a test lets them go on.
#[derive(Default)]
pub struct Gate {
    begun: watch::Sender<usize>,
    open: Mutex<usize>,
    opened: Condvar,
}

impl Gate {
    /// Closed, and a runner whose jobs wait at it before they do `before`.
    pub fn runner(
        before: impl Fn(JobKind) -> Result<(), RunError> + Send + Sync + 'static,
    ) -> (Arc<Self>, Arc<HashRunner>) {
        let gate = Arc::new(Self::default());
        let at = gate.clone();
        let runner = HashRunner::new(move |kind| {
            at.pass();
            before(kind)
        });
        (gate, runner)
    }

    /// Waits until it may go on.
    pub fn pass(&self) {
        self.begun.send_modify(|begun| *begun += 1);
        let open = self.open.lock().unwrap();
        let mut open = self.opened.wait_while(open, |open| *open == 0).unwrap();
        *open -= 1;
    }

    /// Lets so many jobs pass.
    pub fn admit(&self, jobs: usize) {
        *self.open.lock().unwrap() += jobs;
        self.opened.notify_all();
    }

    /// Waits until so many jobs were begun.
    pub async fn begun(&self, jobs: usize) {
        let mut begun = self.begun.subscribe();
        let waited = tokio::time::timeout(Duration::from_secs(30), begun.wait_for(|begun| *begun >= jobs));
        waited.await.expect("a job is begun").unwrap();
    }
}

impl JobRunner for HashRunner {
    fn run(&self, kind: JobKind, inputs: Vec<Bytes>, _: &Begun) -> Result<JobOutput, RunError> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        (self.before)(kind)?;
        Ok(JobOutput {
            bytes: if self.lies {
                Bytes::from_static(b"forged")
            } else {
                hash_proof(kind, &inputs)
            },
            steps: vec![],
            waited: Duration::ZERO,
            fallback: (kind == JobKind::Wrap).then(|| FALLBACK.to_owned()),
        })
    }
}

/// How many of a job's leases were attempts. On a busy machine a call for a job may end just as its lease is granted, which is
/// then handed back unseen.
pub fn attempts(leases: &[pb::LeaseRecord]) -> usize {
    let seen = leases.iter().filter(|lease| lease.outcome != "handed back");
    seen.count()
}

/// Settings for a coordinator at `address`, with short waits.
pub fn config(address: std::net::SocketAddr, name: &str) -> WorkerConfig {
    let coordinator = Link::new(&format!("http://{address}"), None).unwrap();
    WorkerConfig {
        lease_wait: Duration::from_millis(500),
        retry_delay: (Duration::from_millis(20), Duration::from_millis(200)),
        ..WorkerConfig::new(coordinator, name, circuit_set())
    }
}

/// A worker in this process.
pub struct Worker {
    pub stop: CancellationToken,
    task: JoinHandle<Result<(), WorkerError>>,
}

impl Worker {
    pub fn start(config: WorkerConfig, runner: Arc<impl JobRunner>) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(run(config, runner, stop.clone()));
        Self { stop, task }
    }

    /// Waits until it ends by itself.
    pub async fn ended(self) -> Result<(), WorkerError> {
        self.task.await.unwrap()
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.ended().await.unwrap();
    }
}
