//! A devnet with the rollup on it, and the parts of a sequencer that talk to it.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use alloy::{
    network::EthereumWallet,
    primitives::{Address, Bytes, U256},
    providers::{DynProvider, Provider, ProviderBuilder},
    signers::local::PrivateKeySigner,
};
use ashlar_contracts::{
    DataMode, DeployConfig, OptimisticTerms, Rollup, deploy, encoding::hash_to_word, generated_verifier,
};
use ashlar_devnet::DEV_ACCOUNTS;
use ashlar_ecgfp5::SecretKey;
use ashlar_payments::{
    Payments, auth,
    batch::{BlockConfig, Shapes},
    transaction::Domain,
    tree::empty_accounts_root,
};
use ashlar_protocol::{INSTANCES, SnarkParts, WORD_BYTES};
use ashlar_sequencer::{
    Changes,
    config::{CommitWhen, Limits, Sealing},
    executor::{Executor, ExecutorHandle, Thread},
    exit_mode::ExitMode,
    l1::{Expected, Finality, L1Client, L1Settings, watcher::Watcher},
    pipeline::{InBlob, InCalldata, Publish, SettleError, Settlement},
    store::{BatchRecord, Store},
};
use ashlar_statement::hash::Hash;
use plonky2::field::types::PrimeField64;
use tokio_util::sync::CancellationToken;

pub const SLOTS: usize = 4;
pub const CIRCUIT_SET: [u8; 32] = [7; 32];
const WEI_PER_UNIT: u64 = 1_000_000_000;

/// Which verifier guards the rollup.
#[derive(Clone, Copy, PartialEq)]
pub enum Guard {
    /// The generated one.
    Real,
    /// One that has the generated one's key digest and accepts everything: for what happens after a proof is accepted.
    AcceptsAll,
}

pub fn genesis_root() -> [u64; 4] {
    empty_accounts_root()
        .elements
        .map(|element| element.to_canonical_u64())
}

pub fn expected() -> Expected {
    Expected {
        chain_id: None,
        data: None,
        genesis_root: genesis_root(),
        circuit_set: CIRCUIT_SET,
    }
}

pub fn signer(account: usize) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&DEV_ACCOUNTS[account].secret_key).expect("a valid key")
}

pub fn operator_key() -> [u8; 32] {
    DEV_ACCOUNTS[0].secret_key.0
}

/// Account 0 is the operator.
pub fn provider(endpoint: &str, account: usize) -> DynProvider {
    let provider = ProviderBuilder::new()
        .with_simple_nonce_management()
        .wallet(EthereumWallet::from(signer(account)))
        .connect_http(endpoint.parse().expect("URL"));
    provider.client().set_poll_interval(Duration::from_millis(20));
    provider.erased()
}

/// The rollup on some node.
pub struct Deployed {
    pub endpoint: String,
    pub rollup: Address,
    pub proof_bytes: usize,
}

/// The embedded devnet with the rollup on it; it stops when this is dropped.
pub struct L1 {
    _node: ashlar_devnet::Handle,
    pub deployed: Deployed,
}

impl std::ops::Deref for L1 {
    type Target = Deployed;

    fn deref(&self) -> &Deployed {
        &self.deployed
    }
}

pub async fn l1(guard: Guard) -> L1 {
    l1_in(guard, DataMode::Calldata).await
}

pub async fn l1_in(guard: Guard, data: DataMode) -> L1 {
    let node = ashlar_devnet::serve(([127, 0, 0, 1], 0).into(), Default::default())
        .await
        .expect("devnet starts");
    let deployed = Deployed::in_mode(&node.url(), guard, data).await;
    L1 {
        _node: node,
        deployed,
    }
}

/// One whose rollup streams these members keep.
pub async fn l1_validium(committee: Vec<Address>) -> L1 {
    let node = ashlar_devnet::serve(([127, 0, 0, 1], 0).into(), Default::default())
        .await
        .expect("devnet starts");
    let deployed = Deployed::with(&node.url(), Guard::AcceptsAll, |config| {
        config.data = DataMode::Validium;
        config.committee = committee;
    })
    .await;
    L1 {
        _node: node,
        deployed,
    }
}

/// One whose batches are final by time.
pub async fn l1_optimistic(guard: Guard, terms: OptimisticTerms) -> L1 {
    let node = ashlar_devnet::serve(([127, 0, 0, 1], 0).into(), Default::default())
        .await
        .expect("devnet starts");
    let deployed = Deployed::with(&node.url(), guard, |config| config.optimistic = Some(terms)).await;
    L1 {
        _node: node,
        deployed,
    }
}

