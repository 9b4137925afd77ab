//! Artifacts that nobody needs go, and no others, whatever happens at the same moment.

mod interleavings;
mod outages;

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use ashlar_farm::{
    FarmConfig, FarmError, RENEWED_AFTER,
    testing::{
        Client, Coordinator, HOUR, HashVerifier, Records, circuit_set, config, inputs, key, on_postgres,
        submission, tenant_number, witness,
    },
};
use ashlar_proto::{
    Bytes, Digest,
    farm::v1::{self as pb, complete_response::Outcome, submit_batch_request::Part},
};
use tonic::Code;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// After a mark so old, whoever made it is known to have crashed.
const CRASHED: Duration = Duration::from_secs(61);
/// Artifacts that nobody misses, for a collection that takes its time.
const OTHERS: usize = 150;

fn start(dir: &Path) -> (Coordinator, Records) {
    let config = config(dir);
    let records = Records::of(&config);
    (Coordinator::start(config), records)
}

fn parts(tenant: u8, number: u64, chunks: u32) -> Vec<pb::SubmitBatchRequest> {
    let witnesses: Vec<Bytes> = (0..chunks).map(|chunk| witness(number, chunk)).collect();
    let mut parts = submission(number, circuit_set(), &witnesses);
    if let Some(Part::Header(header)) = &mut parts[0].part {
        header.tenant = Some(tenant_number(tenant));
    }
    parts
}

/// As the sequencer does: again, as long as it is told to.
async fn submit(client: &mut Client, parts: Vec<pb::SubmitBatchRequest>) -> pb::SubmitBatchResponse {
    let start = Instant::now();
    loop {
        match client.submit_parts(parts.clone()).await {
            Ok(answer) => return answer,
            Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status}"),
        }
        assert!(
            start.elapsed() < Duration::from_secs(120),
            "it is told so for ever"
        );
    }
}

/// As workers do, likewise. Of a delivery that was taken, and its answer lost, the next one is ignored.
async fn deliver(client: &mut Client, lease: &pb::Lease, proof: &Bytes) {
    let mut before = None;
    loop {
        match client.deliver(key(lease), proof.clone()).await {
            Ok((Outcome::Accepted, _)) => return,
            Ok((Outcome::Ignored, _)) if before.is_some() => return,
            Ok(other) => panic!("{other:?}, after {before:?}"),
            Err(status) => {
                assert_eq!(status.code(), Code::Unavailable, "{status}");
                before = Some(status);
            }
        }
    }
}

async fn collect(client: &mut Client) -> pb::CollectGarbageResponse {
    client.collect(false).await.unwrap()
}

