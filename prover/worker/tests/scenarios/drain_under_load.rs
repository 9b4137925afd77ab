//! Operation under load: the operator drains one worker after the other, or all of them, while many batches wait. Each ends
//! after its present job, which counts, and nobody's job is lost or blamed.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use ashlar_farm::testing::{self, Client, Coordinator};
use ashlar_proto::farm::v1 as pb;

use crate::runner::{HashRunner, Worker, attempts, config};

const BATCHES: u64 = 8;
const CHUNKS: u32 = 4;
/// Chunks, folds, compress and wrap of each.
const JOBS: usize = BATCHES as usize * (4 + 3 + 2);

fn slow() -> Arc<HashRunner> {
    HashRunner::new(|_| {
        std::thread::sleep(Duration::from_millis(50));
        Ok(())
    })
}

fn runs(runners: &[Arc<HashRunner>]) -> usize {
    let runs = runners.iter().map(|runner| runner.runs.load(Ordering::SeqCst));
    runs.sum::<u32>() as usize
}

/// A coordinator with work for a while, and workers that are at it.
async fn under_load(
    dir: &std::path::Path,
    workers: usize,
) -> (Coordinator, Client, Vec<Arc<HashRunner>>, Vec<Worker>) {
    let coordinator = Coordinator::start(testing::config(dir));
    let mut client = coordinator.client().await;
    for number in 1..=BATCHES {
        client.submit(number, CHUNKS).await;
    }
    let runners: Vec<_> = (0..workers).map(|_| slow()).collect();
    let at_work: Vec<_> = runners
        .iter()
        .enumerate()
        .map(|(place, runner)| {
            Worker::start(config(coordinator.address, &format!("w{place}")), runner.clone())
        })
        .collect();
    while runners
        .iter()
        .any(|runner| runner.runs.load(Ordering::SeqCst) == 0)
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    (coordinator, client, runners, at_work)
}

async fn drain(client: &mut Client, place: usize) {
    let request = pb::DrainWorkerRequest {
        name: format!("w{place}"),
        draining: true,
    };
    client.admin.drain_worker(request).await.unwrap();
}

async fn ends(worker: Worker) {
    tokio::time::timeout(Duration::from_secs(20), worker.ended())
        .await
        .expect("a drained worker ends by itself")
        .unwrap();
}

async fn jobs(client: &mut Client) -> Vec<pb::JobStatus> {
    let all = client.admin.list_jobs(pb::ListJobsRequest::default()).await;
    all.unwrap().into_inner().jobs
}

/// Every batch is done, every job was attempted once and proved by who had it.
async fn assert_proved_once(client: &mut Client, runners: &[Arc<HashRunner>]) {
    for number in 1..=BATCHES {
        client.assert_done(number, CHUNKS).await;
    }
    let all = jobs(client).await;
    assert_eq!(
        (all.len(), runs(runners)),
        (JOBS, JOBS),
        "no job was proved twice"
    );
    for job in all {
        let leases = client.job(job.job_id).await.leases;
        let counted = (job.failed_attempts, job.machine_faults);
        assert_eq!((counted, attempts(&leases)), ((0, 0), 1), "{leases:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_drained_one_by_one_end_after_their_job_and_the_last_one_does_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let (_coordinator, mut client, runners, mut workers) = under_load(dir.path(), 4).await;
    let last = workers.pop().unwrap();
    for (place, worker) in workers.into_iter().enumerate() {
        drain(&mut client, place).await;
        ends(worker).await;
        let ended = runners[place].runs.load(Ordering::SeqCst);
        let now = jobs(&mut client).await;
        let its_own = |state| {
            let of_it = now.iter().filter(|job| job.worker == format!("w{place}"));
            of_it.filter(|job| job.state() == state).count()
        };
        assert_eq!(its_own(pb::JobState::Done), ended as usize, "w{place}");
        assert_eq!(its_own(pb::JobState::Leased), 0, "w{place}");
    }
    let left = jobs(&mut client).await;
    let left = left.iter().filter(|job| job.state() != pb::JobState::Done);
    assert!(left.count() > 0, "it was under load");
    assert_proved_once(&mut client, &runners).await;
    last.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_wait_while_all_are_drained_and_a_new_worker_does_them() {
    let dir = tempfile::tempdir().unwrap();
    let (coordinator, mut client, mut runners, workers) = under_load(dir.path(), 3).await;
    for place in 0..workers.len() {
        drain(&mut client, place).await;
    }
    for worker in workers {
        ends(worker).await;
    }
    let waiting = jobs(&mut client).await;
    let in_state = |state| waiting.iter().filter(|job| job.state() == state).count();
    use pb::JobState::{Blocked, Done, Ready};
    assert_eq!(in_state(Done), runs(&runners), "each delivered what it had");
    assert!(in_state(Ready) > 0, "there is work");
    assert_eq!(in_state(Done) + in_state(Ready) + in_state(Blocked), JOBS);
    assert_eq!(
        client.status(BATCHES).await.state(),
        pb::BatchState::Running,
        "it waits"
    );

    runners.push(HashRunner::quick());
    let new = Worker::start(config(coordinator.address, "new"), runners[3].clone());
    assert_proved_once(&mut client, &runners).await;
    new.stop().await;
}
