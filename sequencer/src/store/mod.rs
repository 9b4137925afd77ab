//! The node's data: two `redb` files in one folder, every change of either one transaction.
//!
//! The **order log** holds each accepted transaction and each operation of L1's queue, in the order in which they will be executed,
//! and where batches were closed; an item is durable before its sender hears that it was accepted. The **sealed state**
//! is what the log's sealed prefix led to: the application's tree nodes and values, batches, receipts, the index of
//! operations by account. After a crash the
//! unsealed rest of the log is executed again, which gives the same result because execution is deterministic. Each
//! batch keeps what it overwrote until it is final on L1, so that batches can be taken back ([`Store::unseal`]).
//!
//! They are two files because a file has one writer at a time: storing a sealed batch writes megabytes, and nobody who
//! waits for a place in the log should wait for that.

mod batches;
mod l1;
mod log;
mod operations;
mod rebuilt;
mod records;
mod state;
mod undo;

use std::path::Path;

use redb::{Database, ReadableDatabase, TableDefinition, TableHandle};

pub use batches::NewBatch;
pub use l1::Cursor;
pub use log::Cut;
pub use operations::{Of, Operation, Place};
pub use rebuilt::RebuiltLog;
pub use records::{
    BatchRecord, BatchStatus, Broadcast, Identity, L1Receipt, LogItem, Purpose, ReceiptRecord, Sent,
    StepRecord, WithdrawalRecord,
};
pub use state::Snapshot;
pub use undo::UnsealError;

/// Tree nodes by tree, level and index.
const NODES: TableDefinition<'_, (u8, u8, u64), [u8; 32]> = TableDefinition::new("nodes");
/// The application's values by its table and key.
const VALUES: TableDefinition<'_, (u8, &[u8]), &[u8]> = TableDefinition::new("values");
/// In the log's file: items by position.
const LOG: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("log");
/// In the log's file: log position behind the last item of a closed batch, by batch number.
const CUTS: TableDefinition<'_, u64, u64> = TableDefinition::new("cuts");
/// In the log's file: time of each batch in minutes since 1970, by its number.
const TIMES: TableDefinition<'_, u64, u32> = TableDefinition::new("times");
/// Counters of the log's file.
const LOG_COUNTERS: TableDefinition<'_, &str, u64> = TableDefinition::new("log_counters");
const RECEIPTS: TableDefinition<'_, [u8; 32], &[u8]> = TableDefinition::new("receipts");
/// Sealed operations by batch and slot.
const OPERATIONS: TableDefinition<'_, (u64, u32), &[u8]> = TableDefinition::new("operations");
/// The same places by account.
const HISTORY: TableDefinition<'_, (u64, u64, u32), ()> = TableDefinition::new("history");
const BATCHES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("batches");
const CHUNKS: TableDefinition<'_, (u64, u32), &[u8]> = TableDefinition::new("chunks");
const SNARKS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("snarks");
const COUNTERS: TableDefinition<'_, &str, u64> = TableDefinition::new("counters");
/// Single records by name.
const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
/// Journal of the operator's L1 transactions, by nonce.
const SENT: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("sent");
/// What each batch that is not final overwrote in the sealed state.
const UNDO: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("undo");

/// Log position up to which everything is in a sealed batch (exclusive).
const SEALED_TO: &str = "sealed_to";
/// Log position up to which operations are indexed by place and account (exclusive): with [`SEALED_TO`], but in a database
/// of a version without the index.
const INDEXED_TO: &str = "indexed_to";
/// Next free log position.
const LOG_END: &str = "log_end";
/// Queue index of the next L1 operation to append.
const NEXT_QUEUE_INDEX: &str = "next_queue_index";
/// Number of the next batch to seal.
const NEXT_BATCH: &str = "next_batch";
/// Number of the last batch whose proof is final on L1.
const FINAL_BATCH: &str = "final_batch";
/// Number of the last batch of which the farm was told what it came to on L1.
const ACCOUNTED: &str = "accounted";

