//! Outage: the coordinator goes away and comes back while a worker proves.

use std::{sync::atomic::Ordering, time::Duration};

use ashlar_farm::testing::{self, Coordinator};

use crate::runner::{HashRunner, Worker, config};

#[tokio::test(flavor = "multi_thread")]
async fn the_present_job_is_delivered_to_the_restarted_coordinator() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let address = coordinator.address;
    let mut client = coordinator.client().await;
    client.submit(1, 2).await;
    let runner = HashRunner::busy(Duration::from_millis(500));
    let worker = Worker::start(config(address, "w"), runner.clone());
    while runner.runs.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    coordinator.crash().await;
    tokio::time::sleep(Duration::from_millis(1000)).await; // the job ends with nobody to deliver to

    let coordinator = Coordinator::start_at(testing::config(dir.path()), address);
    let mut client = coordinator.client().await;
    client.assert_done(1, 2).await;
    assert_eq!(runner.runs.load(Ordering::SeqCst), 5, "no job was proved twice");
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

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_waits_for_its_coordinator_and_can_be_stopped_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let address = coordinator.address;
    coordinator.stop().await;
    let (early, idle) = (HashRunner::quick(), HashRunner::quick());
    let early = Worker::start(config(address, "early"), early);
    let idle = Worker::start(config(address, "idle"), idle);
    tokio::time::sleep(Duration::from_millis(300)).await;
    tokio::time::timeout(Duration::from_secs(5), idle.stop())
        .await
        .expect("stops without a coordinator");

    let coordinator = Coordinator::start_at(testing::config(dir.path()), address);
    let mut client = coordinator.client().await;
    client.submit(1, 1).await;
    client.assert_done(1, 1).await;
    early.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_unknown_to_a_new_coordinator_registers_again() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let coordinator = Coordinator::start(testing::config(dirs[0].path()));
    let address = coordinator.address;
    let mut client = coordinator.client().await;
    let worker = Worker::start(config(address, "w"), HashRunner::quick());
    client.submit(1, 1).await;
    client.assert_done(1, 1).await;
    coordinator.crash().await;

    let coordinator = Coordinator::start_at(testing::config(dirs[1].path()), address);
    let mut client = coordinator.client().await;
    client.submit(2, 1).await;
    client.assert_done(2, 1).await;
    worker.stop().await;
}
