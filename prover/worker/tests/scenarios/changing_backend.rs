//! A worker whose card fails while it works.

use std::time::Duration;

use ashlar_farm::testing::{self, Client, Coordinator};
use ashlar_proto::farm::v1 as pb;
use ashlar_worker::{Backend, Device, WorkerConfig};
use tokio::sync::watch;

use crate::runner::{Gate, Worker, config};

fn on_a_card() -> Backend {
    Backend {
        name: "icicle".into(),
        device: Some(Device {
            name: "a card".into(),
            memory_total_bytes: 80 << 30,
            memory_free_bytes: 79 << 30,
            msm_scalars_per_second: 1.5e7,
            ntt_elements_per_second: 2.5e8,
        }),
        fallback: String::new(),
    }
}

async fn listed(client: &mut Client) -> pb::WorkerStatus {
    let workers = client
        .admin
        .list_workers(pb::ListWorkersRequest {})
        .await
        .unwrap();
    workers.into_inner().workers.swap_remove(0)
}

async fn until_listed(client: &mut Client, what: &Backend) {
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            let shown = listed(client).await;
            if (&shown.backend, &shown.device, &shown.fallback) == (&what.name, &what.device, &what.fallback)
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    waited.await.expect("the farm lists it");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_farm_hears_of_it_and_the_jobs_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    let (backend, is_backend) = watch::channel(on_a_card());
    let settings = WorkerConfig {
        backend: is_backend,
        ..config(coordinator.address, "w")
    };
    let (gate, runner) = Gate::runner(|_| Ok(()));
    client.submit(1, 1).await; // and none ahead: it asks for the next all the time
    let worker = Worker::start(settings, runner);
    gate.begun(1).await;
    until_listed(&mut client, &on_a_card()).await;
    let failed = Backend {
        fallback: "the card fell off the bus".into(),
        ..Backend::cpu()
    };
    backend.send_replace(failed.clone());
    until_listed(&mut client, &failed).await; // though the job is not done
    backend.send_replace(on_a_card());
    until_listed(&mut client, &on_a_card()).await;
    gate.admit(100);
    client.assert_done(1, 1).await;
    for job in client.status(1).await.jobs {
        let leases = client.job(job.job_id).await.leases;
        assert!(
            leases
                .iter()
                .all(|lease| lease.outcome == "completed" || lease.outcome == "handed back"),
            "no lease was lost by it: {leases:?}"
        );
    }
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_coordinator_hears_of_it_as_well() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    let (backend, is_backend) = watch::channel(on_a_card());
    let settings = WorkerConfig {
        backend: is_backend,
        ..config(coordinator.address, "w")
    };
    let (_gate, runner) = Gate::runner(|_| Ok(()));
    let worker = Worker::start(settings, runner);
    registered(&mut client).await;
    let address = coordinator.address;
    coordinator.crash().await;
    backend.send_replace(Backend::cpu()); // it will say so under a session that the new one does not know
    let other = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start_at(testing::config(other.path()), address);
    let mut client = coordinator.client().await;
    registered(&mut client).await;
    until_listed(&mut client, &Backend::cpu()).await;
    worker.stop().await;
}

/// Waits until the worker has registered.
async fn registered(client: &mut Client) {
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            let workers = client
                .admin
                .list_workers(pb::ListWorkersRequest {})
                .await
                .unwrap();
            if !workers.into_inner().workers.is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    waited.await.expect("it registers");
}
