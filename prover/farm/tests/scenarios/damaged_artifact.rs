//! Outage: bytes on the coordinator's disk change or vanish.

use ashlar_farm::testing::{Coordinator, batch_ref, config, expected_snark, inputs, key, kind, witness};
use ashlar_proto::{Digest, JobKind, farm::v1 as pb};
use pb::complete_response::Outcome;
use tonic::Code;

#[tokio::test]
async fn a_damaged_proof_is_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 2).await;
    let first = client.work_one(worker).await;
    client.work_one(worker).await;
    let fold = client.lease(worker).await;
    assert_eq!(kind(&fold), JobKind::Fold);
    coordinator.damage(inputs(&fold)[0]);

    assert_eq!(
        client.fetch(inputs(&fold)[0]).await.unwrap_err().code(),
        Code::DataLoss
    );
    let chunk = client.job(first.job_id).await.job.unwrap();
    assert_eq!((chunk.state(), chunk.failed_attempts), (pb::JobState::Ready, 0));
    client
        .work
        .release(pb::ReleaseRequest {
            job_id: fold.job_id,
            token: fold.token.clone(),
        })
        .await
        .unwrap();
    assert_eq!(
        client.job(fold.job_id).await.job.unwrap().state(),
        pb::JobState::Blocked
    );

    assert_eq!(
        client.work_all(worker).await,
        [JobKind::Chunk, JobKind::Fold, JobKind::Compress, JobKind::Wrap]
    );
    client.assert_done(1, 2).await;
}

#[tokio::test]
async fn damage_found_while_verifying_does_not_accept_or_count() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 2).await;
    client.work_one(worker).await;
    client.work_one(worker).await;
    let fold = client.lease(worker).await;
    let proof = client.prove(&fold).await;
    coordinator.damage(inputs(&fold)[1]);
    assert_eq!(
        client
            .deliver(key(&fold), proof.clone())
            .await
            .unwrap_err()
            .code(),
        Code::DataLoss
    );
    // Now the input is known to be missing: the proof cannot be judged yet, and the lease is taken back.
    let (outcome, reason) = client.deliver(key(&fold), proof).await.unwrap();
    assert_eq!(outcome, Outcome::Rejected);
    assert!(reason.contains("made again"), "{reason}");
    let job = client.job(fold.job_id).await.job.unwrap();
    assert_eq!((job.state(), job.failed_attempts), (pb::JobState::Blocked, 0));
    client.work_all(worker).await;
    client.assert_done(1, 2).await;
}

#[tokio::test]
async fn a_lost_witness_fails_the_batch_until_it_is_submitted_again() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 2).await;
    let lost = Digest::of(&witness(1, 1));
    std::fs::remove_file(coordinator.artifact_path(lost)).unwrap();
    assert_eq!(client.fetch(lost).await.unwrap_err().code(), Code::DataLoss);
    let status = client.wait(1).await;
    assert_eq!(status.state(), pb::BatchState::Failed);
    assert!(
        status.failure_reason.contains("witness of chunk 1 was lost"),
        "{}",
        status.failure_reason
    );
    let requeue = pb::RequeueRequest {
        target: Some(pb::requeue_request::Target::Batch(batch_ref(1))),
    };
    assert_eq!(
        client.admin.requeue(requeue).await.unwrap().into_inner().requeued,
        0,
        "nothing to prove from"
    );

    assert!(client.submit(1, 2).await.already_known);
    client.work_all(worker).await;
    client.assert_done(1, 2).await;
}

#[tokio::test]
async fn a_damaged_snark_is_wrapped_again_while_watched() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 1).await;
    client.work_all(worker).await;
    coordinator.damage(Digest::of(&expected_snark(1, 1)));
    let mut watcher = client.clone();
    let watch = tokio::spawn(async move { watcher.assert_done(1, 1).await });
    assert_eq!(kind(&client.work_one(worker).await), JobKind::Wrap);
    watch.await.unwrap();
}

#[tokio::test]
async fn an_unknown_artifact_is_not_found() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    assert_eq!(
        client.fetch(Digest::of(b"never seen")).await.unwrap_err().code(),
        Code::NotFound
    );
}
