//! What the tables hold, as `postcard` records.

use ashlar_statement::BatchPublicInputs;
use serde::{Deserialize, Serialize};

use super::StoreError;

/// One item of the order log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogItem {
    /// A transaction accepted from a user: its canonical encoding.
    Signed(Vec<u8>),
    /// A deposit read from L1.
    Deposit {
        /// Its number in the L1 queue.
        number: u64,
        /// Token index.
        token: u8,
        /// Amount in units of the token.
        amount: u64,
        /// L2 key hash, four canonical Goldilocks elements.
        key_hash: [u64; 4],
    },
}

/// How far a batch has come. Ordered: a batch never moves back, but for a reverted L1 commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum BatchStatus {
    /// Executed and stored.
    Sealed,
    /// Its data is on L1.
    Committed,
    /// Its proof was accepted on L1.
    Proven,
}

/// A sealed batch, without its chunk witnesses and its SNARK (tables of their own).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchRecord {
    /// Batch number, from 1.
    pub number: u64,
    /// How far it has come.
    pub status: BatchStatus,
    /// Public inputs in field order, canonical.
    pub public_inputs: Vec<u64>,
    /// Bridge stream.
    pub bridge: Vec<u8>,
    /// Rollup stream.
    pub rollup: Vec<u8>,
    /// Number of chunks.
    pub chunks: u32,
    /// Ids of its transactions and deposits, in order of execution.
    pub transactions: Vec<[u8; 32]>,
    /// ABI encoding of the header that L1 stored the hash of, once committed.
    pub header: Option<Vec<u8>>,
    /// The commit transaction, once included.
    pub commit: Option<L1Receipt>,
    /// The prove transaction, once included.
    pub prove: Option<L1Receipt>,
    /// Bytes of the encoded SNARK; 0 until the farm has made it.
    pub snark_bytes: u64,
    /// Why proving failed, if the farm gave up.
    pub failure: Option<String>,
    /// Time spent per step, for reports.
    pub steps: Vec<StepRecord>,
}

impl BatchRecord {
    /// Its public inputs as canonical integers.
    ///
    /// # Errors
    /// If the record was written by another version, or is damaged.
    pub fn public_inputs(&self) -> Result<BatchPublicInputs<u64>, StoreError> {
        BatchPublicInputs::from_slice(&self.public_inputs).map_err(|source| StoreError::PublicInputs {
            number: self.number,
            source,
        })
    }
}

/// An L1 transaction that was included and succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct L1Receipt {
    /// Transaction hash.
    pub hash: [u8; 32],
    /// Its block.
    pub block_number: u64,
    /// Gas it used.
    pub gas_used: u64,
}

/// Time and memory of one step of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Name of the step, see `StepTiming` in `sequencer.proto`.
    pub name: String,
    /// Wall time in microseconds.
    pub micros: u64,
    /// Peak resident memory of the process that ran it, in bytes; 0 if not measured.
    pub peak_rss_bytes: u64,
}

/// A withdrawal in a sealed batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawalRecord {
    /// Place among the batch's withdrawals.
    pub index: u32,
    /// L1 address that may claim it.
    pub recipient: [u8; 20],
    /// Token index.
    pub token: u8,
    /// Amount in units of the token.
    pub amount: u64,
}

/// Where an accepted transaction ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReceiptRecord {
    /// In the log, not yet in a sealed batch.
    Accepted {
        /// Its place in the log.
        position: u64,
    },
    /// In a sealed batch.
    InBatch {
        /// The batch.
        batch: u64,
        /// Its place among the batch's transactions, no-ops not counted.
        slot: u32,
        /// For a withdrawal: what its claim on L1 needs.
        withdrawal: Option<WithdrawalRecord>,
        /// For a deposit: the account it went to.
        account: Option<u32>,
    },
    /// Taken into the log but refused at execution; the state did not change.
    Refused {
        /// Why.
        reason: String,
    },
}
