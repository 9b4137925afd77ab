//! Outage: a worker dies with a lease. (That a killed process does stop renewing is tested with the worker.)

use std::time::Duration;

use ashlar_farm::testing::{Coordinator, config, key, leases_of};
use ashlar_proto::farm::v1 as pb;
use tonic::Code;

#[tokio::test]
async fn expiry_requeues_the_job_for_another_worker() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(leases_of(dir.path(), 1500));
    let mut client = coordinator.client().await;
    let (dead, alive) = (client.register("dead").await, client.register("alive").await);
    client.submit(1, 1).await;
    let lost = client.lease(dead).await;
    assert_eq!(client.try_lease(alive, 0).await, None, "leased");

    let again = client.lease(alive).await;
    assert_eq!(again.job_id, lost.job_id);
    assert_ne!(again.token, lost.token);
    assert_eq!(
        client.renew(&lost).await.unwrap_err().code(),
        Code::FailedPrecondition
    );
    assert!(!client.fail(&lost, "too late to fail", false).await);
    let job = client.job(lost.job_id).await;
    let status = job.job.unwrap();
    assert_eq!((status.failed_attempts, status.machine_faults), (0, 1));
    assert!(
        job.leases[0].outcome.contains("dead went silent"),
        "{}",
        job.leases[0].outcome
    );

    let proof = client.prove(&again).await;
    client.deliver(key(&again), proof).await.unwrap();
    client.work_all(alive).await;
    client.assert_done(1, 1).await;
}

#[tokio::test]
async fn renewal_keeps_a_lease_beyond_its_term() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(leases_of(dir.path(), 2000));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 1).await;
    let lease = client.lease(worker).await;
    for _ in 0..8 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(client.renew(&lease).await.unwrap(), 2000);
    }
    assert_eq!(client.job(lease.job_id).await.job.unwrap().failed_attempts, 0);
}

#[tokio::test]
async fn the_worker_that_failed_is_avoided_while_another_could_take_the_job() {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = config(dir.path());
    settings.worker_ttl = Duration::from_secs(2);
    let coordinator = Coordinator::start(settings);
    let mut client = coordinator.client().await;
    let (bad, good) = (client.register("bad").await, client.register("good").await);
    client.submit(1, 1).await;
    let lease = client.lease(bad).await;
    assert!(client.fail(&lease, "device lost", true).await);
    assert_eq!(client.try_lease(bad, 0).await, None, "left for the other worker");
    // The other one is not heard of again: after `worker_ttl` the failed one may try once more.
    let again = client.lease(bad).await;
    assert_eq!(again.job_id, lease.job_id);
    assert!(client.fail(&again, "device lost", true).await);
    assert_eq!(client.lease(good).await.job_id, lease.job_id);
}

#[tokio::test]
async fn a_drained_lease_counts_no_attempt() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 1).await;
    let lease = client.lease(worker).await;
    let request = pb::ReleaseRequest {
        job_id: lease.job_id,
        token: lease.token,
    };
    assert!(
        client
            .work
            .release(request.clone())
            .await
            .unwrap()
            .into_inner()
            .released
    );
    assert!(!client.work.release(request).await.unwrap().into_inner().released);
    let job = client.job(lease.job_id).await.job.unwrap();
    assert_eq!((job.state(), job.failed_attempts), (pb::JobState::Ready, 0));
}
