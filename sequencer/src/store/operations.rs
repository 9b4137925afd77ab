//! The index of sealed operations: by place, and by account.
//!
//! It holds where in the log an operation is, and repeats nothing of it.

use redb::{ReadOnlyTable, ReadableDatabase, ReadableTable, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::{
    COUNTERS, HISTORY, INDEXED_TO, LOG, LogItem, OPERATIONS, SEALED_TO, Store, StoreError, decode, encode,
};

/// Where an operation stands: its batch, and its slot among the batch's operations. Later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The batch.
    pub batch: u64,
    /// Slot in the batch, no-ops not counted.
    pub slot: u32,
}

/// A sealed operation, as the index knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Its position in the log.
    pub position: u64,
    /// Accounts that it concerns, each once.
    pub accounts: Vec<u64>,
}

/// Whose operations are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Those that concern an account.
    Account(u64),
    /// Those of a batch.
    Batch(u64),
}

/// Adds operations, and notes up to where in the log all are known.
pub(super) fn add(
    txn: &WriteTransaction,
    operations: &[(Place, Operation)],
    indexed_to: u64,
) -> Result<(), StoreError> {
    let mut by_place = txn.open_table(OPERATIONS)?;
    let mut by_account = txn.open_table(HISTORY)?;
    for (Place { batch, slot }, operation) in operations {
        by_place.insert((*batch, *slot), encode("operations", operation)?.as_slice())?;
        for account in &operation.accounts {
            by_account.insert((*account, *batch, *slot), ())?;
        }
    }
    txn.open_table(COUNTERS)?.insert(INDEXED_TO, indexed_to)?;
    Ok(())
}

/// Takes the operations of a batch out again. Before it is sealed anew they are the log's alone, from `sealed_to` on.
pub(super) fn take_back(txn: &WriteTransaction, batch: u64, sealed_to: u64) -> Result<(), StoreError> {
    let mut by_place = txn.open_table(OPERATIONS)?;
    let mut by_account = txn.open_table(HISTORY)?;
    for entry in by_place.range((batch, 0)..=(batch, u32::MAX))? {
        let (place, bytes) = entry?;
        let (_, slot) = place.value();
        for account in decode::<Operation>("operations", bytes.value())?.accounts {
            by_account.remove((account, batch, slot))?;
        }
    }
    by_place.retain_in((batch, 0)..=(batch, u32::MAX), |_, _| false)?;
    let mut counters = txn.open_table(COUNTERS)?;
    // An earlier version's database may not be indexed so far.
    let indexed_to = counters.get(INDEXED_TO)?.map_or(0, |position| position.value());
    counters.insert(INDEXED_TO, indexed_to.min(sealed_to))?;
    Ok(())
}

impl Store {
    /// The part of the log that is sealed and not in the index: none, but in a database that an earlier version has made.
    pub fn unindexed(&self) -> Result<std::ops::Range<u64>, StoreError> {
        Ok(self.counter(INDEXED_TO)?..self.counter(SEALED_TO)?)
    }

    /// Adds operations of sealed batches to the index, which is then complete up to this log position.
    pub fn index(&self, operations: &[(Place, Operation)], indexed_to: u64) -> Result<(), StoreError> {
        let txn = self.db.begin_write()?;
        add(&txn, operations, indexed_to)?;
        txn.commit()?;
        Ok(())
    }

    /// Places of operations, the latest first: at most `limit` of those before `before`.
    pub fn places(&self, of: Of, before: Option<Place>, limit: usize) -> Result<Vec<Place>, StoreError> {
        let txn = self.db.begin_read()?;
        let end = before.unwrap_or(Place {
            batch: u64::MAX,
            slot: u32::MAX,
        });
        let mut places = Vec::new();
        match of {
            Of::Account(account) => {
                let table = txn.open_table(HISTORY)?;
                let range = table.range((account, 0, 0)..(account, end.batch, end.slot))?;
                for entry in range.rev().take(limit) {
                    let (_, batch, slot) = entry?.0.value();
                    places.push(Place { batch, slot });
                }
            }
            Of::Batch(batch) => {
                let end = end.min(Place {
                    batch,
                    slot: u32::MAX,
                });
                if end.batch < batch {
                    return Ok(places);
                }
                let table = txn.open_table(OPERATIONS)?;
                for entry in table.range((batch, 0)..(batch, end.slot))?.rev().take(limit) {
                    let (batch, slot) = entry?.0.value();
                    places.push(Place { batch, slot });
                }
            }
        }
        Ok(places)
    }

    /// What a batch was made of, as the log has it: at most `limit` items from a slot on, in order.
    pub fn items(&self, batch: u64, from_slot: u32, limit: usize) -> Result<Vec<LogItem>, StoreError> {
        let txn = self.db.begin_read()?;
        let table = txn.open_table(OPERATIONS)?;
        let log = self.log.begin_read()?;
        let log = log.open_table(LOG)?;
        let mut items = Vec::new();
        for entry in table.range((batch, from_slot)..=(batch, u32::MAX))?.take(limit) {
            items.push(item_of(&log, entry?.1.value())?);
        }
        Ok(items)
    }

    /// The operation at a place, as the log has it; `None` if there is no such place (any more).
    pub fn operation(&self, place: Place) -> Result<Option<LogItem>, StoreError> {
        let txn = self.db.begin_read()?;
        let table = txn.open_table(OPERATIONS)?;
        let Some(bytes) = table.get((place.batch, place.slot))? else {
            return Ok(None);
        };
        let log = self.log.begin_read()?;
        let log = log.open_table(LOG)?;
        Ok(Some(item_of(&log, bytes.value())?))
    }
}

/// The item of the log that an entry of the index stands for.
fn item_of(log: &ReadOnlyTable<u64, &[u8]>, entry: &[u8]) -> Result<LogItem, StoreError> {
    let Operation { position, .. } = decode("operations", entry)?;
    let item = log.get(position)?.ok_or_else(|| StoreError::Missing {
        table: "log",
        key: position.to_string(),
    })?;
    decode("log", item.value())
}
