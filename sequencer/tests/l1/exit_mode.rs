//! Exit mode on the real contract: what becomes of batches, who is told, and that a reorganisation may take it back.

use alloy::{
    primitives::{Address, U256},
    providers::Provider,
    sol_types::{SolCall, SolValue},
};
use ashlar_contracts::{BatchHeader, DEFAULT_EXIT_DEADLINE_SECS, Rollup, Withdrawal, bridge::exits::Exit};
use ashlar_metrics::{Build, Registry, testing::Exposition};
use ashlar_payments::{
    packing::{PackedAmount, PackedFee},
    transaction::{Domain, SignedTransaction, Transaction, Transfer},
};
use ashlar_sequencer::{
    config::Sealing,
    executor::SubmitError,
    exit_mode::Outlook,
    farm::Link,
    l1::{ExitEntry, Finality, IdentityError, L1Client, L1Error},
    metrics::SequencerMetrics,
    pipeline::{SettleError, SettlementState},
    readiness::{Part, Readiness, Watch},
    rebuild::{RebuildError, from_l1},
    store::{BatchStatus, Store},
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{
    follow::{is, nonce, seal, with_one_batch},
    proxy::{Answer, Proxy},
    support::{
        Deployed, Guard, L1, Node, SLOTS, auth_word, expected, key, l1, operator_key, provider, signer, until,
    },
};

const WEEK: u64 = DEFAULT_EXIT_DEADLINE_SECS;

async fn pass(l1: &Deployed, secs: u64) {
    let node = provider(&l1.endpoint, 2);
    let _: Value = node
        .raw_request("evm_increaseTime".into(), [secs])
        .await
        .expect("the clock goes on");
    l1.mine(1).await;
}

/// Once the deadline is over, somebody enters exit mode. `unproven` is the header of the first batch that is not proven.
async fn enter(l1: &Deployed, unproven: Option<Vec<u8>>) {
    pass(l1, WEEK + 3_600).await; // blocks in quick succession are ahead of the clock
    let header = unproven.unwrap_or(vec![0; 15 * 32]);
    let header = BatchHeader::abi_decode(&header).expect("fifteen words");
    let call = l1.contract(2);
    let sent = call.enterExitMode(header).send().await.expect("sent");
    assert!(sent.get_receipt().await.expect("mined").status());
}

/// The newest block was never there.
async fn take_back_a_block(l1: &Deployed) {
    let _: Value = provider(&l1.endpoint, 2)
        .raw_request("anvil_reorg".into(), json!([1, []]))
        .await
        .expect("reorganises");
}

/// A transfer of one unit of account 0 to itself.
async fn transfer(l1: &Deployed, nonce: u32) -> SignedTransaction {
    let domain = Domain {
        chain_id: l1.client(&[&l1.endpoint]).await.chain_id(),
        rollup: l1.rollup.into_array(),
    };
    let transfer = Transfer {
        from: 0,
        to: 0,
        to_owner: signer(1).address().into_array(),
        token: 0,
        amount: PackedAmount::exact(1).expect("representable"),
        fee: PackedFee::exact(0).expect("representable"),
        nonce,
    };
    Transaction::Transfer(transfer).sign(&domain, &key("a1"))
}

/// Looks at L1 some times; nothing is refused.
async fn look(node: &mut Node) {
    for _ in 0..5 {
        node.settlement.advance().await.expect("no error");
    }
}

fn status(store: &Store, number: u64) -> BatchStatus {
    store.batch(number).expect("database").expect("sealed").status
}

async fn until_entered(node: &Node) {
    until("exit mode is seen", async || {
        node.executor.exit_mode().is_entered()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_proven_when_exit_mode_is_entered_has_not_happened_and_nothing_more_is_sent() {
    let metrics = SequencerMetrics::default();
    let build = Build {
        version: "0",
        commit: None,
        role: "sequencer",
    };
    let registry = Registry::new(build).with(&metrics);
    let gauge = |name: &str| Exposition::of(&registry).get(&format!("ashlar_sequencer_{name}"), &[]);
    let (l1, folder) = (l1(Guard::AcceptsAll).await, tempfile::tempdir().expect("folder"));
    let client = l1.client(&[&l1.endpoint]).await;
    let sealing = Sealing {
        max_transactions: 2,
        max_age: std::time::Duration::from_secs(3600),
        ..Sealing::default()
    };
    let exit_mode = metrics.exit_mode().clone();
    assert_eq!(gauge("exit_mode"), None);
    let mut node = Node::telling(
        folder.path(),
        client.clone(),
        l1.rollup,
        sealing,
        SLOTS,
        exit_mode,
    )
    .await;
    seal(&l1, &node, 1).await;
    node.store.put_snark(1, &l1.no_snark()).expect("database");
    node.settle_until("the first proof", is(BatchStatus::Proven, 1))
        .await;
    until("nothing waits", async || {
        gauge("exit_mode") == Some(0.0) && gauge("oldest_operation_expiry_seconds").is_none()
    })
    .await;
    seal(&l1, &node, 2).await;
    node.settle_until("the second commit", is(BatchStatus::Committed, 2))
        .await;
    until("its first operation waits", async || {
        gauge("oldest_operation_expiry_seconds").is_some()
    })
    .await;
    let oldest = || node.executor.exit_mode().now().oldest();
    assert!(oldest().is_some_and(|oldest| oldest.index == 2 && !oldest.is_pressing()));
    assert_eq!(gauge("exit_deadline_seconds"), Some(WEEK as f64));
    pass(&l1, WEEK / 5 * 4).await;
    until("a fifth of the time is left", async || {
        oldest().is_some_and(|oldest| oldest.is_pressing())
    })
    .await;
    let left = gauge("oldest_operation_expiry_seconds").expect("it waits");
    assert!((WEEK as f64 / 6.0..WEEK as f64 / 4.0).contains(&left), "{left}");

    // One that waits for an earlier nonce is told, too.
    let waits = transfer(&l1, 1).await.encode();
    let executor = node.executor.clone();
    let waits = tokio::spawn(async move { executor.submit(waits).await });
    enter(&l1, node.batch(2).header).await;
    until_entered(&node).await;
    assert_eq!(
        (gauge("exit_mode"), gauge("oldest_operation_expiry_seconds")),
        (Some(1.0), None)
    );
    let told = waits.await.expect("no panic");
    assert!(matches!(told, Err(SubmitError::ExitMode)), "{told:?}");
    let told = node.executor.submit(transfer(&l1, 0).await.encode()).await;
    assert!(matches!(told, Err(SubmitError::ExitMode)), "{told:?}");

    assert_eq!(node.settlement.state(), SettlementState::Settling);
    let before = nonce(&l1).await;
    let errors = node
        .settle_until("the second batch is back", is(BatchStatus::Sealed, 2))
        .await;
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(node.settlement.state(), SettlementState::ExitMode);
    let failure = node.batch(2).failure.expect("says why");
    assert!(
        failure.contains("exit mode") && failure.contains("`ashlar exit`"),
        "{failure}"
    );
    node.store.put_snark(2, &l1.no_snark()).expect("database");
    look(&mut node).await;
    assert_eq!(
        (status(&node.store, 1), node.batch(1).failure),
        (BatchStatus::Proven, None)
    );
    assert!(
        node.store.snark(2).expect("database").is_some(),
        "nothing is lost"
    );

    // Exits take the numbers of batches, ours and later ones.
    let paid = Withdrawal {
        token: 0,
        amount: 1,
        to: Address::repeat_byte(7),
    };
    for account in 0..2 {
        let exit = Exit {
            account,
            withdrawal: paid.clone(),
        };
        let anybody = l1.contract(2);
        let call = anybody.exitBatch(U256::from(5), exit.encode().into(), vec![1].into());
        let sent = call.send().await.expect("sent");
        assert!(sent.get_receipt().await.expect("mined").status());
    }
    assert_eq!(l1.contract(1).provenBatches().call().await.expect("call"), 3);
    node.restart_settlement();
    look(&mut node).await;
    assert_eq!(
        [1, 2].map(|number| status(&node.store, number)),
        [BatchStatus::Proven, BatchStatus::Sealed]
    );
    assert_eq!(node.store.final_batch().expect("database"), 1);
    client
        .identify(&node.store, expected())
        .await
        .expect("it may start anew");
    assert_eq!(nonce(&l1).await, before, "nothing was sent");
    node.stop().await;

    // Who has no database can only be late.
    let anew = tempfile::tempdir().expect("folder");
    let store = Store::open(&anew.path().join("state.redb")).expect("database");
    let error = client.identify(&store, expected()).await.expect_err("is refused");
    assert!(matches!(error, IdentityError::ExitMode { .. }), "{error:?}");
    let error = from_l1(&client, &store, expected(), None)
        .await
        .expect_err("is refused");
    assert!(
        matches!(error, RebuildError::Identity(IdentityError::ExitMode { rollup }) if rollup == l1.rollup),
        "{error:?}"
    );
    let text = error.to_string();
    assert!(
        text.contains("`ashlar exit`") && text.contains("`ashlar state`"),
        "{text}"
    );
    assert!(store.is_empty().expect("database") && !store.is_being_rebuilt().expect("database"));
    assert_eq!(store.identity().expect("database"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorganisation_takes_exit_mode_back_and_the_sequencer_goes_on() {
    let folder = tempfile::tempdir().expect("folder");
    let (l1, mut node) = with_one_batch(Guard::AcceptsAll, &folder).await;
    node.settle_until("the commit", is(BatchStatus::Committed, 1))
        .await;
    let readiness = Readiness::default();
    let stop = CancellationToken::new();
    let watch = Watch {
        readiness: readiness.clone(),
        l1: l1.client(&[&l1.endpoint]).await,
        farm: Link::new("http://127.0.0.1:1", None).expect("loopback"), // nobody listens there
        data_dir: folder.path().into(),
        exit_mode: node.executor.exit_mode().clone(),
    };
    until("L1 is asked", async || {
        node.executor.exit_mode().now() != Outlook::Unknown
    })
    .await;
    let watching = tokio::spawn(watch.run(stop.clone()));
    let settles = async |expected: bool| {
        let what = format!("readiness says {expected}");
        until(&what, async || readiness.is_ready(Part::Settlement) == expected).await;
    };
    settles(true).await;
    enter(&l1, node.batch(1).header).await;
    until_entered(&node).await;
    settles(false).await;
    assert!(readiness.is_ready(Part::L1), "another part");
    node.settle_until("the batch is back", is(BatchStatus::Sealed, 1))
        .await;
    node.store.put_snark(1, &l1.no_snark()).expect("database");
    look(&mut node).await;
    assert_eq!(node.settlement.state(), SettlementState::ExitMode);
    assert_eq!(status(&node.store, 1), BatchStatus::Sealed);

    take_back_a_block(&l1).await;
    until("it is taken back", async || {
        !node.executor.exit_mode().is_entered()
    })
    .await;
    settles(true).await;
    let errors = node.settle_until("the proof", is(BatchStatus::Proven, 1)).await;
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(node.settlement.state(), SettlementState::Settling);
    assert_eq!(node.batch(1).failure, None);
    let operator = l1.contract(0);
    let deposit = operator.depositETH(signer(0).address(), auth_word(&key("operator")));
    let sent = deposit
        .value(U256::from(1_000_000_000u64))
        .send()
        .await
        .expect("sent");
    assert!(sent.get_receipt().await.expect("mined").status());
    until("who earns the fees is there", async || {
        node.store.next_queue_index().expect("database") == 3
    })
    .await;
    node.executor
        .submit(transfer(&l1, 0).await.encode())
        .await
        .expect("is taken");
    until("the next batch is sealed", async || {
        node.store.next_batch().expect("database") == 3
    })
    .await;
    node.settle_until("its commit", is(BatchStatus::Committed, 2))
        .await;
    stop.cancel();
    watching.await.expect("no panic");
    node.stop().await;
}

/// A rollup with one operation, which no batch has, and a client to which a block is final with two on top.
async fn patient() -> (L1, L1Client) {
    let l1 = l1(Guard::Real).await;
    l1.deposit(&key("a1")).await;
    let mut settings = l1.settings(&[&l1.endpoint]);
    settings.finality = Finality::Depth(2);
    let client = L1Client::connect(settings, l1.rollup.into_array(), operator_key()).await;
    (l1, client.expect("connects"))
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_mode_is_final_when_its_block_is_and_a_rollup_without_batches_has_it_too() {
    let (l1, client) = patient().await;
    let folder = tempfile::tempdir().expect("folder");
    let node = Node::start(folder.path(), client.clone(), l1.rollup, 100).await;
    enter(&l1, None).await;
    until_entered(&node).await;
    let now = || node.executor.exit_mode().now();
    assert_eq!(now(), Outlook::Entered { is_final: false });
    let head = client.head().await.expect("answers");
    let entry = client
        .exit_entry(0, head)
        .await
        .expect("answers")
        .expect("is there");
    assert_eq!((entry.block, entry.index), (head.number, 0));
    let later = client.exit_entry(head.number + 1, head).await.expect("answers");
    assert_eq!(later, None::<ExitEntry>);
    l1.mine(2).await;
    until("it is final", async || {
        now() == Outlook::Entered { is_final: true }
    })
    .await;
    node.stop().await;
    let anew = tempfile::tempdir().expect("folder");
    let store = Store::open(&anew.path().join("state.redb")).expect("database");
    let error = client.identify(&store, expected()).await.expect_err("is refused");
    assert!(matches!(error, IdentityError::ExitMode { .. }), "{error:?}");
}

/// Whether a request is a call of `exitMode`.
fn is_exit_mode(method: &str, params: &Value) -> bool {
    let selector = alloy::hex::encode_prefixed(Rollup::exitModeCall::SELECTOR);
    method == "eth_call" && params.to_string().contains(&format!("\"{selector}\""))
}

fn says(entered: bool) -> impl Fn(&str, &Value) -> Answer {
    move |method, params| match is_exit_mode(method, params) {
        true => Answer::Result(json!(format!("{:#066x}", u8::from(entered)))),
        false => Answer::Forward,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_alone_brings_no_sequencer_to_a_stop() {
    let l1 = l1(Guard::Real).await;
    let liar = Proxy::start(&l1.endpoint, says(true)).await;
    let (honest, lied) = (l1.endpoint.as_str(), liar.url.as_str());
    let view = l1.client(&[honest, lied, honest]).await.view().await;
    assert!(view.is_ok_and(|view| !view.exit_mode));
    let view = l1.client(&[honest, lied]).await.view().await;
    assert!(
        matches!(
            view,
            Err(L1Error::Disagreement {
                request: "exitMode",
                ..
            })
        ),
        "{view:?}"
    );
    let view = l1.client(&[lied]).await.view().await;
    assert!(view.is_ok_and(|view| view.exit_mode), "the lie is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_exit_mode_overtakes_costs_neither_the_batch_nor_its_proof() {
    let folder = tempfile::tempdir().expect("folder");
    let (l1, node) = with_one_batch(Guard::AcceptsAll, &folder).await;
    node.store.put_snark(1, &l1.no_snark()).expect("database");
    enter(&l1, None).await;
    node.stop().await;
    // As if it were entered after the look.
    let proxy = Proxy::start(&l1.endpoint, says(false)).await;
    let mut node = Node::start(folder.path(), l1.client(&[&proxy.url]).await, l1.rollup, 2).await;
    let before = nonce(&l1).await;
    let error = node.settlement.advance().await.expect_err("the contract refuses");
    assert!(
        matches!(
            error,
            SettleError::L1(L1Error::ExitMode {
                call: "commitAndProveBatch"
            })
        ),
        "{error:?}"
    );
    assert!(node.store.snark(1).expect("database").is_some());
    assert_eq!((node.batch(1).failure, nonce(&l1).await), (None, before));
    proxy.heal();
    look(&mut node).await;
    assert_eq!(node.settlement.state(), SettlementState::ExitMode);
    node.stop().await;
}
