//! The public API over a real connection.

use std::time::Duration;

use ashlar_payments::batch::SHAPES;
use ashlar_proto::sequencer::v1::{
    self as pb, refusal, sequencer_service_client::SequencerServiceClient, submit_stream_response::Outcome,
};
use ashlar_proto::{Message, sequencer::v1::get_receipt_request::Key};
use ashlar_sequencer::{
    Changes, Config,
    api::Service,
    config::{CommitWhen, FeePolicy, Limits},
    farm::Link,
    l1::L1Settings,
    load::Load,
    metrics::SequencerMetrics,
    progress::Progress,
    readiness::{Part, Readiness},
};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status, transport::Channel};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use super::support::{Core, DOMAIN, key, owner, seal_at, transfer, withdraw};

pub struct Api {
    pub core: Core,
    channel: Channel,
    pub client: SequencerServiceClient<Channel>,
    readiness: Readiness,
    pub progress: Progress,
    /// What the gRPC server serves, for another server over it.
    pub service: Service,
    pub stop: CancellationToken,
    folder: TempDir,
}

pub async fn api(seal_after: u32, limits: Limits, fees: FeePolicy) -> Api {
    let folder = TempDir::new().expect("folder");
    let core = Core::with_limits(&folder, seal_at(seal_after), limits);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let listen = listener.local_addr().expect("bound");
    let config = Config {
        data_dir: folder.path().into(),
        listen,
        http: None,
        wallet_dir: None,
        l1_explorer: Some("https://l1.example".into()),
        l1: L1Settings::single("http://127.0.0.1:1"),
        chain_id: None,
        data: None,
        rollup: DOMAIN.rollup,
        operator_key: [1; 32],
        farm: Link::new("http://127.0.0.1:1", None).expect("a loopback address"), // nobody listens there
        circuit_set_digest: [2; 32],
        fee_owner: None,
        shapes: SHAPES,
        sealing: seal_at(seal_after),
        commit_when: CommitWhen::default(),
        prove_when: Default::default(),
        poll_interval: Duration::from_secs(1),
        limits,
        fees,
        metrics: SequencerMetrics::default(),
        traces: Default::default(),
    };
    let (changes, load, readiness) = (Changes::default(), Load::default(), Readiness::default());
    let progress = Progress::default();
    let stop = CancellationToken::new();
    tokio::spawn(
        load.clone()
            .follow(core.store.clone(), core.changes.clone(), stop.clone()),
    );
    tokio::spawn(config.metrics.clone().follow(
        core.store.clone(),
        core.handle.clone(),
        core.changes.clone(),
        stop.clone(),
    ));
    let service = Service {
        store: core.store.clone(),
        executor: core.handle.clone(),
        changes,
        progress: progress.clone(),
        load,
        readiness: readiness.clone(),
        domain: DOMAIN,
        fee_owner: owner(&key("operator")),
        config,
    };
    tokio::spawn(service.clone().serve(listener, stop.clone()));
    let channel = Channel::from_shared(format!("http://{listen}"))
        .expect("URL")
        .connect()
        .await
        .expect("serves");
    Api {
        client: SequencerServiceClient::new(channel.clone()),
        core,
        channel,
        readiness,
        progress,
        service,
        stop,
        folder,
    }
}

pub fn request(encoded: Vec<u8>) -> pb::SubmitTransactionRequest {
    pb::SubmitTransactionRequest {
        encoded: encoded.into(),
    }
}

pub fn code(status: &Status) -> (Code, refusal::Code) {
    let refusal = pb::Refusal::decode(status.details()).expect("details hold a refusal");
    (status.code(), refusal.code())
}

impl Api {
    pub fn end(self) {
        self.stop.cancel();
        drop(self.folder);
    }
}

/// At commit 99c039d, 15 of these were admitted.
#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_calls_at_once_from_one_account_are_all_admitted() {
    let api = api(10_000, Limits::default(), FeePolicy::default()).await;
    let (operator, alice) = (key("operator"), key("alice"));
    api.core.deposit(0, &[&operator, &alice], 1_000_000).await;
    let calls: Vec<_> = (0..4_000)
        .map(|nonce| {
            let mut client = api.client.clone();
            let encoded = transfer(&alice, 1, 0, 1, nonce).encode();
            tokio::spawn(async move { client.submit_transaction(request(encoded)).await })
        })
        .collect();
    for call in calls {
        call.await.expect("no panic").expect("admitted");
    }
    let account = pb::GetAccountRequest {
        key: Some(pb::get_account_request::Key::Index(1)),
    };
    let account = api
        .client
        .clone()
        .get_account(account)
        .await
        .expect("exists")
        .into_inner();
    assert_eq!(
        (account.nonce, account.pending_nonce, account.waiting),
        (4_000, 4_000, 0)
    );
    api.end();
}

