//! What a machine did wrong is not counted against the job, and what it says of a job is asked twice.

use std::{path::Path, time::Duration};

use ashlar_farm::{
    FarmConfig,
    testing::{Client, Coordinator, batch_ref, config, key, leases_of},
};
use ashlar_proto::{Bytes, farm::v1 as pb};
use pb::{complete_response::Outcome, requeue_request::Target};

const FORGED: Bytes = Bytes::from_static(b"forged");

/// Leases that are soon over, and pauses of this length after lost ones.
fn impatient(dir: &Path, job_pause: Duration) -> FarmConfig {
    FarmConfig {
        job_pause,
        max_job_pause: job_pause,
        ..leases_of(dir, 300)
    }
}

async fn worker(client: &mut Client, name: &str) -> pb::WorkerStatus {
    let workers = client
        .admin
        .list_workers(pb::ListWorkersRequest {})
        .await
        .unwrap()
        .into_inner()
        .workers;
    workers
        .into_iter()
        .find(|worker| worker.name == name)
        .expect("it registered")
}

#[tokio::test]
async fn lost_leases_never_fail_a_job() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(impatient(dir.path(), Duration::from_millis(1)));
    let mut client = coordinator.client().await;
    let mortal = client.register("mortal").await;
    client.submit(1, 1).await;
    for _ in 0..8 {
        client.lease(mortal).await; // and is never heard of again
    }
    let lease = client.lease(mortal).await;
    let job = client.job(lease.job_id).await.job.unwrap();
    assert_eq!(job.failed_attempts, 0);
    assert!(job.machine_faults >= 8, "{}", job.machine_faults);
    assert!(
        job.last_error.contains("mortal went silent"),
        "{}",
        job.last_error
    );
    let proof = client.prove(&lease).await;
    client.deliver(key(&lease), proof).await.unwrap();
    client.work_all(mortal).await;
    client.assert_done(1, 1).await;
}

#[tokio::test]
async fn a_job_that_fells_machines_waits_until_its_time_or_the_operator() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(impatient(dir.path(), Duration::from_secs(3600)));
    let mut client = coordinator.client().await;
    let mortal = client.register("mortal").await;
    client.submit(1, 1).await;
    client.lease(mortal).await;
    let lease = client.lease(mortal).await; // at once after the first
    while client.job(lease.job_id).await.job.unwrap().machine_faults < 2 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let job = client.job(lease.job_id).await;
    assert!(job.job.unwrap().not_before_unix_ms > job.leases[1].ended_unix_ms + 3_500_000);
    assert_eq!(client.try_lease(mortal, 0).await, None);

    let request = pb::RequeueRequest {
        target: Some(Target::JobId(lease.job_id)),
    };
    assert_eq!(
        client.admin.requeue(request).await.unwrap().into_inner().requeued,
        1
    );
    assert_eq!(client.lease(mortal).await.job_id, lease.job_id);
}

#[tokio::test]
async fn a_bad_proof_is_its_worker_s_fault_and_another_proves_the_job() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let (damaged, sound) = (client.register("damaged").await, client.register("sound").await);
    client.submit(1, 2).await;
    let lease = client.lease(damaged).await;
    let (outcome, reason) = client.deliver(key(&lease), FORGED).await.unwrap();
    assert_eq!(outcome, Outcome::Rejected);
    assert!(reason.contains("hash differs"), "{reason}");
    let job = client.job(lease.job_id).await.job.unwrap();
    assert_eq!(
        (job.state(), job.failed_attempts, job.machine_faults),
        (pb::JobState::Ready, 0, 1)
    );
    assert_eq!(
        client.try_lease(damaged, 0).await,
        None,
        "nor the other chunk, which nobody has tried"
    );
    let quarantine = worker(&mut client, "damaged").await.quarantines.swap_remove(0);
    assert_eq!((quarantine.kind(), quarantine.strikes), (pb::JobKind::Chunk, 1));
    assert!(
        quarantine.reason.contains("hash differs"),
        "{}",
        quarantine.reason
    );
    assert_eq!(worker(&mut client, "sound").await.quarantines, []);

    assert_eq!(client.work_one(sound).await.job_id, lease.job_id);
    client.work_one(sound).await;
    // The damage is to chunks: a fold is as good as anybody's.
    client.work_one(damaged).await;
    client.work_all(sound).await;
    client.assert_done(1, 2).await;
}

