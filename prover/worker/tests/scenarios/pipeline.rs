//! Nothing goes wrong.

use std::{sync::atomic::Ordering, time::Duration};

use ashlar_farm::testing::{self, Coordinator, leases_of};
use ashlar_proto::{Digest, JobKind, farm::v1 as pb};
use ashlar_worker::WorkerError;

use crate::runner::{FALLBACK, HashRunner, Worker, config};

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_prove_three_batches() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    let runners = [HashRunner::quick(), HashRunner::quick()];
    let mut provers = config(coordinator.address, "chunks and folds");
    provers.kinds = vec![JobKind::Chunk, JobKind::Fold];
    let mut wrappers = config(coordinator.address, "compress and wrap");
    wrappers.kinds = vec![JobKind::Compress, JobKind::Wrap];
    let workers = [
        Worker::start(provers, runners[0].clone()),
        Worker::start(wrappers, runners[1].clone()),
    ];
    for (number, chunks) in [(1, 5), (2, 1), (3, 2)] {
        client.submit(number, chunks).await;
    }
    for (number, chunks) in [(1, 5), (2, 1), (3, 2)] {
        client.assert_done(number, chunks).await;
        for job in client.status(number).await.jobs {
            let late = matches!(job.kind(), pb::JobKind::Compress | pb::JobKind::Wrap);
            assert_eq!(
                job.worker,
                if late {
                    "compress and wrap"
                } else {
                    "chunks and folds"
                }
            );
            let wrap = job.kind() == pb::JobKind::Wrap;
            assert_eq!(job.fallback, if wrap { FALLBACK } else { "" });
            assert_eq!(job.steps.len(), 1);
            assert!(job.steps[0].peak_rss_bytes > 1 << 20 && job.steps[0].seconds >= 0.0);
        }
    }
    for worker in workers {
        worker.stop().await;
    }
    assert_eq!(
        runners.map(|runner| runner.runs.load(Ordering::SeqCst)),
        [5 + 4 + 1 + 2 + 1, 6]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_longer_than_its_lease_is_proved_once() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(leases_of(dir.path(), 4000));
    let mut client = coordinator.client().await;
    let runner = HashRunner::busy(Duration::from_secs(6)); // longer than a lease, which a busy machine must still renew in time
    let worker = Worker::start(config(coordinator.address, "w"), runner.clone());
    client.submit(1, 1).await;
    client.assert_done(1, 1).await;
    assert_eq!(runner.runs.load(Ordering::SeqCst), 3);
    assert!(
        client
            .status(1)
            .await
            .jobs
            .iter()
            .all(|job| job.failed_attempts == 0)
    );
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_with_other_circuits_ends_with_a_clear_error() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut other = config(coordinator.address, "w");
    other.circuit_set = Digest::of(b"other circuits");
    let error = Worker::start(other, HashRunner::quick())
        .ended()
        .await
        .unwrap_err();
    assert!(
        matches!(&error, WorkerError::WrongCircuitSet(message) if message.contains("same commit")),
        "{error}"
    );
}
