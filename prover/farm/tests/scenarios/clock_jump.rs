//! Outage: the machine's wall clock is set, by hours and in both directions, while leases and pauses run. They end when they
//! should, give or take the tenth by which the farm's time follows the wall clock, and a busy machine's delay.
//!
//! With a file as database the coordinator's own wall clock jumps. On PostgreSQL the time is the database's, so there the same
//! jumps show that the coordinator's clock does not matter; a database server whose own clock jumps is not tried.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant, SystemTime},
};

use ashlar_farm::{
    FarmConfig,
    testing::{Client, Coordinator, config, key, leases_of},
};
use ashlar_proto::{
    Bytes,
    farm::v1::{self as pb, complete_response::Outcome},
};

const HOUR_MS: i64 = 3_600_000;
/// How much later than it should something may be seen on a busy machine: far less than an hour.
const SLACK: Duration = Duration::from_secs(8);

/// A wall clock of a test's own, and how far it is from the machine's.
macro_rules! clock {
    ($jump:ident, $wall:ident) => {
        static $jump: AtomicI64 = AtomicI64::new(0);
        fn $wall() -> i64 {
            machine_ms() + $jump.load(Ordering::SeqCst)
        }
    };
}

fn machine_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap().as_millis() as i64
}

/// That what took `since` to now was as long as `term`, as clocks go here.
fn assert_about(since: Instant, term: Duration, what: &str) {
    let took = since.elapsed();
    let range = term * 9 / 10..term * 10 / 9 + SLACK;
    assert!(range.contains(&took), "{what} after {took:?}");
}

/// A job that a worker has leased goes to the other one at the end of its term, and no earlier.
async fn lease_ends_in_time(settings: FarmConfig, jump: &AtomicI64, by: i64, term: Duration) {
    let coordinator = Coordinator::start(settings);
    let mut client = coordinator.client().await;
    let (first, other) = (client.register("first").await, client.register("other").await);
    client.submit(1, 1).await;
    let lease = client.lease(first).await;
    jump.fetch_add(by, Ordering::SeqCst);
    tokio::time::sleep(term / 3).await;
    let renewed = Instant::now();
    client.renew(&lease).await.expect("it did not end early");
    jump.fetch_add(by, Ordering::SeqCst); // and once more
    let again = client.lease(other).await;
    assert_eq!(again.job_id, lease.job_id);
    assert_about(renewed, term, "the lease ended");
    let proof = client.prove(&again).await;
    assert_eq!(
        client.deliver(key(&again), proof).await.unwrap().0,
        Outcome::Accepted
    );
    client.work_all(other).await;
    client.assert_done(1, 1).await;
}

#[tokio::test]
async fn a_lease_neither_ends_early_nor_late_when_the_clock_jumps_forward() {
    clock!(JUMP, wall);
    let dir = tempfile::tempdir().unwrap();
    let settings = FarmConfig {
        wall_clock: wall,
        ..leases_of(dir.path(), 3000)
    };
    lease_ends_in_time(settings, &JUMP, 5 * HOUR_MS, Duration::from_secs(3)).await;
}

#[tokio::test]
async fn a_lease_neither_ends_early_nor_late_when_the_clock_jumps_back() {
    clock!(JUMP, wall);
    let dir = tempfile::tempdir().unwrap();
    let settings = FarmConfig {
        wall_clock: wall,
        ..leases_of(dir.path(), 3000)
    };
    lease_ends_in_time(settings, &JUMP, -5 * HOUR_MS, Duration::from_secs(3)).await;
}

#[tokio::test]
async fn a_lease_that_is_renewed_is_kept_whatever_the_clock_does() {
    clock!(JUMP, wall);
    let dir = tempfile::tempdir().unwrap();
    let settings = FarmConfig {
        wall_clock: wall,
        ..leases_of(dir.path(), 2500)
    };
    let coordinator = Coordinator::start(settings);
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 1).await;
    let lease = client.lease(worker).await;
    for by in [3, -7, 1, -1, 12, -24, 2, 14] {
        JUMP.fetch_add(by * HOUR_MS, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(500)).await;
        client.renew(&lease).await.expect("still current");
    }
    let proof = client.prove(&lease).await;
    assert_eq!(
        client.deliver(key(&lease), proof).await.unwrap().0,
        Outcome::Accepted
    );
    let job = client.job(lease.job_id).await.job.unwrap();
    assert_eq!((job.failed_attempts, job.machine_faults), (0, 0));
    client.work_all(worker).await;
    client.assert_done(1, 1).await;
}