/// One connection serves 256 calls that do not wait, and these do: the first that can be executed is sent last.
#[tokio::test(flavor = "multi_thread")]
async fn calls_sent_backwards_over_one_connection_are_all_admitted() {
    let api = api(10_000, Limits::default(), FeePolicy::default()).await;
    let (operator, alice) = (key("operator"), key("alice"));
    api.core.deposit(0, &[&operator, &alice], 1_000_000).await;
    let mut calls = Vec::new();
    for nonce in (0..600).rev() {
        let mut client = api.client.clone();
        let encoded = transfer(&alice, 1, 0, 1, nonce).encode();
        calls.push(tokio::spawn(async move {
            client.submit_transaction(request(encoded)).await
        }));
        tokio::task::yield_now().await;
    }
    for call in calls {
        call.await.expect("no panic").expect("admitted");
    }
    api.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_answered_in_order_and_refusals_do_not_end_it() {
    let mut api = api(10_000, Limits::default(), FeePolicy::default()).await;
    let (operator, alice, bob) = (key("operator"), key("alice"), key("bob"));
    api.core.deposit(0, &[&operator, &alice], 1_000).await;
    api.core.deposit(2, &[&bob], 1).await;
    // Bob spends what Alice has just sent him: the order of the stream is the order of execution.
    let sent = [
        transfer(&alice, 1, 2, 500, 0).encode(),
        transfer(&bob, 2, 0, 500, 0).encode(),
        vec![1, 2, 3],
        transfer(&alice, 1, 2, 400, 0).encode(),
        transfer(&alice, 1, 2, 400, 1).encode(),
    ];
    let requests = (0..)
        .zip(sent)
        .map(|(reference, encoded)| pb::SubmitStreamRequest {
            reference,
            encoded: encoded.into(),
        });
    let requests: Vec<_> = requests.collect();
    let mut answers = api
        .client
        .submit_stream(tokio_stream::iter(requests))
        .await
        .expect("opens")
        .into_inner();
    let expected = [
        None,
        None,
        Some(refusal::Code::Encoding),
        Some(refusal::Code::Nonce),
        None,
    ];
    for (reference, expected) in (0..).zip(expected) {
        let answer = answers.message().await.expect("goes on").expect("one each");
        assert_eq!(answer.reference, reference);
        let refused = match answer.outcome.expect("set") {
            Outcome::TransactionId(_) => None,
            Outcome::Refusal(refusal) => Some(refusal.code()),
        };
        assert_eq!(refused, expected, "answer {reference}");
    }
    assert!(answers.message().await.expect("ends").is_none());
    api.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_listed_with_their_withdrawals_and_receipts_follow_them() {
    let mut api = api(4, Limits::default(), FeePolicy::default()).await;
    let (operator, alice) = (key("operator"), key("alice"));
    api.core.deposit(0, &[&operator, &alice], 1_000).await;
    let mut submit = async |encoded| {
        let answer = api.client.submit_transaction(request(encoded)).await;
        answer.expect("admitted").into_inner().transaction_id
    };
    submit(withdraw(&alice, 1, 7, 0).encode()).await;
    let second = submit(withdraw(&alice, 1, 9, 1).encode()).await;
    let open = submit(transfer(&alice, 1, 0, 1, 2).encode()).await;
    api.core.batch(1).await;
    let batch = api
        .client
        .get_batch(pb::GetBatchRequest { number: 1 })
        .await
        .expect("sealed")
        .into_inner();
    let listed: Vec<_> = batch
        .withdrawals
        .iter()
        .map(|w| (w.withdrawal_index, w.amount))
        .collect();
    assert_eq!(listed, [(0, 7), (1, 9)]);
    let mut receipt = async |key| {
        let request = pb::GetReceiptRequest { key: Some(key) };
        api.client.get_receipt(request).await.expect("known").into_inner()
    };
    let sealed = receipt(Key::TransactionId(second)).await;
    assert_eq!(sealed.withdrawal.as_ref(), Some(&batch.withdrawals[1]));
    let open = receipt(Key::TransactionId(open)).await;
    assert_eq!(
        (open.status(), open.batch_number),
        (pb::TransactionStatus::Executed, None)
    );
    let deposit = receipt(Key::QueueIndex(1)).await;
    assert_eq!((deposit.account, deposit.batch_number), (Some(1), Some(1)));
    let list = pb::ListBatchesRequest {
        from_number: 0,
        limit: 0,
    };
    let list = api
        .client
        .list_batches(list)
        .await
        .expect("lists")
        .into_inner()
        .batches;
    assert_eq!(list.iter().map(|batch| batch.number).collect::<Vec<_>>(), [1]);
    let info = api
        .client
        .get_info(pb::GetInfoRequest {})
        .await
        .expect("answers")
        .into_inner();
    assert_eq!((info.next_batch, info.unsealed_operations), (2, 1));
    api.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn fees_below_the_floor_and_in_other_tokens_are_refused() {
    let fees = FeePolicy {
        floors: [(0, 2)].into(),
        reference_seconds: 0.0,
    };
    let mut api = api(100, Limits::default(), fees).await;
    let (operator, alice) = (key("operator"), key("alice"));
    api.core.deposit(0, &[&operator, &alice], 1_000).await;
    let cheap = api
        .client
        .submit_transaction(request(transfer(&alice, 1, 0, 1, 0).encode()))
        .await;
    assert_eq!(
        code(&cheap.expect_err("pays 1")),
        (Code::FailedPrecondition, refusal::Code::Fee)
    );
    let info = api
        .client
        .get_info(pb::GetInfoRequest {})
        .await
        .expect("answers")
        .into_inner();
    assert_eq!(info.min_fees, [pb::MinFee { token: 0, amount: 2 }]);
    api.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_are_refused_while_proving_lags_and_l1_operations_are_not() {
    let limits = Limits {
        max_unproven: Some(1),
        ..Limits::default()
    };
    let mut api = api(2, limits, FeePolicy::default()).await;
    let (operator, alice) = (key("operator"), key("alice"));
    api.core.deposit(0, &[&operator, &alice], 1_000).await;
    api.core.deposit(2, &[&operator, &alice], 1_000).await;
    api.core.batch(2).await;
    let signed = transfer(&alice, 1, 0, 1, 0).encode();
    let status = loop {
        // The load is looked at again at each news of a batch.
        match api.client.submit_transaction(request(signed.clone())).await {
            Err(status) => break status,
            Ok(_) => tokio::task::yield_now().await,
        }
    };
    assert_eq!(code(&status), (Code::ResourceExhausted, refusal::Code::Busy));
    assert!(
        status
            .message()
            .contains("2 batches wait for their proofs, at most 1 may"),
        "{status}"
    );
    api.core.deposit(4, &[&operator], 1_000).await;
    assert!(api.core.nonce_and_balance(0).await.1 >= 3_000);
    let info = api
        .client
        .get_info(pb::GetInfoRequest {})
        .await
        .expect("answers")
        .into_inner();
    assert_eq!(info.unproven_batches, 2);
    api.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn health_tells_the_parts_and_reflection_tells_the_services() {
    let api = api(100, Limits::default(), FeePolicy::default()).await;
    for part in Part::ALL {
        api.readiness.set(part, part != Part::Farm).await;
    }
    let mut health = HealthClient::new(api.channel.clone());
    let mut status = async |service: &str| {
        let request = HealthCheckRequest {
            service: service.into(),
        };
        health
            .check(request)
            .await
            .expect("known")
            .into_inner()
            .status()
            .as_str_name()
    };
    for (service, expected) in [
        ("ashlar.sequencer.v1.SequencerService", "SERVING"),
        ("l1", "SERVING"),
        ("farm", "NOT_SERVING"),
        ("disk", "SERVING"),
        ("settlement", "SERVING"),
        ("", "NOT_SERVING"),
    ] {
        assert_eq!(status(service).await, expected, "{service}");
    }
    let ask = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let answers = ServerReflectionClient::new(api.channel.clone())
        .server_reflection_info(tokio_stream::iter([ask]))
        .await;
    let answer = answers
        .expect("answers")
        .into_inner()
        .message()
        .await
        .expect("one")
        .expect("one");
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("{answer:?}")
    };
    assert!(
        list.service
            .iter()
            .any(|service| service.name == "ashlar.sequencer.v1.SequencerService")
    );
    api.end();
}
