//! Batches go after their retention, and what is said of them then.

use std::time::Duration;

use ashlar_farm::{
    FarmConfig,
    testing::{
        Client, Coordinator, HOUR, Records, batch_ref, circuit_set, config, key, secret, submission,
        watch_request, witness,
    },
};
use ashlar_proto::farm::v1::{self as pb, complete_response::Outcome, requeue_request::Target};
use tonic::{Code, Status};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn start(dir: &std::path::Path) -> (Coordinator, Records) {
    start_with(config(dir))
}

fn start_with(config: FarmConfig) -> (Coordinator, Records) {
    let records = Records::of(&config);
    (Coordinator::start(config), records)
}

async fn retired(client: &mut Client) -> u64 {
    client.collect(false).await.unwrap().batches_retired
}

fn assert_gone<T: std::fmt::Debug>(answer: Result<T, Status>) {
    let status = answer.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition, "{status}");
    assert_eq!(
        status.message(),
        "batch 1 was settled on its chain or given up, and its proofs are no longer kept: whoever submits it again has it \
         proved again"
    );
}

async fn cancel(client: &mut Client, number: u64) -> Result<u32, Status> {
    let request = pb::CancelBatchRequest {
        batch: Some(batch_ref(number)),
        reason: "enough".into(),
    };
    Ok(client.admin.cancel_batch(request).await?.into_inner().cancelled)
}

async fn requeue(client: &mut Client, number: u64) -> Result<u32, Status> {
    let target = Some(Target::Batch(batch_ref(number)));
    let answer = client.admin.requeue(pb::RequeueRequest { target }).await?;
    Ok(answer.into_inner().requeued)
}

#[tokio::test]
async fn a_settled_batch_goes_after_its_retention_and_its_name_stays() {
    let dir = tempfile::tempdir().unwrap();
    let (coordinator, records) = start(dir.path());
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 3).await;
    client.submit(2, 1).await;
    client.work_all(worker).await;
    assert_eq!(retired(&mut client).await, 0, "not settled");
    client.settle(1).await;
    records.age(DAY - HOUR).await;
    assert_eq!(retired(&mut client).await, 0, "settled a moment ago");
    records.age(2 * HOUR).await;
    assert_eq!(client.collect(true).await.unwrap().batches_retired, 1);
    client.assert_done(1, 3).await; // that was a dry run
    assert_eq!(retired(&mut client).await, 1);

    assert_gone(client.batch.watch_batch(watch_request(1)).await);
    let listed = pb::ListJobsRequest {
        batch: Some(batch_ref(1)),
        ..pb::ListJobsRequest::default()
    };
    assert_gone(client.admin.list_jobs(listed).await);
    assert_gone(requeue(&mut client, 1).await);
    assert_gone(cancel(&mut client, 1).await);
    for table in ["job_steps", "job_inputs", "leases"] {
        let of = format!("SELECT COUNT(*) FROM {table} WHERE job NOT IN (SELECT id FROM jobs)");
        assert_eq!(records.number(&of).await, 0, "{table}");
    }
    assert_eq!(records.number("SELECT COUNT(*) FROM jobs").await, 3, "of batch 2");
    let overview = client.admin.overview(pb::OverviewRequest::default()).await;
    let overview = overview.unwrap().into_inner();
    let counts = [pb::BatchCount {
        state: pb::BatchState::Done as i32,
        batches: 2,
    }];
    assert_eq!(overview.batch_counts, counts, "of all that were submitted");
    let kinds: Vec<_> = overview.batches.iter().map(|batch| batch.kinds.len()).collect();
    assert_eq!(kinds, [3, 0], "newest first");
    client.settle(1).await; // once more changes nothing
    assert_eq!(retired(&mut client).await, 0);
    client.assert_done(2, 1).await;
}

