//! Outage: the network between a worker and its coordinator is cut, or swallows what is sent. That of the operator, who looks
//! on, is not.

use std::{
    path::Path,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use ashlar_farm::{
    FarmConfig,
    testing::{
        self, Client, Coordinator, Proxy,
        Way::{self, ToClient, ToServer},
        leases_of,
    },
};
use ashlar_proto::farm::v1 as pb;

use crate::{
    metrics::{jobs, until},
    runner::{HashRunner, Worker, attempts, config},
};

/// Keepalive of both ends gives a silent connection up within 35 s; the rest is for a busy machine.
const NOT_FOR_EVER: Duration = Duration::from_secs(60);

/// A coordinator with a batch, the operator's client, and the worker's way there.
async fn farm(settings: FarmConfig, chunks: u32) -> (Coordinator, Client, Proxy) {
    let coordinator = Coordinator::start(settings);
    let mut client = coordinator.client().await;
    client.submit(1, chunks).await;
    let proxy = Proxy::to(coordinator.address).await;
    (coordinator, client, proxy)
}

fn proving_for(time: Duration) -> Arc<HashRunner> {
    HashRunner::new(move |_| {
        std::thread::sleep(time);
        Ok(())
    })
}

fn runs(runner: &HashRunner) -> u32 {
    runner.runs.load(Ordering::SeqCst)
}

async fn until_it_proves(runner: &HashRunner) {
    while runs(runner) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn first_job(client: &mut Client) -> pb::InspectResponse {
    let job_id = client.status(1).await.jobs[0].job_id;
    client.job(job_id).await
}

async fn done_within(limit: Duration, client: &mut Client, chunks: u32) {
    tokio::time::timeout(limit, client.assert_done(1, chunks))
        .await
        .expect("nobody waits for ever");
}

/// That nobody was blamed for anything, and every job was attempted once.
async fn assert_nothing_counted(client: &mut Client) {
    for job in client.status(1).await.jobs {
        let leases = client.job(job.job_id).await.leases;
        let counted = (job.failed_attempts, job.machine_faults);
        assert_eq!((counted, attempts(&leases)), ((0, 0), 1), "{leases:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_shorter_than_the_lease_costs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (_coordinator, mut client, proxy) = farm(leases_of(dir.path(), 6000), 1).await;
    // The cut covers a renewal, and the job outlives the term from which it was leased.
    let runner = proving_for(Duration::from_secs(8));
    let worker = Worker::start(config(proxy.address, "w"), runner.clone());
    until_it_proves(&runner).await;
    tokio::time::sleep(Duration::from_millis(1000)).await;
    proxy.cut();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    proxy.mend();
    done_within(NOT_FOR_EVER, &mut client, 1).await;
    assert_eq!(runs(&runner), 3);
    assert_nothing_counted(&mut client).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_cut_longer_than_the_lease_another_worker_has_the_job_and_the_late_proof_is_ignored() {
    let dir = tempfile::tempdir().unwrap();
    let (coordinator, mut client, proxy) = farm(leases_of(dir.path(), 1500), 1).await;
    let slow = proving_for(Duration::from_secs(1));
    let mut settings = config(proxy.address, "cut off");
    settings.kinds = vec![ashlar_proto::JobKind::Chunk];
    let metrics = settings.metrics.clone();
    let cut_off = Worker::start(settings, slow.clone());
    until_it_proves(&slow).await;
    proxy.cut();
    let quick = HashRunner::quick();
    let other = Worker::start(config(coordinator.address, "other"), quick.clone());
    done_within(NOT_FOR_EVER, &mut client, 1).await;
    let before = first_job(&mut client).await;
    proxy.mend();
    // It delivers what it has, hears that the job is done, and is of use again.
    until("it delivers", || jobs(&metrics, "chunk", "proved") == 1.0).await;
    assert_eq!(
        first_job(&mut client).await,
        before,
        "the late proof changes nothing"
    );
    let job = before.job.unwrap();
    assert_eq!(
        (&job.worker[..], job.failed_attempts, job.machine_faults),
        ("other", 0, 1)
    );
    let mut outcomes = before.leases.iter().map(|lease| &lease.outcome);
    assert!(
        outcomes.any(|outcome| outcome.contains("cut off went silent")),
        "{:?}",
        before.leases
    );
    assert_eq!((runs(&slow), runs(&quick)), (1, 3));
    client.submit(2, 1).await;
    client.assert_done(2, 1).await;
    cut_off.stop().await;
    other.stop().await;
}

/// The compressed proof is 2.5 MB, and nothing else is near: so many bytes are in the middle of it.
const MIDDLE: i64 = 1 << 20;

async fn cut_in_the_middle(dir: &Path, way: Way) {
    let (_coordinator, mut client, proxy) = farm(testing::config(dir), 1).await;
    proxy.cut_after(way, MIDDLE);
    let runner = HashRunner::quick();
    let worker = Worker::start(config(proxy.address, "w"), runner.clone());
    done_within(NOT_FOR_EVER, &mut client, 1).await;
    assert_eq!(proxy.times_cut(), 1);
    assert_eq!(runs(&runner), 3, "what was lost is sent again, not made again");
    assert_nothing_counted(&mut client).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_whose_delivery_is_cut_is_delivered_again() {
    let dir = tempfile::tempdir().unwrap();
    cut_in_the_middle(dir.path(), ToServer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_artifact_whose_download_is_cut_is_fetched_again() {
    let dir = tempfile::tempdir().unwrap();
    cut_in_the_middle(dir.path(), ToClient).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_was_accepted_while_the_answer_was_lost_counts_once() {
    let dir = tempfile::tempdir().unwrap();
    let (_coordinator, mut client, proxy) = farm(testing::config(dir.path()), 1).await;
    let runner = proving_for(Duration::from_millis(500));
    let worker = Worker::start(config(proxy.address, "w"), runner.clone());
    until_it_proves(&runner).await;
    proxy.silence(&[ToClient]);
    while first_job(&mut client).await.job.unwrap().state() != pb::JobState::Done {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let before = first_job(&mut client).await;
    proxy.cut();
    proxy.mend();
    done_within(NOT_FOR_EVER, &mut client, 1).await;
    assert_eq!(first_job(&mut client).await, before);
    assert_eq!(runs(&runner), 3);
    // The worker asks for the next job while it delivers: a lease that was granted into the silence ends with its term. Nothing
    // else may have happened.
    for job in client.status(1).await.jobs {
        let leases = client.job(job.job_id).await.leases;
        let lost = leases.iter().filter(|lease| lease.outcome.contains("expired"));
        let lost = lost.count() as u32;
        assert!(
            lost <= u32::from(job.kind() == pb::JobKind::Compress),
            "{leases:?}"
        );
        let counted = (job.failed_attempts, job.machine_faults);
        assert_eq!(
            (counted, attempts(&leases)),
            ((0, lost), 1 + lost as usize),
            "{leases:?}"
        );
    }
    worker.stop().await;
}

/// Connections made before go silent while the worker proves: the lease is kept over a new one, and the proof arrives.
async fn silent_while_it_proves(ways: &[Way]) {
    let dir = tempfile::tempdir().unwrap();
    let (_coordinator, mut client, proxy) = farm(leases_of(dir.path(), 9000), 1).await;
    let runner = proving_for(Duration::from_secs(14));
    let worker = Worker::start(config(proxy.address, "w"), runner.clone());
    until_it_proves(&runner).await;
    tokio::time::sleep(Duration::from_millis(4500)).await; // renewed once
    proxy.silence(ways);
    let silent = Instant::now();
    while first_job(&mut client).await.job.unwrap().state() != pb::JobState::Done {
        assert!(silent.elapsed() < NOT_FOR_EVER, "nobody waits for ever");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let job = first_job(&mut client).await;
    assert_eq!(job.job.unwrap().machine_faults, 0, "{:?}", job.leases);
    assert_eq!(attempts(&job.leases), 1);
    worker.stop.cancel();
    tokio::time::timeout(NOT_FOR_EVER, worker.ended())
        .await
        .expect("it can be stopped")
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_outlives_a_connection_that_is_silent_both_ways() {
    silent_while_it_proves(&[ToServer, ToClient]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_worker_whose_connection_is_silent_hears_of_work_again() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    let proxy = Proxy::to(coordinator.address).await;
    let mut settings = config(proxy.address, "w");
    settings.lease_wait = Duration::from_secs(30);
    let readiness = settings.metrics.readiness().clone();
    let worker = Worker::start(settings, HashRunner::quick());
    until("it registers", || readiness.get()).await;
    tokio::time::sleep(Duration::from_millis(500)).await; // into its call for a job
    proxy.silence(&[ToServer, ToClient]);
    client.submit(1, 1).await;
    done_within(NOT_FOR_EVER, &mut client, 1).await;
    let given_up = Instant::now();
    while proxy.given_up() == 0 {
        assert!(
            given_up.elapsed() < NOT_FOR_EVER,
            "the coordinator keeps no dead connection"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    worker.stop().await;
}

mod slow {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "slow: waits for half a minute"]
    async fn a_lease_outlives_a_connection_that_is_silent_towards_the_coordinator() {
        silent_while_it_proves(&[ToServer]).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "slow: waits for half a minute"]
    async fn a_lease_outlives_a_connection_that_is_silent_towards_the_worker() {
        silent_while_it_proves(&[ToClient]).await;
    }
}
