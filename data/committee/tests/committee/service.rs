//! A member over gRPC.

use ashlar_committee::{ClientError, MemberClient, Proposal};
use ashlar_report::chain;
use ashlar_statement::Domain;
use tempfile::TempDir;
use tonic::Code;

use super::{
    served::{LIMIT, serve},
    support::{DOMAIN, Operator, TIME, key, signer, transfer},
};

fn refused(outcome: Result<impl std::fmt::Debug, ClientError>, code: Code) -> String {
    match outcome {
        Err(ClientError::Request { source, .. }) if source.code() == code => source.message().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_proposed_signed_and_its_stream_read_by_anybody() {
    let (folder, key_of_operator) = (TempDir::new().expect("a folder"), signer(9));
    let served = serve(0, &folder, &key_of_operator).await;
    let client = served.client().await;
    let state = client.state().await.expect("answers");
    assert_eq!((state.address, state.last_batch), (signer(0).address(), 0));

    // Enough transfers for several messages of items.
    let mut operator = Operator::new(DOMAIN);
    let (_, first) = operator.first(TIME);
    let many = (1..1_500).map(|nonce| operator.sign(transfer(1, 2, 20, nonce)));
    let many = many.collect();
    let (_, second) = operator.propose(many, TIME);
    for (number, proposal) in [(1, &first), (2, &second)] {
        let signature = client.attest(proposal, &key_of_operator).await.expect("signs");
        let statement = proposal.statement.as_ref().expect("has one");
        let by = statement.signer(&DOMAIN, &signature.expect("a signature"));
        assert_eq!(by, Some(signer(0).address()));
        assert_eq!(client.state().await.expect("answers").last_batch, number);
        let stream = client.stream(number, &proposal.new_root).await.expect("answers");
        assert_eq!(stream.as_ref(), Some(&proposal.rollup));
    }
    assert_eq!(client.stream(2, &first.new_root).await.expect("answers"), None);
    served.end().await;

    // What was signed is there after a restart.
    let served = serve(0, &folder, &key_of_operator).await;
    let client = served.client().await;
    assert_eq!(client.state().await.expect("answers").last_batch, 2);
    let stream = client.stream(2, &second.new_root).await.expect("answers");
    assert_eq!(stream, Some(second.rollup));
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_the_operator_s_or_not_right_is_refused_with_its_cause() {
    let (folder, key_of_operator) = (TempDir::new().expect("a folder"), signer(9));
    let served = serve(0, &folder, &key_of_operator).await;
    let client = served.client().await;
    let mut operator = Operator::new(DOMAIN);
    let (_, good) = operator.first(TIME);

    let stranger = refused(client.attest(&good, &signer(8)).await, Code::PermissionDenied);
    assert!(
        stranger.contains(&format!("the operator is {}", key_of_operator.address())),
        "{stranger}"
    );
    let attest = async |change: fn(&mut Proposal), code| {
        let mut proposal = good.clone();
        change(&mut proposal);
        refused(client.attest(&proposal, &key_of_operator).await, code)
    };
    let other = attest(|of| of.shown.truncate(1), Code::FailedPrecondition).await;
    assert!(other.contains("3 published operations are not shown"), "{other}");
    let early = attest(|of| of.number = 2, Code::FailedPrecondition).await;
    assert!(early.contains("the next one is 1"), "{early}");
    assert_eq!(client.state().await.expect("answers").last_batch, 0);

    let theft = transfer(1, 2, 90_000_000, 0);
    let mut forged = theft.sign(&DOMAIN, &key(1));
    forged.signature = theft.sign(&DOMAIN, &key(2)).signature;
    client.attest(&good, &key_of_operator).await.expect("it is right");
    let moved = transfer(2, 1, 50, 0).sign(&DOMAIN, &key(2));
    let (_, mut second) = operator.propose(vec![super::support::Item::Signed(Box::new(moved))], TIME);
    second.shown = vec![ashlar_payments::rebuild::Shown::Signed(forged.encode())];
    let refused = refused(
        client.attest(&second, &key_of_operator).await,
        Code::FailedPrecondition,
    );
    assert!(refused.contains("operation 0"), "{refused}");

    let elsewhere = Domain {
        chain_id: 1,
        ..DOMAIN
    };
    let other = MemberClient::connect(&served.endpoint, elsewhere, LIMIT).await;
    assert!(
        matches!(other, Err(ClientError::OtherRollup { chain_id: 31337, .. })),
        "{other:?}"
    );
    served.end().await;
    let gone = client.state().await.expect_err("nobody is there");
    assert!(chain(&gone).contains("get_member failed"), "{gone:?}");
    for endpoint in ["127.0.0.1:1", "https://127.0.0.1:1", "http://"] {
        let wrong = MemberClient::connect(endpoint, DOMAIN, LIMIT).await;
        assert!(
            matches!(wrong, Err(ClientError::Endpoint { .. })),
            "{endpoint}: {wrong:?}"
        );
    }
}
