//! Outage: the worker's process dies or is told to stop, in the middle of a job.

use std::{
    env,
    process::{Child, Command, Stdio},
    time::Duration,
};

use ashlar_farm::{
    FarmConfig,
    testing::{self, Client, Coordinator, leases_of},
};
use ashlar_proto::farm::v1 as pb;
use tokio_util::sync::CancellationToken;

use crate::runner::{HashRunner, Worker, config};

const COORDINATOR: &str = "ASHLAR_TEST_COORDINATOR";

/// Not a test of its own: the process that the tests below start and kill. Its jobs never end.
#[test]
#[ignore = "run as a child process by the tests of this file"]
fn worker_process() {
    let address = env::var(COORDINATOR)
        .expect("the parent names its coordinator")
        .parse()
        .unwrap();
    let runner = HashRunner::new(|_| {
        std::thread::sleep(Duration::from_secs(3600));
        Ok(())
    });
    let mut settings = config(address, "doomed");
    settings.drain_timeout = Duration::from_millis(100);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let stop = CancellationToken::new();
        ashlar_process::signal::cancel_on_termination(stop.clone()).unwrap();
        ashlar_worker::run(settings, runner, stop).await.unwrap();
    });
}

fn spawn(coordinator: &Coordinator) -> Child {
    Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "process_killed::worker_process",
            "--ignored",
            "--nocapture",
        ])
        .env(COORDINATOR, coordinator.address.to_string())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// A batch whose first job the child has leased.
async fn begin(settings: FarmConfig) -> (Coordinator, Client, Child) {
    let coordinator = Coordinator::start(settings);
    let mut client = coordinator.client().await;
    client.submit(1, 2).await;
    let child = spawn(&coordinator);
    while client.status(1).await.jobs[0].state() != pb::JobState::Leased {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    (coordinator, client, child)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_job_of_a_killed_process_goes_to_another_worker() {
    let dir = tempfile::tempdir().unwrap();
    let (coordinator, mut client, mut child) = begin(leases_of(dir.path(), 2000)).await;
    tokio::time::sleep(Duration::from_millis(3000)).await;
    let job = client.status(1).await.jobs.swap_remove(0);
    assert_eq!(
        (job.state(), job.failed_attempts),
        (pb::JobState::Leased, 0),
        "renewed while it lived"
    );
    child.kill().unwrap();
    child.wait().unwrap();

    let worker = Worker::start(config(coordinator.address, "alive"), HashRunner::quick());
    client.assert_done(1, 2).await;
    let job = client.status(1).await.jobs.swap_remove(0);
    assert_eq!(
        (job.failed_attempts, job.machine_faults, &job.worker[..]),
        (0, 1, "alive")
    );
    assert!(
        job.last_error.contains("doomed went silent"),
        "{}",
        job.last_error
    );
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_hands_the_lease_back_and_exits() {
    let dir = tempfile::tempdir().unwrap();
    let (_coordinator, mut client, mut child) = begin(testing::config(dir.path())).await;
    assert!(
        Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    let exit = tokio::task::spawn_blocking(move || child.wait())
        .await
        .unwrap()
        .unwrap();
    assert!(exit.success(), "{exit}");
    let job = client.status(1).await.jobs.swap_remove(0);
    assert_eq!((job.state(), job.failed_attempts), (pb::JobState::Ready, 0));
}
