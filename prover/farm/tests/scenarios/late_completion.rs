//! Outage: proofs that arrive late, twice, or from a worker that lost its lease.

use ashlar_farm::testing::{Coordinator, config, key, leases_of, secret};
use ashlar_proto::{Bytes, farm::v1 as pb};
use pb::complete_response::Outcome;
use tonic::Code;

#[tokio::test]
async fn a_late_valid_proof_is_accepted_and_the_retry_is_ignored() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(leases_of(dir.path(), 300));
    let mut client = coordinator.client().await;
    let (slow, quick) = (client.register("slow").await, client.register("quick").await);
    client.submit(1, 1).await;
    let old = client.lease(slow).await;
    let new = client.lease(quick).await; // once the first has expired
    assert_eq!(new.job_id, old.job_id);

    let proof = client.prove(&old).await;
    assert_eq!(
        client.deliver(key(&old), proof.clone()).await.unwrap().0,
        Outcome::Accepted
    );
    assert_eq!(
        client.renew(&new).await.unwrap_err().code(),
        Code::FailedPrecondition
    );
    let before = client.job(old.job_id).await;
    assert_eq!(before.job.as_ref().unwrap().worker, "slow");
    assert_eq!(
        client.deliver(key(&new), proof).await.unwrap().0,
        Outcome::Ignored
    );
    assert_eq!(client.job(old.job_id).await, before);
    client.work_all(quick).await;
    client.assert_done(1, 1).await;
}

#[tokio::test]
async fn an_old_token_after_another_completion_is_ignored_whatever_it_carries() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(leases_of(dir.path(), 300));
    let mut client = coordinator.client().await;
    let (slow, quick) = (client.register("slow").await, client.register("quick").await);
    client.submit(1, 1).await;
    let old = client.lease(slow).await;
    let new = client.lease(quick).await;
    let proof = client.prove(&new).await;
    assert_eq!(
        client.deliver(key(&new), proof.clone()).await.unwrap().0,
        Outcome::Accepted
    );
    let before = client.job(new.job_id).await;
    for late in [proof, Bytes::from_static(b"not a proof")] {
        assert_eq!(client.deliver(key(&old), late).await.unwrap().0, Outcome::Ignored);
    }
    assert!(!client.fail(&old, "late failure", false).await);
    assert_eq!(client.job(new.job_id).await, before, "never downgraded");
}

#[tokio::test]
async fn a_duplicate_completion_is_ignored() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 1).await;
    let lease = client.lease(worker).await;
    let proof = client.prove(&lease).await;
    // Both at once, as when a worker repeats a call whose answer was lost.
    let mut twin = client.clone();
    let (first, second) = tokio::join!(
        client.deliver(key(&lease), proof.clone()),
        twin.deliver(key(&lease), proof.clone())
    );
    let mut outcomes = [first.unwrap().0, second.unwrap().0];
    outcomes.sort_by_key(|outcome| *outcome as i32);
    assert_eq!(outcomes, [Outcome::Accepted, Outcome::Ignored]);
    assert_eq!(
        client.deliver(key(&lease), proof).await.unwrap().0,
        Outcome::Ignored
    );
}

#[tokio::test]
async fn a_late_invalid_proof_does_not_count_against_the_present_lease() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(leases_of(dir.path(), 1500));
    let mut client = coordinator.client().await;
    let (slow, quick) = (client.register("slow").await, client.register("quick").await);
    client.submit(1, 1).await;
    let old = client.lease(slow).await;
    let new = client.lease(quick).await;
    let (outcome, reason) = client
        .deliver(key(&old), Bytes::from_static(b"wrong"))
        .await
        .unwrap();
    assert_eq!(outcome, Outcome::Rejected);
    assert!(reason.contains("hash differs"), "{reason}");
    client.renew(&new).await.expect("still current");
    assert_eq!(
        client.job(new.job_id).await.job.unwrap().machine_faults,
        1,
        "the expiry alone"
    );
}

#[tokio::test]
async fn a_late_proof_revives_a_poisoned_job() {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = config(dir.path());
    settings.policies.chunk.max_attempts = 1;
    let coordinator = Coordinator::start(settings);
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 1).await;
    let lease = client.lease(worker).await;
    assert!(client.fail(&lease, "slot 7", false).await);
    assert_eq!(client.wait(1).await.state(), pb::BatchState::Failed);
    let proof = client.prove(&lease).await;
    assert_eq!(
        client.deliver(key(&lease), proof).await.unwrap().0,
        Outcome::Accepted
    );
    client.work_all(worker).await;
    client.assert_done(1, 1).await;
}

#[tokio::test]
async fn a_proof_from_nobody_and_a_garbled_one_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 2).await;
    let (a, b) = (client.lease(worker).await, client.lease(worker).await);
    let proof = client.prove(&a).await;
    for wrong in [
        (a.job_id, secret(&b.token)),
        (a.job_id, [0; 16]),
        (999, secret(&a.token)),
        (u64::MAX, [0xff; 16]),
    ] {
        assert_eq!(
            client.deliver(wrong, proof.clone()).await.unwrap_err().code(),
            Code::NotFound
        );
    }
    let header = pb::CompletionHeader {
        job_id: a.job_id,
        token: a.token.clone(),
        digest: ashlar_proto::Digest::of(b"other").into(),
        size_bytes: proof.len() as u64,
        steps: vec![],
        fallback: String::new(),
    };
    let parts = [
        pb::CompleteRequest {
            part: Some(pb::complete_request::Part::Header(header)),
        },
        pb::CompleteRequest {
            part: Some(pb::complete_request::Part::Data(proof)),
        },
    ];
    let error = client.work.complete(tokio_stream::iter(parts)).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert!(error.message().starts_with("digest:"), "{}", error.message());
    client.renew(&a).await.expect("the lease is untouched");
}
