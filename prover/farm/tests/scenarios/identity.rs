//! Who may do what: by certificates over TLS, by secrets everywhere.

use ashlar_farm::{
    Allowance, FarmConfig, FarmError, Listener, Services,
    testing::{
        Certificates, Client, Coordinator, circuit_set, config, key, secret, submission, watch_request,
        witness,
    },
};
use ashlar_identity::Role;
use ashlar_proto::farm::v1 as pb;
use tempfile::TempDir;
use tonic::{Code, Status};

struct Farm {
    _dir: TempDir,
    certificates: Certificates,
    coordinator: Coordinator,
}

impl Farm {
    fn offering(services: Services) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut certificates = Certificates::default();
        let tls = certificates.coordinator();
        let coordinator = Coordinator::start_as(
            config(dir.path()),
            "127.0.0.1:0".parse().unwrap(),
            Some(tls),
            services,
        );
        Self {
            _dir: dir,
            certificates,
            coordinator,
        }
    }

    fn start() -> Self {
        Self::offering(Services::ALL)
    }

    async fn client(&mut self, role: Role, name: &str) -> Client {
        self.certificates
            .client(self.coordinator.address, role, name)
            .await
    }
}

/// One call to each service, and what came of it.
async fn tried(client: &mut Client) -> [Result<(), Status>; 3] {
    let parts = submission(1, circuit_set(), &[witness(1, 0)]);
    [
        client.submit_parts(parts).await.map(drop),
        client.work.register(Client::capabilities("w")).await.map(drop),
        client
            .admin
            .list_workers(pb::ListWorkersRequest {})
            .await
            .map(drop),
    ]
}

#[tokio::test]
async fn each_service_is_for_one_role_and_says_which() {
    let mut farm = Farm::start();
    let roles = [Role::Sequencer, Role::Worker, Role::Admin];
    for (role, own) in roles.into_iter().zip(0..) {
        let mut client = farm.client(role, "w").await;
        for (result, place) in tried(&mut client).await.into_iter().zip(0..) {
            if place == own {
                result.unwrap();
                continue;
            }
            let refused = result.expect_err("another role's");
            assert_eq!(refused.code(), Code::PermissionDenied);
            let remedy = format!("ashlar certs issue --role {}", roles[place]);
            assert!(refused.message().contains(&remedy), "{}", refused.message());
            assert!(refused.message().contains(&format!("that of {role} w")));
        }
    }
}

#[tokio::test]
async fn a_worker_has_its_certificate_s_name_and_nobody_else_s_sessions_and_leases() {
    let mut farm = Farm::start();
    farm.client(Role::Sequencer, "main").await.submit(1, 1).await;
    let (mut a, mut b) = (
        farm.client(Role::Worker, "a").await,
        farm.client(Role::Worker, "b").await,
    );
    let stolen = b.work.register(Client::capabilities("a")).await.unwrap_err();
    assert_eq!(stolen.code(), Code::PermissionDenied);
    let own = b.work.register(Client::capabilities("")).await.unwrap();
    let own = secret(&own.into_inner().session);
    assert_eq!(b.try_lease(own, 0).await.map(drop), Some(()), "b has a session");

    // All that a has, told to b.
    let session = a.register("a").await;
    let mut farm_owner = farm.client(Role::Sequencer, "main").await;
    farm_owner.submit(2, 1).await;
    let lease = a.lease(session).await;
    let request = pb::LeaseRequest {
        session: session.to_vec().into(),
        wait_ms: 0,
        ahead: false,
    };
    let mut refusals = vec![
        b.work.lease(request).await.map(drop),
        b.renew(&lease).await.map(drop),
    ];
    let (job_id, token) = (lease.job_id, lease.token.clone());
    let fail = pb::FailRequest {
        job_id,
        token: token.clone(),
        reason: "malice".into(),
        retryable: false,
    };
    refusals.push(b.work.fail(fail).await.map(drop));
    let release = pb::ReleaseRequest { job_id, token };
    refusals.push(b.work.release(release).await.map(drop));
    let proof = a.prove(&lease).await;
    refusals.push(b.deliver(key(&lease), proof.clone()).await.map(drop));
    for refused in refusals {
        let refused = refused.expect_err("a's");
        assert_eq!(refused.code(), Code::PermissionDenied);
        assert!(refused.message().contains("this is a's"), "{}", refused.message());
    }
    a.renew(&lease).await.expect("nothing changed");
    a.deliver(key(&lease), proof).await.unwrap();
}

