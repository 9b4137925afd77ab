//! A farm whose artifacts are in a bucket, and what it says where they cannot be.

use std::{error::Error, ffi::OsString, sync::Arc};

use ashlar_farm::{
    ArtifactsAt, Farm, FarmConfig, FarmError,
    testing::{Certificates, Coordinator, HOUR, HashVerifier, S3Server, config, inputs, kind, witness},
};
use ashlar_identity::Role;
use ashlar_proto::{Digest, JobKind, farm::v1 as pb};
use tonic::Code;

fn server() -> Option<S3Server> {
    S3Server::start(env!("CARGO_TARGET_TMPDIR"))
}

#[tokio::test]
async fn the_whole_graph_ends_in_the_expected_snark() {
    let Some(server) = server() else { return };
    let dir = tempfile::tempdir().unwrap();
    let settings = FarmConfig {
        artifacts: server.at("a/farm"),
        ..config(dir.path())
    };
    let coordinator = Coordinator::start(settings.clone());
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    for chunks in 1..=5 {
        client.submit(chunks.into(), chunks).await;
        client.work_all(worker).await;
        client.assert_done(chunks.into(), chunks).await;
    }
    coordinator.crash().await;
    let coordinator = Coordinator::start(settings);
    let mut client = coordinator.client().await;
    for chunks in 1..=5 {
        client.assert_done(chunks.into(), chunks).await;
        assert_eq!(
            client
                .fetch(Digest::of(&witness(chunks.into(), 0)))
                .await
                .unwrap(),
            witness(chunks.into(), 0)
        );
    }
    // Witnesses and chunk proofs, folds, and two proofs more.
    let expected = (1..=5).map(|chunks| 2 * chunks + (chunks - 1) + 2).sum::<usize>();
    let names = server.names().await;
    assert_eq!(names.len(), expected, "{names:?}");
    assert!(names.iter().all(|name| name.starts_with("a/farm/")), "{names:?}");
    assert!(
        !dir.path().join("artifacts").exists(),
        "nothing on the coordinator's disk"
    );
}

#[tokio::test]
async fn an_object_that_was_damaged_or_deleted_is_made_again() {
    let Some(server) = server() else { return };
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(FarmConfig {
        artifacts: server.at("farm"),
        ..config(dir.path())
    });
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 2).await;
    client.work_one(worker).await;
    client.work_one(worker).await;
    let fold = client.lease(worker).await;
    let [left, right] = inputs(&fold)[..] else {
        panic!("a fold has two inputs")
    };
    server.damage("farm", left).await;
    server.delete(&format!("farm/{right}")).await;
    for lost in [left, right] {
        assert_eq!(client.fetch(lost).await.unwrap_err().code(), Code::DataLoss);
    }
    assert!(server.read(&format!("farm/damaged/{left}")).await.is_some());
    let (job_id, token) = (fold.job_id, fold.token);
    client
        .work
        .release(pb::ReleaseRequest { job_id, token })
        .await
        .unwrap();
    assert_eq!(
        client.work_all(worker).await,
        [
            JobKind::Chunk,
            JobKind::Chunk,
            JobKind::Fold,
            JobKind::Compress,
            JobKind::Wrap
        ]
    );
    client.assert_done(1, 2).await;
}

/// What the coordinator says when it does not start.
async fn refusal(at: ArtifactsAt) -> FarmError {
    let dir = tempfile::tempdir().unwrap();
    let settings = FarmConfig {
        artifacts: at,
        ..config(dir.path())
    };
    match Farm::open(settings, Arc::new(HashVerifier)).await {
        Ok(_) => panic!("it starts"),
        Err(error) => error,
    }
}

/// An error with its causes but the last, which are the libraries' own words.
fn texts(error: &FarmError) -> (String, String) {
    let cause = error.source().expect("it says why");
    (error.to_string(), cause.to_string())
}

fn with(server: &S3Server, name: &str, value: Option<&str>) -> Vec<(OsString, OsString)> {
    let mut variables = server.variables();
    variables.retain(|(of, _)| of != name);
    variables.extend(value.map(|value| (name.into(), value.into())));
    variables
}