#[tokio::test]
async fn one_that_is_submitted_again_is_known_and_proved_again() {
    let dir = tempfile::tempdir().unwrap();
    let (coordinator, records) = start(dir.path());
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    let first = client.submit(1, 2).await;
    client.work_all(worker).await;
    client.settle(1).await;
    records.age(2 * DAY).await;
    assert_eq!(retired(&mut client).await, 1);
    records.age(3 * HOUR).await;
    assert!(client.collect(false).await.unwrap().deleted.unwrap().artifacts > 0);

    let other = submission(1, circuit_set(), &[witness(1, 0)]);
    let status = client.submit_parts(other).await.unwrap_err();
    assert_eq!(status.code(), Code::AlreadyExists, "the number is still taken");
    let again = client.submit(1, 2).await;
    assert!(again.already_known);
    assert_eq!(again.content_digest, first.content_digest);
    assert_eq!(client.status(1).await.state(), pb::BatchState::Running);
    records.age(2 * DAY).await;
    assert_eq!(retired(&mut client).await, 0, "it is to be settled anew");
    assert_eq!(client.work_all(worker).await.len(), 5);
    client.assert_done(1, 2).await;
    client.settle(1).await;
    records.age(2 * DAY).await;
    assert_eq!(retired(&mut client).await, 1);
}

#[tokio::test]
async fn one_that_its_chain_has_goes_whatever_became_of_it_here() {
    let dir = tempfile::tempdir().unwrap();
    let (coordinator, records) = start_with(FarmConfig {
        max_batches: 1,
        ..config(dir.path())
    });
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 2).await;
    client.work_one(worker).await;
    let held = client.lease(worker).await;
    let proof = client.prove(&held).await;
    let second = submission(2, circuit_set(), &[witness(2, 0)]);
    let status = client.submit_parts(second.clone()).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "one at a time");
    let mut watch = client
        .batch
        .watch_batch(watch_request(1))
        .await
        .unwrap()
        .into_inner();
    watch.message().await.unwrap();
    client.settle(1).await;
    records.age(2 * DAY).await;
    assert_eq!(retired(&mut client).await, 1);

    assert_gone(watch.message().await);
    assert_eq!(client.renew(&held).await.unwrap_err().code(), Code::NotFound);
    let late = client.deliver(key(&held), proof).await;
    assert_eq!(late.unwrap_err().code(), Code::NotFound);
    assert!(client.try_lease(worker, 0).await.is_none());
    client.submit_parts(second).await.expect("there is room");
    assert_eq!(client.work_all(worker).await.len(), 3);
    assert!(client.submit(1, 2).await.already_known);
    assert_eq!(client.work_all(worker).await.len(), 5, "wanted after all");
    client.assert_done(1, 2).await;
}

#[tokio::test]
async fn one_that_was_given_up_goes_and_stays_given_up_and_one_that_failed_waits_for_the_operator() {
    let dir = tempfile::tempdir().unwrap();
    let (coordinator, records) = start(dir.path());
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 2).await;
    client.work_one(worker).await;
    assert_eq!(cancel(&mut client, 1).await.unwrap(), 1);
    requeue(&mut client, 1).await.unwrap();
    records.age(2 * DAY).await;
    assert_eq!(retired(&mut client).await, 0, "it runs again");
    assert_eq!(cancel(&mut client, 1).await.unwrap(), 1);
    client.submit(2, 1).await;
    for name in ["a", "b"] {
        let judge = client.register(name).await;
        let lease = client.lease(judge).await;
        client.fail(&lease, "wrong nonce", false).await;
    }
    assert_eq!(client.status(2).await.state(), pb::BatchState::Failed);
    records.age(DAY - HOUR).await;
    assert_eq!(retired(&mut client).await, 0);
    records.age(2 * HOUR).await;
    assert_eq!(retired(&mut client).await, 1);
    assert_gone(client.batch.watch_batch(watch_request(1)).await);
    assert_eq!(client.status(2).await.state(), pb::BatchState::Failed);

    assert!(client.submit(1, 2).await.already_known);
    let status = client.status(1).await;
    assert_eq!(
        (status.state(), &status.failure_reason[..]),
        (pb::BatchState::Cancelled, "enough")
    );
    assert!(client.try_lease(worker, 0).await.is_none());
    assert_eq!(retired(&mut client).await, 0, "kept for another day");
    for number in [1, 2] {
        requeue(&mut client, number).await.unwrap();
    }
    client.register("a").await;
    client.register("b").await;
    client.work_all(worker).await;
    client.assert_done(1, 2).await;
    client.assert_done(2, 1).await;
}

