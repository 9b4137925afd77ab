//! A devnet with a rollup, a sequencer in this process, users.

use std::{net::SocketAddr, time::Duration};

use alloy::{
    primitives::{Address, B256, Bytes, U256},
    signers::local::PrivateKeySigner,
};
use ashlar_client::{
    AccountKey, Client, L1, L1Config, Milestone, Options, Payee, Sender, auth_of, rollup_key,
};
use ashlar_contracts::{
    BatchHeader, DeployConfig, OptimisticTerms, SeatTerms, TokenListing, deploy, deploy_token,
    generated_verifier,
};
use ashlar_devnet::DEV_ACCOUNTS;
use ashlar_ecgfp5::SecretKey;
use ashlar_payments::{
    packing::{PackedAmount, PackedFee},
    tree::empty_accounts_root,
};
use ashlar_sequencer::{
    config::{Bounds, CommitWhen, Config, FeePolicy, Limits, Sealing},
    farm::Link,
    l1::{Finality, L1Settings},
    metrics::SequencerMetrics,
};
use ashlar_statement::{
    Domain,
    hash::{Hash, hash_to_bytes32},
};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A verifier that has the generated one's key digest, and gives it as its answer to every call.
fn accepts_all() -> Bytes {
    let digest = generated_verifier().expect("committed artifact").digest;
    // Creation: return the 39 bytes behind these 10. Code: PUSH32 digest, MSTORE at 0, RETURN 32 bytes from 0.
    let code = format!("6027600a5f3960275ff37f{digest}5f5260205ff3");
    alloy::hex::decode(code).expect("hexadecimal").into()
}

/// Long enough for a busy machine, and never waited for in vain.
pub const LIMIT: Duration = Duration::from_secs(60);
pub const FEE: u64 = 10;

pub struct Rollup {
    _node: ashlar_devnet::Handle,
    pub endpoint: String,
    pub address: Address,
    /// Token 1, with six decimals.
    pub usdc: Address,
    pub listen: SocketAddr,
    folder: TempDir,
    max_transactions: u32,
    /// What the next sequencer asks for.
    pub fees: FeePolicy,
    /// When the next sequencer commits: with a proof is never, for there is no farm.
    pub commit_when: CommitWhen,
    /// Whose key the sequencer has.
    pub operator: usize,
    running: Option<(CancellationToken, JoinHandle<()>)>,
}

/// What a rollup is deployed with besides the usual.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms {
    /// Batches are final by time.
    pub optimistic: Option<OptimisticTerms>,
    /// The operator is a seat.
    pub seat: Option<SeatTerms>,
}

pub fn signer(account: usize) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&DEV_ACCOUNTS[account].secret_key).expect("a key")
}

pub fn amount(units: u64) -> PackedAmount {
    PackedAmount::exact(units).expect("representable")
}

pub fn fee() -> PackedFee {
    PackedFee::exact(FEE).expect("representable")
}

/// Account `index` of this user.
pub fn payee(index: u32, account: usize) -> Payee {
    Payee {
        account: index,
        l1_owner: signer(account).address(),
    }
}

pub fn free_address() -> SocketAddr {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("bound")
}

impl Rollup {
    /// Everything but a farm; batches close at so many operations or after a fifth of a second.
    pub async fn start(max_transactions: u32) -> Self {
        Self::start_with(max_transactions, Terms::default()).await
    }

    /// The same, on these terms.
    pub async fn start_with(max_transactions: u32, terms: Terms) -> Self {
        let node = ashlar_devnet::serve(([127, 0, 0, 1], 0).into(), Default::default())
            .await
            .expect("devnet starts");
        let endpoint = node.url();
        let (usdc, address) = Self::deploy(&endpoint, terms).await;
        let mut rollup = Self {
            _node: node,
            endpoint,
            address,
            usdc,
            listen: free_address(),
            folder: tempfile::tempdir().expect("folder"),
            max_transactions,
            fees: FeePolicy::default(),
            commit_when: CommitWhen::default(),
            operator: 0,
            running: None,
        };
        rollup.start_sequencer();
        rollup
    }

    /// Puts a token and a rollup on L1, and gives their addresses.
    pub async fn deploy(endpoint: &str, terms: Terms) -> (Address, Address) {
        let provider = alloy::providers::ProviderBuilder::new()
            .wallet(alloy::network::EthereumWallet::from(signer(0)))
            .connect_http(endpoint.parse().expect("URL"));
        let usdc = deploy_token(&provider, "USD Coin", "USDC", 6)
            .await
            .expect("deploys");
        let genesis = U256::from_be_bytes(hash_to_bytes32(&empty_accounts_root()));
        let route = generated_verifier().expect("committed artifact").route;
        let listing = TokenListing {
            token: usdc,
            unit: U256::ZERO,
        };
        let config = DeployConfig {
            tokens: vec![listing],
            optimistic: terms.optimistic,
            seat: terms.seat,
            ..DeployConfig::new(accepts_all(), route, genesis, signer(0).address())
        };
        (usdc, deploy(provider, config).await.expect("deploys").rollup)
    }

