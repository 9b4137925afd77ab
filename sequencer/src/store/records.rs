//! What the tables hold, as `postcard` records.

use ashlar_statement::{BatchPublicInputs, application::BatchSize, queue::L1Operation};
use serde::{Deserialize, Serialize};

use super::StoreError;

/// One item of the order log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogItem {
    /// A transaction accepted from a user: its canonical encoding.
    Signed(Vec<u8>),
    /// An operation read from L1's queue.
    L1 {
        /// Its place in the queue.
        index: u64,
        /// Its record, as [`L1Operation::record`] gives it.
        record: Vec<u8>,
    },
    /// A signed operation of which no more is known than its batch has published: the state was rebuilt from L1.
    Published {
        /// Its batch.
        batch: u64,
        /// Its place there: those of the bridge stream, then transfers.
        slot: u32,
        /// Its record.
        record: Vec<u8>,
    },
    /// As [`Self::Signed`], sponsored by the one behind it: both are executed in one batch, or neither.
    Sponsored(Vec<u8>),
}

impl LogItem {
    /// An operation of L1's queue.
    pub fn l1(index: u64, operation: &L1Operation) -> Self {
        let record = operation.record();
        Self::L1 { index, record }
    }
}

/// How far a batch has come, as L1 shows it. A reorganisation or a reverted commit moves it back.
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
    /// Ids of its transactions and L1 operations, in order of execution.
    pub transactions: Vec<[u8; 32]>,
    /// Of these, operations of L1's queue.
    pub l1_operations: u32,
    /// Queue index of the first of them, if there is one.
    pub first_l1_operation: Option<u64>,
    /// What can be claimed on L1: signed withdrawals, and forced ones that paid anything.
    pub withdrawals: u32,
    /// Signed transactions that withdraw nothing.
    pub transfers: u32,
    /// ABI encoding of the header that L1 stores the hash of once it is committed.
    pub header: Option<Vec<u8>>,
    /// The commit transaction, once included.
    pub commit: Option<L1Receipt>,
    /// The prove transaction, once included; the same as `commit` if one did both.
    pub prove: Option<L1Receipt>,
    /// Bytes of the encoded SNARK; 0 until the farm has made it.
    pub snark_bytes: u64,
    /// L1 block in which its proof was seen first, while it is not final.
    pub proven_seen_at: Option<u64>,
    /// What keeps it from moving on, for people: the farm gave up, or L1 refuses it.
    pub failure: Option<String>,
    /// Time spent per step, for reports.
    pub steps: Vec<StepRecord>,
}

impl BatchRecord {
    /// What it asks of L1 and the provers.
    pub(crate) fn size(&self) -> BatchSize {
        BatchSize {
            operations: self.transactions.len() as u32,
            l1_operations: self.l1_operations,
            withdrawals: self.withdrawals,
            bridge_bytes: self.bridge.len() as u64,
            rollup_bytes: self.rollup.len() as u64,
            chunks: self.chunks,
        }
    }

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
    /// In a sealed batch.
    InBatch {
        /// The batch.
        batch: u64,
        /// Its place among the batch's transactions, no-ops not counted.
        slot: u32,
        /// For what can be claimed on L1: what the claim needs.
        withdrawal: Option<WithdrawalRecord>,
        /// For an L1 operation: the account that a deposit went to, or that another one names.
        account: Option<u32>,
    },
    /// Taken into the log but refused at execution; the state did not change.
    Refused {
        /// Why.
        reason: String,
    },
}

/// Whose state a database holds: written at the first start, compared at every later one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// L1 chain id.
    pub chain_id: u64,
    /// Hash of L1's block 0: tells a devnet that was started anew from the one before.
    pub genesis_block: [u8; 32],
    /// Rollup contract.
    pub rollup: [u8; 20],
    /// State root before the first batch.
    pub genesis_root: [u64; 4],
    /// Digest of the circuits that batches are proven with.
    pub circuit_set: [u8; 32],
    /// Digest of the key that the contract's verifier checks proofs for.
    pub verifier_key: [u8; 32],
}

/// What an L1 transaction of the operator is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Purpose {
    /// Commits this batch.
    Commit(u64),
    /// Settles this batch.
    Prove(u64),
    /// Commits this batch and settles it.
    CommitAndProve(u64),
    /// Makes this batch of an optimistic rollup final without its proof.
    Finalize(u64),
    /// Answers a challenge of this batch, which becomes final later.
    Answer(u64),
}

impl Purpose {
    /// The batch.
    pub fn batch(self) -> u64 {
        match self {
            Self::Commit(number)
            | Self::Prove(number)
            | Self::CommitAndProve(number)
            | Self::Finalize(number)
            | Self::Answer(number) => number,
        }
    }

    /// Whether it commits this batch.
    pub fn commits(self, batch: u64) -> bool {
        self == Self::Commit(batch) || self == Self::CommitAndProve(batch)
    }

    /// Whether it makes this batch final, by its proof or without.
    pub fn settles(self, batch: u64) -> bool {
        self.batch() == batch && matches!(self, Self::Prove(_) | Self::CommitAndProve(_) | Self::Finalize(_))
    }
}

/// How the nodes took a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Broadcast {
    /// Written down, and perhaps sent.
    Unknown,
    /// A node has it.
    Accepted,
    /// A node wants a higher fee than this to replace one of the same nonce.
    Underpriced,
}

/// An L1 transaction of the operator, written down before it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// What it is for.
    pub purpose: Purpose,
    /// Keccak-256 of the call's encoding.
    pub call: [u8; 32],
    /// Hashes of all versions of this call sent under this nonce, newest last.
    pub hashes: Vec<[u8; 32]>,
    /// The newest version, signed and encoded (EIP-2718).
    pub raw: Vec<u8>,
    /// Its fee ceiling per gas, in wei.
    pub max_fee_wei: u128,
    /// Its priority fee per gas, in wei.
    pub tip_wei: u128,
    /// When this version was signed, in milliseconds since 1970.
    pub sent_unix_ms: u64,
    /// What became of that.
    pub broadcast: Broadcast,
}