#[tokio::test]
async fn a_large_batch_goes_in_pieces_and_a_crash_between_them_is_made_up_for() {
    let dir = tempfile::tempdir().unwrap();
    let (coordinator, records) = start(dir.path());
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 100).await;
    client.submit(2, 1).await;
    for _ in 0..10 {
        client.work_one(worker).await;
    }
    // As after the first piece.
    client.settle(1).await;
    cancel(&mut client, 1).await.unwrap();
    let id = records.number("SELECT id FROM batches WHERE number = 1").await;
    records
        .execute(&format!("UPDATE batches SET retired = 2 WHERE id = {id}"))
        .await;
    for table in ["job_inputs", "job_steps", "leases"] {
        let last = "SELECT id FROM jobs WHERE number = 1 ORDER BY id DESC LIMIT 64";
        records
            .execute(&format!("DELETE FROM {table} WHERE job IN ({last})"))
            .await;
    }
    let last = "SELECT id FROM jobs WHERE number = 1 ORDER BY id DESC LIMIT 64";
    assert_eq!(
        records
            .execute(&format!("DELETE FROM jobs WHERE id IN ({last})"))
            .await,
        64
    );
    assert_gone(client.batch.watch_batch(watch_request(1)).await);
    assert_gone(requeue(&mut client, 1).await);
    coordinator.crash().await;

    let (coordinator, records) = start(dir.path());
    let mut client = coordinator.client().await;
    client.collect(false).await.unwrap(); // unless the first of its own was faster
    assert_eq!(
        records.number("SELECT COUNT(*) FROM jobs WHERE number = 1").await,
        0
    );
    assert_eq!(
        records
            .number("SELECT retired FROM batches WHERE number = 1")
            .await,
        1
    );
    let kinds = client.work_all(worker).await;
    assert_eq!(kinds.len(), 3, "of batch 2");
    client.assert_done(2, 1).await;
}

#[tokio::test]
async fn one_of_an_earlier_version_that_went_is_taken_over_and_proved_again() {
    let dir = tempfile::tempdir().unwrap();
    let (coordinator, records) = start(dir.path());
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 1).await;
    client.work_all(worker).await;
    client.settle(1).await;
    records.age(2 * DAY).await;
    assert_eq!(retired(&mut client).await, 1);
    let nobody = if ashlar_farm::testing::on_postgres() {
        "decode(repeat('00', 20), 'hex')"
    } else {
        "zeroblob(20)"
    };
    let tenant = format!("INSERT INTO tenants (chain_id, rollup) VALUES (0, {nobody})");
    records.execute(&tenant).await;
    records
        .execute("UPDATE batches SET tenant = (SELECT id FROM tenants WHERE chain_id = 0)")
        .await;
    assert!(client.submit(1, 1).await.already_known);
    assert_eq!(client.work_all(worker).await.len(), 3);
    client.assert_done(1, 1).await;
}

#[tokio::test]
async fn a_quarantine_outlasts_the_job_that_it_was_over() {
    let dir = tempfile::tempdir().unwrap();
    let (coordinator, records) = start(dir.path());
    let mut client = coordinator.client().await;
    let liar = client.register("liar").await;
    client.submit(1, 1).await;
    let lease = client.lease(liar).await;
    let forged = client
        .deliver((lease.job_id, secret(&lease.token)), "forged".into())
        .await;
    assert_eq!(forged.unwrap().0, Outcome::Rejected);
    client.settle(1).await;
    records.age(2 * DAY).await;
    assert_eq!(retired(&mut client).await, 1);
    let workers = client.admin.list_workers(pb::ListWorkersRequest {}).await;
    let workers = workers.unwrap().into_inner().workers;
    assert_eq!(workers[0].quarantines.len(), 1);
    assert_eq!(workers[0].quarantines[0].job_id, 0, "it is gone");
}