/// Fails as `wrong` says and waits for the next lease, while the clock jumps.
async fn pause_ends_in_time<F: AsyncFnMut(&mut Client, &pb::Lease)>(
    settings: FarmConfig,
    jump: &AtomicI64,
    pause: Duration,
    mut wrong: F,
) {
    let coordinator = Coordinator::start(settings);
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 1).await;
    // After the first fault a job does not pause yet.
    let mut lease = client.lease(worker).await;
    wrong(&mut client, &lease).await;
    lease = client.lease(worker).await;
    for by in [5 * HOUR_MS, -10 * HOUR_MS] {
        let began = Instant::now();
        wrong(&mut client, &lease).await;
        jump.fetch_add(by, Ordering::SeqCst);
        assert_eq!(client.try_lease(worker, 0).await, None, "it pauses");
        lease = client.lease(worker).await;
        assert_about(began, pause, "the pause ended");
    }
    let proof = client.prove(&lease).await;
    client.deliver(key(&lease), proof).await.unwrap();
    client.work_all(worker).await;
    client.assert_done(1, 1).await;
}

#[tokio::test]
async fn a_worker_s_quarantine_ends_in_time_though_the_clock_jumps() {
    clock!(JUMP, wall);
    let dir = tempfile::tempdir().unwrap();
    let pause = Duration::from_secs(3);
    let settings = FarmConfig {
        wall_clock: wall,
        quarantine: pause,
        max_quarantine: pause,
        fault_pause: Duration::ZERO,
        job_pause: Duration::ZERO,
        max_rejected_workers: 10,
        ..config(dir.path())
    };
    pause_ends_in_time(settings, &JUMP, pause, async |client, lease| {
        let forged = Bytes::from_static(b"forged");
        let outcome = client.deliver(key(lease), forged).await.unwrap().0;
        assert_eq!(outcome, Outcome::Rejected);
    })
    .await;
}

#[tokio::test]
async fn a_job_s_pause_ends_in_time_though_the_clock_jumps() {
    clock!(JUMP, wall);
    let dir = tempfile::tempdir().unwrap();
    let pause = Duration::from_secs(3);
    let settings = FarmConfig {
        wall_clock: wall,
        fault_pause: Duration::ZERO,
        job_pause: pause,
        max_job_pause: pause,
        ..config(dir.path())
    };
    pause_ends_in_time(settings, &JUMP, pause, async |client, lease| {
        assert!(client.fail(lease, "device lost", true).await);
    })
    .await;
}

/// The coordinator is stopped with a lease and a quarantine in it, the clock is set, and it starts again. The quarantine is
/// over in time, and so is the lease, which the holder may renew once.
async fn restarted_with_the_clock_elsewhere(settings: FarmConfig, jump: &AtomicI64, by: i64, renews: bool) {
    let term = settings.policies.chunk.lease;
    let coordinator = Coordinator::start(settings.clone());
    let mut client = coordinator.client().await;
    let (holder, liar) = (client.register("holder").await, client.register("liar").await);
    client.submit(1, 2).await;
    let held = client.lease(holder).await;
    let lied = client.lease(liar).await;
    let forged = Bytes::from_static(b"forged");
    assert_eq!(
        client.deliver(key(&lied), forged).await.unwrap().0,
        Outcome::Rejected
    );
    coordinator.stop().await;

    jump.fetch_add(by, Ordering::SeqCst);
    let coordinator = Coordinator::start(settings);
    let restarted = Instant::now();
    let mut client = coordinator.client().await;
    if renews {
        client.renew(&held).await.expect("a restart ends no lease");
    }
    assert_eq!(client.lease(holder).await.job_id, lied.job_id);
    assert_eq!(client.lease(liar).await.job_id, held.job_id);
    if renews {
        assert_about(restarted, term, "the lease ended");
    }
    assert!(restarted.elapsed() < term * 10 / 9 + SLACK);
}

#[tokio::test]
async fn a_restart_after_the_clock_was_set_forward_ends_no_lease() {
    clock!(JUMP, wall);
    let dir = tempfile::tempdir().unwrap();
    let settings = FarmConfig {
        wall_clock: wall,
        quarantine: Duration::from_secs(2),
        max_quarantine: Duration::from_secs(2),
        ..leases_of(dir.path(), 4000)
    };
    restarted_with_the_clock_elsewhere(settings, &JUMP, 5 * HOUR_MS, true).await;
}

#[tokio::test]
async fn a_restart_after_the_clock_was_set_back_holds_nothing_for_hours() {
    clock!(JUMP, wall);
    let dir = tempfile::tempdir().unwrap();
    let settings = FarmConfig {
        wall_clock: wall,
        quarantine: Duration::from_secs(2),
        max_quarantine: Duration::from_secs(2),
        ..leases_of(dir.path(), 4000)
    };
    restarted_with_the_clock_elsewhere(settings, &JUMP, -5 * HOUR_MS, false).await;
}
