//! Submitting a batch: once, again, and wrongly.

use ashlar_farm::testing::{Coordinator, circuit_set, config, submission, tenant, watch_request, witness};
use ashlar_proto::{
    Bytes,
    farm::v1::{self as pb, submit_batch_request::Part},
};
use tonic::Code;

fn piece(chunk_index: u32, data: &'static [u8], last: bool) -> pb::SubmitBatchRequest {
    let piece = pb::WitnessPiece {
        chunk_index,
        data: Bytes::from_static(data),
        last,
    };
    pb::SubmitBatchRequest {
        part: Some(Part::Piece(piece)),
    }
}

#[tokio::test]
async fn the_same_batch_again_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    let first = client.submit(1, 2).await;
    client.work_one(worker).await;
    let before = client.status(1).await;
    let again = client.submit(1, 2).await;
    assert_eq!((first.already_known, again.already_known), (false, true));
    assert_eq!(first.content_digest, again.content_digest);
    assert_eq!(client.status(1).await, before);
    client.work_all(worker).await;
    assert!(client.submit(1, 2).await.already_known, "also once it is done");
    client.assert_done(1, 2).await;
}

#[tokio::test]
async fn submissions_at_the_same_time_make_one_batch() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    let mut twin = client.clone();
    let (a, b) = tokio::join!(client.submit(1, 3), twin.submit(1, 3));
    assert!(a.already_known ^ b.already_known);
    assert_eq!(client.status(1).await.jobs.len(), 3 + 2 + 1 + 1);
}

#[tokio::test]
async fn the_same_number_with_other_content_is_a_conflict() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    client.submit(1, 2).await;
    for witnesses in [
        vec![witness(1, 0)],
        vec![witness(1, 1), witness(1, 0)],
        vec![witness(1, 0), witness(2, 1)],
    ] {
        let error = client
            .submit_parts(submission(1, circuit_set(), &witnesses))
            .await
            .unwrap_err();
        assert_eq!(error.code(), Code::AlreadyExists);
    }
    assert_eq!(client.status(1).await.jobs.len(), 5);
}

#[tokio::test]
async fn malformed_submissions_name_the_field_and_leave_no_batch() {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = config(dir.path());
    settings.max_chunks = 4;
    settings.max_artifact_bytes = 2000;
    let coordinator = Coordinator::start(settings);
    let mut client = coordinator.client().await;
    let good = submission(1, circuit_set(), &[witness(1, 0), witness(1, 1)]);
    let header = |number, chunk_count, digest: &'static [u8]| {
        let header = pb::BatchHeader {
            number,
            chunk_count,
            circuit_set_digest: Bytes::from_static(digest),
            tenant: Some(tenant()),
            blob: Bytes::new(),
        };
        vec![pb::SubmitBatchRequest {
            part: Some(Part::Header(header)),
        }]
    };
    let with = |parts: &[pb::SubmitBatchRequest]| [&good[..1], parts].concat();
    let cases: [(Vec<pb::SubmitBatchRequest>, Code, &str); 12] = [
        (vec![], Code::InvalidArgument, "header"),
        (good[1..].to_vec(), Code::InvalidArgument, "header"),
        (
            header(1, 0, &[0; 32]),
            Code::InvalidArgument,
            "chunk_count: must be 1 to 4",
        ),
        (
            header(1, 5, &[0; 32]),
            Code::InvalidArgument,
            "chunk_count: must be 1 to 4",
        ),
        (header(u64::MAX, 1, &[0; 32]), Code::InvalidArgument, "number"),
        (header(1, 1, &[0; 5]), Code::InvalidArgument, "circuit_set_digest"),
        (
            good[..4].to_vec(),
            Code::InvalidArgument,
            "chunk_count: header says 2, 1 arrived",
        ),
        (
            with(&[piece(1, b"x", true)]),
            Code::InvalidArgument,
            "piece.chunk_index: expected 0, found 1",
        ),
        (with(&[piece(0, b"", true)]), Code::InvalidArgument, "piece.data"),
        (with(&good[..1]), Code::InvalidArgument, "part"),
        (
            [&good[..], &[piece(2, b"x", true)]].concat(),
            Code::InvalidArgument,
            "piece: piece after the last of 2",
        ),
        (
            with(&[piece(0, &[7; 2001], true)]),
            Code::ResourceExhausted,
            "witness is larger than the limit of 2000",
        ),
    ];
    for (parts, code, message) in cases {
        let error = client.submit_parts(parts).await.unwrap_err();
        assert_eq!(error.code(), code, "{message}");
        assert!(
            error.message().starts_with(message),
            "{} is not about {message}",
            error.message()
        );
        let missing = client.batch.watch_batch(watch_request(1)).await.unwrap_err();
        assert_eq!(missing.code(), Code::NotFound);
    }
    client
        .submit_parts(good)
        .await
        .expect("the good one still goes through");
}
