//! Outage: the coordinator crashes in the middle of a batch and starts again from its files.

use std::sync::Arc;

use ashlar_farm::{
    Farm, FarmConfig, FarmError,
    testing::{Coordinator, HashVerifier, circuit_set, config, key, leases_of, watch_request},
};

#[tokio::test]
async fn nothing_is_lost_after_any_number_of_steps() {
    let dir = tempfile::tempdir().unwrap();
    let mut last_number = 0;
    for steps in 0..7 {
        let number = steps as u64;
        let coordinator = Coordinator::start(config(dir.path()));
        let mut client = coordinator.client().await;
        let worker = client.register("w").await;
        client.submit(number, 3).await;
        for _ in 0..steps {
            client.work_one(worker).await;
        }
        let before = client.status(number).await;
        coordinator.crash().await;

        let coordinator = Coordinator::start(config(dir.path()));
        let mut client = coordinator.client().await;
        assert_eq!(client.status(number).await, before);
        // The worker goes on in its session, and its leases' numbers go on growing.
        if let Some(lease) = client.try_lease(worker, 0).await {
            let number = client.number(&lease).await;
            assert!(number > last_number);
            last_number = number;
            let proof = client.prove(&lease).await;
            client.deliver(key(&lease), proof).await.unwrap();
        }
        client.work_all(worker).await;
        client.assert_done(number, 3).await;
        coordinator.stop().await;
    }
}

#[tokio::test]
async fn a_lease_survives_and_its_worker_gets_time_to_renew() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(leases_of(dir.path(), 2000));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 1).await;
    let lease = client.lease(worker).await;
    coordinator.crash().await;
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await; // longer than the lease

    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    client
        .renew(&lease)
        .await
        .expect("nobody could renew while the coordinator was down");
    let proof = client.prove(&lease).await;
    client.deliver(key(&lease), proof).await.unwrap();
    assert_eq!(client.job(lease.job_id).await.job.unwrap().failed_attempts, 0);
    client.work_all(worker).await;
    client.assert_done(1, 1).await;
}

#[tokio::test]
async fn a_broken_watch_and_a_waiting_lease_end_when_the_coordinator_stops() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 1).await;
    client.lease(worker).await;
    let mut watch = client
        .batch
        .watch_batch(watch_request(1))
        .await
        .unwrap()
        .into_inner();
    watch.message().await.unwrap().expect("present status");
    let mut waiting = client.clone();
    let waiting = tokio::spawn(async move { waiting.try_lease(worker, 30_000).await });
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let start = std::time::Instant::now();
    coordinator.stop().await;
    assert!(start.elapsed().as_secs() < 3, "stopping waited for idle calls");
    assert_eq!(
        watch.message().await.unwrap_err().code(),
        tonic::Code::Unavailable
    );
    assert_eq!(waiting.await.unwrap(), None);
}

#[tokio::test]
async fn a_second_coordinator_on_the_same_files_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let config = || FarmConfig::new(dir.path(), circuit_set()); // with a file as database
    let coordinator = Coordinator::start(config());
    let second = Farm::open(config(), Arc::new(HashVerifier)).await;
    assert!(matches!(second, Err(FarmError::DataDirInUse(path)) if path == dir.path()));
    coordinator.stop().await;
    Farm::open(config(), Arc::new(HashVerifier))
        .await
        .expect("free again");
}
