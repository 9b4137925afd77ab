//! Collections while the store or the database is away, or another coordinator is at it.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use ashlar_farm::{
    FarmConfig,
    testing::{Coordinator, HOUR, Records, S3Server, config, on_postgres, witness},
};
use ashlar_proto::Digest;
use tonic::{Code, Status};

use super::{CRASHED, collect, files, orphan, start};

#[tokio::test]
async fn a_store_that_is_away_delays_a_collection_and_loses_nothing() {
    let Some(mut server) = S3Server::start(env!("CARGO_TARGET_TMPDIR")) else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let on_s3 = FarmConfig {
        artifacts: server.at("farm"),
        ..config(dir.path())
    };
    let records = Records::of(&on_s3);
    let coordinator = Coordinator::start(on_s3.clone());
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 2).await;
    client.work_one(worker).await;
    let garbage: Vec<Digest> = (0..5).map(|n| Digest::of(&[n])).collect();
    for (&digest, n) in garbage.iter().zip(0u8..) {
        server.write(&format!("farm/{digest}"), vec![n]).await;
    }
    server.write("farm/notes.txt", "somebody's").await;
    records.mark(garbage.clone(), CRASHED).await;

    server.kill();
    let status = client.collect(false).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert_eq!(records.doomed(true).await.len(), 5, "to be tried again");
    server.restart();
    records.age(CRASHED).await; // what was under way then is over
    let found = collect(&mut client).await;
    assert_eq!(found.kept.unwrap().artifacts, 3);
    assert_eq!(records.doomed(true).await, BTreeSet::new());
    let names = server.names().await;
    assert_eq!(names.len(), 4, "{names:?}");
    assert!(names.contains(&"farm/notes.txt".to_owned()), "{names:?}");
    client.work_all(worker).await;
    client.assert_done(1, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_coordinators_on_one_bucket_do_not_delete_what_the_other_stores() {
    let (true, Some(server)) = (on_postgres(), S3Server::start(env!("CARGO_TARGET_TMPDIR"))) else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let on_s3 = FarmConfig {
        artifacts: server.at("farm"),
        ..config(dir.path())
    };
    let records = Records::of(&on_s3);
    let (first, second) = (Coordinator::start(on_s3.clone()), Coordinator::start(on_s3));
    let (mut collector, mut client) = (first.client().await, second.client().await);
    for round in 1..=15 {
        let bytes = witness(round, 0);
        let digest = Digest::of(&bytes);
        server.write(&format!("farm/{digest}"), bytes).await;
        records.mark([digest], CRASHED).await;
        let collection = tokio::spawn(async move {
            collect(&mut collector).await;
            collector
        });
        tokio::time::sleep(Duration::from_millis(round % 8)).await;
        client.submit(round, 1).await;
        collector = collection.await.unwrap();
        assert_eq!(
            client.fetch(digest).await.unwrap(),
            witness(round, 0),
            "round {round}"
        );
    }
}

#[tokio::test]
async fn a_database_that_is_away_delays_a_collection_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (coordinator, records) = start(dir.path());
    let mut client = coordinator.client().await;
    orphan(&mut client, &records, 1).await;
    records.age(3 * HOUR).await;
    let before = files(&coordinator);
    // Somebody holds what every change must have.
    let mut conn = records.connect().await;
    let hold: &[&str] = if on_postgres() {
        &["SELECT CAST(pg_advisory_lock(107148301066610) AS TEXT)"]
    } else {
        &["BEGIN IMMEDIATE"]
    };
    for text in hold {
        sqlx::query(*text).execute(&mut conn).await.unwrap();
    }
    let status = client.collect(false).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert_eq!(files(&coordinator), before);
    drop(conn);
    let start = Instant::now();
    let found = loop {
        match client.collect(false).await {
            Ok(found) => break found,
            Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status}"),
        }
        assert!(start.elapsed() < Duration::from_secs(60), "it is back");
    };
    assert_eq!(found.deleted.unwrap().artifacts, 4);
}

#[tokio::test]
async fn one_collects_at_a_time() {
    if !on_postgres() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (coordinator, records) = start(dir.path());
    let mut client = coordinator.client().await;
    collect(&mut client).await;
    let mut conn = records.connect().await; // another coordinator's
    let hold = "SELECT CAST(pg_advisory_lock(29099066505914213) AS TEXT)";
    sqlx::query(hold).execute(&mut conn).await.unwrap();
    let status: Status = client.collect(false).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (
            Code::Unavailable,
            "a collection runs already, here or at another coordinator: wait until it is over"
        )
    );
    client.collect(true).await.expect("a dry run is in nobody's way");
    drop(conn);
    collect(&mut client).await;
}