#[tokio::test]
async fn a_quarantine_ends_by_itself_or_with_a_new_registration() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(FarmConfig {
        quarantine: Duration::from_secs(2),
        max_quarantine: Duration::from_secs(3600),
        ..config(dir.path())
    });
    let mut client = coordinator.client().await;
    let only = client.register("only").await;
    client.submit(1, 1).await;
    let lease = client.lease(only).await;
    client.deliver(key(&lease), FORGED).await.unwrap();
    assert_eq!(client.try_lease(only, 0).await, None);
    let lease = client.lease(only).await; // within the ten seconds that this waits
    for time in ["the first", "a repeated, by now late"] {
        let (outcome, _) = client.deliver(key(&lease), FORGED).await.unwrap();
        assert_eq!(outcome, Outcome::Rejected);
        let strikes = worker(&mut client, "only").await.quarantines[0].strikes;
        assert_eq!(strikes, 2, "after {time} delivery under the second lease");
    }
    let only = client.register("only").await;
    assert_eq!(worker(&mut client, "only").await.quarantines, []);
    assert_eq!(client.work_one(only).await.job_id, lease.job_id); // after the job's own pause
    client.work_all(only).await;
    client.assert_done(1, 1).await;
}

#[tokio::test]
async fn bad_proofs_of_three_workers_fail_the_job() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    client.submit(1, 1).await;
    let mut job_id = 0;
    for (count, name) in (1..).zip(["ada", "bob", "cy"]) {
        assert_eq!(client.status(1).await.state(), pb::BatchState::Running);
        let worker = client.register(name).await;
        let lease = client.lease(worker).await;
        client.deliver(key(&lease), FORGED).await.unwrap();
        job_id = lease.job_id;
        assert_eq!(client.job(job_id).await.job.unwrap().machine_faults, count);
    }
    let status = client.wait(1).await;
    assert_eq!(status.state(), pb::BatchState::Failed);
    for part in [
        "chunk 0",
        "proofs of 3 workers do not verify (ada, bob, cy)",
        "hash differs",
    ] {
        assert!(status.failure_reason.contains(part), "{}", status.failure_reason);
    }
    let inspection = client.job(job_id).await;
    let witness = ashlar_proto::Digest::try_from(&inspection.inputs[0][..]).unwrap();
    assert_eq!(
        client.fetch(witness).await.unwrap(),
        ashlar_farm::testing::witness(1, 0),
        "the witness is kept"
    );

    let request = pb::RequeueRequest {
        target: Some(Target::Batch(batch_ref(1))),
    };
    assert_eq!(
        client.admin.requeue(request).await.unwrap().into_inner().requeued,
        1
    );
    assert_eq!(client.status(1).await.state(), pb::BatchState::Running);
    // One more bad proof is the first of a new count.
    let worker = client.register("ada").await;
    let lease = client.lease(worker).await;
    client.deliver(key(&lease), FORGED).await.unwrap();
    assert_eq!(client.status(1).await.state(), pb::BatchState::Running);
    let sound = client.register("sound").await;
    client.work_all(sound).await;
    client.assert_done(1, 1).await;
}

#[tokio::test]
async fn one_machine_s_verdict_fails_no_batch_and_is_held_against_it() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let (wrong, right) = (client.register("wrong").await, client.register("right").await);
    client.submit(1, 2).await;
    let lease = client.lease(wrong).await;
    assert!(client.fail(&lease, "slot 7: wrong nonce", false).await);
    let job = client.job(lease.job_id).await.job.unwrap();
    assert_eq!((job.state(), job.failed_attempts), (pb::JobState::Ready, 1));
    let other = client.lease(wrong).await;
    assert_ne!(
        other.job_id, lease.job_id,
        "the second opinion is another worker's"
    );
    assert_eq!(client.work_one(right).await.job_id, lease.job_id);
    let quarantine = worker(&mut client, "wrong").await.quarantines.swap_remove(0);
    assert!(
        quarantine.reason.contains("which another worker proved"),
        "{}",
        quarantine.reason
    );
    let proof = client.prove(&other).await;
    client.deliver(key(&other), proof).await.unwrap();
    assert_eq!(
        worker(&mut client, "wrong").await.quarantines,
        [],
        "a good proof says that it is well"
    );
    client.work_all(right).await;
    client.assert_done(1, 2).await;
}

