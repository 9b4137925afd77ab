//! The graph from witnesses to snark.

use ashlar_farm::testing::{Client, Coordinator, config, key, kind, secret};
use ashlar_proto::{
    JobKind::*,
    farm::v1::{self as pb, complete_response::Outcome},
};

#[tokio::test]
async fn one_to_five_chunks_end_in_the_expected_snark() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    for chunks in 1..=5 {
        let number = u64::from(chunks) + 10;
        assert!(!client.submit(number, chunks).await.already_known);
        let kinds = client.work_all(worker).await;
        for (kind, count) in [(Chunk, chunks), (Fold, chunks - 1), (Compress, 1), (Wrap, 1)] {
            assert_eq!(
                kinds.iter().filter(|k| **k == kind).count() as u32,
                count,
                "{kind} of {chunks} chunks"
            );
        }
        client.assert_done(number, chunks).await;
        for job in client.status(number).await.jobs {
            assert_eq!(
                (job.state(), job.failed_attempts, &job.worker[..]),
                (pb::JobState::Done, 0, "w")
            );
            let step = pb::StepTiming {
                name: "hash".into(),
                seconds: 0.25,
                peak_rss_bytes: 4096,
                cpu_seconds: 0.5,
                device_seconds: 0.125,
            };
            assert_eq!(job.steps, [step]);
            assert!(job.output_bytes > 0);
        }
    }
}

#[tokio::test]
async fn a_fold_is_next_as_soon_as_its_inputs_are_done() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 5).await;
    assert_eq!(
        client.work_all(worker).await,
        [
            Chunk, Chunk, Fold, Chunk, Chunk, Fold, Fold, Chunk, Fold, Compress, Wrap
        ]
    );
}

#[tokio::test]
async fn the_oldest_batch_goes_first() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(8, 2).await;
    client.submit(7, 2).await;
    let mut order = Vec::new();
    for _ in 0..10 {
        order.push(client.work_one(worker).await.batch_number);
    }
    assert_eq!(order, [7, 7, 7, 7, 7, 8, 8, 8, 8, 8]);
    client.assert_done(7, 2).await;
    client.assert_done(8, 2).await;
}

#[tokio::test]
async fn a_worker_gets_only_the_kinds_it_takes() {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = config(dir.path());
    settings.policies.wrap.min_ram_bytes = 2 << 30;
    let coordinator = Coordinator::start(settings);
    let mut client = coordinator.client().await;
    let folder = pb::RegisterRequest {
        kinds: vec![pb::JobKind::Fold as i32],
        ..Client::capabilities("folder")
    };
    let folder = secret(&client.work.register(folder).await.unwrap().into_inner().session);
    let small = client.register("small").await;
    let large = pb::RegisterRequest {
        ram_bytes: 2 << 30,
        ..Client::capabilities("large")
    };
    client.submit(1, 2).await;
    assert_eq!(client.try_lease(folder, 0).await, None);
    client.work_one(small).await;
    client.work_one(small).await;
    assert_eq!(kind(&client.work_one(folder).await), Fold);
    assert_eq!(kind(&client.work_one(small).await), Compress);
    assert_eq!(client.try_lease(small, 0).await, None, "wrap needs more memory");
    let large = secret(&client.work.register(large).await.unwrap().into_inner().session);
    assert_eq!(kind(&client.work_one(large).await), Wrap);
    client.assert_done(1, 2).await;
}

#[tokio::test]
async fn a_waiting_lease_call_wakes_for_a_new_batch() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    let mut waiting = client.clone();
    let lease = tokio::spawn(async move { waiting.try_lease(worker, 20_000).await });
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let submitted = std::time::Instant::now();
    client.submit(1, 1).await;
    assert_eq!(lease.await.unwrap().map(|lease| kind(&lease)), Some(Chunk));
    assert!(submitted.elapsed().as_secs() < 5);
}

#[tokio::test]
async fn a_fallback_is_kept_with_its_job() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 1).await;
    let reason = format!("the card was lost {}", "é".repeat(4000));
    let lease = client.lease(worker).await;
    let proof = client.prove(&lease).await;
    let delivered = client.deliver_with(key(&lease), proof, &reason).await.unwrap();
    assert_eq!(delivered.0, Outcome::Accepted);
    client.work_all(worker).await;
    client.assert_done(1, 1).await;

    let job = client.job(lease.job_id).await.job.unwrap();
    assert!(reason.starts_with(&job.fallback), "cut, not changed");
    assert!(
        (4095..=4096).contains(&job.fallback.len()),
        "{}",
        job.fallback.len()
    );
    assert_eq!(
        (job.last_error, job.failed_attempts),
        (String::new(), 0),
        "not a failure"
    );
    for job in client.status(1).await.jobs {
        let expected = if job.job_id == lease.job_id {
            511..=512
        } else {
            0..=0
        };
        assert!(expected.contains(&job.fallback.len()), "{}", job.fallback.len());
    }
}

/// More than a page of the queue, and more than a statement takes at a time.
#[tokio::test]
async fn a_hundred_waiting_workers_get_a_job_each_and_deliver_at_once() {
    const CROWD: u32 = 100;
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let mut sessions = Vec::new();
    for worker in 0..CROWD {
        sessions.push(client.register(&format!("w{worker}")).await);
    }
    let waiting = sessions.iter().map(|session| {
        let (mut client, session) = (client.clone(), *session);
        tokio::spawn(async move { client.lease(session).await })
    });
    let waiting: Vec<_> = waiting.collect();
    client.submit(1, CROWD).await;
    let mut jobs = std::collections::HashSet::new();
    let mut delivering = Vec::new();
    for lease in waiting {
        let lease = lease.await.unwrap();
        assert_eq!(kind(&lease), Chunk);
        assert!(jobs.insert(lease.job_id), "job {} is leased twice", lease.job_id);
        for _ in 0..2 {
            let (mut client, lease) = (client.clone(), lease.clone());
            delivering.push(tokio::spawn(async move {
                let proof = client.prove(&lease).await;
                client.deliver(key(&lease), proof).await.unwrap().0
            }));
        }
    }
    let mut outcomes = Vec::new();
    for delivered in delivering {
        outcomes.push(delivered.await.unwrap());
    }
    for outcome in [Outcome::Accepted, Outcome::Ignored] {
        let count = outcomes.iter().filter(|found| **found == outcome).count();
        assert_eq!(count, CROWD as usize, "{outcome:?}");
    }
    client.work_all(sessions[0]).await;
    client.assert_done(1, CROWD).await;
}
