//! Batches whose rollup stream is in a blob: the job that compresses takes the stream, too.

use ashlar_farm::testing::{
    Coordinator, circuit_set, config, expected_snark_of, inputs, key, kind, submission, witness,
};
use ashlar_proto::{
    Bytes, Digest, JobKind, MAX_PIECE_BYTES,
    farm::v1::{self as pb, submit_batch_request::Part},
};
use tonic::Code;

const CHUNKS: u32 = 3;

fn stream(of: &'static str) -> Bytes {
    of.repeat(7).into()
}

fn in_blob(number: u64, blob: Bytes) -> Vec<pb::SubmitBatchRequest> {
    let witnesses: Vec<Bytes> = (0..CHUNKS).map(|chunk| witness(number, chunk)).collect();
    let mut parts = submission(number, circuit_set(), &witnesses);
    let Some(Part::Header(header)) = &mut parts[0].part else {
        panic!("a submission begins with its header");
    };
    header.blob = blob;
    parts
}

#[tokio::test]
async fn the_job_that_compresses_takes_the_stream_behind_the_root() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    let blob = stream("a transfer");
    client.submit_parts(in_blob(1, blob.clone())).await.unwrap();
    loop {
        let lease = client.lease(worker).await;
        let (kind, taken) = (kind(&lease), inputs(&lease));
        let is_stream = |digest: &Digest| *digest == Digest::of(&blob);
        match kind {
            JobKind::Compress => assert_eq!((taken.len(), is_stream(&taken[1])), (2, true)),
            _ => assert!(!taken.iter().any(is_stream), "{kind} takes no stream"),
        }
        let proof = client.prove(&lease).await;
        client.deliver(key(&lease), proof).await.unwrap();
        if kind == JobKind::Wrap {
            break;
        }
    }
    let status = client.wait(1).await;
    assert_eq!(status.state(), pb::BatchState::Done, "{}", status.failure_reason);
    assert_eq!(status.snark, expected_snark_of(1, CHUNKS, Some(blob)));
}

#[tokio::test]
async fn another_stream_or_none_is_another_batch() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let first = client.submit_parts(in_blob(1, stream("a"))).await.unwrap();
    let again = client.submit_parts(in_blob(1, stream("a"))).await.unwrap();
    assert_eq!((first.already_known, again.already_known), (false, true));
    assert_eq!(first.content_digest, again.content_digest);
    for other in [stream("b"), Bytes::new()] {
        let refused = client.submit_parts(in_blob(1, other)).await.unwrap_err();
        assert_eq!(refused.code(), Code::AlreadyExists, "{refused}");
    }
    let too_long = client
        .submit_parts(in_blob(2, vec![1; MAX_PIECE_BYTES + 1].into()))
        .await
        .unwrap_err();
    assert_eq!(too_long.code(), Code::InvalidArgument);
    assert!(too_long.message().starts_with("blob: at most"), "{too_long}");
}

#[tokio::test]
async fn a_lost_stream_fails_the_batch_until_it_is_submitted_again() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    let blob = stream("a transfer");
    client.submit_parts(in_blob(1, blob.clone())).await.unwrap();
    let lost = Digest::of(&blob);
    std::fs::remove_file(coordinator.artifact_path(lost)).unwrap();
    assert_eq!(client.fetch(lost).await.unwrap_err().code(), Code::DataLoss);
    let status = client.wait(1).await;
    assert_eq!(status.state(), pb::BatchState::Failed);
    assert!(
        status.failure_reason.contains("the stream in the blob was lost"),
        "{}",
        status.failure_reason
    );
    let again = client.submit_parts(in_blob(1, blob.clone())).await.unwrap();
    assert!(again.already_known);
    client.work_all(worker).await;
    let status = client.wait(1).await;
    assert_eq!(status.state(), pb::BatchState::Done, "{}", status.failure_reason);
    assert_eq!(status.snark, expected_snark_of(1, CHUNKS, Some(blob)));
}
