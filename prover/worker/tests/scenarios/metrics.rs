//! What a worker counts, each number by its cause.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use ashlar_farm::{
    FarmConfig,
    testing::{self, Coordinator},
};
use ashlar_metrics::{Build, Registry, testing::Exposition};
use ashlar_proto::{Digest, JobKind};
use ashlar_worker::{RunError, WorkerConfig, WorkerMetrics};

use crate::runner::{HashRunner, Worker, config};

fn read(metrics: &WorkerMetrics) -> Exposition {
    let build = Build {
        version: "0",
        commit: None,
        role: "worker",
    };
    Exposition::of(&Registry::new(build).with(metrics))
}

pub fn jobs(metrics: &WorkerMetrics, kind: &str, result: &str) -> f64 {
    let labels = [("kind", kind), ("result", result)];
    read(metrics)
        .get("ashlar_worker_jobs_total", &labels)
        .expect("known from the start")
}

pub fn busy(metrics: &WorkerMetrics) -> f64 {
    read(metrics)
        .get("ashlar_worker_busy", &[])
        .expect("always there")
}

/// How many were proved, and how long that took.
pub fn job_seconds(metrics: &WorkerMetrics, kind: &str) -> (f64, f64) {
    let read = read(metrics);
    let of = |part: &str| {
        let name = format!("ashlar_worker_job_seconds_{part}");
        read.get(&name, &[("kind", kind)]).expect("it was seen")
    };
    (of("count"), of("sum"))
}

pub async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(30), "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn proved_jobs_their_time_and_fallbacks_are_counted_by_kind() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    let settings = config(coordinator.address, "w");
    let metrics = settings.metrics.clone();
    assert_eq!(jobs(&metrics, "chunk", "proved"), 0.0);
    assert!(!metrics.readiness().get(), "nobody knows it yet");
    client.submit(1, 3).await;
    let worker = Worker::start(settings, HashRunner::busy(Duration::from_millis(120)));
    client.assert_done(1, 3).await;
    assert!(metrics.readiness().get());
    worker.stop().await; // and has heard that its last proof was taken
    for (kind, count) in [("chunk", 3.0), ("fold", 2.0), ("compress", 1.0), ("wrap", 1.0)] {
        assert_eq!(jobs(&metrics, kind, "proved"), count, "{kind}");
        let (proved, seconds) = job_seconds(&metrics, kind);
        assert_eq!(proved, count, "{kind}");
        assert!(seconds >= 0.12 * count, "{kind}");
    }
    let read = read(&metrics);
    let of = |result| JobKind::ALL.map(|kind| jobs(&metrics, kind.name(), result));
    assert_eq!(of("failed"), [0.0; 4]);
    // On a busy machine a lease may be granted to a call that has just ended; it goes back.
    let released: f64 = of("released").iter().sum();
    assert_eq!(read.sum("ashlar_worker_jobs_total") - released, 7.0);
    assert_eq!(
        read.get("ashlar_worker_fallbacks_total", &[]),
        Some(1.0),
        "of the wrap"
    );
    assert_eq!(busy(&metrics), 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_counted_and_takes_no_time_of_proved_jobs() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(FarmConfig {
        fault_pause: Duration::from_millis(1),
        job_pause: Duration::from_millis(1),
        ..testing::config(dir.path())
    });
    let mut client = coordinator.client().await;
    client.submit(1, 1).await;
    let calls = AtomicU32::new(0);
    let runner = HashRunner::new(move |_| match calls.fetch_add(1, Ordering::SeqCst) {
        0 | 1 => Err(RunError::retryable("out of memory")),
        _ => Ok(()),
    });
    let settings = config(coordinator.address, "w");
    let metrics = settings.metrics.clone();
    let worker = Worker::start(settings, runner);
    client.assert_done(1, 1).await;
    worker.stop().await;
    assert_eq!(
        [
            jobs(&metrics, "chunk", "failed"),
            jobs(&metrics, "chunk", "proved")
        ],
        [2.0, 1.0]
    );
    assert_eq!(job_seconds(&metrics, "chunk").0, 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_busy_work_until_it_is_handed_back() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    coordinator.client().await.submit(1, 1).await;
    let settings = WorkerConfig {
        drain_timeout: Duration::from_millis(50),
        ..config(coordinator.address, "w")
    };
    let metrics = settings.metrics.clone();
    let runner = HashRunner::new(|_| {
        std::thread::sleep(Duration::from_secs(20));
        Ok(())
    });
    let worker = Worker::start(settings, runner);
    until("it takes the job", || busy(&metrics) == 1.0).await;
    worker.stop().await;
    assert_eq!(busy(&metrics), 0.0);
    assert_eq!(jobs(&metrics, "chunk", "released"), 1.0);
    assert_eq!(read(&metrics).sum("ashlar_worker_jobs_total"), 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_input_is_lost_is_released_and_none_of_its_kind_failed() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    client.submit(1, 2).await;
    let by_hand = client.register("by hand").await;
    let lease = client.work_one(by_hand).await;
    client.work_one(by_hand).await;
    let output = client.job(lease.job_id).await.output;
    coordinator.damage(Digest::try_from(&output[..]).unwrap());
    let settings = WorkerConfig {
        prefetch: 0, // a lease that goes back unseen would be counted, too
        ..config(coordinator.address, "w")
    };
    let metrics = settings.metrics.clone();
    let worker = Worker::start(settings, HashRunner::quick());
    client.assert_done(1, 2).await;
    worker.stop().await;
    let fold = JobKind::Fold.name();
    assert_eq!(
        [jobs(&metrics, fold, "released"), jobs(&metrics, fold, "failed")],
        [1.0, 0.0]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_the_coordinator_refuses_is_no_proved_job() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    client.submit(1, 1).await;
    let settings = config(coordinator.address, "w");
    let metrics = settings.metrics.clone();
    let worker = Worker::start(settings, HashRunner::lying());
    until("it delivers", || jobs(&metrics, "chunk", "failed") == 1.0).await;
    worker.stop().await;
    assert_eq!(jobs(&metrics, "chunk", "proved"), 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_counts_what_is_declared_of_workers() {
    let shown = read(&WorkerMetrics::default());
    let declared = ashlar_metrics::names::ALL.iter().map(|metric| metric.name);
    let declared = declared
        .filter(|name| name.starts_with("ashlar_worker_"))
        .collect();
    assert_eq!(shown.own_names(), declared);
}