fn files(coordinator: &Coordinator) -> BTreeSet<String> {
    let entries = fs::read_dir(coordinator.data_dir.join("artifacts")).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// Everything of a batch of one chunk is there, and needed by nobody: the batch was settled and went.
async fn orphan(client: &mut Client, records: &Records, number: u64) {
    let worker = client.register("w").await;
    client.submit(number, 1).await;
    client.work_all(worker).await;
    client.settle(number).await;
    records.age(2 * DAY).await;
    assert_eq!(collect(client).await.batches_retired, 1);
}

#[tokio::test]
async fn what_nobody_has_needed_for_the_grace_goes_and_nothing_else_does() {
    let dir = tempfile::tempdir().unwrap();
    let (coordinator, records) = start(dir.path());
    let mut client = coordinator.client().await;
    orphan(&mut client, &records, 1).await;
    let worker = client.register("w").await;
    client.submit(2, 2).await;
    client.work_one(worker).await;
    let needed = records.needed().await;
    let folder = coordinator.data_dir.join("artifacts");
    fs::create_dir(folder.join("a folder")).unwrap();
    for name in ["notes.txt", "a folder/file", "probe-", "0123.damaged"] {
        fs::write(folder.join(name), "somebody's").unwrap();
    }

    let found = collect(&mut client).await;
    let (kept, doomed) = (found.kept.unwrap(), found.doomed.unwrap());
    assert_eq!((kept.artifacts, doomed.artifacts), (needed.len() as u64, 4));
    assert!(kept.bytes > 0 && doomed.bytes > 0);
    records.age(HOUR).await;
    assert_eq!(collect(&mut client).await.deleted.unwrap().artifacts, 0);
    records.age(2 * HOUR).await;
    let before = files(&coordinator);
    let dry = client.collect(true).await.unwrap();
    assert_eq!(dry.deleted, Some(doomed));
    assert_eq!(files(&coordinator), before, "a dry run deletes nothing");
    let wet = collect(&mut client).await;
    assert_eq!((wet.deleted, wet.kept), (Some(doomed), Some(kept)));
    assert_eq!(wet.doomed, Some(pb::Pile::default()));
    let others = ["notes.txt", "a folder", "probe-", "0123.damaged"].map(String::from);
    let expected: BTreeSet<_> = needed.iter().map(Digest::to_string).chain(others).collect();
    assert_eq!(files(&coordinator), expected);
    assert_eq!(records.doomed(false).await, BTreeSet::new());
    client.work_all(worker).await;
    client.assert_done(2, 2).await;
}

#[tokio::test]
async fn what_was_written_within_the_grace_is_for_a_batch_that_comes() {
    let dir = tempfile::tempdir().unwrap();
    let (coordinator, records) = start(dir.path());
    let mut client = coordinator.client().await;
    // The witness arrives, and the stream breaks.
    let mut broken = submission(1, circuit_set(), &[witness(1, 0), witness(1, 1)]);
    broken.truncate(3);
    client.submit_parts(broken).await.unwrap_err();
    let stored = Digest::of(&witness(1, 0));
    assert!(coordinator.artifact_path(stored).exists());
    records.age(HOUR).await;
    assert_eq!(collect(&mut client).await.kept.unwrap().artifacts, 1);
    assert_eq!(records.doomed(false).await, BTreeSet::new());
    records.age(2 * HOUR).await;
    assert_eq!(collect(&mut client).await.doomed.unwrap().artifacts, 1);
    // In the last moment.
    records.age(2 * HOUR).await;
    client.submit(1, 2).await;
    assert_eq!(records.doomed(false).await, BTreeSet::new());
    assert_eq!(collect(&mut client).await.deleted.unwrap().artifacts, 0);
    let worker = client.register("w").await;
    client.work_all(worker).await;
    client.assert_done(1, 2).await;
}

#[tokio::test]
async fn a_proof_that_is_doomed_is_needed_again_once_it_is_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let (coordinator, records) = start(dir.path());
    let mut client = coordinator.client().await;
    orphan(&mut client, &records, 1).await;
    assert_eq!(records.doomed(false).await.len(), 4);
    // Another tenant's batch of the same content: its proofs have the same bytes.
    submit(&mut client, parts(2, 1, 1)).await;
    assert_eq!(records.doomed(false).await.len(), 3, "its witness is needed");
    let worker = client.register("w").await;
    records.age(3 * HOUR).await;
    let lease = client.work_one(worker).await;
    let proof = client.job(lease.job_id).await.output;
    let proof = Digest::try_from(&proof[..]).unwrap();
    assert!(!records.doomed(false).await.contains(&proof));
    assert_eq!(collect(&mut client).await.deleted.unwrap().artifacts, 2);
    assert!(coordinator.artifact_path(proof).exists());
    assert_eq!(client.work_all(worker).await.len(), 2);
    assert_eq!(records.needed().await.len(), 4);
}

