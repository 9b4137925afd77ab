//! No answer of a node makes an operation of L1's queue disappear, appear or change.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use alloy::providers::Provider;
use ashlar_sequencer::{
    l1::{Finality, L1Client, L1Error},
    store::{Cursor, LogItem, Store},
};
use ashlar_statement::queue::{L1Operation, SetFlags};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    proxy::{Answer, Proxy},
    support::{Deployed, Guard, Node, key, l1, operator_key, provider, until},
};

/// Four deposits in blocks of their own; `lie` is told the answer to each request for logs.
async fn all_four_arrive(lie: impl FnMut(u32) -> Answer + Send + 'static) {
    let l1 = l1(Guard::Real).await;
    for name in ["a", "b"] {
        l1.deposit(&key(name)).await; // so that the first lie is about something
    }
    let mut lie = lie;
    let asked = Arc::new(AtomicU32::new(0));
    let proxy = Proxy::start(&l1.endpoint, {
        let asked = asked.clone();
        move |method, _| match method {
            "eth_getLogs" => lie(asked.fetch_add(1, Ordering::Relaxed)),
            _ => Answer::Forward,
        }
    })
    .await;
    let folder = tempfile::tempdir().expect("folder");
    let node = Node::start(folder.path(), l1.client(&[&proxy.url]).await, l1.rollup, 100).await;
    for name in ["c", "d"] {
        l1.deposit(&key(name)).await;
    }
    until("the last deposit is executed", async || {
        node.store.next_queue_index().expect("database") == 4
    })
    .await;
    assert!(asked.load(Ordering::Relaxed) > 0, "the lie was told");
    let (root, store) = (node.executor.root().await.expect("runs"), node.store.clone());
    let items = store.l1_operations_from(0).expect("database");
    assert_eq!(items.len(), 4, "each once");
    node.stop().await;

    // The same state as over an honest node.
    let honest = tempfile::tempdir().expect("folder");
    let node = Node::start(honest.path(), l1.client(&[&l1.endpoint]).await, l1.rollup, 100).await;
    until("the last deposit is executed", async || {
        node.store.next_queue_index().expect("database") == 4
    })
    .await;
    assert_eq!(node.executor.root().await.expect("runs"), root);
    node.stop().await;
}

fn logs(answer: Value) -> Vec<Value> {
    answer.as_array().expect("a list of logs").clone()
}

/// The log with `bytes` of its data changed: words of the time, the expiry, the record's offset and its length, then the
/// record.
fn changed(log: &Value, at: usize, bytes: &str) -> Value {
    let mut log = log.clone();
    let mut data = log["data"].as_str().expect("bytes").to_owned();
    let digits = 2 + 2 * at;
    data.replace_range(digits..digits + bytes.len(), bytes);
    log["data"] = data.into();
    log
}

/// Its low four bytes.
const EXPIRY: usize = 32 + 28;
const RECORD: usize = 4 * 32;

/// A deposit of a thousand times as much.
fn richer(log: &Value) -> Value {
    changed(log, RECORD + 7, &format!("{:014x}", 5_000))
}