#[tokio::test]
async fn a_guessed_token_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 1).await;
    let lease = client.lease(worker).await;
    for guess in [
        vec![0; 16],
        1u128.to_le_bytes().to_vec(),
        1u128.to_be_bytes().to_vec(),
    ] {
        let fail = pb::FailRequest {
            job_id: lease.job_id,
            token: guess.into(),
            reason: "malice".into(),
            retryable: false,
        };
        assert_eq!(client.work.fail(fail).await.unwrap_err().code(), Code::NotFound);
    }
    for wrong in [vec![], vec![0; 15], vec![0; 17]] {
        let request = pb::LeaseRequest {
            session: wrong.into(),
            wait_ms: 0,
            ahead: false,
        };
        let refused = client.work.lease(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
    let job = client.job(lease.job_id).await.job.unwrap();
    assert_eq!((job.failed_attempts, job.machine_faults), (0, 0));
    client.renew(&lease).await.expect("the lease is untouched");
}

#[tokio::test]
async fn of_two_processes_of_one_name_the_older_is_told_to_end() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let older = client.register("w").await;
    client.submit(1, 1).await;
    client.lease(older).await;
    let newer = client.register("w").await;
    assert_ne!(older, newer);
    for _ in 0..2 {
        let request = pb::LeaseRequest {
            session: older.to_vec().into(),
            wait_ms: 0,
            ahead: false,
        };
        let refused = client.work.lease(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition);
        assert!(
            refused.message().contains("a name of its own"),
            "{}",
            refused.message()
        );
    }
    client.work_all(newer).await;
    client.assert_done(1, 1).await;
}

#[tokio::test]
async fn an_address_offers_what_it_is_for() {
    let mut farm = Farm::offering(Services {
        batch: false,
        work: true,
        admin: false,
    });
    for (role, own) in [(Role::Sequencer, 0), (Role::Worker, 1), (Role::Admin, 2)] {
        let mut client = farm.client(role, "w").await;
        let result = tried(&mut client).await.into_iter().nth(own).unwrap();
        if role == Role::Worker {
            result.unwrap();
        } else {
            assert_eq!(result.unwrap_err().code(), Code::Unimplemented);
        }
    }
}

#[tokio::test]
async fn with_a_certificate_any_address_is_served_and_without_one_this_machine_s() {
    let mut certificates = Certificates::default();
    let anywhere = "0.0.0.0:0".parse().unwrap();
    assert!(matches!(
        Listener::bind(anywhere, None).await,
        Err(FarmError::NotLoopback(_))
    ));
    Listener::bind(anywhere, Some(certificates.coordinator()))
        .await
        .unwrap();
}

#[tokio::test]
async fn one_caller_s_bodies_and_calls_leave_room_for_others() {
    let dir = tempfile::tempdir().unwrap();
    let mut certificates = Certificates::default();
    let settings = FarmConfig {
        allowance: Allowance {
            body_bytes: 1 << 20,
            body_bytes_of_one: 1 << 19,
            calls_per_second: 1,
            calls_at_once: 20,
        },
        ..config(dir.path())
    };
    let address = "127.0.0.1:0".parse().unwrap();
    let tls = Some(certificates.coordinator());
    let coordinator = Coordinator::start_as(settings, address, tls, Services::ALL);
    let mut large = certificates
        .client(coordinator.address, Role::Sequencer, "large")
        .await;
    let mut small = certificates
        .client(coordinator.address, Role::Sequencer, "small")
        .await;

    let witness = vec![1; (1 << 19) + 2].into();
    let refused = large
        .submit_parts(submission(1, circuit_set(), &[witness]))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    assert!(
        refused.message().contains("sequencer large has"),
        "{}",
        refused.message()
    );
    let witness = vec![1; 1 << 19].into();
    large
        .submit_parts(submission(1, circuit_set(), &[witness]))
        .await
        .expect("what it took for the first was given back");

    let mut refused = 0;
    for _ in 0..40 {
        let watched = large.batch.watch_batch(watch_request(1)).await;
        if let Err(status) = watched {
            assert_eq!(status.code(), Code::Unavailable, "{status}");
            refused += 1;
        }
    }
    assert!(refused > 0, "40 calls, of which 20 may come at once");
    let small = small.batch.watch_batch(watch_request(1)).await.unwrap_err();
    assert_eq!(small.code(), Code::PermissionDenied, "it was heard: {small}");
    assert!(small.message().contains("of sequencer large"), "{small}");
}
