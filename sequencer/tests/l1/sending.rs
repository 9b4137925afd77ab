//! The operator's transactions survive everything that loses, refuses or delays them.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use alloy::{
    consensus::{Transaction, TxEnvelope},
    eips::eip2718::Decodable2718,
    providers::Provider,
};
use ashlar_sequencer::{
    l1::{L1Client, L1Error},
    pipeline::SettleError,
    store::{BatchStatus, Store},
};
use serde_json::{Value, json};

use super::{
    proxy::{Answer, Proxy},
    support::{Guard, L1, Node, key, l1, operator_key, provider, until},
};

async fn sealed_behind(proxy: &Proxy, l1: &L1, folder: &tempfile::TempDir) -> Node {
    let node = Node::start(folder.path(), l1.client(&[&proxy.url]).await, l1.rollup, 1).await;
    l1.deposit(&key("a")).await;
    until("the batch is sealed", async || {
        node.store.next_batch().expect("database") == 2
    })
    .await;
    node
}

fn committed(store: &Store) -> bool {
    store.batch(1).expect("database").expect("sealed").status == BatchStatus::Committed
}

fn transaction(params: &Value) -> TxEnvelope {
    let raw = alloy::hex::decode(params[0].as_str().expect("bytes")).expect("hexadecimal");
    TxEnvelope::decode_2718(&mut raw.as_slice()).expect("a transaction")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_estimate_uses_up_no_nonce() {
    let l1 = l1(Guard::Real).await;
    let failures = Arc::new(AtomicU32::new(3));
    let proxy = Proxy::start(&l1.endpoint, move |method, _| {
        let left = &failures;
        if method == "eth_estimateGas" && left.load(Ordering::Relaxed) > 0 {
            left.fetch_sub(1, Ordering::Relaxed);
            return Answer::Error(-32005, "rate limited");
        }
        Answer::Forward
    })
    .await;
    let folder = tempfile::tempdir().expect("folder");
    let mut node = sealed_behind(&proxy, &l1, &folder).await;
    let errors = node.settle_until("the commit", committed).await;
    assert_eq!(errors.len(), 3, "{errors:?}");
    node.stop().await;
}

/// The node says that it has the transaction, and nobody ever includes it.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_is_lost_is_replaced_under_its_nonce_with_a_higher_fee() {
    let l1 = l1(Guard::Real).await;
    let seen: Arc<Mutex<Vec<TxEnvelope>>> = Arc::default();
    let proxy = Proxy::start(&l1.endpoint, {
        let seen = seen.clone();
        move |method, params| {
            if method != "eth_sendRawTransaction" {
                return Answer::Forward;
            }
            let sent = transaction(params);
            let mut seen = seen.lock().expect("no panic");
            let is_replacement = seen
                .first()
                .is_some_and(|first| first.max_fee_per_gas() < sent.max_fee_per_gas());
            let hash = *sent.tx_hash();
            seen.push(sent);
            if is_replacement {
                Answer::Forward
            } else {
                Answer::Result(json!(hash))
            }
        }
    })
    .await;
    let folder = tempfile::tempdir().expect("folder");
    let mut node = sealed_behind(&proxy, &l1, &folder).await;
    node.settlement.advance().await.expect("sent");
    node.restart_settlement(); // the journal is what remembers it
    node.settle_until("the commit", committed).await;
    let seen = seen.lock().expect("no panic").clone();
    let (first, last) = (seen.first().expect("sent"), seen.last().expect("sent"));
    assert_eq!(first.nonce(), last.nonce());
    assert_eq!(first.input(), last.input());
    assert!(last.max_fee_per_gas() * 10 >= first.max_fee_per_gas() * 11);
    let receipt = node.batch(1).commit.expect("found by one of its hashes");
    assert_eq!(receipt.hash, last.tx_hash().0);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_a_lagging_node_does_not_have_is_asked_for_again() {
    let l1 = l1(Guard::Real).await;
    let proxy = Proxy::start(&l1.endpoint, |method, _| match method {
        "eth_getTransactionReceipt" => Answer::Result(Value::Null),
        _ => Answer::Forward,
    })
    .await;
    let folder = tempfile::tempdir().expect("folder");
    let mut node = sealed_behind(&proxy, &l1, &folder).await;
    node.settle_until("the commit", committed).await;
    assert_eq!(node.batch(1).commit, None);
    proxy.heal();
    node.settle_until("the receipt", |store| {
        store
            .batch(1)
            .expect("database")
            .expect("sealed")
            .commit
            .is_some()
    })
    .await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fee_never_passes_the_ceiling() {
    let l1 = l1(Guard::Real).await;
    let highest = Arc::new(Mutex::new(0));
    let proxy = Proxy::start(&l1.endpoint, {
        let highest = highest.clone();
        move |method, params| {
            if method != "eth_sendRawTransaction" {
                return Answer::Forward;
            }
            let sent = transaction(params);
            let mut highest = highest.lock().expect("no panic");
            *highest = sent.max_fee_per_gas().max(*highest);
            Answer::Result(json!(sent.tx_hash()))
        }
    })
    .await;
    let folder = tempfile::tempdir().expect("folder");
    const CEILING: u128 = 3_000_000_000;
    let mut settings = l1.settings(&[&proxy.url]);
    settings.max_fee_wei = CEILING;
    settings.resend_after = Duration::ZERO;
    let client = L1Client::connect(settings, l1.rollup.into_array(), operator_key())
        .await
        .expect("connects");
    let mut node = Node::start(folder.path(), client, l1.rollup, 1).await;
    l1.deposit(&key("a")).await;
    until("the batch is sealed", async || {
        node.store.next_batch().expect("database") == 2
    })
    .await;
    for _ in 0..30 {
        node.settlement.advance().await.expect("sent again and again");
    }
    assert_eq!(*highest.lock().expect("no panic"), CEILING);
    proxy.heal();
    node.settle_until("the commit", committed).await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_underpriced_replacement_is_raised_until_it_is_taken() {
    let l1 = l1(Guard::Real).await;
    let refusals = Arc::new(AtomicU32::new(0));
    let proxy = Proxy::start(&l1.endpoint, {
        let refusals = refusals.clone();
        move |method, _| {
            if method == "eth_sendRawTransaction" && refusals.fetch_add(1, Ordering::Relaxed) < 4 {
                return Answer::Error(-32000, "replacement transaction underpriced");
            }
            Answer::Forward
        }
    })
    .await;
    let folder = tempfile::tempdir().expect("folder");
    let mut node = sealed_behind(&proxy, &l1, &folder).await;
    let errors = node.settle_until("the commit", committed).await;
    assert_eq!(errors.len(), 4, "{errors:?}");
    assert!(
        errors
            .iter()
            .all(|error| matches!(error, SettleError::L1(L1Error::NotTaken { .. }))),
        "{errors:?}"
    );
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_hangs_ends_in_a_deadline_and_stopping_does_not_wait_for_it() {
    let l1 = l1(Guard::Real).await;
    let proxy = Proxy::start(&l1.endpoint, |_, _| Answer::Forward).await;
    let folder = tempfile::tempdir().expect("folder");
    let mut node = sealed_behind(&proxy, &l1, &folder).await;
    proxy.answer(|method, _| match method {
        "eth_sendRawTransaction" => Answer::Silence,
        _ => Answer::Forward,
    });
    let error = node.settlement.advance().await.expect_err("no answer");
    assert!(
        matches!(&error, SettleError::L1(L1Error::NotTaken { reason, .. }) if reason.contains("within 0.5 s")),
        "{error:?}"
    );
    proxy.answer(|_, _| Answer::Silence);
    let stop = tokio_util::sync::CancellationToken::new();
    node.restart_settlement();
    let Node { settlement, .. } = node;
    let running = tokio::spawn(settlement.run(stop.clone()));
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(10), running)
        .await
        .expect("ends")
        .expect("no panic");
}

/// It is always the first to answer, and two others are honest.
async fn beside_a_liar_about_fees_and_gas(gas: &'static str) {
    const GWEI: u64 = 1_000_000_000;
    let l1 = l1(Guard::Real).await;
    let gwei = |gwei: u64| json!(format!("{:#x}", gwei * GWEI));
    let honest = async || {
        Proxy::start(&l1.endpoint, |method, _| match method {
            "eth_sendRawTransaction" => Answer::Forward,
            _ => Answer::Late(Duration::from_millis(20)),
        })
        .await
    };
    let (one, other) = (honest().await, honest().await);
    let liar = Proxy::start(&l1.endpoint, move |method, _| match method {
        "eth_estimateGas" => Answer::Result(json!(gas)),
        "eth_maxPriorityFeePerGas" => Answer::Result(gwei(400)),
        "eth_getBlockByNumber" => Answer::Change(Box::new(move |mut block| {
            block["baseFeePerGas"] = gwei(1_000);
            block
        })),
        _ => Answer::Forward,
    })
    .await;
    let folder = tempfile::tempdir().expect("folder");
    let client = l1.client(&[&liar.url, &one.url, &other.url]).await;
    let mut node = Node::start(folder.path(), client, l1.rollup, 1).await;
    l1.deposit(&key("a")).await;
    until("the batch is sealed", async || {
        node.store.next_batch().expect("database") == 2
    })
    .await;
    let errors = node.settle_until("the commit", committed).await;
    assert!(errors.is_empty(), "{errors:?}");
    let hash = node.batch(1).commit.expect("ours").hash;
    let sent = provider(&l1.endpoint, 1)
        .get_transaction_by_hash(hash.into())
        .await;
    let sent = sent.expect("answers").expect("included");
    let tip = sent.max_priority_fee_per_gas().expect("EIP-1559");
    assert!(tip < 10 * u128::from(GWEI), "{tip} wei");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_endpoint_that_lies_about_fees_and_gas_costs_nothing_and_holds_up_nothing() {
    beside_a_liar_about_fees_and_gas("0x5208").await; // less than the call needs
    beside_a_liar_about_fees_and_gas("0xffffffffffffffff").await; // more than a transaction may have
}
