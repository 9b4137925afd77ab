//! Jobs that fail on the worker.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use ashlar_farm::{
    FarmConfig,
    testing::{self, Coordinator, witness},
};
use ashlar_proto::{Digest, JobKind, farm::v1 as pb};
use ashlar_worker::RunError;

use crate::runner::{HashRunner, Worker, config};

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_witness_fails_the_batch_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(FarmConfig {
        confirm_pause: Duration::from_millis(100),
        ..testing::config(dir.path())
    });
    let mut client = coordinator.client().await;
    client.submit(1, 1).await;
    let runner = HashRunner::new(|_| Err(RunError::fatal("slot 3: wrong nonce")));
    let worker = Worker::start(config(coordinator.address, "w"), runner.clone());
    let status = client.wait(1).await;
    assert_eq!(status.state(), pb::BatchState::Failed);
    assert!(
        status
            .failure_reason
            .ends_with("found impossible 2 times by w, and nobody else could try: slot 3: wrong nonce"),
        "{}",
        status.failure_reason
    );
    assert_eq!(
        client.fetch(Digest::of(&witness(1, 0))).await.unwrap(),
        witness(1, 0),
        "the witness is kept"
    );
    worker.stop().await;
    assert_eq!(runner.runs.load(Ordering::SeqCst), 2, "asked once more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_fails_no_job_and_the_worker_lives_on() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(FarmConfig {
        fault_pause: Duration::from_millis(1),
        job_pause: Duration::from_millis(1),
        ..testing::config(dir.path())
    });
    let mut client = coordinator.client().await;
    client.submit(1, 1).await;
    let calls = AtomicU32::new(0);
    let runner = HashRunner::new(move |_| {
        assert!(calls.fetch_add(1, Ordering::SeqCst) >= 2, "index out of bounds");
        Ok(())
    });
    let worker = Worker::start(config(coordinator.address, "w"), runner);
    client.assert_done(1, 1).await;
    let jobs = client.status(1).await.jobs;
    let chunk = jobs.iter().find(|job| job.kind() == pb::JobKind::Chunk).unwrap();
    assert_eq!((chunk.failed_attempts, chunk.machine_faults), (0, 2));
    assert_eq!(chunk.last_error, "panicked: index out of bounds");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_one_machine_is_mended_by_another() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    client.submit(1, 2).await;
    let broken = HashRunner::new(|kind| match kind {
        JobKind::Fold => Err(RunError::retryable("out of memory")),
        _ => Ok(()),
    });
    let workers = [
        Worker::start(config(coordinator.address, "broken"), broken),
        Worker::start(config(coordinator.address, "sound"), HashRunner::quick()),
    ];
    client.assert_done(1, 2).await;
    let jobs = client.status(1).await.jobs;
    let fold = jobs.iter().find(|job| job.kind() == pb::JobKind::Fold).unwrap();
    assert_eq!(fold.worker, "sound");
    assert!(fold.machine_faults <= 1, "the broken one was tried at most once");
    for worker in workers {
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_at_the_coordinator_is_worked_around() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    client.submit(1, 2).await;
    let by_hand = client.register("by hand").await;
    let lease = client.work_one(by_hand).await;
    client.work_one(by_hand).await;
    let output = client.job(lease.job_id).await.output;
    coordinator.damage(Digest::try_from(&output[..]).unwrap());
    let worker = Worker::start(config(coordinator.address, "w"), HashRunner::quick());
    client.assert_done(1, 2).await;
    assert!(
        client
            .status(1)
            .await
            .jobs
            .iter()
            .all(|job| job.failed_attempts == 0)
    );
    worker.stop().await;
}