/// Returns the key's digest whatever it is asked.
fn accepting_verifier(digest: &str) -> Bytes {
    // Creation: return the 39 bytes behind these 10. Code: PUSH32 digest, MSTORE at 0, RETURN 32 bytes from 0.
    let code = format!("6027600a5f3960275ff37f{digest}5f5260205ff3");
    alloy::hex::decode(code).expect("hexadecimal").into()
}

impl Deployed {
    pub async fn on(endpoint: &str, guard: Guard) -> Self {
        Self::in_mode(endpoint, guard, DataMode::Calldata).await
    }

    pub async fn in_mode(endpoint: &str, guard: Guard, data: DataMode) -> Self {
        Self::with(endpoint, guard, |config| config.data = data).await
    }

    async fn with(endpoint: &str, guard: Guard, change: impl FnOnce(&mut DeployConfig)) -> Self {
        let verifier = generated_verifier().expect("committed artifact");
        let verifier_code = match guard {
            Guard::Real => verifier.creation_code,
            Guard::AcceptsAll => accepting_verifier(&verifier.digest),
        };
        let (genesis, operator) = (hash_to_word(genesis_root()), signer(0).address());
        let mut config = DeployConfig::new(verifier_code, verifier.route, genesis, operator);
        change(&mut config);
        let rollup = deploy(&provider(endpoint, 0), config)
            .await
            .expect("deploys")
            .rollup;
        Self {
            endpoint: endpoint.to_owned(),
            rollup,
            proof_bytes: verifier.proof_bytes,
        }
    }

    pub fn contract(&self, account: usize) -> Rollup::RollupInstance<DynProvider> {
        Rollup::new(self.rollup, provider(&self.endpoint, account))
    }

    /// L1 account 1 deposits five units for its L2 account for which this key signs.
    pub async fn deposit(&self, key: &SecretKey) {
        let contract = self.contract(1);
        let deposit = contract
            .depositETH(signer(1).address(), auth_word(key))
            .value(U256::from(5 * WEI_PER_UNIT));
        let sent = deposit.send().await.expect("sent");
        let receipt = sent.get_receipt().await.expect("mined");
        assert!(receipt.status(), "the deposit is taken");
    }

    pub async fn mine(&self, blocks: u64) {
        let node = provider(&self.endpoint, 1);
        for _ in 0..blocks {
            let mined: serde_json::Value = node
                .raw_request("evm_mine".into(), ())
                .await
                .expect("a devnet mines when asked");
            drop(mined);
        }
    }

    /// As a sequencer of a test asks: without waiting long, and final at once.
    pub fn settings(&self, endpoints: &[&str]) -> L1Settings {
        L1Settings {
            endpoints: endpoints.iter().map(|url| (*url).to_owned()).collect(),
            finality: Finality::Depth(0),
            request_timeout: Duration::from_millis(500),
            resend_after: Duration::from_millis(300),
            ..L1Settings::default()
        }
    }

    /// The same, with rollup streams by members of the committee.
    pub async fn client_of_members(&self, members: Vec<String>) -> L1Client {
        let settings = L1Settings {
            members,
            ..self.settings(&[&self.endpoint])
        };
        L1Client::connect(settings, self.rollup.into_array(), operator_key())
            .await
            .expect("connects")
    }

    /// The same, with blobs by the beacon API.
    pub async fn client_of_beacons(&self, endpoint: &str, beacons: &[&str]) -> L1Client {
        let settings = L1Settings {
            beacons: beacons.iter().map(|url| (*url).to_owned()).collect(),
            ..self.settings(&[endpoint])
        };
        L1Client::connect(settings, self.rollup.into_array(), operator_key())
            .await
            .expect("connects")
    }

    pub async fn client(&self, endpoints: &[&str]) -> L1Client {
        L1Client::connect(self.settings(endpoints), self.rollup.into_array(), operator_key())
            .await
            .expect("connects")
    }

    /// Bytes with a SNARK's layout, which no verifier of ours accepts.
    pub fn no_snark(&self) -> Vec<u8> {
        let proof = vec![1; self.proof_bytes];
        let parts = SnarkParts {
            instances: [[1; WORD_BYTES]; INSTANCES],
            proof: &proof,
        };
        parts.to_bytes()
    }
}

/// The parts of a sequencer that talk to L1, over one database.
pub struct Node {
    pub store: Arc<Store>,
    pub executor: ExecutorHandle<Payments>,
    pub settlement: Settlement,
    pub changes: Changes,
    publish: Arc<dyn Publish>,
    l1: L1Client,
    thread: Thread,
    stop: CancellationToken,
    watching: tokio::task::JoinHandle<()>,
}

impl Node {
    /// Seals after so many operations, at no age.
    pub async fn start(folder: &Path, l1: L1Client, rollup: Address, max_transactions: u32) -> Self {
        let sealing = Sealing {
            max_transactions,
            max_age: Duration::from_secs(3600),
            ..Sealing::default()
        };
        Self::sealing(folder, l1, rollup, sealing).await
    }

