//! What a coordinator counts, each number by its cause.

use std::time::{Duration, Instant};

use ashlar_farm::{
    FarmMetrics,
    testing::{Coordinator, HOUR, Records, config, key, leases_of},
};
use ashlar_metrics::{Build, Registry, testing::Exposition};
use ashlar_proto::{Bytes, farm::v1 as pb};

fn read(metrics: &FarmMetrics) -> Exposition {
    let build = Build {
        version: "0",
        commit: None,
        role: "farm",
    };
    Exposition::of(&Registry::new(build).with(metrics))
}

fn ended(metrics: &FarmMetrics, kind: &str, ending: &str) -> f64 {
    let labels = [("kind", kind), ("ending", ending)];
    let shown = read(metrics).get("ashlar_farm_attempts_total", &labels);
    shown.expect("known from the start")
}

#[tokio::test]
async fn accepted_proofs_are_counted_with_their_time() {
    let dir = tempfile::tempdir().unwrap();
    let settings = config(dir.path());
    let metrics = settings.metrics.clone();
    let coordinator = Coordinator::start(settings);
    let mut client = coordinator.client().await;
    let session = client.register("w").await;
    client.submit(1, 2).await;
    let lease = client.lease(session).await;
    tokio::time::sleep(Duration::from_millis(150)).await; // it proves
    let proof = client.prove(&lease).await;
    client.deliver(key(&lease), proof.clone()).await.unwrap();
    client.deliver(key(&lease), proof).await.unwrap(); // ignored
    client.work_all(session).await;
    let shown = read(&metrics);
    for (kind, count) in [("chunk", 2.0), ("fold", 1.0), ("compress", 1.0), ("wrap", 1.0)] {
        let done = shown.get("ashlar_farm_jobs_done_total", &[("kind", kind)]);
        assert_eq!(
            (done, ended(&metrics, kind, "completed")),
            (Some(count), count),
            "{kind}"
        );
        let timed = shown.get("ashlar_farm_job_seconds_count", &[("kind", kind)]);
        assert_eq!(timed, Some(count), "{kind}");
        let tenant = format!("31337:0x{}", "01".repeat(20));
        let cost = |name: &str| shown.get(name, &[("tenant", &tenant), ("kind", kind)]);
        assert_eq!(
            [
                cost("ashlar_farm_cpu_seconds_total"),
                cost("ashlar_farm_device_seconds_total")
            ],
            [Some(0.5 * count), Some(0.125 * count)],
            "{kind}, each proof once"
        );
    }
    let chunks = shown
        .get("ashlar_farm_job_seconds_sum", &[("kind", "chunk")])
        .unwrap();
    assert!((0.15..30.0).contains(&chunks), "{chunks} s");
    assert_eq!(shown.sum("ashlar_farm_attempts_total"), 5.0);
    let asked = |operation| shown.get("ashlar_farm_store_seconds_count", &[("operation", operation)]);
    for (operation, count) in [("submit", 1.0), ("register", 1.0), ("accept", 5.0), ("fail", 0.0)] {
        assert_eq!(asked(operation), Some(count), "{operation}");
    }
    assert!(asked("lease").unwrap() >= 5.0);
}

#[tokio::test]
async fn attempts_without_a_proof_are_counted_by_how_they_ended() {
    let dir = tempfile::tempdir().unwrap();
    let settings = config(dir.path());
    let metrics = settings.metrics.clone();
    let coordinator = Coordinator::start(settings);
    let mut client = coordinator.client().await;
    client.submit(1, 1).await;

    let faulty = client.register("faulty").await;
    let lease = client.lease(faulty).await;
    assert!(client.fail(&lease, "out of memory", true).await);
    assert!(
        !client.fail(&lease, "out of memory", true).await,
        "told twice, counted once"
    );
    let judge = client.register("judge").await;
    let lease = client.lease(judge).await;
    assert!(client.fail(&lease, "wrong nonce", false).await);
    let leaving = client.register("leaving").await;
    let lease = client.lease(leaving).await;
    let request = pb::ReleaseRequest {
        job_id: lease.job_id,
        token: lease.token.clone(),
    };
    client.work.release(request).await.unwrap();
    let lease = client.lease(leaving).await;
    let forgetful = client.register("leaving").await; // a new process of that name
    let liar = client.register("liar").await;
    let forged = client.lease(liar).await;
    assert_eq!(forged.job_id, lease.job_id);
    for _ in 0..2 {
        client
            .deliver(key(&forged), Bytes::from_static(b"forged"))
            .await
            .unwrap();
    }
    let _ = forgetful;
    for ending in ["failed", "condemned", "handed_back", "superseded", "rejected"] {
        assert_eq!(ended(&metrics, "chunk", ending), 1.0, "{ending}");
    }
    assert_eq!(read(&metrics).sum("ashlar_farm_attempts_total"), 5.0);
    assert_eq!(read(&metrics).sum("ashlar_farm_jobs_done_total"), 0.0);
}

#[tokio::test]
async fn a_lease_that_expires_is_counted_and_again_when_its_proof_comes_late() {
    let dir = tempfile::tempdir().unwrap();
    let settings = leases_of(dir.path(), 300);
    let metrics = settings.metrics.clone();
    let coordinator = Coordinator::start(settings);
    let mut client = coordinator.client().await;
    let session = client.register("w").await;
    client.submit(1, 1).await;
    let lease = client.lease(session).await;
    let start = Instant::now();
    while ended(&metrics, "chunk", "expired") == 0.0 {
        assert!(start.elapsed() < Duration::from_secs(30), "it does not expire");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let proof = client.prove(&lease).await;
    client.deliver(key(&lease), proof).await.unwrap();
    assert_eq!(
        [
            ended(&metrics, "chunk", "expired"),
            ended(&metrics, "chunk", "completed")
        ],
        [1.0, 1.0]
    );
}

#[tokio::test]
async fn collections_are_counted_with_what_went() {
    let dir = tempfile::tempdir().unwrap();
    let settings = config(dir.path());
    let (metrics, records) = (settings.metrics.clone(), Records::of(&settings));
    let coordinator = Coordinator::start(settings);
    let mut client = coordinator.client().await;
    let session = client.register("w").await;
    client.submit(1, 1).await;
    client.work_all(session).await;
    client.settle(1).await;
    let mut deleted = 0;
    for _ in 0..2 {
        records.age(48 * HOUR).await;
        deleted += client.collect(false).await.unwrap().deleted.unwrap().bytes;
    }
    let shown = read(&metrics);
    let collections = |result| shown.get("ashlar_farm_collections_total", &[("result", result)]);
    assert!(
        collections("done").unwrap() >= 2.0,
        "and those that it does by itself"
    );
    assert_eq!(collections("failed"), Some(0.0));
    assert_eq!(shown.get("ashlar_farm_batches_retired_total", &[]), Some(1.0));
    assert!(deleted > 2_000_000, "its proofs: {deleted} bytes");
    assert_eq!(
        shown.get("ashlar_farm_deleted_bytes_total", &[]),
        Some(deleted as f64)
    );
}