#[tokio::test]
async fn a_crash_between_mark_and_deletion_is_made_up_for() {
    let dir = tempfile::tempdir().unwrap();
    let (coordinator, records) = start(dir.path());
    let mut client = coordinator.client().await;
    orphan(&mut client, &records, 1).await;
    let all = records.doomed(false).await;
    let deleted = *all.first().unwrap();
    records.mark(all.clone(), Duration::ZERO).await;
    fs::remove_file(coordinator.artifact_path(deleted)).unwrap();
    coordinator.crash().await;

    let (coordinator, records) = start(dir.path());
    let mut client = coordinator.client().await;
    // Who marked them may be another coordinator, and at it.
    let found = collect(&mut client).await;
    assert_eq!(found.deleted.unwrap().artifacts, 0);
    let status = client.submit_parts(parts(2, 1, 1)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(status.message().contains("is being deleted"), "{status}");
    assert_eq!(records.doomed(true).await, all);
    records.age(CRASHED).await;
    assert!(submit(&mut client, parts(2, 1, 1)).await.content_digest.len() == 32);
    assert_eq!(
        records.doomed(true).await,
        BTreeSet::new(),
        "finished by who came"
    );
    assert_eq!(files(&coordinator).len(), 1, "the witness that was sent again");
    let worker = client.register("w").await;
    assert_eq!(client.work_all(worker).await.len(), 3);

    // And by the next collection, if nobody comes.
    orphan(&mut client, &records, 3).await;
    let all = records.doomed(false).await;
    assert_eq!(all.len(), 4);
    records.mark(all.clone(), CRASHED).await;
    collect(&mut client).await;
    assert!(
        all.iter()
            .all(|&digest| !coordinator.artifact_path(digest).exists())
    );
    assert_eq!(records.doomed(false).await, BTreeSet::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_while_it_is_deleted_is_there_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let (first, records) = start(dir.path());
    // On PostgreSQL another one uploads.
    let second = on_postgres().then(|| Coordinator::start(config(dir.path())));
    let mut collector = first.client().await;
    let mut client = second.as_ref().unwrap_or(&first).client().await;
    let worker = client.register("w").await;
    let mut deleted = 0;
    for round in 1..=25 {
        // The witness and the proofs of a batch that went are due.
        client.submit(round, 1).await;
        client.work_all(worker).await;
        client.settle(round).await;
        let due = records.needed_by(round).await;
        assert_eq!(due.len(), 4, "round {round}");
        for n in 0..OTHERS {
            let bytes = format!("{round} {n}");
            let digest = Digest::of(bytes.as_bytes());
            fs::write(first.artifact_path(digest), bytes).unwrap();
        }
        records.age(2 * DAY).await;
        collect(&mut collector).await;
        records.age(3 * HOUR).await;
        assert_eq!(records.doomed(false).await.len(), 4 + OTHERS, "round {round}");
        // While they are deleted, the same ones come.
        let mut collecting = collector.clone();
        let collection = tokio::spawn(async move { collect(&mut collecting).await });
        tokio::time::sleep(Duration::from_micros(round % 9 * 500)).await;
        submit(&mut client, parts(2, round, 1)).await;
        while let Some(lease) = client.try_lease(worker, 0).await {
            let proof = client.prove(&lease).await;
            deliver(&mut client, &lease, &proof).await;
        }
        let found = collection.await.unwrap().deleted.unwrap().artifacts;
        deleted += found - OTHERS as u64;
        assert_eq!(collect(&mut collector).await.deleted.unwrap().artifacts, 0);
        for digest in due {
            let bytes = client.fetch(digest).await.unwrap();
            assert_eq!(Digest::of(&bytes), digest, "round {round}");
        }
    }
    println!("{deleted} of 100 were deleted before they came");
    assert!(deleted > 0, "it never came to it");
}

#[tokio::test]
async fn partial_files_and_damaged_copies_age_out() {
    let dir = tempfile::tempdir().unwrap();
    let (coordinator, records) = start(dir.path());
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 1).await;
    let damaged = Digest::of(&witness(1, 0));
    records.age(2 * DAY).await; // it was written long ago, and is found damaged now
    coordinator.damage(damaged);
    records.age(2 * DAY).await;
    let lease = client.lease(worker).await;
    assert_eq!(
        client.fetch(inputs(&lease)[0]).await.unwrap_err().code(),
        Code::DataLoss
    );
    client.submit(1, 1).await;
    let partial = format!("{damaged}#1");
    fs::write(coordinator.data_dir.join("artifacts").join(&partial), "part of").unwrap();
    let aside = format!("{damaged}.damaged");
    assert_eq!(collect(&mut client).await.leftovers, 0);
    records.age(3 * HOUR).await;
    assert_eq!(collect(&mut client).await.leftovers, 1);
    assert!(!files(&coordinator).contains(&partial));
    assert!(files(&coordinator).contains(&aside), "to be looked at for a day");
    records.age(DAY).await;
    assert_eq!(client.collect(true).await.unwrap().leftovers, 1);
    assert_eq!(collect(&mut client).await.leftovers, 1);
    assert!(!files(&coordinator).contains(&aside));
    client.work_all(worker).await;
    client.assert_done(1, 1).await;
}

#[tokio::test]
async fn a_grace_in_which_an_upload_renews_nothing_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let config = FarmConfig {
        grace: RENEWED_AFTER,
        ..config(dir.path())
    };
    let opened = ashlar_farm::Farm::open(config, std::sync::Arc::new(HashVerifier)).await;
    let error = opened.err().expect("refused");
    assert!(matches!(error, FarmError::GraceTooShort(grace) if grace == RENEWED_AFTER));
    assert_eq!(
        error.to_string(),
        "the grace of artifacts that nobody needs is 3600 s, and must be longer than 3600 s: an upload leaves a copy of that age \
         as it is"
    );
}
