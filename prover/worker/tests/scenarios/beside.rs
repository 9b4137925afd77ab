//! A job is made ready beside the one that has its turn on the cores.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use ashlar_farm::{
    FarmConfig,
    testing::{self, Coordinator, batch_ref, hash_proof, leases_of},
};
use ashlar_proto::{Bytes, JobKind, farm::v1 as pb};
use ashlar_traces::{Finished, Sink, Traces, Value};
use ashlar_worker::{Begun, JobOutput, JobRunner, RunError, WorkerConfig};

use crate::{
    metrics::{busy, job_seconds, jobs},
    overlap::{Fetched, in_state, leased, until},
    runner::{Gate, Worker, config},
};

const ALL: usize = 1000;

/// What each job says that it waited.
const WAITED: Duration = Duration::from_secs(3600);

/// Makes jobs ready, then hashes them one at a time, each when the gate lets it.
#[derive(Default)]
struct TurnRunner {
    made_ready: AtomicU32,
    turn: Mutex<()>,
    inside: AtomicU32,
    gate: Gate,
    declined: AtomicU32,
    panics: AtomicU32,
}

impl TurnRunner {
    fn made_ready(&self) -> u32 {
        self.made_ready.load(Ordering::SeqCst)
    }
}

impl JobRunner for TurnRunner {
    fn run(&self, kind: JobKind, inputs: Vec<Bytes>, begun: &Begun) -> Result<JobOutput, RunError> {
        self.made_ready.fetch_add(1, Ordering::SeqCst);
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if !begun.enters() {
            self.declined.fetch_add(1, Ordering::SeqCst);
            return Err(RunError::retryable("not wanted"));
        }
        assert_eq!(self.inside.fetch_add(1, Ordering::SeqCst), 0, "two in one turn");
        self.gate.pass();
        self.inside.fetch_sub(1, Ordering::SeqCst);
        if self.panics.swap(0, Ordering::SeqCst) > 0 {
            panic!("index out of bounds");
        }
        drop(turn);
        Ok(JobOutput {
            bytes: hash_proof(kind, &inputs),
            steps: vec![],
            waited: WAITED,
            fallback: None,
        })
    }
}

