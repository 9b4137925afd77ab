//! What workers say that they compute on.

use ashlar_farm::testing::{self, Client, Coordinator, secret};
use ashlar_proto::{Bytes, farm::v1 as pb};
use tonic::Code;

fn device() -> pb::Device {
    pb::Device {
        name: "a card".into(),
        memory_total_bytes: 80 << 30,
        memory_free_bytes: 79 << 30,
        msm_scalars_per_second: 1.5e7,
        ntt_elements_per_second: 2.5e8,
    }
}

fn on_device(name: &str) -> pb::RegisterRequest {
    pb::RegisterRequest {
        backend: "icicle".into(),
        device: Some(device()),
        ..Client::capabilities(name)
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

#[tokio::test]
async fn a_worker_s_device_is_listed_as_it_says() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    client.work.register(on_device("w")).await.unwrap();
    let shown = listed(&mut client).await;
    assert_eq!((&shown.backend[..], shown.device), ("icicle", Some(device())));
    assert_eq!((&shown.fallback[..], shown.ram_bytes), ("", 1 << 30));
    client.register("w").await;
    assert_eq!(
        listed(&mut client).await.device,
        None,
        "a new process has what it says"
    );
    for (field, wrong) in [
        (
            "device.name",
            pb::Device {
                name: String::new(),
                ..device()
            },
        ),
        (
            "device.msm_scalars_per_second",
            pb::Device {
                msm_scalars_per_second: f64::NAN,
                ..device()
            },
        ),
        (
            "device.ntt_elements_per_second",
            pb::Device {
                ntt_elements_per_second: -1.0,
                ..device()
            },
        ),
    ] {
        let request = pb::RegisterRequest {
            device: Some(wrong),
            ..on_device("w")
        };
        let refused = client.work.register(request).await.unwrap_err();
        assert!(refused.message().contains(field), "{refused}");
    }
}

#[tokio::test]
async fn a_worker_whose_device_fails_says_so_and_keeps_its_job() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(testing::config(dir.path()));
    let mut client = coordinator.client().await;
    let session = client
        .work
        .register(on_device("w"))
        .await
        .unwrap()
        .into_inner()
        .session;
    client.submit(1, 1).await;
    let lease = client.lease(secret(&session)).await;
    let drain = pb::DrainWorkerRequest {
        name: "w".into(),
        draining: true,
    };
    client.admin.drain_worker(drain).await.unwrap();
    let changed = pb::RegisterRequest {
        session: session.clone(),
        fallback: "the self-test: a wrong result of msm".into(),
        ..Client::capabilities("w")
    };
    let answer = client.work.register(changed.clone()).await.unwrap().into_inner();
    assert_eq!(answer.session, session);
    client.renew(&lease).await.expect("it has its job");
    let shown = listed(&mut client).await;
    assert_eq!((&shown.backend[..], shown.device), ("hash", None));
    assert_eq!(shown.fallback, "the self-test: a wrong result of msm");
    assert!(shown.draining, "what the operator said holds");

    let other = pb::RegisterRequest {
        name: "other".into(),
        ..changed.clone()
    };
    let refused = client.work.register(other).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let unknown = pb::RegisterRequest {
        session: Bytes::from_static(&[7; 16]),
        ..changed.clone()
    };
    let refused = client.work.register(unknown).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    client.register("w").await; // another process
    let refused = client.work.register(changed).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(listed(&mut client).await.fallback, "");
}