/// What a client makes of the logs of three deposits, once a node has changed them.
async fn told_of(change: impl FnOnce(&mut Vec<Value>) + Send + 'static) -> Result<usize, L1Error> {
    let l1 = l1(Guard::Real).await;
    for name in ["a", "b", "c"] {
        l1.deposit(&key(name)).await;
    }
    let mut change = Some(change);
    let proxy = Proxy::start(&l1.endpoint, move |method, _| match method {
        "eth_getLogs" => match change.take() {
            Some(change) => Answer::Change(Box::new(|answer| {
                let mut logs = logs(answer);
                change(&mut logs);
                Value::Array(logs)
            })),
            None => Answer::Forward,
        },
        _ => Answer::Forward,
    })
    .await;
    let client = l1.client(&[&proxy.url]).await;
    let head = client.head().await.expect("answers");
    let operations = client.operations(0, 0, head, head).await?;
    Ok(operations.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_record_a_forged_expiry_and_a_gap_are_told_by_queue_index() {
    assert!(matches!(told_of(|_| {}).await, Ok(3)));
    let richer = told_of(|logs| logs[1] = richer(&logs[1])).await;
    assert!(
        matches!(richer, Err(L1Error::OperationForged { index: 1 })),
        "{richer:?}"
    );
    let later = told_of(|logs| logs[2] = changed(&logs[2], EXPIRY, "ffffffff")).await;
    assert!(
        matches!(later, Err(L1Error::OperationForged { index: 2 })),
        "{later:?}"
    );
    let gap = told_of(|logs| drop(logs.remove(1))).await;
    assert!(
        matches!(gap, Err(L1Error::OperationGap { expected: 1, .. })),
        "{gap:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_no_contract_emits_is_malformed() {
    let padded = told_of(|logs| logs[0] = changed(&logs[0], RECORD + 6, "01")).await;
    assert!(
        matches!(
            padded,
            Err(L1Error::Event {
                event: "OperationQueued",
                ..
            })
        ),
        "{padded:?}"
    );
    let other_kind = told_of(|logs| logs[0]["topics"][2] = format!("0x{:064x}", 4).into()).await;
    assert!(matches!(other_kind, Err(L1Error::Event { .. })), "{other_kind:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_operation_that_l1_has_replaced_is_told_by_queue_index() {
    let l1 = l1(Guard::Real).await;
    for name in ["a", "b", "c"] {
        l1.deposit(&key(name)).await;
    }
    let client = l1.client(&[&l1.endpoint]).await;
    let head = client.head().await.expect("answers");
    let operations = client.operations(0, 0, head, head).await.expect("three");
    let mut items: Vec<_> = operations.iter().map(|queued| queued.to_item()).collect();
    client.require_not_replaced(&items, head).await.expect("the same");
    let other = L1Operation::SetFlags(SetFlags { account: 0, flags: 1 });
    items.truncate(1);
    items.extend((1..4).map(|index| LogItem::l1(index, &other))); // the queue has no fourth one at all
    let error = client
        .require_not_replaced(&items, head)
        .await
        .expect_err("others");
    assert!(
        matches!(error, L1Error::OperationReplaced { index: 1 }),
        "{error:?}"
    );
    assert!(error.to_string().contains("--from-queue-index 1"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_answer_of_a_lagging_node_loses_no_deposit() {
    all_four_arrive(|asked| {
        if asked % 2 == 0 {
            Answer::Result(json!([]))
        } else {
            Answer::Forward
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_left_out_is_asked_for_again() {
    all_four_arrive(|asked| {
        if asked > 6 {
            return Answer::Forward;
        }
        Answer::Change(Box::new(move |answer| {
            let mut logs = logs(answer);
            if !logs.is_empty() {
                logs.remove(asked as usize % logs.len());
            }
            Value::Array(logs)
        }))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_sent_twice_is_executed_once() {
    all_four_arrive(|_| {
        Answer::Change(Box::new(|answer| {
            let logs = logs(answer);
            Value::Array(logs.iter().rev().chain(&logs).cloned().collect())
        }))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amount_that_the_contract_did_not_queue_is_refused() {
    all_four_arrive(|asked| {
        if asked > 6 {
            return Answer::Forward;
        }
        Answer::Change(Box::new(|answer| {
            let mut logs = logs(answer);
            for log in &mut logs {
                *log = richer(log);
            }
            Value::Array(logs)
        }))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_errors_and_gateways_only_delay() {
    all_four_arrive(|asked| match asked % 5 {
        0 => Answer::Silence,
        1 => Answer::Http(StatusCode::BAD_GATEWAY),
        2 => Answer::Error(-32005, "rate limited"),
        3 => Answer::Result(json!(null)),
        _ => Answer::Forward,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_shrink_to_what_a_node_allows_and_start_at_the_deployment() {
    const ALLOWED: u64 = 100;
    let node = ashlar_devnet::serve(([127, 0, 0, 1], 0).into(), Default::default())
        .await
        .expect("devnet starts");
    let early = Deployed::on(&node.url(), Guard::Real).await;
    early.mine(350).await;
    let l1 = Deployed::on(&node.url(), Guard::Real).await;
    for name in ["a", "b"] {
        l1.deposit(&key(name)).await;
        l1.mine(150).await;
    }
    let first = Arc::new(AtomicU32::new(u32::MAX));
    let proxy = Proxy::start(&l1.endpoint, {
        let first = first.clone();
        move |method, params| {
            if method != "eth_getLogs" {
                return Answer::Forward;
            }
            let number = |name: &str| {
                let hex = params[0][name].as_str().expect("a number");
                u64::from_str_radix(hex.trim_start_matches("0x"), 16).expect("hexadecimal")
            };
            let (from, to) = (number("fromBlock"), number("toBlock"));
            first.fetch_min(from as u32, Ordering::Relaxed);
            if to - from + 1 > ALLOWED {
                return Answer::Error(-32602, "query exceeds max block range 100");
            }
            Answer::Forward
        }
    })
    .await;
    let mut settings = l1.settings(&[&proxy.url]);
    settings.start_block = Some(350);
    let client = L1Client::connect(settings, l1.rollup.into_array(), operator_key())
        .await
        .expect("connects");
    let folder = tempfile::tempdir().expect("folder");
    let node = Node::start(folder.path(), client, l1.rollup, 100).await;
    until("both deposits are executed", async || {
        node.store.next_queue_index().expect("database") == 2
    })
    .await;
    assert_eq!(first.load(Ordering::Relaxed), 350);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_is_executed_when_its_block_is_final_and_not_before() {
    let l1 = l1(Guard::Real).await;
    l1.mine(5).await;
    let mut settings = l1.settings(&[&l1.endpoint]);
    settings.finality = Finality::Depth(3);
    let client = L1Client::connect(settings, l1.rollup.into_array(), operator_key())
        .await
        .expect("connects");
    let folder = tempfile::tempdir().expect("folder");
    let node = Node::start(folder.path(), client, l1.rollup, 100).await;
    let read_to = |node: &Node| {
        let cursor = node.store.l1_cursor().expect("database");
        cursor.map_or(0, |cursor| cursor.number)
    };
    l1.deposit(&key("a")).await;
    let block = provider(&l1.endpoint, 1)
        .get_block_number()
        .await
        .expect("answers");
    l1.mine(2).await;
    until("the block before is final", async || read_to(&node) == block - 1).await;
    assert_eq!(node.store.next_queue_index().expect("database"), 0);
    l1.mine(1).await;
    until("the deposit is executed", async || {
        node.store.next_queue_index().expect("database") == 1
    })
    .await;
    // The log is written first: a crash between the two reads the block again.
    until("the cursor follows", async || read_to(&node) == block).await;
    node.stop().await;
}

/// A database of a version that believed an empty answer: its cursor is behind a deposit that it does not have.
#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_that_was_lost_before_the_cursor_is_found_again() {
    let l1 = l1(Guard::Real).await;
    l1.deposit(&key("lost")).await;
    l1.mine(3).await;
    let client = l1.client(&[&l1.endpoint]).await;
    let head = client.head().await.expect("answers");
    let folder = tempfile::tempdir().expect("folder");
    let store = Store::open(&folder.path().join("state.redb")).expect("database");
    let cursor = Cursor {
        number: head.number,
        hash: head.hash.0,
        time: 0,
    };
    store.set_l1_cursor(cursor).expect("database");
    drop(store);
    let node = Node::start(folder.path(), client, l1.rollup, 100).await;
    l1.deposit(&key("next")).await;
    until("both are executed", async || {
        node.store.next_queue_index().expect("database") == 2
    })
    .await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_honest_nodes_outvote_one_that_lies_and_one_that_hangs() {
    let l1 = l1(Guard::Real).await;
    let liar = Proxy::start(&l1.endpoint, |method, _| match method {
        "eth_getLogs" => Answer::Result(json!([])),
        "eth_blockNumber" => Answer::Result(json!("0xffffff")),
        "eth_call" => Answer::Result(json!(format!("0x{:064x}", 77))),
        _ => Answer::Forward,
    })
    .await;
    let mute = Proxy::start(&l1.endpoint, |_, _| Answer::Silence).await;
    let honest = Proxy::start(&l1.endpoint, |_, _| Answer::Forward).await;
    let endpoints = [&*liar.url, &*l1.endpoint, &*honest.url];
    let node_folder = tempfile::tempdir().expect("folder");
    let node = Node::start(node_folder.path(), l1.client(&endpoints).await, l1.rollup, 100).await;
    l1.deposit(&key("a")).await;
    until("the deposit is executed", async || {
        node.store.next_queue_index().expect("database") == 1
    })
    .await;
    node.stop().await;

    let endpoints = [&*mute.url, &*l1.endpoint, &*honest.url];
    let node_folder = tempfile::tempdir().expect("folder");
    let node = Node::start(node_folder.path(), l1.client(&endpoints).await, l1.rollup, 100).await;
    until("the deposit is executed", async || {
        node.store.next_queue_index().expect("database") == 1
    })
    .await;
    node.stop().await;
}