    /// Of its sequencer.
    pub fn config(&self) -> Config {
        Config {
            data_dir: self.folder.path().to_owned(),
            listen: self.listen,
            http: None,
            wallet_dir: None,
            l1_explorer: None,
            l1: L1Settings {
                finality: Finality::Depth(0),
                ..L1Settings::single(&self.endpoint)
            },
            chain_id: None,
            data: None,
            rollup: self.address.into_array(),
            operator_key: signer(self.operator).to_bytes().0,
            farm: Link::new(&format!("http://{}", free_address()), None).expect("loopback"), // nobody listens there
            circuit_set_digest: [1; 32],
            fee_owner: Some(signer(0).address().into_array()),
            shapes: ashlar_payments::batch::SHAPES,
            sealing: Sealing {
                max_transactions: self.max_transactions,
                max_age: Duration::from_millis(200),
                bounds: Bounds::default(),
            },
            fees: self.fees.clone(),
            commit_when: self.commit_when,
            prove_when: Default::default(),
            poll_interval: Duration::from_millis(20),
            limits: Limits::default(),
            metrics: SequencerMetrics::default(),
            traces: Default::default(),
        }
    }

    pub fn start_sequencer(&mut self) {
        let config = self.config();
        let stop = CancellationToken::new();
        let token = stop.clone();
        let task = tokio::spawn(async move {
            ashlar_sequencer::run(config, token)
                .await
                .expect("the sequencer runs");
        });
        self.running = Some((stop, task));
    }

    /// Loses all data of the sequencer, which has stopped.
    pub fn lose_everything(&mut self) {
        self.folder = tempfile::tempdir().expect("folder");
    }

    pub async fn stop_sequencer(&mut self) {
        let (stop, task) = self.running.take().expect("it runs");
        stop.cancel();
        tokio::time::timeout(LIMIT, task)
            .await
            .expect("it stops")
            .expect("without panic");
    }

    /// A user's rollup key.
    pub fn key(&self, account: usize) -> SecretKey {
        let domain = Domain {
            chain_id: ashlar_devnet::Config::default().chain_id,
            rollup: self.address.into_array(),
        };
        rollup_key(&signer(account), &domain).expect("signs")
    }

    /// What accounts name that this user's key signs for.
    pub fn auth(&self, account: usize) -> Hash {
        auth_of(&self.key(account).public_key())
    }

    /// A user's account, as the wallet finds it.
    pub fn owned(&self, account: usize) -> AccountKey {
        AccountKey::Owner {
            l1_owner: signer(account).address(),
            auth: Some(self.auth(account)),
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.listen)
    }

    pub async fn client(&self) -> Client {
        connect(&self.url()).await
    }

    pub async fn l1(&self, account: usize) -> L1 {
        let config = L1Config {
            signer: Some(signer(account)),
            ..L1Config::new(&self.endpoint, self.address)
        };
        L1::connect(config).await.expect("connects")
    }

    /// Deposits a tenth of an ETH for each of these accounts, and waits until all exist.
    pub async fn fund(&self, accounts: &[usize]) -> Vec<Sender> {
        let client = self.client().await;
        let mut senders = Vec::new();
        for account in accounts {
            let l1 = self.l1(*account).await;
            let eth = l1.token(0).await.expect("ETH");
            let number = l1
                .deposit(
                    &eth,
                    100_000_000,
                    signer(*account).address(),
                    &self.auth(*account),
                )
                .await
                .expect("deposits");
            client
                .wait_for_l1_operation(number, Milestone::Executed, LIMIT)
                .await
                .expect("executed");
            senders.push(
                client
                    .sender(signer(*account).address(), self.key(*account))
                    .await
                    .expect("the account exists"),
            );
        }
        senders
    }

    /// Lets the contract take this batch as proven.
    pub async fn prove(&self, header: BatchHeader) -> B256 {
        let l1 = self.l1(9).await;
        let call = l1.contract().proveBatch(header, Bytes::from_static(&[7; 64]));
        let pending = call.send().await.expect("accepted");
        let receipt = pending.get_receipt().await.expect("mined");
        assert!(receipt.status());
        receipt.transaction_hash
    }
}

/// A client that starts where the sequencer may still be starting.
pub async fn connect(endpoint: &str) -> Client {
    let options = Options {
        first_pause: Duration::from_millis(20),
        ..Options::default()
    };
    for _ in 0..200 {
        match Client::connect_with(endpoint, options).await {
            Ok(client) => return client,
            Err(error) if error.is_retryable() => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(error) => panic!("{error:?}"),
        }
    }
    panic!("nobody listens on {endpoint}");
}