#[tokio::test]
async fn verdicts_of_two_workers_fail_the_batch() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let (one, two) = (client.register("one").await, client.register("two").await);
    client.submit(1, 1).await;
    let lease = client.lease(one).await;
    assert!(client.fail(&lease, "slot 7: wrong nonce", false).await);
    let lease = client.lease(two).await;
    assert!(client.fail(&lease, "slot 7: wrong nonce!", false).await);
    let status = client.wait(1).await;
    assert_eq!(status.state(), pb::BatchState::Failed);
    let expected = "found impossible by one, two: slot 7: wrong nonce!";
    assert!(
        status.failure_reason.ends_with(expected),
        "{}",
        status.failure_reason
    );
}

#[tokio::test]
async fn failures_that_machines_call_their_own_never_fail_a_job() {
    let dir = tempfile::tempdir().unwrap();
    let moment = Duration::from_millis(1);
    let coordinator = Coordinator::start(FarmConfig {
        fault_pause: moment,
        max_quarantine: moment,
        ..impatient(dir.path(), moment)
    });
    let mut client = coordinator.client().await;
    let broken = client.register("broken").await;
    client.submit(1, 1).await;
    let mut job_id = 0;
    for _ in 0..8 {
        let lease = client.lease(broken).await;
        assert!(client.fail(&lease, "device lost", true).await);
        job_id = lease.job_id;
    }
    let job = client.job(job_id).await.job.unwrap();
    assert_eq!(
        (job.state(), job.failed_attempts, job.machine_faults),
        (pb::JobState::Ready, 0, 8)
    );
    assert_eq!(job.last_error, "device lost");
}

#[tokio::test]
async fn registering_anew_frees_what_the_worker_held() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path())); // leases of 30 s, which nobody waits for
    let mut client = coordinator.client().await;
    let worker = client.register("restarted").await;
    client.submit(1, 1).await;
    let old = client.lease(worker).await;
    assert_eq!(client.try_lease(worker, 0).await, None);
    let worker = client.register("restarted").await;
    let new = client.try_lease(worker, 0).await.expect("free at once");
    assert_eq!(new.job_id, old.job_id);
    let job = client.job(old.job_id).await;
    let status = job.job.unwrap();
    assert_eq!((status.failed_attempts, status.machine_faults), (0, 1));
    assert!(
        job.leases[0].outcome.contains("restarted registered anew"),
        "{}",
        job.leases[0].outcome
    );
    assert_eq!(
        client.renew(&old).await.unwrap_err().code(),
        tonic::Code::FailedPrecondition
    );
}

#[tokio::test]
async fn however_often_the_coordinator_starts_a_dead_worker_s_lease_is_prolonged_once() {
    let dir = tempfile::tempdir().unwrap();
    let term = Duration::from_secs(3);
    let start = || Coordinator::start(leases_of(dir.path(), term.as_millis() as u64));
    let coordinator = start();
    let mut client = coordinator.client().await;
    let worker = client.register("dead").await;
    client.submit(1, 1).await;
    let lease = client.lease(worker).await;
    let granted = client.job(lease.job_id).await.leases[0].deadline_unix_ms;
    coordinator.crash().await;
    tokio::time::sleep(term).await;

    let coordinator = start();
    let deadline = |leases: Vec<pb::LeaseRecord>| leases[0].deadline_unix_ms;
    let first = deadline(coordinator.client().await.job(lease.job_id).await.leases);
    assert!(first > granted, "a living worker could not renew meanwhile");
    coordinator.crash().await;
    let coordinator = start();
    let mut client = coordinator.client().await;
    assert_eq!(deadline(client.job(lease.job_id).await.leases), first);
    let alive = client.register("alive").await;
    assert_eq!(client.lease(alive).await.job_id, lease.job_id);
}

