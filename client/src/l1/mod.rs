//! The rollup contract on L1.

mod actions;
mod batches;
mod claims;
mod error;
mod exits;
mod fast_exit;
mod optimistic;
mod passkey;
mod public_data;
mod rebuild;
mod samples;
mod seat;
mod token;
mod watch;

use std::{sync::Arc, time::Duration};

use alloy::{
    network::EthereumWallet,
    primitives::{Address, B256},
    providers::{DynProvider, Provider, ProviderBuilder},
    signers::local::PrivateKeySigner,
    transports::http::reqwest,
};
use ashlar_beacon::Beacons;
use ashlar_committee::Readers;
use ashlar_contracts::{DataMode, Rollup};
use ashlar_statement::Domain;
use tokio::sync::OnceCell;

pub use batches::{BatchData, CommittedBatch, ProvenBatch, Standing, WithdrawalProof};
pub use error::L1Error;
pub use exits::{ExitState, Exited, UnprovenDeposit, account_path};
pub use fast_exit::{Market, Offer, OfferError};
pub use optimistic::BatchStanding;
pub use passkey::{Assertion, OwnerAction, Passkey, PasskeyAccountOwner, PasskeyError};
pub use rebuild::{ProvenState, ProvenStateError};
pub use seat::{Nominee, Seat, SeatState};
pub use token::Token;
pub use watch::{Finding, NotShown, Unshown, Watcher};

use error::{refused, transport};

/// Where the rollup is, and who pays for transactions.
#[derive(Clone, Debug)]
pub struct L1Config {
    /// JSON-RPC endpoint.
    pub endpoint: String,
    /// Beacon API endpoints of consensus nodes, or archives, that blobs are read from, in the order in which they are
    /// asked. Without one the L1 endpoint itself is asked, which has blobs if it is a node for development.
    pub beacons: Vec<String>,
    /// Endpoints of members of a validium's committee, whose rollup streams are read from them, in the order in which they
    /// are asked.
    pub members: Vec<String>,
    /// Address of the rollup contract.
    pub rollup: Address,
    /// Block of the deployment: no event of the rollup is older.
    pub start_block: u64,
    /// Who deposits, claims and owns accounts; reading needs none.
    pub signer: Option<PrivateKeySigner>,
    /// Limit for each request.
    pub request_timeout: Duration,
    /// Limit for a transaction until it is mined.
    pub mining_timeout: Duration,
}

impl L1Config {
    /// Reads only, from the first block on.
    pub fn new(endpoint: impl Into<String>, rollup: Address) -> Self {
        Self {
            endpoint: endpoint.into(),
            beacons: Vec::new(),
            members: Vec::new(),
            rollup,
            start_block: 0,
            signer: None,
            request_timeout: Duration::from_secs(20),
            mining_timeout: Duration::from_secs(300),
        }
    }
}

/// What the contract's counters say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RollupState {
    /// Last committed batch.
    pub committed_batches: u64,
    /// Last proven batch.
    pub proven_batches: u64,
    /// Operations ever queued.
    pub queued_operations: u64,
    /// Root after the last proven batch.
    pub state_root: B256,
}

/// The rollup contract behind an L1 node.
#[derive(Clone, Debug)]
pub struct L1 {
    provider: DynProvider,
    beacons: Beacons,
    members: Readers,
    rollup: Rollup::RollupInstance<DynProvider>,
    domain: Domain,
    /// Fixed with the contract, so asked for once.
    data_mode: Arc<OnceCell<DataMode>>,
    start_block: u64,
    signer: Option<Address>,
    mining_timeout: Duration,
}

impl L1 {
    /// Connects, and checks that a contract is there.
    pub async fn connect(config: L1Config) -> Result<Self, L1Error> {
        let endpoint = || L1Error::Endpoint {
            endpoint: config.endpoint.clone(),
        };
        let url: reqwest::Url = config.endpoint.parse().map_err(|_| endpoint())?;
        if !["http", "https"].contains(&url.scheme()) {
            return Err(endpoint());
        }
        let http = reqwest::Client::builder()
            .timeout(config.request_timeout)
            .build()
            .map_err(L1Error::Http)?;
        let beacons = Beacons::new(&config.beacons, config.request_timeout)?;
        let members = Readers::new(&config.members, config.request_timeout);
        let signer = config.signer.as_ref().map(PrivateKeySigner::address);
        // Each nonce is asked for: a cached one is lost when gas cannot be estimated, and nothing is mined after the gap.
        let builder = ProviderBuilder::new().with_simple_nonce_management();
        let provider = match config.signer {
            Some(signer) => builder
                .wallet(EthereumWallet::from(signer))
                .connect_reqwest(http, url)
                .erased(),
            None => builder.connect_reqwest(http, url).erased(),
        };
        provider.client().set_poll_interval(Duration::from_millis(250));
        let chain_id = provider.get_chain_id().await.map_err(transport("eth_chainId"))?;
        let address = config.rollup;
        let code = provider
            .get_code_at(address)
            .await
            .map_err(transport("eth_getCode"))?;
        if code.is_empty() {
            return Err(L1Error::NoRollup { address, chain_id });
        }
        Ok(Self {
            rollup: Rollup::new(address, provider.clone()),
            provider,
            beacons,
            members,
            domain: Domain {
                chain_id,
                rollup: address.into_array(),
            },
            data_mode: Arc::default(),
            start_block: config.start_block,
            signer,
            mining_timeout: config.mining_timeout,
        })
    }

    /// Chain and rollup, as this node says: what signatures are bound to.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// Who signs here for transactions.
    pub fn signer(&self) -> Option<Address> {
        self.signer
    }

    /// The contract, for what this crate has no method for.
    pub fn contract(&self) -> &Rollup::RollupInstance<DynProvider> {
        &self.rollup
    }

    /// Where the rollup's batches have their public data.
    pub async fn data_mode(&self) -> Result<DataMode, L1Error> {
        let asking = async || {
            let word = self.rollup.dataMode().call().await.map_err(refused("dataMode"))?;
            Ok(DataMode::from_word(word)?)
        };
        self.data_mode.get_or_try_init(asking).await.copied()
    }

    /// The contract's counters.
    pub async fn state(&self) -> Result<RollupState, L1Error> {
        let root = self
            .rollup
            .stateRoot()
            .call()
            .await
            .map_err(refused("stateRoot"))?;
        Ok(RollupState {
            committed_batches: self.committed_batches().await?,
            proven_batches: self.proven_batches().await?,
            queued_operations: self
                .rollup
                .queuedOperations()
                .call()
                .await
                .map_err(refused("queuedOperations"))?,
            state_root: root.into(),
        })
    }

    /// Number of the newest block.
    pub async fn head(&self) -> Result<u64, L1Error> {
        self.provider
            .get_block_number()
            .await
            .map_err(transport("eth_blockNumber"))
    }

    async fn committed_batches(&self) -> Result<u64, L1Error> {
        let call = self.rollup.committedBatches();
        call.call().await.map_err(refused("committedBatches"))
    }

    async fn proven_batches(&self) -> Result<u64, L1Error> {
        let call = self.rollup.provenBatches();
        call.call().await.map_err(refused("provenBatches"))
    }
}