#[tokio::test]
async fn wrong_credentials_are_refused_at_the_start() {
    let Some(server) = server() else { return };
    for (name, code) in [
        ("AWS_ACCESS_KEY_ID", "InvalidAccessKeyId"),
        ("AWS_SECRET_ACCESS_KEY", "SignatureDoesNotMatch"),
    ] {
        let at = ArtifactsAt::parse("s3://artifacts/farm", with(&server, name, Some("wrong"))).unwrap();
        let error = refusal(at).await;
        assert_eq!(
            texts(&error),
            (
                "cannot write artifacts at s3://artifacts/farm".to_owned(),
                "the artifact store s3://artifacts/farm refuses the coordinator: check AWS_ACCESS_KEY_ID, \
                 AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL"
                    .to_owned()
            )
        );
        let said = error
            .source()
            .and_then(Error::source)
            .expect("the store's words")
            .to_string();
        assert!(said.starts_with(&format!("{code}: ")), "{said}");
    }
}

#[tokio::test]
async fn without_keys_and_without_a_role_it_says_which_to_set() {
    let Some(server) = server() else { return };
    let mut variables = with(&server, "AWS_ACCESS_KEY_ID", None);
    variables.retain(|(name, _)| name != "AWS_SECRET_ACCESS_KEY");
    variables.push(("AWS_METADATA_ENDPOINT".into(), "http://127.0.0.1:1".into()));
    let error = refusal(ArtifactsAt::parse("s3://artifacts", variables).unwrap()).await;
    assert_eq!(
        texts(&error).1,
        "the artifact store s3://artifacts refuses the coordinator: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    );
}

#[tokio::test]
async fn a_missing_bucket_is_named() {
    let Some(server) = server() else { return };
    let endpoint = server.variables()[0].1.clone().into_string().unwrap();
    let at = ArtifactsAt::parse("s3://elsewhere/farm", server.variables()).unwrap();
    assert_eq!(
        texts(&refusal(at).await),
        (
            "cannot write artifacts at s3://elsewhere/farm".to_owned(),
            format!(
                "the artifact store {endpoint} has no bucket elsewhere: make it, or name one that it has"
            )
        )
    );
}

#[tokio::test]
async fn a_store_that_is_away_is_said_at_the_start() {
    let Some(mut server) = server() else { return };
    server.kill();
    let error = refusal(server.at("farm")).await;
    assert_eq!(
        texts(&error),
        (
            "cannot write artifacts at s3://artifacts/farm".to_owned(),
            "the artifact store s3://artifacts/farm cannot be reached: start it, or mend the network or AWS_ENDPOINT_URL; \
             calls are good again then"
                .to_owned()
        )
    );
}

#[tokio::test]
async fn over_tls_a_store_must_show_whom_it_is_trusted_as() {
    let mut certificates = Certificates::default();
    let certificate = certificates.issue(Role::Coordinator, "store", HOUR);
    let Some(server) = S3Server::start_as(env!("CARGO_TARGET_TMPDIR"), Some(&certificate)) else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(FarmConfig {
        artifacts: server.at("farm"),
        ..config(dir.path())
    });
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 2).await;
    client.work_all(worker).await;
    client.assert_done(1, 2).await;

    let mut others = Certificates::default();
    let other = others
        .issue(Role::Coordinator, "store", HOUR)
        .path()
        .join("ca.crt");
    let trusting_another = with(&server, "AWS_CA_BUNDLE", other.to_str());
    let error = refusal(ArtifactsAt::parse("s3://artifacts/farm", trusting_another).unwrap()).await;
    let mut causes = vec![];
    let mut cause: Option<&dyn Error> = Some(&error);
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    assert!(causes[1].contains("cannot be reached"), "{causes:?}");
    assert!(
        causes.last().unwrap().contains("invalid peer certificate"),
        "{causes:?}"
    );
}

#[tokio::test]
async fn two_prefixes_of_a_bucket_know_nothing_of_each_other() {
    let Some(server) = server() else { return };
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let start = |dir: &tempfile::TempDir, prefix| {
        Coordinator::start(FarmConfig {
            artifacts: server.at(prefix),
            ..config(dir.path())
        })
    };
    let (first, second) = (start(&here, "one"), start(&there, "two"));
    let mut client = first.client().await;
    client.submit(1, 1).await;
    let witness = Digest::of(&witness(1, 0));
    client.fetch(witness).await.unwrap();
    let mut other = second.client().await;
    assert_eq!(other.fetch(witness).await.unwrap_err().code(), Code::NotFound);
    let worker = client.register("w").await;
    assert_eq!(kind(&client.work_one(worker).await), JobKind::Chunk);
}
