//! Several coordinators on one PostgreSQL, and a PostgreSQL that is away. `scripts/test` runs this under
//! `scripts/with-postgres`; elsewhere there is no server to try it with.

use std::time::{Duration, Instant};

use ashlar_farm::{
    Database, FarmConfig,
    testing::{Client, Coordinator, Proxy, circuit_set, config, expected_snark, key, on_postgres, secret},
};
use ashlar_proto::{
    Digest,
    farm::v1::{self as pb, complete_response::Outcome},
};
use tonic::Code;

#[tokio::test]
async fn one_of_two_is_killed_and_its_workers_go_on_at_the_other() {
    if !on_postgres() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (
        Coordinator::start(config(dir.path())),
        Coordinator::start(config(dir.path())),
    );
    let (mut a, mut b) = (first.client().await, second.client().await);
    let (w1, w2) = (a.register("w1").await, b.register("w2").await);
    let mut waiting = b.clone();
    let lease = tokio::spawn(async move { waiting.try_lease(w2, 20_000).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let submitted = Instant::now();
    a.submit(1, 3).await;
    let other = lease.await.unwrap().expect("who waits at the other hears of it");
    assert!(submitted.elapsed() < Duration::from_secs(10));

    let held = a.lease(w1).await;
    assert_ne!(held.job_id, other.job_id, "a job is leased once");
    let proof = a.prove(&held).await;
    first.crash().await;

    // Sessions and leases are the database's: the other coordinator knows them.
    b.renew(&held).await.expect("still current");
    assert_eq!(b.deliver(key(&held), proof).await.unwrap().0, Outcome::Accepted);
    let proof = b.prove(&other).await;
    b.deliver(key(&other), proof).await.unwrap();
    b.work_all(w1).await;
    b.assert_done(1, 3).await;
}

#[tokio::test]
async fn coordinators_of_two_circuit_sets_serve_their_own_workers_from_one_database() {
    if !on_postgres() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let upgraded = Digest::of(b"upgraded circuits");
    let old = Coordinator::start(config(dir.path()));
    let new = Coordinator::start(FarmConfig {
        circuit_sets: vec![upgraded],
        ..config(dir.path())
    });
    let (mut a, mut b) = (old.client().await, new.client().await);
    let worker = a.register("old").await;
    let capabilities = pb::RegisterRequest {
        circuit_set_digest: upgraded.into(),
        ..Client::capabilities("new")
    };
    let registered = b.work.register(capabilities).await.unwrap().into_inner();
    let upgraded_worker = secret(&registered.session);
    // The same batch, for both.
    a.submit(1, 1).await;
    let witness = [ashlar_farm::testing::witness(1, 0)];
    b.submit_parts(ashlar_farm::testing::submission(1, upgraded, &witness))
        .await
        .unwrap();

    assert_eq!(a.work_all(worker).await.len(), 3);
    a.assert_done(1, 1).await;
    assert_eq!(b.work_all(upgraded_worker).await.len(), 3);
    let request = pb::WatchBatchRequest {
        number: 1,
        tenant: Some(ashlar_farm::testing::tenant()),
        circuit_set_digest: upgraded.into(),
    };
    let mut watch = b.batch.watch_batch(request).await.unwrap().into_inner();
    let status = watch.message().await.unwrap().unwrap();
    assert_eq!(
        (status.state(), status.snark),
        (pb::BatchState::Done, expected_snark(1, 1))
    );
    assert_ne!(upgraded, circuit_set());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_for_half_a_minute_costs_nobody_anything() {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = config(dir.path());
    let Database::Postgres(url) = settings.database.clone() else {
        return;
    };
    let (server, name) = url.rsplit_once('/').unwrap();
    let proxy = Proxy::to(server.rsplit_once('@').unwrap().1).await;
    // Leases outlive the outage: it is the database that is tried here.
    settings.policies.chunk.lease = Duration::from_secs(120);
    settings.database = format!("postgres://postgres@{}/{name}", proxy.address)
        .parse()
        .unwrap();
    let coordinator = Coordinator::start(settings);
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 2).await;
    let lease = client.lease(worker).await;
    let proof = client.prove(&lease).await;

    proxy.cut();
    let away = Instant::now();
    while away.elapsed() < Duration::from_secs(30) {
        let answer = client.deliver(key(&lease), proof.clone()).await;
        let status = answer.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{status}");
        let request = pb::LeaseRequest {
            session: worker.to_vec().into(),
            wait_ms: 0,
            ahead: false,
        };
        // No job, or word of the outage: never another error.
        match client.work.lease(request).await {
            Ok(answer) => assert!(answer.into_inner().lease.is_none()),
            Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status}"),
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    proxy.mend();

    let back = Instant::now();
    let outcome = loop {
        match client.deliver(key(&lease), proof.clone()).await {
            Ok((outcome, _)) => break outcome,
            Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status}"),
        }
        assert!(back.elapsed() < Duration::from_secs(30), "it is back");
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert_eq!(outcome, Outcome::Accepted);
    let job = client.job(lease.job_id).await.job.unwrap();
    assert_eq!(
        (job.failed_attempts, job.machine_faults),
        (0, 0),
        "nobody is blamed"
    );
    client.work_all(worker).await;
    client.assert_done(1, 2).await;
}
