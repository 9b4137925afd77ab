//! A sequencer between users and an L1 that fails.

use std::{sync::Arc, time::Duration};

use alloy::providers::Provider;
use ashlar_sequencer::{
    config::{CommitWhen, Sealing},
    l1::{Finality, IdentityError, L1Client},
    pipeline::{InCalldata, Settlement},
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::{
    super::{
        proxy::{Answer, Proxy},
        support::{Deployed, Guard, Node, expected, operator_key, provider, signer, until},
    },
    anvil::{Anvil, Waiting},
    endpoint::{Manner, failing},
    fault::{Fault, Tally},
    users::{USERS, Users},
};

/// Blocks on top of one that is final here; reorganisations go as deep.
pub const DEPTH: u64 = 3;
/// How long the operator's next transaction is waited for.
const NEXT_TRANSACTION: Duration = Duration::from_secs(4);

/// A sequencer's parts as they run.
struct Running {
    node: Node,
    stop: CancellationToken,
    settling: tokio::task::JoinHandle<()>,
}

pub struct World {
    anvil: Anvil,
    pub l1: Deployed,
    /// Two that are honest, and one that lies.
    endpoints: [Proxy; 3],
    pub users: Users,
    pub tally: Tally,
    pub rng: ChaCha8Rng,
    folder: TempDir,
    running: Option<Running>,
}

impl World {
    /// `None` if there is no anvil.
    pub async fn start(seed: u64) -> Option<Self> {
        let anvil = Anvil::start("prague").await?;
        let l1 = Deployed::on(&anvil.url, Guard::AcceptsAll).await;
        let chain_id = provider(&anvil.url, 1).get_chain_id().await.expect("answers");
        let users = Users::settle(&l1, chain_id).await;
        anvil.mine(DEPTH + 1).await;
        let endpoint = async || Proxy::start(&anvil.url, |_, _| Answer::Forward).await;
        let endpoints = [endpoint().await, endpoint().await, endpoint().await];
        let mut world = Self {
            anvil,
            l1,
            endpoints,
            users,
            tally: Tally::default(),
            rng: ChaCha8Rng::seed_from_u64(seed),
            folder: tempfile::tempdir().expect("folder"),
            running: None,
        };
        world.start_sequencer().await;
        until("everybody has an account", async || {
            world.node().store.next_queue_index().expect("database") == u64::from(USERS)
        })
        .await;
        Some(world)
    }

    pub fn node(&self) -> &Node {
        &self.running.as_ref().expect("it runs").node
    }

    /// From now on endpoints fail.
    pub fn begin(&mut self) {
        for (endpoint, lies) in self.endpoints.iter().zip([false, false, true]) {
            let one_in = if lies { 3 } else { 6 };
            let seed = self.rng.r#gen();
            endpoint.answer(failing(Manner { one_in, lies }, seed, self.tally.clone()));
        }
    }

    /// From now on nothing fails.
    pub async fn heal(&self) {
        for endpoint in &self.endpoints {
            endpoint.heal();
        }
        self.anvil.mine(DEPTH + 1).await;
    }

    /// Over one endpoint that is honest, or over all three, of which two must agree.
    async fn client(&mut self) -> L1Client {
        let urls: Vec<&str> = match self.rng.gen_ratio(1, 4) {
            true => vec![&self.endpoints[0].url],
            false => self.endpoints.iter().map(|endpoint| &*endpoint.url).collect(),
        };
        let mut settings = self.l1.settings(&urls);
        settings.finality = Finality::Depth(DEPTH);
        settings.request_timeout = Duration::from_millis(200);
        loop {
            let connected = L1Client::connect(settings.clone(), self.l1.rollup.into_array(), operator_key());
            match connected.await {
                Ok(client) => return client,
                Err(error) => assert!(error.is_transient(), "{error}"),
            }
        }
    }

    /// As the program does: what L1 did not answer is asked again, and everything else ends it.
    async fn start_sequencer(&mut self) {
        let client = self.client().await;
        let sealing = Sealing {
            max_transactions: 8,
            max_age: Duration::from_millis(500),
            ..Sealing::default()
        };
        let node = Node::sealing(self.folder.path(), client.clone(), self.l1.rollup, sealing).await;
        loop {
            match client.identify(&node.store, expected()).await {
                Ok(_) => break,
                Err(error) => assert!(IdentityError::is_transient(&error), "{error}"),
            }
        }
        let settlement = Settlement::new(
            node.store.clone(),
            node.changes.clone(),
            client,
            expected(),
            Arc::new(InCalldata),
            match self.rng.gen_bool(0.5) {
                true => CommitWhen::AtOnce,
                false => CommitWhen::WithProof,
            },
            Duration::from_millis(20),
        );
        let stop = CancellationToken::new();
        let settling = tokio::spawn(settlement.run(stop.clone()));
        self.running = Some(Running { node, stop, settling });
    }

    /// Proofs come when they come: of one batch in so many.
    pub fn prove(&mut self, one_in: u32) {
        let store = self.node().store.clone();
        for number in store.first_unproven().expect("database")..store.next_batch().expect("database") {
            if self.rng.gen_ratio(1, one_in) && store.snark(number).expect("database").is_none() {
                store.put_snark(number, &self.l1.no_snark()).expect("database");
            }
        }
    }

    pub async fn mine(&self, blocks: u64) {
        self.anvil.mine(blocks).await;
    }

    pub async fn act(&mut self) {
        let node = &self.running.as_ref().expect("it runs").node;
        self.users.act(&self.l1, node, &mut self.rng).await;
    }

    /// Does to chain, node or sequencer what the fault says; whether it came to that.
    pub async fn suffer(&mut self, fault: Fault) -> bool {
        let done = match fault {
            Fault::Reorganisation(depth) => {
                self.anvil.reorganise(depth).await;
                true
            }
            Fault::Hang => {
                let pause = Duration::from_millis(self.rng.gen_range(300..900));
                self.anvil.hang(pause).await;
                true
            }
            Fault::Crash => {
                let running = self.running.take().expect("it runs");
                running.settling.abort();
                let _ = running.settling.await; // it was cancelled
                running.node.crash().await;
                self.start_sequencer().await;
                true
            }
            Fault::Dropped | Fault::Replaced | Fault::NotMined => {
                self.anvil.automine(false).await;
                let waiting = self.next_transaction().await;
                let done = match (waiting, fault) {
                    (None, _) => false,
                    (Some(waiting), Fault::Dropped) => self.anvil.drop_transaction(waiting).await,
                    (Some(waiting), Fault::Replaced) => self.anvil.replace(waiting).await,
                    (Some(_), _) => {
                        // Long enough for a replacement with a higher fee.
                        tokio::time::sleep(Duration::from_millis(self.rng.gen_range(0..600))).await;
                        true
                    }
                };
                self.anvil.automine(true).await;
                done
            }
            _ => unreachable!("{fault:?} is an endpoint's"),
        };
        if done {
            self.tally.note(fault);
        }
        done
    }

    /// The operator's, in the pool.
    async fn next_transaction(&mut self) -> Option<Waiting> {
        let start = std::time::Instant::now();
        while start.elapsed() < NEXT_TRANSACTION {
            if self.rng.gen_ratio(1, 4) {
                let node = &self.running.as_ref().expect("it runs").node;
                self.users.sign(node, &mut self.rng).await;
            }
            self.prove(2);
            tokio::time::sleep(Duration::from_millis(50)).await;
            let [pending, _] = self.anvil.waiting(signer(0).address()).await;
            if let Some(waiting) = pending.first() {
                return Some(*waiting);
            }
        }
        None
    }

    /// Waits until L1 has proven everything, and the sequencer knows it; then nothing runs any more.
    pub async fn settle(&mut self) -> Settled {
        let contract = self.l1.contract(1);
        let mut last = 0;
        until("everything is proven", async || {
            self.prove(1);
            self.anvil.mine(1).await;
            let store = self.node().store.clone();
            let queued = contract.queuedOperations().call().await.expect("call");
            last = store.next_batch().expect("database") - 1;
            store.next_queue_index().expect("database") == queued
                && store.unsealed().expect("database").is_empty()
                && contract.committedOperations().call().await.expect("call") == queued
                && contract.provenBatches().call().await.expect("call") == last
                && store.final_batch().expect("database") == last
        })
        .await;
        let root = self.node().executor.root().await.expect("runs");
        let running = self.running.take().expect("it runs");
        running.stop.cancel();
        running.settling.await.expect("no panic");
        let store = running.node.store.clone();
        running.node.stop().await;
        let [pending, queued] = self.anvil.waiting(signer(0).address()).await;
        Settled {
            last,
            root,
            store,
            waiting: pending.len() + queued.len(),
        }
    }
}

/// What the sequencer has in the end.
pub struct Settled {
    /// Its last batch, which is final.
    pub last: u64,
    pub root: ashlar_statement::hash::Hash,
    pub store: Arc<ashlar_sequencer::store::Store>,
    /// The operator's transactions in L1's pool.
    pub waiting: usize,
}
