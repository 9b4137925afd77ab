//! Overload: one tenant submits far more than its share. It is told so, and the others get theirs, by weight and by priority.

use ashlar_farm::testing::{
    Client, Coordinator, Secret, circuit_set, config, expected_snark, key, tenant_number,
};
use ashlar_proto::farm::v1::{self as pb, complete_response::Outcome};
use tonic::Code;

const FLOOD: u8 = 1;
const OTHER: u8 = 2;

async fn allow(client: &mut Client, tenant: u8, priority: i32, weight: u32, max_batches: u32) {
    let request = pb::SetTenantRequest {
        tenant: Some(tenant_number(tenant)),
        owner: None,
        quota: Some(pb::Quota {
            priority,
            weight,
            max_batches,
        }),
    };
    client.admin.set_tenant(request).await.unwrap();
}

/// Whose job that is.
async fn owner(client: &mut Client, lease: &pb::Lease) -> u8 {
    let job = client.job(lease.job_id).await.job.unwrap();
    job.tenant.unwrap().rollup[0]
}

async fn prove(client: &mut Client, lease: &pb::Lease) {
    let proof = client.prove(lease).await;
    assert_eq!(
        client.deliver(key(lease), proof).await.unwrap().0,
        Outcome::Accepted
    );
}

/// Each worker does the job that it has and takes the next, in turn. Whose jobs those were that were taken.
async fn take_turns(
    client: &mut Client,
    sessions: &[Secret],
    held: &mut Vec<pb::Lease>,
    leases: usize,
) -> Vec<u8> {
    let mut owners = Vec::new();
    for turn in 0..leases {
        if held.len() == sessions.len() {
            let done = held.remove(0);
            prove(client, &done).await;
        }
        let lease = client.lease(sessions[turn % sessions.len()]).await;
        owners.push(owner(client, &lease).await);
        held.push(lease);
    }
    owners
}

async fn batch(client: &mut Client, tenant: u8, number: u64) -> pb::BatchStatus {
    let request = pb::WatchBatchRequest {
        number,
        tenant: Some(tenant_number(tenant)),
        circuit_set_digest: circuit_set().into(),
    };
    let mut watch = client.batch.watch_batch(request).await.unwrap().into_inner();
    watch.message().await.unwrap().expect("a status")
}

async fn assert_done(client: &mut Client, tenant: u8, number: u64, chunks: u32) {
    let status = batch(client, tenant, number).await;
    assert_eq!(
        status.state(),
        pb::BatchState::Done,
        "batch {number} of tenant {tenant}"
    );
    assert_eq!(status.snark, expected_snark(number, chunks));
}

#[tokio::test]
async fn a_flood_is_refused_beyond_its_quota_and_goes_on_when_a_batch_is_done() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    allow(&mut client, FLOOD, 0, 1, 3).await;
    let mut refused = 0;
    for number in 1..=30 {
        match client.submit_for(FLOOD, number, 12).await {
            Ok(_) => assert!(number <= 3, "batch {number} is beyond the quota"),
            Err(status) => {
                assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
                let said =
                    "3 batches run, and 3 may at a time: submit this one again when one of them is done";
                assert!(status.message().contains(said), "{status}");
                refused += 1;
            }
        }
    }
    assert_eq!(refused, 27);
    client
        .submit_for(FLOOD, 2, 12)
        .await
        .expect("a batch that runs may be sent again");
    client
        .submit_for(OTHER, 1, 2)
        .await
        .expect("the quota is that tenant's");

    let worker = client.register("w").await;
    while batch(&mut client, FLOOD, 1).await.state() != pb::BatchState::Done {
        let lease = client.lease(worker).await;
        prove(&mut client, &lease).await;
    }
    client
        .submit_for(FLOOD, 4, 12)
        .await
        .expect("there is room again");
    client
        .submit_for(FLOOD, 5, 12)
        .await
        .expect_err("for one of them");
    client.work_all(worker).await;
    for number in 1..=4 {
        assert_done(&mut client, FLOOD, number, 12).await;
    }
    assert_done(&mut client, OTHER, 1, 2).await;
}

