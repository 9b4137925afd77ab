//! Outage: the store of the artifacts dies, stands still, or loses its bucket, while jobs run.

use std::time::{Duration, Instant};

use ashlar_farm::{
    FarmConfig,
    testing::{Coordinator, S3Server, circuit_set, config, inputs, key, submission, watch_request, witness},
};
use ashlar_proto::{
    Bytes,
    farm::v1::{self as pb, complete_response::Outcome},
};
use tonic::{Code, Status};

/// A call must be over by then, with all retries, on a busy machine.
const CALL_LIMIT: Duration = Duration::from_secs(20);

fn start() -> Option<(S3Server, Coordinator, tempfile::TempDir)> {
    let server = S3Server::start(env!("CARGO_TARGET_TMPDIR"))?;
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(FarmConfig {
        artifacts: server.at("farm"),
        ..config(dir.path())
    });
    Some((server, coordinator, dir))
}

fn assert_away<T: std::fmt::Debug>(result: Result<T, Status>) {
    let status = result.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert_eq!(
        status.message(),
        "the artifact store s3://artifacts/farm cannot be reached: start it, or mend the network or AWS_ENDPOINT_URL; \
         calls are good again then"
    );
}

fn parts(number: u64, chunks: u32) -> Vec<pb::SubmitBatchRequest> {
    let witnesses: Vec<Bytes> = (0..chunks).map(|chunk| witness(number, chunk)).collect();
    submission(number, circuit_set(), &witnesses)
}

#[tokio::test]
async fn every_call_is_unavailable_and_good_again_when_the_store_is_back() {
    let Some((mut server, coordinator, _dir)) = start() else {
        return;
    };
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 2).await;
    client.work_one(worker).await;
    let lease = client.lease(worker).await;
    let proof = client.prove(&lease).await;
    let before = client.job(lease.job_id).await;

    server.kill();
    assert_away(client.fetch(inputs(&lease)[0]).await);
    assert_away(client.deliver(key(&lease), proof.clone()).await);
    assert_away(client.submit_parts(parts(2, 1)).await);
    assert_eq!(
        client.job(lease.job_id).await,
        before,
        "nobody is blamed, nothing is lost"
    );
    client
        .renew(&lease)
        .await
        .expect("what needs no artifact goes on");

    server.restart();
    assert_eq!(client.fetch(inputs(&lease)[0]).await.unwrap(), witness(1, 1));
    assert_eq!(
        client.deliver(key(&lease), proof).await.unwrap(),
        (Outcome::Accepted, String::new())
    );
    assert!(!client.submit_parts(parts(2, 1)).await.unwrap().already_known);
    client.work_all(worker).await;
    client.assert_done(1, 2).await;
    client.assert_done(2, 1).await;
    for job in [client.status(1).await.jobs, client.status(2).await.jobs].concat() {
        assert_eq!((job.failed_attempts, job.machine_faults), (0, 0));
    }
}

#[tokio::test]
async fn nothing_is_lost_whenever_the_store_dies() {
    let Some((mut server, coordinator, _dir)) = start() else {
        return;
    };
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 3).await;
    let mut proved = 0;
    while let Some(lease) = client.try_lease(worker, 0).await {
        let proof = client.prove(&lease).await;
        server.kill();
        assert_away(client.deliver(key(&lease), proof.clone()).await);
        server.restart();
        assert_eq!(
            client.deliver(key(&lease), proof).await.unwrap().0,
            Outcome::Accepted
        );
        proved += 1;
    }
    assert_eq!(proved, 7, "three chunks, two folds, compress and wrap, each once");
    server.kill();
    let watch = client.batch.watch_batch(watch_request(1)).await;
    assert_away(watch.unwrap().into_inner().message().await);
    server.restart();
    client.assert_done(1, 3).await;
}

#[tokio::test]
async fn a_store_that_stands_still_does_not_hold_calls() {
    let Some((server, coordinator, _dir)) = start() else {
        return;
    };
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 1).await;
    let lease = client.lease(worker).await;
    let proof = client.prove(&lease).await;
    server.freeze();
    let start = Instant::now();
    assert_away(client.fetch(inputs(&lease)[0]).await);
    assert!(start.elapsed() < CALL_LIMIT, "{:?}", start.elapsed());
    let start = Instant::now();
    assert_away(client.deliver(key(&lease), proof.clone()).await);
    assert!(start.elapsed() < CALL_LIMIT, "{:?}", start.elapsed());
    server.thaw();
    assert_eq!(
        client.deliver(key(&lease), proof).await.unwrap().0,
        Outcome::Accepted
    );
    client.work_all(worker).await;
    client.assert_done(1, 1).await;
}

#[tokio::test]
async fn a_short_outage_is_bridged() {
    let Some((mut server, coordinator, _dir)) = start() else {
        return;
    };
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 1).await;
    let lease = client.lease(worker).await;
    server.freeze();
    let mut fetching = client.clone();
    let input = inputs(&lease)[0];
    let fetch = tokio::spawn(async move { fetching.fetch(input).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    server.thaw();
    assert_eq!(fetch.await.unwrap().unwrap(), witness(1, 0));
    let proof = client.prove(&lease).await;
    server.kill();
    server.restart(); // the coordinator's connections are broken
    assert_eq!(
        client.deliver(key(&lease), proof).await.unwrap().0,
        Outcome::Accepted
    );
    client.work_all(worker).await;
    client.assert_done(1, 1).await;
}
