//! Outage: proofs that do not verify, and jobs that cannot be proved.

use ashlar_farm::testing::{Coordinator, config, key};
use ashlar_proto::{Bytes, farm::v1 as pb};
use pb::complete_response::Outcome;

#[tokio::test]
async fn a_verdict_that_the_only_worker_confirms_poisons_the_job() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 1).await;
    client.submit(2, 1).await;
    let lease = client.lease(worker).await;
    assert!(client.fail(&lease, "slot 7", false).await);
    let lease = client.lease(worker).await;
    let reason = format!("slot 7: witness breaks the circuit {}", "é".repeat(4000));
    assert!(client.fail(&lease, &reason, false).await);
    let status = client.wait(1).await;
    assert_eq!(status.state(), pb::BatchState::Failed);
    assert!(
        status
            .failure_reason
            .contains("2 attempt(s) found it impossible: slot 7"),
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
        batch_number: None,
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
async fn a_proof_that_crashes_the_verifier_is_rejected() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 1).await;
    let lease = client.lease(worker).await;
    let (outcome, reason) = client
        .deliver(key(&lease), Bytes::from_static(b"panic"))
        .await
        .unwrap();
    assert_eq!(outcome, Outcome::Rejected);
    assert!(reason.contains("panicked"), "{reason}");
    let sound = client.register("sound").await;
    client.work_all(sound).await;
    client.assert_done(1, 1).await;
}