#[tokio::test]
async fn a_job_over_which_a_process_ended_is_left_to_another_worker() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let (restarted, sound) = (client.register("restarted").await, client.register("sound").await);
    client.submit(1, 1).await;
    let lease = client.lease(restarted).await;
    let restarted = client.register("restarted").await;
    assert_eq!(client.try_lease(restarted, 0).await, None);
    assert_eq!(client.lease(sound).await.job_id, lease.job_id);
}

#[tokio::test]
async fn one_worker_s_verdicts_fail_nothing_while_another_could_judge() {
    let dir = tempfile::tempdir().unwrap();
    let moment = Duration::from_millis(1);
    let coordinator = Coordinator::start(FarmConfig {
        confirm_pause: moment,
        fault_pause: moment,
        max_quarantine: moment,
        ..config(dir.path())
    });
    let mut client = coordinator.client().await;
    let (stubborn, other) = (client.register("stubborn").await, client.register("other").await);
    client.submit(1, 1).await;
    let lease = client.lease(other).await;
    assert!(client.fail(&lease, "device lost", true).await); // so the job is nobody's more than the other's
    for _ in 0..3 {
        let lease = client.lease(stubborn).await;
        assert!(client.fail(&lease, "slot 7", false).await);
    }
    let status = client.status(1).await;
    assert_eq!(status.state(), pb::BatchState::Running);
    assert_eq!(client.job(lease.job_id).await.job.unwrap().failed_attempts, 3);
    let lease = client.lease(other).await;
    assert!(client.fail(&lease, "slot 7", false).await);
    let status = client.wait(1).await;
    assert!(
        status
            .failure_reason
            .ends_with("found impossible by other, stubborn: slot 7"),
        "{}",
        status.failure_reason
    );
}

#[tokio::test]
async fn late_bad_proofs_count_against_the_job_too() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(impatient(dir.path(), Duration::from_millis(1)));
    let mut client = coordinator.client().await;
    let mut leases = Vec::new();
    client.submit(1, 1).await;
    for name in ["ada", "bob", "cy"] {
        let worker = client.register(name).await;
        leases.push(client.lease(worker).await); // once the one before has expired
    }
    for lease in &leases {
        assert_eq!(client.status(1).await.state(), pb::BatchState::Running);
        client.deliver(key(lease), FORGED).await.unwrap();
        client.deliver(key(lease), FORGED).await.unwrap();
    }
    let status = client.wait(1).await;
    assert!(
        status
            .failure_reason
            .contains("proofs of 3 workers do not verify (ada, bob, cy)"),
        "{}",
        status.failure_reason
    );
}

#[tokio::test]
async fn requeueing_a_job_lifts_the_quarantine_that_came_from_it() {
    let dir = tempfile::tempdir().unwrap();
    let hour = Duration::from_secs(3600);
    let coordinator = Coordinator::start(FarmConfig {
        quarantine: hour,
        max_quarantine: hour,
        ..config(dir.path())
    });
    let mut client = coordinator.client().await;
    let mended = client.register("mended").await;
    client.submit(1, 2).await;
    let lease = client.lease(mended).await;
    client.deliver(key(&lease), FORGED).await.unwrap();
    let quarantine = worker(&mut client, "mended").await.quarantines.swap_remove(0);
    assert_eq!(quarantine.job_id, lease.job_id);
    assert_eq!(client.try_lease(mended, 0).await, None);

    for (job_id, lifted) in [(lease.job_id + 1, 0), (lease.job_id, 1)] {
        let request = pb::RequeueRequest {
            target: Some(Target::JobId(job_id)),
        };
        let response = client.admin.requeue(request).await.unwrap().into_inner();
        assert_eq!((response.requeued, response.quarantines_lifted), (0, lifted));
    }
    assert_eq!(worker(&mut client, "mended").await.quarantines, []);
    client.work_all(mended).await;
    client.assert_done(1, 2).await;
}
