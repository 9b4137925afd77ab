//! Outage: jobs that cannot be proved, and a coordinator that cannot verify.

use std::time::Duration;

use ashlar_farm::{
    FarmConfig,
    testing::{Coordinator, config, key},
};
use ashlar_proto::{Bytes, farm::v1 as pb};
use pb::complete_response::Outcome;
use tonic::Code;

#[tokio::test]
async fn a_verdict_that_the_only_worker_confirms_after_a_pause_poisons_the_job() {
    let dir = tempfile::tempdir().unwrap();
    let pause = Duration::from_secs(2);
    let coordinator = Coordinator::start(FarmConfig {
        confirm_pause: pause,
        ..config(dir.path())
    });
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 1).await;
    let lease = client.lease(worker).await;
    assert!(client.fail(&lease, "slot 7", false).await);
    let lease = client.lease(worker).await;
    let leases = client.job(lease.job_id).await.leases;
    assert!(leases[1].granted_unix_ms >= leases[0].ended_unix_ms + pause.as_millis() as u64);
    client.submit(2, 1).await;
    let reason = format!("slot 7: witness breaks the circuit {}", "é".repeat(4000));
    assert!(client.fail(&lease, &reason, false).await);
    let status = client.wait(1).await;
    assert_eq!(status.state(), pb::BatchState::Failed);
    assert!(
        status
            .failure_reason
            .contains("found impossible 2 times by w, and nobody else could try: slot 7"),
        "{}",
        status.failure_reason
    );
    let job = client.job(lease.job_id).await.job.unwrap();
    assert_eq!(job.state(), pb::JobState::Poisoned);
    assert!(job.last_error.len() <= 4096 && reason.starts_with(&job.last_error));

    // A failed batch takes no more work, and stands in nobody's way.
    assert_eq!(client.lease(worker).await.batch_number, 2);

    let states = vec![pb::JobState::Poisoned as i32];
    let filter = pb::ListJobsRequest {
        batch: None,
        states,
        limit: 0,
    };
    let listed = client.admin.list_jobs(filter).await.unwrap().into_inner().jobs;
    assert_eq!(
        listed.iter().map(|job| job.job_id).collect::<Vec<_>>(),
        [lease.job_id]
    );
}

#[tokio::test]
async fn a_coordinator_that_cannot_verify_blames_nobody_and_is_asked_again() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 1).await;
    let lease = client.lease(worker).await;
    for (proof, expected) in [
        ("panic", "the verifier panicked"),
        ("no keys", "no keys on this machine"),
    ] {
        let status = client
            .deliver(key(&lease), Bytes::from_static(proof.as_bytes()))
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert!(status.message().contains(expected), "{}", status.message());
    }
    client.renew(&lease).await.expect("the lease is kept");
    let job = client.job(lease.job_id).await.job.unwrap();
    assert_eq!((job.state(), job.machine_faults), (pb::JobState::Leased, 0));
    let workers = client.admin.list_workers(pb::ListWorkersRequest {}).await;
    assert_eq!(workers.unwrap().into_inner().workers[0].quarantines, []);
    let proof = client.prove(&lease).await;
    assert_eq!(
        client.deliver(key(&lease), proof).await.unwrap().0,
        Outcome::Accepted
    );
}