/// The other tenant's batches are done after twice their jobs, about: it has half the workers.
async fn the_other_has_half(workers: usize) {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    for number in 1..=8 {
        client.submit_for(FLOOD, number, 12).await.unwrap();
    }
    for number in 1..=2 {
        client.submit_for(OTHER, number, 3).await.unwrap();
    }
    let mut sessions = Vec::new();
    for name in 0..workers {
        sessions.push(client.register(&format!("w{name}")).await);
    }
    let mut held = Vec::new();
    // Two batches of three chunks are 14 jobs, the last ones one after the other.
    let owners = take_turns(&mut client, &sessions, &mut held, 2 * 14 + 4 * workers).await;
    for lease in &held {
        prove(&mut client, lease).await;
    }
    for number in 1..=2 {
        assert_done(&mut client, OTHER, number, 3).await;
    }
    let waiting = batch(&mut client, FLOOD, 8).await;
    assert_eq!(waiting.state(), pb::BatchState::Running, "the flood still waits");
    assert!(
        owners.iter().filter(|owner| **owner == FLOOD).count() >= 14,
        "and had its share: {owners:?}"
    );
    client.work_all(sessions[0]).await;
    for number in 1..=8 {
        assert_done(&mut client, FLOOD, number, 12).await;
    }
}

#[tokio::test]
async fn a_flood_leaves_the_other_tenant_half_of_the_workers() {
    the_other_has_half(4).await;
}

#[tokio::test]
async fn a_flood_leaves_the_other_tenant_half_of_one_worker_s_time() {
    the_other_has_half(1).await;
}

/// How many of 24 leases in a row were the heavy tenant's, whose weight is three times the other's, while both have jobs.
async fn of_the_heavy_one(workers: usize) -> usize {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    // The one of less weight is seen first.
    allow(&mut client, OTHER, 0, 1, 0).await;
    allow(&mut client, FLOOD, 0, 3, 0).await;
    for number in 1..=3 {
        client.submit_for(OTHER, number, 16).await.unwrap();
        client.submit_for(FLOOD, number, 16).await.unwrap();
    }
    let mut sessions = Vec::new();
    for name in 0..workers {
        sessions.push(client.register(&format!("w{name}")).await);
    }
    let mut held = Vec::new();
    let owners = take_turns(&mut client, &sessions, &mut held, 24).await;
    owners.iter().filter(|owner| **owner == FLOOD).count()
}

#[tokio::test]
async fn of_four_leases_three_are_a_tenant_s_of_three_times_the_weight() {
    for workers in [1, 4, 8] {
        assert_eq!(of_the_heavy_one(workers).await, 18, "{workers} workers");
    }
}

#[tokio::test]
async fn a_higher_priority_goes_first_and_the_lower_follows_when_it_has_nothing_ready() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    allow(&mut client, FLOOD, 0, 100, 0).await;
    allow(&mut client, OTHER, 1, 1, 0).await;
    for number in 1..=3 {
        client.submit_for(FLOOD, number, 4).await.unwrap();
    }
    let worker = client.register("w").await;
    let lease = client.lease(worker).await;
    assert_eq!(owner(&mut client, &lease).await, FLOOD, "nobody else has jobs");
    client.submit_for(OTHER, 1, 2).await.unwrap();
    prove(&mut client, &lease).await;

    // One worker, which leaves nothing leased: the higher one has a job ready until its batch is done.
    let owners = take_turns(&mut client, &[worker], &mut Vec::new(), 5).await;
    assert_eq!(owners, [OTHER; 5]);
    let last = client.admin.list_jobs(pb::ListJobsRequest::default()).await;
    let last = last.unwrap().into_inner().jobs;
    let leased = last
        .iter()
        .find(|job| job.state() == pb::JobState::Leased)
        .unwrap();
    assert_eq!(
        leased.kind(),
        pb::JobKind::Wrap,
        "all but the last job of the higher one is done, and that is leased"
    );
    // It has nothing ready now: the lower one is served beside it.
    let second = client.register("second").await;
    let beside = client.lease(second).await;
    assert_eq!(owner(&mut client, &beside).await, FLOOD);
}
