//! Two hundred and more faults in a random order: an L1 node that lags, empties, limits, hangs, drops and reorders, and a
//! chain that is reorganised to the configured depth. In the end L1 and the sequencer hold the same root, and every
//! operation of the queue is executed once.

use std::{
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use alloy::providers::Provider;
use ashlar_contracts::{DataMode, encoding::word_to_hash};
use ashlar_process::children::{Group, Signal};
use ashlar_sequencer::{
    config::{CommitWhen, Sealing},
    l1::{Finality, L1Client},
    pipeline::{Settlement, publisher},
    store::{BatchStatus, LogItem},
};
use plonky2::field::types::PrimeField64;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{
    proxy::{Answer, Proxy},
    support::{Deployed, Guard, Node, expected, key, operator_key, provider, until},
};

/// Blocks on top of one that is final here; reorganisations go as deep.
const DEPTH: u64 = 3;
const FAULTS: u32 = 220;
/// Bounds the run when the machine is slow.
const LONGEST: Duration = Duration::from_secs(120);

/// anvil, if it is installed; the embedded devnet cannot be reorganised with its transactions lost.
struct Anvil {
    group: Group,
    child: Child,
    url: String,
}

impl Anvil {
    async fn start() -> Option<Self> {
        let program = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../verifier-contracts/node_modules/.bin/anvil"
        );
        if !std::path::Path::new(program).exists() {
            return None;
        }
        let port = std::net::TcpListener::bind(("127.0.0.1", 0))
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let child = Command::new(program)
            .args(["--port", &port.to_string(), "--silent", "--hardfork", "prague"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .process_group(0) // the program may be a launcher: both are killed
            .spawn()
            .expect("anvil starts");
        let anvil = Self {
            group: Group::of(&child),
            child,
            url: format!("http://127.0.0.1:{port}"),
        };
        until("anvil answers", async || {
            provider(&anvil.url, 0).get_chain_id().await.is_ok()
        })
        .await;
        Some(anvil)
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        self.group.signal(Signal::KILL);
        let _ = self.child.wait();
    }
}

/// One request in three fails in one of these ways; the faults are counted.
fn unreliable(seed: u64, count: Arc<AtomicU32>) -> impl FnMut(&str, &Value) -> Answer + Send + 'static {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut last_height = 0u64;
    move |method, params| {
        if rng.gen_range(0..3) != 0 {
            return Answer::Forward;
        }
        count.fetch_add(1, Ordering::Relaxed);
        match (rng.gen_range(0..10), method) {
            (0 | 1, "eth_getLogs") => Answer::Result(json!([])),
            (2, "eth_getLogs") => Answer::Change(Box::new(|answer| {
                let mut logs = answer.as_array().cloned().unwrap_or_default();
                logs.pop();
                Value::Array(logs)
            })),
            (3, "eth_getLogs") => Answer::Change(Box::new(|answer| {
                let logs = answer.as_array().cloned().unwrap_or_default();
                Value::Array(logs.iter().rev().chain(&logs).cloned().collect())
            })),
            (4, "eth_getLogs") => Answer::Error(-32602, "query exceeds max block range 1"),
            (0 | 1, "eth_sendRawTransaction") => {
                // Taken, and lost.
                let raw = alloy::hex::decode(params[0].as_str().unwrap_or_default()).unwrap_or_default();
                Answer::Result(json!(alloy::primitives::keccak256(raw)))
            }
            (2, "eth_sendRawTransaction") => Answer::Error(-32000, "replacement transaction underpriced"),
            (0 | 1, "eth_blockNumber") => {
                last_height += 1; // a replica that lags far behind
                Answer::Result(json!(format!("{last_height:#x}")))
            }
            (0 | 1, "eth_getTransactionReceipt") => Answer::Result(Value::Null),
            (5, _) => Answer::Silence,
            (6, _) => Answer::BadGateway,
            (7, _) => Answer::Late(Duration::from_millis(100)),
            (8, _) => Answer::Error(-32005, "rate limited"),
            _ => Answer::Error(-32603, "internal error"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn random_faults_and_reorganisations_end_in_equal_roots() {
    let Some(anvil) = Anvil::start().await else {
        println!("skipped: anvil is not installed (verifier-contracts/script/install does that)");
        return;
    };
    let seed = std::env::var("ASHLAR_FAULT_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(2026);
    println!("seed {seed} (ASHLAR_FAULT_SEED)");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let l1 = Deployed::on(&anvil.url, Guard::AcceptsAll).await;
    l1.mine(DEPTH + 1).await;
    let count = Arc::new(AtomicU32::new(0));
    let proxy = Proxy::start(&anvil.url, |_, _| Answer::Forward).await;
    let mut settings = l1.settings(&[&proxy.url]);
    settings.finality = Finality::Depth(DEPTH);
    settings.request_timeout = Duration::from_millis(200);
    let client = L1Client::connect(settings, l1.rollup.into_array(), operator_key())
        .await
        .expect("connects");
    let folder = tempfile::tempdir().expect("folder");
    let sealing = Sealing {
        max_transactions: 3,
        max_age: Duration::from_millis(500),
        ..Sealing::default()
    };
    let node = Node::sealing(folder.path(), client.clone(), l1.rollup, sealing).await;
    client.identify(&node.store, expected()).await.expect("fresh");
    proxy.answer(unreliable(seed, count.clone()));

    let settling = Settling::start(&node, client.clone());
    let chain = provider(&anvil.url, 2);
    let (start, mut reorganisations) = (Instant::now(), 0);
    while (count.load(Ordering::Relaxed) < FAULTS || reorganisations < 12) && start.elapsed() < LONGEST {
        match rng.gen_range(0..6) {
            0..3 => l1.deposit(&key(&format!("user {}", rng.gen_range(0..5)))).await,
            3 | 4 => l1.mine(rng.gen_range(1..4)).await,
            _ => {
                let depth: u64 = rng.gen_range(1..=DEPTH);
                let answer: Result<Value, _> =
                    chain.raw_request("anvil_reorg".into(), (depth, json!([]))).await;
                answer.expect("anvil reorganises");
                reorganisations += 1;
            }
        }
        // Proofs come when they come.
        for number in 1..node.store.next_batch().expect("database") {
            if rng.gen_range(0..3) == 0 && node.store.snark(number).expect("database").is_none() {
                node.store.put_snark(number, &l1.no_snark()).expect("database");
            }
        }
        tokio::time::sleep(Duration::from_millis(rng.gen_range(0..60))).await;
    }
    let faults = count.load(Ordering::Relaxed);
    println!(
        "{faults} faults, {reorganisations} reorganisations in {:?}",
        start.elapsed()
    );
    assert!(faults >= 200, "only {faults} faults were told");

    proxy.heal();
    let contract = l1.contract(1);
    l1.mine(DEPTH + 1).await;
    let queued = contract.queuedOperations().call().await.expect("call");
    until("every operation is in a proven batch", async || {
        let end = node.store.next_batch().expect("database");
        for number in 1..end {
            if node.store.snark(number).expect("database").is_none() {
                node.store.put_snark(number, &l1.no_snark()).expect("database");
            }
        }
        l1.mine(1).await;
        contract.committedOperations().call().await.expect("call") == queued
            && contract.provenBatches().call().await.expect("call") == end - 1
            && node.batch(end - 1).status == BatchStatus::Proven
    })
    .await;
    settling.stop().await;

    let (ours, theirs) = (
        node.executor.root().await.expect("runs"),
        contract.stateRoot().call().await.expect("call"),
    );
    assert_eq!(
        ours.elements.map(|element| element.to_canonical_u64()),
        word_to_hash(theirs)
    );
    // Each of the queue's operations is in the log, once, in order, as the contract keeps it.
    let log = node.store.l1_operations_from(0).expect("database");
    assert_eq!(log.len() as u64, queued);
    for (expected, item) in (0..queued).zip(&log) {
        assert!(
            matches!(item, LogItem::L1 { index, .. } if *index == expected),
            "{item:?}"
        );
    }
    let head = client.head().await.expect("answers");
    client
        .require_not_replaced(&log, head)
        .await
        .expect("the queue's");
    node.stop().await;
}

/// Settlement as the sequencer runs it.
struct Settling {
    stop: CancellationToken,
    running: tokio::task::JoinHandle<()>,
}

impl Settling {
    fn start(node: &Node, l1: L1Client) -> Self {
        let stop = CancellationToken::new();
        let settlement = Settlement::new(
            node.store.clone(),
            node.changes.clone(),
            l1,
            expected(),
            publisher(DataMode::Calldata),
            CommitWhen::AtOnce,
            Duration::from_millis(20),
        );
        let running = tokio::spawn(settlement.run(stop.clone()));
        Self { stop, running }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.running.await.expect("no panic");
    }
}
