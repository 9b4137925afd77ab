//! Outage: a worker or a sequencer built for other circuits.

use ashlar_farm::{
    FarmConfig,
    testing::{Client, Coordinator, circuit_set, config, secret, submission, witness},
};
use ashlar_proto::{Digest, farm::v1 as pb};
use tonic::Code;

#[tokio::test]
async fn both_sides_are_refused_with_both_digests() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let other = Digest::of(b"other circuits");
    let worker = pb::RegisterRequest {
        circuit_set_digest: other.into(),
        ..Client::capabilities("w")
    };
    let register = client.work.register(worker).await.unwrap_err();
    let submit = client
        .submit_parts(submission(1, other, &[witness(1, 0)]))
        .await
        .unwrap_err();
    for error in [register, submit] {
        assert_eq!(error.code(), Code::FailedPrecondition);
        for part in [other.to_string(), circuit_set().to_string(), "same commit".into()] {
            assert!(error.message().contains(&part), "{}", error.message());
        }
    }
}

#[tokio::test]
async fn after_an_upgrade_old_workers_register_anew_and_old_batches_wait() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 1).await;
    coordinator.stop().await;

    let upgraded = Digest::of(b"upgraded");
    let coordinator = Coordinator::start(FarmConfig {
        circuit_sets: vec![upgraded],
        ..config(dir.path())
    });
    let mut client = coordinator.client().await;
    let error = client
        .work
        .lease(pb::LeaseRequest {
            session: worker.to_vec().into(),
            wait_ms: 0,
            ahead: false,
        })
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
    assert!(error.message().contains("register again"), "{}", error.message());
    let request = pb::RegisterRequest {
        circuit_set_digest: upgraded.into(),
        ..Client::capabilities("w")
    };
    let again = client.work.register(request).await.unwrap().into_inner();
    let again = secret(&again.session);
    assert_eq!(
        client.try_lease(again, 0).await,
        None,
        "the old batch is for the old circuits"
    );
}
