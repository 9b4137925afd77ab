//! In exit mode nothing is taken and nothing sealed, and everything can be read; if L1 takes it back, all goes on.

use std::time::Duration;

use ashlar_farm::testing::{Coordinator, circuit_set, config};
use ashlar_metrics::{Build, Registry, testing::Exposition};
use ashlar_proto::sequencer::v1::{
    self as pb, get_receipt_request::Key, refusal, submit_stream_response::Outcome,
};
use ashlar_sequencer::{
    config::{FeePolicy, Limits},
    executor::SubmitError,
    exit_mode::{Oldest, Outlook},
    farm::{Account, Link},
    pipeline::Proving,
    progress::Progress,
};
use ashlar_traces::Traces;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tonic::Code;

use super::{
    api::{api, code, request},
    http::{ask, check, gateway},
    support::{Core, key, seal_at, transfer},
};

const ENTERED: Outlook = Outlook::Entered { is_final: false };
const OPEN: Outlook = Outlook::Open { oldest: None };
/// Long enough for what must not happen to happen on a busy machine, if it does at all.
const A_WHILE: Duration = Duration::from_millis(300);

fn sealed(core: &Core) -> u64 {
    core.store.next_batch().expect("database") - 1
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_in_is_closed_and_every_way_to_read_is_open() {
    let mut api = api(100, Limits::default(), FeePolicy::default()).await;
    let (operator, alice) = (key("operator"), key("alice"));
    api.core.deposit(0, &[&operator, &alice], 1_000).await;
    let taken = transfer(&alice, 1, 0, 10, 0).encode();
    let taken = api
        .client
        .submit_transaction(request(taken))
        .await
        .expect("taken");
    let id = taken.into_inner().transaction_id;
    let exit_mode = api.core.handle.exit_mode().clone();
    let address = gateway(&api).await;
    let info = async || {
        let answer = ask(address, "GET", "/v1/info", "").await;
        check("GET", "/v1/info", &answer);
        answer.json()["exit_mode"].clone()
    };
    assert_eq!(info().await, json!(null), "L1 was not asked");
    let oldest = Oldest {
        index: 7,
        expiry: 17_000_000_005,
        deadline_secs: 60,
        seen_at: 0,
    };
    exit_mode.set(Outlook::Open { oldest: Some(oldest) });
    let waits = json!({ "queue_index": 7, "expires_unix_ms": 1_700_000_000_500u64 });
    assert_eq!(
        info().await,
        json!({ "entered": false, "is_final": false, "oldest": waits })
    );

    exit_mode.set(Outlook::Entered { is_final: true });
    assert_eq!(info().await, json!({ "entered": true, "is_final": true }));
    let next = transfer(&alice, 1, 0, 10, 1).encode();
    let status = api
        .client
        .submit_transaction(request(next.clone()))
        .await
        .expect_err("refused");
    assert_eq!(code(&status), (Code::FailedPrecondition, refusal::Code::ExitMode));
    assert!(status.message().contains("`ashlar exit`"), "{status}");
    let requests = [pb::SubmitStreamRequest {
        reference: 5,
        encoded: next.clone().into(),
    }];
    let answers = api.client.submit_stream(tokio_stream::iter(requests)).await;
    let answer = answers
        .expect("opens")
        .into_inner()
        .message()
        .await
        .expect("answers");
    let Some(Outcome::Refusal(refused)) = answer.and_then(|answer| answer.outcome) else {
        panic!("no refusal");
    };
    assert_eq!(refused.code(), refusal::Code::ExitMode);
    let body = json!({ "encoded": format!("0x{}", hex::encode(&next)) }).to_string();
    let answer = ask(address, "POST", "/v1/transactions", &body).await;
    check("POST", "/v1/transactions", &answer);
    assert_eq!(
        (answer.status, &answer.json()["refusal"]["code"]),
        (400, &json!("CODE_EXIT_MODE"))
    );
    let build = Build {
        version: "0",
        commit: None,
        role: "sequencer",
    };
    let shown = Exposition::of(&Registry::new(build).with(&api.service.config.metrics));
    let refused = shown.get(
        "ashlar_sequencer_transactions_refused_total",
        &[("reason", "exit_mode")],
    );
    assert_eq!(refused, Some(3.0));

    let account = pb::GetAccountRequest {
        key: Some(pb::get_account_request::Key::Index(1)),
    };
    let account = api
        .client
        .get_account(account)
        .await
        .expect("answers")
        .into_inner();
    assert_eq!((account.nonce, account.balances[0].amount), (1, 989));
    let receipt = pb::GetReceiptRequest {
        key: Some(Key::TransactionId(id)),
    };
    let receipt = api
        .client
        .get_receipt(receipt)
        .await
        .expect("answers")
        .into_inner();
    assert_eq!(receipt.status(), pb::TransactionStatus::Executed);
    let batches = pb::ListBatchesRequest::default();
    assert!(api.client.list_batches(batches).await.is_ok());

    exit_mode.set(OPEN);
    api.client
        .submit_transaction(request(next))
        .await
        .expect("taken again");
    api.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_batch_is_sealed_whatever_comes_and_whatever_restarts_and_nothing_is_lost() {
    let folder = tempfile::tempdir().expect("folder");
    let core = Core::open(&folder, seal_at(3));
    let (operator, alice) = (key("operator"), key("alice"));
    core.deposit(0, &[&operator, &alice], 1_000).await;
    core.handle.exit_mode().set(ENTERED);
    let told = core.handle.submit(transfer(&alice, 1, 0, 10, 0).encode()).await;
    assert!(matches!(told, Err(SubmitError::ExitMode)), "{told:?}");
    // Operations that L1 queued before still come.
    core.deposit(2, &[&alice, &alice], 1_000).await;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(sealed(&core), 0, "though it is full");
    assert_eq!(core.store.next_queue_index().expect("database"), 4);
    let told = core.handle.submit(transfer(&alice, 1, 0, 10, 0).encode()).await;
    assert!(matches!(told, Err(SubmitError::ExitMode)), "{told:?}");
    core.stop();

    let core = Core::in_exit_mode(&folder, seal_at(3));
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(sealed(&core), 0);
    assert_eq!(
        core.nonce_and_balance(1).await,
        (0, 2_000),
        "one deposit waits for the next batch"
    );
    core.handle.exit_mode().set(OPEN);
    assert_eq!(core.batch(1).await.transactions.len(), 3);
    assert_eq!(core.nonce_and_balance(1).await, (0, 3_000));
    core.handle
        .submit(transfer(&alice, 1, 0, 10, 0).encode())
        .await
        .expect("taken again");
    core.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_batch_does_not_grow_too_old_in_exit_mode() {
    let folder = tempfile::tempdir().expect("folder");
    let sealing = ashlar_sequencer::config::Sealing {
        max_age: Duration::from_millis(50),
        ..seal_at(100)
    };
    let core = Core::in_exit_mode(&folder, sealing);
    core.deposit(0, &[&key("operator")], 1_000).await;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(sealed(&core), 0);
    core.handle.exit_mode().set(OPEN);
    core.batch(1).await;
    core.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_farm_gets_no_batch_whose_proof_would_be_good_for_nothing() {
    let (folder, farm) = (
        tempfile::tempdir().expect("folder"),
        tempfile::tempdir().expect("folder"),
    );
    let core = Core::open(&folder, seal_at(2));
    core.deposit(0, &[&key("operator"), &key("alice")], 1_000).await;
    core.batch(1).await;
    core.handle.exit_mode().set(ENTERED);
    let coordinator = Coordinator::start(config(farm.path()));
    let (progress, stop) = (Progress::default(), CancellationToken::new());
    let proving = Proving {
        store: core.store.clone(),
        changes: core.changes.clone(),
        progress: progress.clone(),
        farm: Link::new(&format!("http://{}", coordinator.address), None).expect("an address"),
        account: Account {
            chain_id: 1,
            rollup: [7; 20],
            circuit_set: circuit_set().0,
        },
        interval: Duration::from_millis(20),
        traces: Traces::default(),
        demand: Default::default(),
        exit_mode: core.handle.exit_mode().clone(),
    };
    let proving = tokio::spawn(proving.run(stop.clone()));
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(progress.jobs(1), None);
    core.handle.exit_mode().set(OPEN);
    let arrives = async {
        while progress.jobs(1).is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), arrives)
        .await
        .expect("the farm has it");
    stop.cancel();
    proving.await.expect("no panic");
    core.stop();
}
