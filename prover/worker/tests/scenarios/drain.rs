//! A worker that is told to stop.

use std::{sync::atomic::Ordering, time::Duration};

use ashlar_farm::testing::{self, Coordinator};
use ashlar_proto::farm::v1 as pb;

use crate::runner::{HashRunner, Worker, config};

#[tokio::test(flavor = "multi_thread")]
async fn the_present_job_is_finished_and_no_other_taken() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    client.submit(1, 1).await;
    let runner = HashRunner::busy(Duration::from_millis(300));
    let worker = Worker::start(config(coordinator.address, "w"), runner.clone());
    while runner.runs.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    worker.stop().await;
    assert_eq!(runner.runs.load(Ordering::SeqCst), 1);
    let states: Vec<_> = client
        .status(1)
        .await
        .jobs
        .iter()
        .map(|job| job.state())
        .collect();
    use pb::JobState::{Blocked, Done, Ready};
    assert_eq!(states, [Done, Ready, Blocked]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_takes_too_long_is_handed_back() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    client.submit(1, 1).await;
    let runner = HashRunner::new(|_| {
        std::thread::sleep(Duration::from_secs(20));
        Ok(())
    });
    let mut settings = config(coordinator.address, "w");
    settings.drain_timeout = Duration::from_millis(100);
    let worker = Worker::start(settings, runner.clone());
    while runner.runs.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::timeout(Duration::from_secs(10), worker.stop())
        .await
        .expect("does not wait for the job");
    let job = client.status(1).await.jobs.swap_remove(0);
    assert_eq!((job.state(), job.failed_attempts), (pb::JobState::Ready, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_worker_stops_at_once_though_the_coordinator_is_silent() {
    // Accepts connections and never says a word.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    for address in [silent.local_addr().unwrap(), coordinator.address] {
        let mut settings = config(address, "w");
        settings.lease_wait = Duration::from_secs(30);
        let worker = Worker::start(settings, HashRunner::quick());
        tokio::time::sleep(Duration::from_millis(500)).await; // into its call
        tokio::time::timeout(Duration::from_secs(5), worker.stop())
            .await
            .expect("does not wait for the answer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_the_operator_drains_ends_after_its_job() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    client.submit(1, 1).await;
    let runner = HashRunner::busy(Duration::from_millis(300));
    let worker = Worker::start(config(coordinator.address, "w"), runner.clone());
    while runner.runs.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let request = pb::DrainWorkerRequest {
        name: "w".into(),
        draining: true,
    };
    client.admin.drain_worker(request).await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), worker.ended())
        .await
        .expect("it ends by itself")
        .unwrap();
    assert_eq!(runner.runs.load(Ordering::SeqCst), 1);
    let done = client.status(1).await.jobs;
    let done = done.iter().filter(|job| job.state() == pb::JobState::Done);
    assert_eq!(done.count(), 1, "its job was delivered");
}
