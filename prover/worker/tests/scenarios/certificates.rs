//! A farm over TLS, and certificates that end while it works.

use std::time::Duration;

use ashlar_farm::{
    FarmConfig, Services,
    testing::{self, Certificates, Coordinator, HOUR, circuit_set},
};
use ashlar_identity::{ClientTls, Folder, Identity, Role, grpc::Link};
use ashlar_worker::{WorkerConfig, WorkerError};
use tokio::time::sleep;

use crate::runner::{HashRunner, Worker};

struct Farm {
    _dir: tempfile::TempDir,
    certificates: Certificates,
    coordinator: Coordinator,
}

impl Farm {
    fn start(settings: impl FnOnce(&std::path::Path) -> FarmConfig) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut certificates = Certificates::default();
        let tls = Some(certificates.coordinator());
        let address = "127.0.0.1:0".parse().unwrap();
        let coordinator = Coordinator::start_as(settings(dir.path()), address, tls, Services::ALL);
        Self {
            _dir: dir,
            certificates,
            coordinator,
        }
    }

    /// Settings of a worker with the certificate in a folder, whose name it takes.
    fn worker(&self, folder: &Folder) -> WorkerConfig {
        let tls = ClientTls::open(folder, Role::Worker).unwrap();
        let link = Link::new(&format!("https://{}", self.coordinator.address), Some(tls)).unwrap();
        WorkerConfig {
            lease_wait: Duration::from_millis(500),
            retry_delay: (Duration::from_millis(20), Duration::from_millis(200)),
            ..WorkerConfig::new(link, "", circuit_set())
        }
    }
}

fn chain(error: &WorkerError) -> String {
    ashlar_report::chain(error)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_proved_over_tls_by_workers_known_by_their_certificates() {
    let mut farm = Farm::start(testing::config);
    let address = farm.coordinator.address;
    let folders = ["one", "two"].map(|name| farm.certificates.issue(Role::Worker, name, HOUR));
    let workers = folders.map(|folder| Worker::start(farm.worker(&folder), HashRunner::quick()));
    let mut sequencer = farm.certificates.client(address, Role::Sequencer, "main").await;
    sequencer.submit(1, 4).await;
    sequencer.assert_done(1, 4).await;
    let status = sequencer.status(1).await;
    assert!(
        status
            .jobs
            .iter()
            .all(|job| ["one", "two"].contains(&job.worker.as_str())),
        "{status:?}"
    );
    for worker in workers {
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_certificate_is_revoked_ends_and_its_job_goes_to_another() {
    let mut farm = Farm::start(|dir| testing::leases_of(dir, 3000));
    let address = farm.coordinator.address;
    let [bad, good] = ["bad", "good"].map(|name| farm.certificates.issue(Role::Worker, name, HOUR));
    let worker = Worker::start(farm.worker(&bad), HashRunner::busy(Duration::from_secs(3)));
    let mut sequencer = farm.certificates.client(address, Role::Sequencer, "main").await;
    sequencer.submit(1, 1).await;
    let mut admin = farm.certificates.client(address, Role::Admin, "anna").await;
    while admin.job(1).await.leases.is_empty() {
        sleep(Duration::from_millis(20)).await;
    }
    let identity = Identity::new(Role::Worker, "bad").unwrap();
    farm.certificates.authority.revoke(&identity).unwrap();
    let error = worker.ended().await.unwrap_err();
    assert!(chain(&error).contains("it was revoked"), "{}", chain(&error));

    let worker = Worker::start(farm.worker(&good), HashRunner::quick());
    sequencer.assert_done(1, 1).await;
    let job = admin.job(1).await.job.unwrap();
    assert_eq!((job.worker.as_str(), job.failed_attempts), ("good", 0));
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_certificate_ends_goes_on_once_its_folder_has_another() {
    let mut farm = Farm::start(testing::config);
    let address = farm.coordinator.address;
    let folder = farm.certificates.issue(Role::Worker, "w", Duration::from_secs(2));
    let worker = Worker::start(farm.worker(&folder), HashRunner::quick());
    let mut sequencer = farm.certificates.client(address, Role::Sequencer, "main").await;
    sequencer.submit(1, 1).await;
    sequencer.assert_done(1, 1).await;
    sleep(Duration::from_secs(4)).await; // it is over, and its connection with it
    sequencer.submit(2, 1).await;
    sleep(Duration::from_secs(1)).await;
    let waiting = sequencer.status(2).await;
    assert!(
        waiting.jobs.iter().all(|job| job.worker.is_empty()),
        "{waiting:?}"
    );
    assert_eq!(farm.certificates.issue(Role::Worker, "w", HOUR), folder);
    sequencer.assert_done(2, 1).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_another_process_of_its_name_replaced_ends() {
    let mut farm = Farm::start(testing::config);
    let folder = farm.certificates.issue(Role::Worker, "w", HOUR);
    let older = Worker::start(farm.worker(&folder), HashRunner::quick());
    let mut sequencer = farm
        .certificates
        .client(farm.coordinator.address, Role::Sequencer, "main")
        .await;
    sequencer.submit(1, 1).await;
    sequencer.assert_done(1, 1).await;
    let newer = Worker::start(farm.worker(&folder), HashRunner::quick());
    let error = older.ended().await.unwrap_err();
    assert!(
        chain(&error).contains("another process has registered as w"),
        "{}",
        chain(&error)
    );
    sequencer.submit(2, 1).await;
    sequencer.assert_done(2, 1).await;
    newer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_with_a_certificate_of_another_role_ends_with_what_to_do() {
    let mut farm = Farm::start(testing::config);
    let folder = farm.certificates.issue(Role::Admin, "anna", HOUR);
    let tls = ClientTls::open(&folder, Role::Admin).unwrap();
    let link = Link::new(&format!("https://{}", farm.coordinator.address), Some(tls)).unwrap();
    let error = Worker::start(
        WorkerConfig::new(link, "anna", circuit_set()),
        HashRunner::quick(),
    )
    .ended()
    .await
    .unwrap_err();
    assert!(
        chain(&error).contains("ashlar certs issue --role worker"),
        "{}",
        chain(&error)
    );
}
