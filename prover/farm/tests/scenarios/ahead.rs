//! Jobs for workers that are busy.

use std::time::Duration;

use ashlar_farm::testing::{self, Client, Coordinator, Secret, key, kind};
use ashlar_proto::{JobKind, farm::v1 as pb};

async fn ask(client: &mut Client, session: Secret, wait_ms: u32, ahead: bool) -> Option<pb::Lease> {
    let request = pb::LeaseRequest {
        session: session.to_vec().into(),
        wait_ms,
        ahead,
    };
    client.work.lease(request).await.unwrap().into_inner().lease
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_worker_leaves_a_job_for_every_other_worker_that_is_alive() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    let busy = client.register("busy").await;
    let other = client.register("other").await;
    let wraps_only = pb::RegisterRequest {
        kinds: vec![pb::JobKind::Wrap as i32],
        ..Client::capabilities("takes none of these")
    };
    client.work.register(wraps_only).await.unwrap();
    client.submit(1, 4).await;
    let first = ask(&mut client, busy, 10_000, false).await.unwrap();
    let second = ask(&mut client, busy, 10_000, true)
        .await
        .expect("3 beside the other");
    let third = ask(&mut client, busy, 10_000, true)
        .await
        .expect("2 beside the other");
    assert_ne!(key(&first), key(&second));
    for lease in [&first, &second, &third] {
        client.renew(lease).await.expect("one worker holds all");
    }
    assert!(
        ask(&mut client, busy, 0, true).await.is_none(),
        "1 is left for the other"
    );
    let lease = ask(&mut client, other, 10_000, false).await;
    assert_eq!(kind(&lease.expect("whoever is idle has it")), JobKind::Chunk);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_alone_has_a_fold_in_hand_as_soon_as_its_children_are_proved() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    let alone = client.register("alone").await;
    client.submit(1, 4).await;
    for _ in 0..2 {
        client.work_one(alone).await;
    }
    let next = ask(&mut client, alone, 10_000, true)
        .await
        .expect("it is the only one");
    assert_eq!(kind(&next), JobKind::Fold, "before the chunks that are left");
    let then = ask(&mut client, alone, 10_000, true).await.expect("2 are left");
    assert_eq!(kind(&then), JobKind::Chunk);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_idle_goes_before_who_asks_ahead() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    let sessions = [client.register("busy").await, client.register("idle").await];
    let calls = [(sessions[0], true), (sessions[1], false)].map(|(session, ahead)| {
        let mut client = client.clone();
        tokio::spawn(async move { ask(&mut client, session, 3_000, ahead).await })
    });
    tokio::time::sleep(Duration::from_millis(500)).await; // both wait
    client.submit(1, 1).await;
    let [busy, idle] = calls;
    assert!(idle.await.unwrap().is_some());
    assert!(busy.await.unwrap().is_none(), "though it came first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_ends_the_one_before_of_its_worker() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.register("for whom a job is left").await;
    let mut other = client.clone();
    let ahead = tokio::spawn(async move { ask(&mut other, worker, 30_000, true).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    client.submit(1, 1).await;
    assert!(!ahead.is_finished(), "the only job is not given ahead");
    assert!(ask(&mut client, worker, 10_000, false).await.is_some());
    let ended = tokio::time::timeout(Duration::from_secs(10), ahead);
    assert!(ended.await.expect("not after 30 s").unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_process_held_ahead_goes_with_what_it_worked_on() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::leases_of(dir.path(), 1000));
    let mut client = coordinator.client().await;
    let dead = client.register("dead").await;
    client.submit(1, 3).await;
    let held = [
        ask(&mut client, dead, 10_000, false).await.unwrap(),
        ask(&mut client, dead, 10_000, true).await.unwrap(),
    ];
    let again = client.register("dead").await; // its successor
    for lease in &held {
        client.renew(lease).await.expect_err("ended at once");
        let job = client.job(lease.job_id).await;
        assert_eq!(job.job.unwrap().machine_faults, 1);
        assert!(
            job.leases[0].outcome.contains("registered anew"),
            "{:?}",
            job.leases
        );
    }
    for ahead in [false, true] {
        ask(&mut client, again, 10_000, ahead).await.unwrap();
    }
    let alive = client.register("alive").await;
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        while client.status(1).await.state() != pb::BatchState::Done {
            client.work_all(alive).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    waited
        .await
        .expect("what the successor holds expires, the one and the other");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_renews_hears_that_it_is_drained() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 1).await;
    let lease = client.lease(worker).await;
    for draining in [false, true, false] {
        let request = pb::DrainWorkerRequest {
            name: "w".into(),
            draining,
        };
        client.admin.drain_worker(request).await.unwrap();
        let request = pb::RenewRequest {
            job_id: lease.job_id,
            token: lease.token.clone(),
        };
        let renewed = client.work.renew(request).await.unwrap().into_inner();
        assert_eq!(renewed.drained, draining);
        assert!(renewed.expires_in_ms > 0);
    }
}
