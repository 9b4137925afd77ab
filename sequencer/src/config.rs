//! What an operator sets.

mod bounds;
mod commit_when;
mod fees;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use ashlar_contracts::DataMode;
use ashlar_identity::grpc::Link;
use ashlar_payments::batch::Shapes;
use ashlar_statement::application::BatchSize;
use ashlar_traces::Traces;

use crate::{demand::ProveWhen, l1::L1Settings, metrics::SequencerMetrics};

pub(crate) use bounds::fits_with_proof;
pub use bounds::{BoundError, Bounds, MAX_CHUNKS};
pub use commit_when::{CommitWhen, UnknownCommitWhen};
pub use fees::FeePolicy;

/// Sealed batches without a proof on L1, where proofs are what batches wait for.
const MAX_UNPROVEN: u32 = 64;

/// Configuration of one sequencer process.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folder of the state database.
    pub data_dir: PathBuf,
    /// Where the public gRPC API listens. Plain text, so loopback only; put a TLS proxy in front of it.
    pub listen: SocketAddr,
    /// Where the same is served over HTTP and JSON, with the explorer; nowhere by default. Loopback only, too.
    pub http: Option<SocketAddr>,
    /// Folder with the browser wallet, served beside it; none by default.
    pub wallet_dir: Option<PathBuf>,
    /// Block explorer of L1 that the explorer links to, without a slash at the end; none by default.
    pub l1_explorer: Option<String>,
    /// How L1 is asked, believed and paid.
    pub l1: L1Settings,
    /// Chain that L1 must be; `None` takes the one it is at the first start.
    pub chain_id: Option<u64>,
    /// Where the rollup must have its public data; `None` takes what the contract says.
    pub data: Option<DataMode>,
    /// Address of the rollup contract.
    pub rollup: [u8; 20],
    /// L1 private key of the operator that commits and settles.
    pub operator_key: [u8; 32],
    /// The way to the farm's coordinator.
    pub farm: Link,
    /// Digest of the circuits that the farm proves with.
    pub circuit_set_digest: [u8; 32],
    /// L1 address whose first account fees are credited to; the operator's by default.
    pub fee_owner: Option<[u8; 20]>,
    /// Sizes of the chunks that batches are made of, all or some of the circuits' ([`ashlar_payments::batch::SHAPES`]).
    pub shapes: Shapes,
    /// When to seal.
    pub sealing: Sealing,
    /// When sealed batches are committed.
    pub commit_when: CommitWhen,
    /// When batches of an optimistic rollup are proven; those of others always are.
    pub prove_when: ProveWhen,
    /// How often L1 is asked for news.
    pub poll_interval: Duration,
    /// Limits of the public API.
    pub limits: Limits,
    /// What transactions must pay.
    pub fees: FeePolicy,
    /// What it counts with.
    pub metrics: SequencerMetrics,
    /// Where it tells of batches at the farm.
    pub traces: Traces,
}

/// When an open batch is closed.
#[derive(Clone, Copy, Debug)]
pub struct Sealing {
    /// At this many transactions and L1 operations.
    pub max_transactions: u32,
    /// When its first transaction is this old.
    pub max_age: Duration,
    /// Before it asks too much of L1 or the provers.
    pub bounds: Bounds,
}

/// What one node takes before it refuses.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one encoded transaction.
    pub max_transaction_bytes: u32,
    /// Commands waiting for the executor; senders wait beyond it.
    pub queue: u32,
    /// How far ahead of its account's nonce a transaction may be and wait for those before it.
    pub nonce_window: u32,
    /// Transactions that wait for earlier ones, of all accounts.
    pub waiting: u32,
    /// How long a transaction waits for earlier ones while its account stands still.
    pub patience: Duration,
    /// Sealed batches without a proof on L1: beyond it, transactions are refused, and L1 operations still taken. By default
    /// 64, or any number in an optimistic rollup, whose batches wait for their windows.
    pub max_unproven: Option<u32>,
}

impl Default for Sealing {
    fn default() -> Self {
        Self {
            max_transactions: 1024,
            max_age: Duration::from_secs(60),
            bounds: Bounds::default(),
        }
    }
}

impl Limits {
    /// Most sealed batches without a proof on L1.
    pub fn max_unproven(&self, is_optimistic: bool) -> u32 {
        let usual = if is_optimistic { u32::MAX } else { MAX_UNPROVEN };
        self.max_unproven.unwrap_or(usual)
    }
}

impl Sealing {
    /// The same for a rollup of this data mode.
    pub fn in_mode(self, data: DataMode) -> Self {
        let bounds = Bounds { data, ..self.bounds };
        Self { bounds, ..self }
    }

    /// Whether a batch may become this large.
    pub fn allows(&self, size: &BatchSize) -> bool {
        size.operations <= self.max_transactions && self.bounds.allow(size)
    }

    /// Checks that a batch within these limits can be committed and proved.
    ///
    /// # Errors
    /// The setting that cannot be, with the limit that it breaks.
    pub fn check(&self) -> Result<(), BoundError> {
        self.bounds.check(self.max_transactions)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_transaction_bytes: 512,
            queue: 1024,
            nonce_window: 4096,
            waiting: 16_384,
            patience: Duration::from_secs(10),
            max_unproven: None,
        }
    }
}
