//! A worker that hangs and goes on renewing, one that is slow, and one that is much faster: an idle worker gets the job as
//! well, once, and whoever proves it first has proved it. Nobody's attempt is counted for it.

use std::time::Duration;

use ashlar_farm::{
    FarmConfig,
    testing::{Client, Coordinator, config, key, kind},
};
use ashlar_proto::{
    JobKind::*,
    farm::v1::{self as pb, complete_response::Outcome},
};
use tonic::Code;

/// A job takes 0.25 s, as tests report it, so that after 0.75 s its worker is a straggler.
fn impatient(dir: &std::path::Path) -> FarmConfig {
    FarmConfig {
        straggler: Duration::from_millis(500),
        ..config(dir)
    }
}

/// Does one batch, so that the farm learns how long jobs take.
async fn learn(client: &mut Client, name: &str, number: u64) -> [u8; 16] {
    let worker = client.register(name).await;
    client.submit(number, 2).await;
    client.work_all(worker).await;
    client.assert_done(number, 2).await;
    worker
}

/// Renews as a worker does whose prover hangs. Ends with what it is told in the end.
fn hang(client: &Client, lease: &pb::Lease) -> tokio::task::JoinHandle<tonic::Status> {
    let (mut client, lease) = (client.clone(), lease.clone());
    tokio::spawn(async move {
        loop {
            match client.renew(&lease).await {
                Ok(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                Err(status) => return status,
            }
        }
    })
}

#[tokio::test]
async fn the_job_of_a_worker_that_hangs_but_renews_goes_to_an_idle_one() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(impatient(dir.path()));
    let mut client = coordinator.client().await;
    let idle = learn(&mut client, "idle", 1).await;
    let hanging = client.register("hanging").await;
    client.submit(2, 1).await;
    let stuck = client.lease(hanging).await;
    let renewing = hang(&client, &stuck);

    let taken = client.lease(idle).await;
    assert_eq!(taken.job_id, stuck.job_id);
    assert_ne!(taken.token, stuck.token);
    assert_eq!(renewing.await.unwrap().code(), Code::FailedPrecondition);
    let job = client.job(taken.job_id).await;
    let status = job.job.unwrap();
    assert_eq!((status.failed_attempts, status.machine_faults), (0, 0));
    let story: Vec<_> = job.leases.iter().map(|lease| lease.outcome.clone()).collect();
    assert!(
        story[0].starts_with("overtaken: after ")
            && story[0].ends_with("worker hanging still had not proved it, and another was idle"),
        "{story:?}"
    );

    let proof = client.prove(&taken).await;
    let first = client.deliver(key(&taken), proof.clone()).await.unwrap().0;
    let late = client.deliver(key(&stuck), proof).await.unwrap().0;
    assert_eq!((first, late), (Outcome::Accepted, Outcome::Ignored));
    client.work_all(idle).await;
    client.assert_done(2, 1).await;
}

#[tokio::test]
async fn a_straggler_that_delivers_first_after_all_has_proved_the_job() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(impatient(dir.path()));
    let mut client = coordinator.client().await;
    let idle = learn(&mut client, "idle", 1).await;
    let slow = client.register("slow").await;
    client.submit(2, 1).await;
    let begun = client.lease(slow).await;
    let again = client.lease(idle).await;
    assert_eq!(again.job_id, begun.job_id);
    let proof = client.prove(&begun).await;
    let first = client.deliver(key(&begun), proof.clone()).await.unwrap().0;
    let second = client.deliver(key(&again), proof).await.unwrap().0;
    assert_eq!((first, second), (Outcome::Accepted, Outcome::Ignored));
    assert!(client.renew(&again).await.is_err(), "it need not go on");
    client.work_all(idle).await;
    client.assert_done(2, 1).await;
}

#[tokio::test]
async fn a_job_is_overtaken_once_and_a_third_worker_waits() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(impatient(dir.path()));
    let mut client = coordinator.client().await;
    let second = learn(&mut client, "second", 1).await;
    let (first, third) = (client.register("first").await, client.register("third").await);
    client.submit(2, 1).await;
    client.lease(first).await;
    let taken = client.lease(second).await;
    let renewing = hang(&client, &taken);
    assert_eq!(client.try_lease(third, 3_000).await, None);
    assert!(!renewing.is_finished(), "it has the job still");
    renewing.abort();
}

#[tokio::test]
async fn a_job_that_takes_no_longer_than_expected_is_left_to_its_worker() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(FarmConfig {
        straggler: Duration::from_secs(30),
        ..config(dir.path())
    });
    let mut client = coordinator.client().await;
    let idle = learn(&mut client, "idle", 1).await;
    let busy = client.register("busy").await;
    client.submit(2, 1).await;
    let lease = client.lease(busy).await;
    assert_eq!(client.try_lease(idle, 3_000).await, None);
    client.renew(&lease).await.unwrap();
}

/// A card wraps in 2 s, a processor in 600; the rest takes each of them 40.
#[tokio::test]
async fn a_wrap_waits_for_the_card_that_is_soon_free() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let (card, processor) = (client.register("card").await, client.register("processor").await);
    for (worker, wrap, number) in [(card, 2.0, 1), (processor, 600.0, 2)] {
        client.submit(number, 1).await;
        for seconds in [40.0, 40.0, wrap] {
            client.seconds = seconds;
            client.work_one(worker).await;
        }
        client.assert_done(number, 1).await;
    }
    client.seconds = 40.0;
    client.submit(4, 1).await;
    let chunk = client.lease(card).await;
    assert_eq!(kind(&chunk), Chunk);
    client.submit(3, 1).await;
    for expected in [Chunk, Compress] {
        assert_eq!(kind(&client.work_one(processor).await), expected);
    }
    // The farm looks at its fleet once a second.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(
        client.try_lease(processor, 1_500).await,
        None,
        "the wrap is kept for the card"
    );
    let proof = client.prove(&chunk).await;
    client.deliver(key(&chunk), proof).await.unwrap();
    let wrap = client.lease(card).await;
    assert_eq!((wrap.batch_number, kind(&wrap)), (3, Wrap));
}
