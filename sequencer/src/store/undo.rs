//! Taking sealed batches back: each keeps what it overwrote until it is final.

use std::collections::BTreeMap;

use ashlar_statement::state::StateChanges;
use redb::{ReadableTable, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::{
    BATCHES, BatchRecord, BatchStatus, CHUNKS, COUNTERS, CUTS, LOG, LOG_COUNTERS, LOG_END, LogItem, META,
    NEXT_BATCH, NEXT_QUEUE_INDEX, NODES, RECEIPTS, SEALED_TO, SNARKS, Store, StoreError, UNDO, VALUES,
    decode, encode, l1::CURSOR, operations,
};

/// A node's place and what it held.
type OldNode = ((u8, u8, u64), Option<[u8; 32]>);
/// A value's table, key, and what it held.
type OldValue = (u8, Vec<u8>, Option<Vec<u8>>);

/// What one batch overwrote.
#[derive(Debug, Serialize, Deserialize)]
struct Undo {
    /// Log position before the batch's first item.
    sealed_to: u64,
    nodes: Vec<OldNode>,
    values: Vec<OldValue>,
}

/// Keeps what `changes` are about to overwrite.
pub(super) fn keep(txn: &WriteTransaction, batch: u64, changes: &StateChanges) -> Result<(), StoreError> {
    let sealed_to = txn
        .open_table(COUNTERS)?
        .get(SEALED_TO)?
        .map_or(0, |position| position.value());
    let mut undo = Undo {
        sealed_to,
        nodes: Vec::new(),
        values: Vec::new(),
    };
    let nodes = txn.open_table(NODES)?;
    for place in changes.nodes.keys() {
        undo.nodes
            .push((*place, nodes.get(place)?.map(|bytes| bytes.value())));
    }
    let values = txn.open_table(VALUES)?;
    for (table, key) in changes.values.keys() {
        let old = values.get((*table, key.as_slice()))?;
        undo.values
            .push((*table, key.clone(), old.map(|bytes| bytes.value().to_vec())));
    }
    txn.open_table(UNDO)?
        .insert(batch, encode("undo", &undo)?.as_slice())?;
    Ok(())
}

/// Why batches cannot be taken back. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum UnsealError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Not a sealed batch.
    #[error("batch {number} is not sealed: the last one is {last}")]
    NotSealed {
        /// The batch.
        number: u64,
        /// Last sealed batch.
        last: u64,
    },
    /// It stands on L1.
    #[error(
        "batch {number} is {status:?} on L1; only batches that L1 does not hold can be taken back (revert its commit first)"
    )]
    OnL1 {
        /// The batch.
        number: u64,
        /// How far it has come.
        status: BatchStatus,
    },
}

impl From<redb::TransactionError> for UnsealError {
    fn from(error: redb::TransactionError) -> Self {
        Self::Store(error.into())
    }
}

impl From<redb::CommitError> for UnsealError {
    fn from(error: redb::CommitError) -> Self {
        Self::Store(error.into())
    }
}

impl Store {
    /// Takes back the batches from `first` on: the state before them is restored, and their operations are the unsealed
    /// part of the log again. `without_l1_from` also takes the L1 operations from that queue index on out of the log,
    /// to be read anew; with them alone, `first` is the next batch. For a stopped sequencer.
    ///
    /// # Errors
    /// If one of them stands on L1, or there is no such batch.
    pub fn unseal(&self, first: u64, without_l1_from: Option<u64>) -> Result<(), UnsealError> {
        let last = self.next_batch()? - 1;
        let is_log_alone = first == last + 1 && without_l1_from.is_some();
        if !(1..=last).contains(&first) && !is_log_alone {
            return Err(UnsealError::NotSealed { number: first, last });
        }
        for number in first..=last {
            let record = self.batch(number)?.ok_or_else(|| missing("batches", number))?;
            let status = record.status;
            if status != BatchStatus::Sealed {
                return Err(UnsealError::OnL1 { number, status });
            }
        }
        // Two files, so three steps: after a crash between any two the node is whole, and the command can be repeated.
        // Where sealed batches were closed is not needed while they are sealed.
        self.forget_cuts(first)?;
        let txn = self.db.begin_write()?;
        for number in (first..=last).rev() {
            take_back(&txn, number)?;
        }
        if without_l1_from.is_some() {
            txn.open_table(META)
                .map_err(StoreError::from)?
                .remove(CURSOR)
                .map_err(StoreError::from)?; // they are before it
        }
        txn.commit()?;
        if let Some(index) = without_l1_from {
            self.drop_l1_operations(index)?;
        }
        Ok(())
    }