async fn made_ready(runner: &TurnRunner, count: u32) {
    until("so many were made ready", async || runner.made_ready() >= count).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_job_is_made_ready_in_the_present_one_s_turn_and_no_third_one() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    client.submit(1, 6).await;
    let (runner, fetched) = (Arc::new(TurnRunner::default()), Arc::new(Fetched::default()));
    let settings = WorkerConfig {
        prefetch: 2,
        traces: Traces::into_sink(fetched.clone()),
        ..config(coordinator.address, "w")
    };
    let metrics = settings.metrics.clone();
    let worker = Worker::start(settings, runner.clone());
    for present in 1..=3 {
        runner.gate.begun(present).await;
        made_ready(&runner, present as u32 + 1).await;
        until("the one after is fetched", async || {
            fetched.0.load(Ordering::SeqCst) as usize == present + 2
        })
        .await;
        leased(&mut client, 1, 3).await;
        assert_eq!(runner.made_ready(), present as u32 + 1, "no third one");
        assert_eq!(busy(&metrics), 1.0);
        runner.gate.admit(1);
    }
    runner.gate.admit(ALL);
    client.assert_done(1, 6).await;
    worker.stop().await;
    assert_eq!((runner.made_ready(), busy(&metrics)), (13, 0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_told_to_stop_hands_back_what_waits_for_its_turn() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    client.submit(1, 3).await;
    let runner = Arc::new(TurnRunner::default());
    let settings = config(coordinator.address, "w");
    let metrics = settings.metrics.clone();
    let worker = Worker::start(settings, runner.clone());
    runner.gate.begun(1).await;
    made_ready(&runner, 2).await;
    worker.stop.cancel();
    leased(&mut client, 1, 1).await; // while the first still has its turn
    runner.gate.admit(ALL);
    worker.ended().await.unwrap();
    let done = in_state(&mut client, 1, pb::JobState::Done).await;
    assert_eq!(done.len(), 1, "the present one was delivered");
    for job in in_state(&mut client, 1, pb::JobState::Ready).await {
        assert_eq!((job.failed_attempts, job.machine_faults), (0, 0));
    }
    let [proved, released] = ["proved", "released"].map(|result| jobs(&metrics, "chunk", result));
    assert_eq!((proved, released), (1.0, 1.0));
    assert_eq!(runner.declined.load(Ordering::SeqCst), 1, "it computes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_cannot_wait_hands_both_back() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    client.submit(1, 3).await;
    let runner = Arc::new(TurnRunner::default());
    let settings = WorkerConfig {
        drain_timeout: Duration::from_millis(50),
        ..config(coordinator.address, "w")
    };
    let metrics = settings.metrics.clone();
    let worker = Worker::start(settings, runner.clone());
    runner.gate.begun(1).await;
    made_ready(&runner, 2).await;
    tokio::time::timeout(Duration::from_secs(10), worker.stop())
        .await
        .expect("it waits for neither");
    assert_eq!(in_state(&mut client, 1, pb::JobState::Ready).await.len(), 3);
    assert_eq!(jobs(&metrics, "chunk", "released"), 2.0, "each once");
    assert_eq!(busy(&metrics), 0.0);
    runner.gate.admit(ALL); // lets the threads end
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_lease_is_lost_while_it_waits_computes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(leases_of(dir.path(), 3000));
    let mut client = coordinator.client().await;
    client.submit(1, 1).await;
    client.submit(2, 3).await;
    let runner = Arc::new(TurnRunner::default());
    let settings = config(coordinator.address, "w");
    let metrics = settings.metrics.clone();
    let worker = Worker::start(settings, runner.clone());
    runner.gate.begun(1).await;
    made_ready(&runner, 2).await;
    let request = pb::CancelBatchRequest {
        batch: Some(batch_ref(2)),
        reason: "not wanted".into(),
    };
    client.admin.cancel_batch(request).await.unwrap();
    until("it learns that when it renews", async || {
        jobs(&metrics, "chunk", "released") >= 1.0
    })
    .await;
    runner.gate.admit(ALL);
    client.assert_done(1, 1).await;
    worker.stop().await;
    assert_eq!(runner.declined.load(Ordering::SeqCst), 1);
    assert_eq!(runner.made_ready(), 4, "and those of the other batch");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_a_turn_leaves_the_one_that_waits_alone() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(FarmConfig {
        fault_pause: Duration::from_millis(1),
        ..testing::config(dir.path())
    });
    let mut client = coordinator.client().await;
    client.submit(1, 3).await;
    let runner = Arc::new(TurnRunner::default());
    runner.panics.store(1, Ordering::SeqCst);
    let worker = Worker::start(config(coordinator.address, "w"), runner.clone());
    runner.gate.begun(1).await;
    made_ready(&runner, 2).await;
    runner.gate.admit(ALL);
    client.assert_done(1, 3).await;
    worker.stop().await;
    let faults = client.status(1).await.jobs;
    let faults = faults.iter().map(|job| job.machine_faults + job.failed_attempts);
    assert_eq!(faults.sum::<u32>(), 1);
}

/// What is said of spans.
#[derive(Default)]
struct Said(Mutex<Vec<Finished>>);

impl Sink for Said {
    fn take(&self, span: Finished) {
        self.0.lock().unwrap().push(span);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn time_in_which_a_job_waits_is_not_its_own_and_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    client.submit(1, 2).await;
    let (runner, said) = (Arc::new(TurnRunner::default()), Arc::new(Said::default()));
    let settings = WorkerConfig {
        traces: Traces::into_sink(said.clone()),
        ..config(coordinator.address, "w")
    };
    let metrics = settings.metrics.clone();
    let worker = Worker::start(settings, runner.clone());
    runner.gate.admit(ALL);
    client.assert_done(1, 2).await;
    worker.stop().await;
    assert_eq!(
        job_seconds(&metrics, "chunk"),
        (2.0, 0.0),
        "all of it was waiting"
    );
    for job in client.status(1).await.jobs {
        assert_eq!(job.steps[0].seconds, 0.0);
    }
    let spans = said.0.lock().unwrap();
    let mut proved = spans.iter().filter(|span| span.name == "prove");
    let waited = ("waited_ms", Value::from(WAITED.as_millis() as u64));
    assert!(proved.all(|span| span.attributes == [waited.clone()]));
}