    pub async fn sealing(folder: &Path, l1: L1Client, rollup: Address, sealing: Sealing) -> Self {
        Self::with_slots(folder, l1, rollup, sealing, SLOTS).await
    }

    pub async fn with_slots(
        folder: &Path,
        l1: L1Client,
        rollup: Address,
        sealing: Sealing,
        slots: usize,
    ) -> Self {
        Self::telling(folder, l1, rollup, sealing, slots, ExitMode::default()).await
    }

    /// Notes with `exit_mode` how the rollup stands with it. The data mode is that of `sealing`.
    pub async fn telling(
        folder: &Path,
        l1: L1Client,
        rollup: Address,
        sealing: Sealing,
        slots: usize,
        exit_mode: ExitMode,
    ) -> Self {
        let publish: Arc<dyn Publish> = match sealing.bounds.data {
            DataMode::Blob => Arc::new(InBlob::default()),
            DataMode::Calldata | DataMode::Validium => Arc::new(InCalldata), // a test gives the committee
        };
        let store = Arc::new(Store::open(&folder.join("state.redb")).expect("database"));
        let payments = Payments(BlockConfig {
            domain: Domain {
                chain_id: l1.chain_id(),
                rollup: rollup.into_array(),
            },
            fee_owner: signer(0).address().into_array(),
            shapes: Shapes::new(&[slots]),
        });
        let changes = Changes::default();
        let (executor, thread) = Executor::start(
            store.clone(),
            payments,
            sealing,
            changes.clone(),
            Limits::default(),
            exit_mode,
        )
        .expect("executor starts");
        let stop = CancellationToken::new();
        let watcher = Watcher {
            l1: l1.clone(),
            store: store.clone(),
            executor: executor.clone(),
            interval: Duration::from_millis(20),
        };
        let settlement = Settlement::new(
            store.clone(),
            changes.clone(),
            l1.clone(),
            expected(),
            publish.clone(),
            CommitWhen::default(),
            Duration::from_millis(20),
        );
        Self {
            store,
            executor,
            settlement,
            changes,
            publish,
            l1,
            thread,
            watching: tokio::spawn(watcher.run(stop.clone())),
            stop,
        }
    }

    /// Publishes batches by other means.
    pub fn publishing(mut self, publish: impl Publish + 'static) -> Self {
        self.publish = Arc::new(publish);
        self.restart_settlement();
        self
    }

    /// Forgets what settlement has in memory, as a restart does.
    pub fn restart_settlement(&mut self) {
        self.settlement = Settlement::new(
            self.store.clone(),
            self.changes.clone(),
            self.l1.clone(),
            expected(),
            self.publish.clone(),
            CommitWhen::default(),
            Duration::from_millis(20),
        );
    }

    /// Ends as a process does that is killed: whatever it waits for. What the executor has taken it writes.
    pub async fn crash(self) {
        self.watching.abort();
        let _ = self.watching.await; // it was cancelled
        Self::end((self.executor, self.settlement), self.thread).await;
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.watching.await.expect("the watcher ends");
        Self::end((self.executor, self.settlement), self.thread).await;
    }

    /// The executor's thread ends with the last of its handles.
    async fn end(handles: (ExecutorHandle<Payments>, Settlement), thread: Thread) {
        drop(handles);
        tokio::task::spawn_blocking(move || thread.join().expect("no panic").expect("no error"))
            .await
            .expect("joined");
    }

    /// Settles until `done`; gives the errors on the way.
    pub async fn settle_until(
        &mut self,
        what: &str,
        mut done: impl FnMut(&Store) -> bool,
    ) -> Vec<SettleError> {
        let start = Instant::now();
        let mut errors = Vec::new();
        while !done(&self.store) {
            assert!(start.elapsed() < PATIENCE, "{what} never happens: {errors:?}");
            match self.settlement.advance().await {
                Ok(()) => {}
                Err(error) => errors.push(error),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        errors
    }

    pub fn batch(&self, number: u64) -> BatchRecord {
        self.store.batch(number).expect("database").expect("sealed")
    }
}

/// Far beyond what anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `done`.
pub async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !done().await {
        assert!(start.elapsed() < PATIENCE, "{what} never happens");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The auth of an account for which this key signs.
pub fn auth(key: &SecretKey) -> Hash {
    auth::of_key(key.public_key().key_hash())
}

/// The same as L1 encodes it.
pub fn auth_word(key: &SecretKey) -> U256 {
    hash_to_word(auth(key).elements.map(|element| element.to_canonical_u64()))
}

pub fn key(seed: &str) -> SecretKey {
    SecretKey::from_seed(seed.as_bytes())
}