/// Why the database could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database file or a transaction on it failed; free disk space and permissions are the usual causes.
    #[error("state database")]
    Database(#[source] Box<redb::Error>),
    /// Stored bytes do not decode: the file was written by another version or is damaged.
    #[error("state database: a record of table `{table}` does not decode")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// What the decoder says.
        #[source]
        source: postcard::Error,
    },
    /// A batch's public inputs are not as many as there should be.
    #[error("state database: public inputs of batch {number}")]
    PublicInputs {
        /// The batch.
        number: u64,
        /// How many there are.
        #[source]
        source: ashlar_statement::ElementsError,
    },
    /// A tree node is not four canonical field elements: the file is damaged.
    #[error("state database: node {index} of level {level} of tree {tree} is not a digest")]
    NotCanonical {
        /// The tree.
        tree: u8,
        /// Level above the leaves.
        level: u8,
        /// Index in its level.
        index: u64,
    },
    /// The order log was in the state's file: an earlier version wrote it.
    #[error(
        "state database: written by an earlier version, with its order log inside; start from an empty data folder"
    )]
    EarlierLayout,
    /// The log ends before the sealed state: one of the two files is missing or older than the other.
    #[error(
        "order log ends at {log_end}, but {sealed_to} items are sealed: `order-log.redb` is missing or from an older backup than the state database; restore both files from one backup"
    )]
    LogBehind {
        /// Next free place in the log.
        log_end: u64,
        /// Log position behind the last sealed item.
        sealed_to: u64,
    },
    /// Operations of L1's queue were handed over with a hole before them.
    #[error("operation {given} of L1's queue was read, but {expected} is next: read the blocks again")]
    OperationGap {
        /// Queue index of the next operation.
        expected: u64,
        /// Queue index that was given.
        given: u64,
    },
    /// A record that another record refers to is missing.
    #[error("state database: table `{table}` lacks record {key}")]
    Missing {
        /// The table.
        table: &'static str,
        /// Its key.
        key: String,
    },
}

impl<E: Into<redb::Error>> From<E> for StoreError {
    fn from(error: E) -> Self {
        Self::Database(Box::new(error.into()))
    }
}

/// Name of the log's file, beside the state's.
const LOG_FILE: &str = "order-log.redb";

/// The open databases.
#[derive(Debug)]
pub struct Store {
    db: Database,
    log: Database,
}

impl Store {
    /// Opens the state's database file and the log's beside it, or creates them with their tables.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let db = Database::create(path)?;
        let txn = db.begin_write()?;
        if txn.list_tables()?.any(|table| table.name() == LOG.name()) {
            return Err(StoreError::EarlierLayout);
        }
        {
            txn.open_table(NODES)?;
            txn.open_table(VALUES)?;
            txn.open_table(RECEIPTS)?;
            txn.open_table(OPERATIONS)?;
            txn.open_table(HISTORY)?;
            txn.open_table(BATCHES)?;
            txn.open_table(CHUNKS)?;
            txn.open_table(SNARKS)?;
            txn.open_table(COUNTERS)?;
            txn.open_table(META)?;
            txn.open_table(SENT)?;
            txn.open_table(UNDO)?;
        }
        txn.commit()?;
        let log = Database::create(path.with_file_name(LOG_FILE))?;
        let txn = log.begin_write()?;
        {
            txn.open_table(LOG)?;
            txn.open_table(CUTS)?;
            txn.open_table(TIMES)?;
            txn.open_table(LOG_COUNTERS)?;
        }
        txn.commit()?;
        let store = Self { db, log };
        let (log_end, sealed_to) = (store.log_end()?, store.sealed_to()?);
        if log_end < sealed_to {
            return Err(StoreError::LogBehind { log_end, sealed_to });
        }
        Ok(store)
    }

    fn log_counter(&self, name: &str) -> Result<u64, StoreError> {
        let txn = self.log.begin_read()?;
        Ok(txn.open_table(LOG_COUNTERS)?.get(name)?.map_or(0, |v| v.value()))
    }

    fn counter(&self, name: &str) -> Result<u64, StoreError> {
        let txn = self.db.begin_read()?;
        Ok(txn.open_table(COUNTERS)?.get(name)?.map_or(0, |v| v.value()))
    }

    /// Queue index of the next L1 operation to append to the log.
    pub fn next_queue_index(&self) -> Result<u64, StoreError> {
        self.log_counter(NEXT_QUEUE_INDEX)
    }

    /// Number of the last batch whose proof is final on L1; 0 before the first.
    pub fn final_batch(&self) -> Result<u64, StoreError> {
        self.counter(FINAL_BATCH)
    }

    /// Number of the next batch to seal; the first is 1 (0 is the genesis state).
    pub fn next_batch(&self) -> Result<u64, StoreError> {
        Ok(self.counter(NEXT_BATCH)?.max(1))
    }

    /// Log position up to which everything is in a sealed batch (exclusive).
    pub fn sealed_to(&self) -> Result<u64, StoreError> {
        self.counter(SEALED_TO)
    }

    /// Next free place in the log.
    pub fn log_end(&self) -> Result<u64, StoreError> {
        self.log_counter(LOG_END)
    }
}

fn decode<T: serde::de::DeserializeOwned>(table: &'static str, bytes: &[u8]) -> Result<T, StoreError> {
    postcard::from_bytes(bytes).map_err(|source| StoreError::Corrupt { table, source })
}

fn encode<T: serde::Serialize>(table: &'static str, value: &T) -> Result<Vec<u8>, StoreError> {
    postcard::to_allocvec(value).map_err(|source| StoreError::Corrupt { table, source })
}
