//! What an operator sees of the whole farm.

use ashlar_farm::testing::{Client, Coordinator, batch_ref, circuit_set, config, key, tenant};
use ashlar_proto::farm::v1::{self as pb, JobKind as Kind};
use tonic::Code;

async fn overview(client: &mut Client) -> pb::OverviewResponse {
    let answer = client.admin.overview(pb::OverviewRequest { batches: 0 }).await;
    answer.expect("it answers").into_inner()
}

/// Counts of a kind: blocked, ready, leased, done, poisoned.
fn counts(kinds: &[pb::KindOverview], kind: Kind) -> [u64; 5] {
    let of = kinds
        .iter()
        .find(|of| of.kind() == kind)
        .expect("jobs of the kind");
    [of.blocked, of.ready, of.leased, of.done, of.poisoned]
}

#[tokio::test]
async fn a_farm_that_has_nothing_shows_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let seen = overview(&mut client).await;
    assert!(seen.at_unix_ms > 0 && !seen.paused);
    assert_eq!(seen.oldest_ready_unix_ms, 0);
    assert_eq!(seen.fleet, Some(pb::Fleet::default()));
    assert_eq!(seen.minutes, [pb::Minute::default(); 10]);
    assert!(seen.batch_counts.is_empty() && seen.running.is_empty() && seen.batches.is_empty());
    assert!(seen.workers.is_empty() && seen.tenants.is_empty() && seen.failures.is_empty());
    let too_many = client.admin.overview(pb::OverviewRequest { batches: 201 }).await;
    let status = too_many.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::InvalidArgument, "batches: must be at most 200, is 201")
    );
}

#[tokio::test]
async fn jobs_are_counted_by_state_while_a_batch_runs() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(7, 3).await;
    client.work_one(worker).await;
    let lease = client.lease(worker).await;

    let seen = overview(&mut client).await;
    let batch = &seen.batches[0];
    assert_eq!(
        (seen.batches.len(), batch.number, batch.state()),
        (1, 7, pb::BatchState::Running)
    );
    assert_eq!(
        (batch.tenant.clone(), &batch.failure_reason[..]),
        (Some(tenant()), "")
    );
    assert_eq!(batch.circuit_set_digest, circuit_set().as_ref()[..]);
    let kinds: Vec<_> = batch.kinds.iter().map(pb::KindOverview::kind).collect();
    assert_eq!(kinds, [Kind::Chunk, Kind::Fold, Kind::Compress, Kind::Wrap]);
    assert_eq!(counts(&batch.kinds, Kind::Chunk), [0, 1, 1, 1, 0]);
    assert_eq!(counts(&batch.kinds, Kind::Fold), [2, 0, 0, 0, 0]);
    assert_eq!(counts(&seen.running, Kind::Chunk), [0, 1, 1, 1, 0]);
    assert_eq!(
        batch.kinds[0].seconds, 0.25,
        "what the worker said that the job cost"
    );
    assert_eq!(
        (batch.kinds[0].cpu_seconds, batch.kinds[0].device_seconds),
        (0.5, 0.125)
    );
    assert_eq!((batch.kinds[1].seconds, batch.kinds[1].cpu_seconds), (0.0, 0.0));
    let age_ms = seen.at_unix_ms - batch.submitted_unix_ms;
    assert_eq!(batch.seconds, age_ms as f64 / 1000.0);
    assert_eq!(
        seen.oldest_ready_unix_ms, batch.submitted_unix_ms,
        "a chunk waits since then"
    );
    assert_eq!(
        seen.batch_counts,
        [pb::BatchCount {
            state: pb::BatchState::Running as i32,
            batches: 1
        }]
    );

    let of = &seen.workers[0];
    let worker = of.worker.as_ref().expect("it says which");
    assert_eq!(
        (&worker.name[..], &worker.backend[..], of.live),
        ("w", "hash", true)
    );
    assert_eq!(
        (worker.job_id, of.kind(), of.batch_number),
        (lease.job_id, Kind::Chunk, 7)
    );
    assert!(of.leased_unix_ms >= batch.submitted_unix_ms && of.leased_unix_ms <= seen.at_unix_ms);
    assert_eq!((of.jobs_done, of.seconds), (1, 0.25));
    assert_eq!(seen.minutes.iter().map(|minute| minute.accepted).sum::<u64>(), 1);
    let shown = &seen.tenants[0];
    assert_eq!(
        (shown.tenant.clone(), shown.leased_jobs, shown.ready_jobs),
        (Some(tenant()), 1, 1)
    );
    assert_eq!(shown.cost, Some(cost_of(1.0)));
}

