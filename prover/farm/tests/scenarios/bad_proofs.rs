//! Outage: proofs that do not verify, and jobs that cannot be proved.

use ashlar_farm::testing::{Coordinator, config, key};
use ashlar_proto::{Bytes, farm::v1 as pb};
use pb::{complete_response::Outcome, requeue_request::Target};

#[tokio::test]
async fn rejected_proofs_are_retried_then_poison_the_job_and_keep_the_witness() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 2).await;
    client.submit(2, 1).await;
    let mut job_id = 0;
    for attempt in 1..=3 {
        let lease = client.lease(worker).await;
        assert!(attempt == 1 || lease.job_id == job_id);
        job_id = lease.job_id;
        let (outcome, reason) = client
            .deliver(key(&lease), Bytes::from_static(b"forged"))
            .await
            .unwrap();
        assert_eq!(outcome, Outcome::Rejected);
        assert!(reason.contains("hash differs"), "{reason}");
        let job = client.job(job_id).await.job.unwrap();
        assert_eq!(job.failed_attempts, attempt);
        assert_eq!(
            job.state(),
            if attempt < 3 {
                pb::JobState::Ready
            } else {
                pb::JobState::Poisoned
            }
        );
    }
    let status = client.wait(1).await;
    assert_eq!(status.state(), pb::BatchState::Failed);
    for part in ["chunk 0", "after 3 attempt(s)", "does not verify", "hash differs"] {
        assert!(status.failure_reason.contains(part), "{}", status.failure_reason);
    }
    // A failed batch takes no more work, and stands in nobody's way.
    assert_eq!(client.lease(worker).await.batch_number, 2);
    let inspection = client.job(job_id).await;
    let witness = ashlar_proto::Digest::try_from(&inspection.inputs[0][..]).unwrap();
    assert_eq!(
        client.fetch(witness).await.unwrap(),
        ashlar_farm::testing::witness(1, 0)
    );
    assert_eq!(inspection.leases.len(), 3);

    let request = pb::RequeueRequest {
        target: Some(Target::BatchNumber(1)),
    };
    assert_eq!(
        client.admin.requeue(request).await.unwrap().into_inner().requeued,
        1
    );
    assert_eq!(client.status(1).await.state(), pb::BatchState::Running);
    client.work_all(worker).await;
    client.assert_done(1, 2).await;
}

#[tokio::test]
async fn a_failure_that_cannot_be_retried_poisons_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 1).await;
    let lease = client.lease(worker).await;
    let reason = format!("slot 7: witness breaks the circuit {}", "é".repeat(4000));
    assert!(client.fail(&lease, &reason, false).await);
    let status = client.wait(1).await;
    assert_eq!(status.state(), pb::BatchState::Failed);
    assert!(
        status.failure_reason.contains("after 1 attempt(s): slot 7"),
        "{}",
        status.failure_reason
    );
    let job = client.job(lease.job_id).await.job.unwrap();
    assert_eq!(job.state(), pb::JobState::Poisoned);
    assert!(job.last_error.len() <= 4096 && reason.starts_with(&job.last_error));

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
    client.work_all(worker).await;
    client.assert_done(1, 1).await;
}