    /// Lets batches from this one on end elsewhere than they did.
    fn forget_cuts(&self, first: u64) -> Result<(), StoreError> {
        let txn = self.log.begin_write()?;
        txn.open_table(CUTS)?.retain_in(first.., |_, _| false)?;
        txn.commit()?;
        Ok(())
    }

    /// Takes L1 operations out of the unsealed part of the log, whose positions stay without gaps.
    fn drop_l1_operations(&self, from: u64) -> Result<(), StoreError> {
        let sealed_to = self.sealed_to()?;
        let txn = self.log.begin_write()?;
        {
            let mut log = txn.open_table(LOG)?;
            let mut kept = BTreeMap::new();
            let mut next = sealed_to;
            for entry in log.range(sealed_to..)? {
                match decode("log", entry?.1.value())? {
                    LogItem::L1 { index, .. } if index >= from => {}
                    item => {
                        kept.insert(next, item);
                        next += 1;
                    }
                }
            }
            log.retain_in(sealed_to.., |_, _| false)?;
            for (position, item) in &kept {
                log.insert(position, encode("log", item)?.as_slice())?;
            }
            let mut counters = txn.open_table(LOG_COUNTERS)?;
            counters.insert(LOG_END, next)?;
            let known = counters.get(NEXT_QUEUE_INDEX)?.map_or(0, |index| index.value());
            counters.insert(NEXT_QUEUE_INDEX, known.min(from))?;
        }
        txn.commit()?;
        Ok(())
    }

    /// The first batch that holds the L1 operation with this queue index or a later one, if one is sealed.
    pub fn batch_of_l1_operation(&self, index: u64) -> Result<Option<u64>, StoreError> {
        let (mut next, end) = (0, self.next_batch()?);
        for number in 1..end {
            let record = self.batch(number)?.ok_or_else(|| missing("batches", number))?;
            next += u64::from(record.l1_operations);
            if index < next {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }
}

fn missing(table: &'static str, key: u64) -> StoreError {
    StoreError::Missing {
        table,
        key: key.to_string(),
    }
}

fn take_back(txn: &WriteTransaction, number: u64) -> Result<(), StoreError> {
    let undo: Undo = match txn.open_table(UNDO)?.remove(number)? {
        Some(bytes) => decode("undo", bytes.value())?,
        None => return Err(missing("undo", number)),
    };
    let mut nodes = txn.open_table(NODES)?;
    for (place, old) in &undo.nodes {
        match old {
            Some(hash) => nodes.insert(place, hash)?,
            None => nodes.remove(place)?,
        };
    }
    let mut values = txn.open_table(VALUES)?;
    for (table, key, old) in &undo.values {
        match old {
            Some(value) => values.insert((*table, key.as_slice()), value.as_slice())?,
            None => values.remove((*table, key.as_slice()))?,
        };
    }
    let record: BatchRecord = match txn.open_table(BATCHES)?.remove(number)? {
        Some(bytes) => decode("batches", bytes.value())?,
        None => return Err(missing("batches", number)),
    };
    let mut receipts = txn.open_table(RECEIPTS)?;
    for id in &record.transactions {
        receipts.remove(id)?; // they are in the log alone again
    }
    operations::take_back(txn, number, undo.sealed_to)?;
    txn.open_table(CHUNKS)?
        .retain_in((number, 0)..=(number, u32::MAX), |_, _| false)?;
    txn.open_table(SNARKS)?.remove(number)?;
    let mut counters = txn.open_table(COUNTERS)?;
    counters.insert(SEALED_TO, undo.sealed_to)?;
    counters.insert(NEXT_BATCH, number)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_that_was_never_sealed_cannot_be_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.redb")).unwrap();
        assert!(matches!(
            store.unseal(1, None),
            Err(UnsealError::NotSealed { number: 1, last: 0 })
        ));
    }
}