/// Of so many jobs of the kit's, by what it says of each.
fn cost_of(jobs: f64) -> pb::Cost {
    pb::Cost {
        seconds: 0.25 * jobs,
        cpu_seconds: 0.5 * jobs,
        device_seconds: 0.125 * jobs,
    }
}

#[tokio::test]
async fn a_batch_that_is_done_keeps_its_cost_and_its_time_stands_still() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 2).await;
    client.work_all(worker).await;
    client.assert_done(1, 2).await;
    let first = overview(&mut client).await;
    let batch = first.batches[0].clone();
    assert_eq!(batch.state(), pb::BatchState::Done);
    assert_eq!(batch.kinds.iter().map(|kind| kind.done).sum::<u64>(), 5);
    assert_eq!(batch.kinds.iter().map(|kind| kind.seconds).sum::<f64>(), 1.25);
    assert_eq!(batch.kinds.iter().map(|kind| kind.cpu_seconds).sum::<f64>(), 2.5);
    assert_eq!(
        batch.kinds.iter().map(|kind| kind.device_seconds).sum::<f64>(),
        0.625
    );
    assert_eq!(first.tenants[0].cost, Some(cost_of(5.0)));
    assert!(first.running.is_empty() && first.oldest_ready_unix_ms == 0);
    let worker = &first.workers[0];
    assert_eq!(
        (worker.jobs_done, worker.seconds, worker.kind),
        (5, 1.25, 0),
        "it has no job"
    );
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let second = overview(&mut client).await;
    assert!(second.at_unix_ms > first.at_unix_ms);
    assert_eq!(second.batches[0], batch);
}

#[tokio::test]
async fn failures_pauses_drains_and_quarantines_are_seen() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let (bad, _) = (client.register("bad").await, client.register("other").await);
    client.submit(1, 1).await;
    client.submit(2, 1).await;
    let lease = client.lease(bad).await;
    client.deliver(key(&lease), vec![0; 8].into()).await.unwrap();
    let drained = pb::DrainWorkerRequest {
        name: "other".into(),
        draining: true,
    };
    client.admin.drain_worker(drained).await.unwrap();
    let paused = pb::PauseRequest {
        tenant: None,
        paused: true,
    };
    client.admin.pause(paused).await.unwrap();
    let cancelled = pb::CancelBatchRequest {
        batch: Some(batch_ref(2)),
        reason: "not wanted".into(),
    };
    client.admin.cancel_batch(cancelled).await.unwrap();

    let seen = overview(&mut client).await;
    assert!(seen.paused);
    let fleet = pb::Fleet {
        known: 2,
        live: 2,
        draining: 1,
        quarantined: 1,
    };
    assert_eq!(seen.fleet, Some(fleet));
    let numbers: Vec<_> = seen.batches.iter().map(|batch| batch.number).collect();
    assert_eq!(numbers, [2, 1], "newest first");
    let given_up = &seen.batches[0];
    assert_eq!(
        (given_up.state(), &given_up.failure_reason[..]),
        (pb::BatchState::Cancelled, "not wanted")
    );
    assert_eq!(
        (given_up.seconds, given_up.machine_faults),
        (0.0, 0),
        "nobody worked on it"
    );
    assert_eq!(seen.batches[1].machine_faults, 1);
    assert_eq!(
        counts(&seen.running, Kind::Chunk),
        [0, 1, 0, 0, 0],
        "of those that run"
    );
    assert_eq!(
        seen.minutes
            .iter()
            .map(|minute| (minute.accepted, minute.failed))
            .max(),
        Some((0, 1))
    );
    let failure = &seen.failures[0];
    assert_eq!(
        (seen.failures.len(), failure.job_id, failure.kind()),
        (1, lease.job_id, Kind::Chunk)
    );
    assert_eq!((&failure.worker[..], failure.batch_number), ("bad", 1));
    assert!(failure.reason.contains("hash differs"), "{}", failure.reason);
    let [bad, other] = &seen.workers[..] else {
        panic!("{} workers", seen.workers.len());
    };
    assert_eq!(bad.worker.as_ref().unwrap().quarantines.len(), 1);
    assert!(other.worker.as_ref().unwrap().draining);
}

#[tokio::test]
async fn no_more_batches_are_listed_than_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    for number in 1..=5 {
        client.submit(number, 1).await;
    }
    let answer = client.admin.overview(pb::OverviewRequest { batches: 2 }).await;
    let seen = answer.unwrap().into_inner();
    let numbers: Vec<_> = seen.batches.iter().map(|batch| batch.number).collect();
    assert_eq!(numbers, [5, 4]);
    assert_eq!(seen.batch_counts[0].batches, 5, "all are counted");
    assert_eq!(counts(&seen.running, Kind::Wrap), [5, 0, 0, 0, 0]);
}
