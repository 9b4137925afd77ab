//! The order log, in its own file.

use redb::{ReadableDatabase, ReadableTable, WriteTransaction};

use super::{
    CUTS, LOG, LOG_COUNTERS, LOG_END, LogItem, NEXT_QUEUE_INDEX, RECEIPTS, ReceiptRecord, Store, StoreError,
    TIMES, decode, encode,
};

/// Where a batch was closed. It is durable before anything is executed on top of the batch, so that a replay closes it at
/// the same place, with the same state behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Number of the batch.
    pub batch: u64,
    /// Log position behind its last item.
    pub position: u64,
}

impl Store {
    /// Appends users' transactions that were executed in this order; durable on return. Gives the first one's position.
    pub fn append_signed(&self, items: &[LogItem]) -> Result<u64, StoreError> {
        let txn = self.log.begin_write()?;
        let first = counter(&txn, LOG_END)?;
        {
            let mut log = txn.open_table(LOG)?;
            for (position, item) in (first..).zip(items) {
                log.insert(position, encode("log", item)?.as_slice())?;
            }
            let mut counters = txn.open_table(LOG_COUNTERS)?;
            counters.insert(LOG_END, first + items.len() as u64)?;
        }
        txn.commit()?;
        Ok(first)
    }

    /// Appends operations of L1's queue in its order, each exactly once: those that are in the log already are passed over,
    /// and nothing is taken in behind a gap. Gives the next free position.
    ///
    /// # Errors
    /// [`StoreError::OperationGap`] if one is missing: L1's node has answered with a part of the truth.
    pub fn append_l1(&self, operations: &[LogItem]) -> Result<u64, StoreError> {
        let txn = self.log.begin_write()?;
        let mut next = counter(&txn, NEXT_QUEUE_INDEX)?;
        let mut end = counter(&txn, LOG_END)?;
        {
            let mut log = txn.open_table(LOG)?;
            for item in operations {
                let LogItem::L1 { index, .. } = item else {
                    continue;
                };
                if *index < next {
                    continue;
                }
                if *index > next {
                    return Err(StoreError::OperationGap {
                        expected: next,
                        given: *index,
                    });
                }
                log.insert(end, encode("log", item)?.as_slice())?;
                next += 1;
                end += 1;
            }
            let mut counters = txn.open_table(LOG_COUNTERS)?;
            counters.insert(NEXT_QUEUE_INDEX, next)?;
            counters.insert(LOG_END, end)?;
        }
        txn.commit()?;
        Ok(end)
    }

    /// Notes where a batch was closed, and forgets where later ones were: they begin elsewhere now. Durable on return.
    pub fn append_cut(&self, cut: Cut) -> Result<(), StoreError> {
        let txn = self.log.begin_write()?;
        {
            let mut cuts = txn.open_table(CUTS)?;
            cuts.retain_in(cut.batch.., |_, _| false)?;
            cuts.insert(cut.batch, cut.position)?;
        }
        txn.commit()?;
        Ok(())
    }

    /// Where the batch was closed, if it was.
    pub fn cut(&self, batch: u64) -> Result<Option<Cut>, StoreError> {
        let txn = self.log.begin_read()?;
        let position = txn.open_table(CUTS)?.get(batch)?.map(|position| position.value());
        Ok(position.map(|position| Cut { batch, position }))
    }

    /// Notes a batch's time in minutes since 1970, before anything is executed in it: what is executed is judged by it, at a
    /// replay too. Durable on return.
    pub fn set_batch_time(&self, batch: u64, time: u32) -> Result<(), StoreError> {
        let txn = self.log.begin_write()?;
        txn.open_table(TIMES)?.insert(batch, time)?;
        txn.commit()?;
        Ok(())
    }

    /// The time of a batch, if anything was executed in it.
    pub fn batch_time(&self, batch: u64) -> Result<Option<u32>, StoreError> {
        let txn = self.log.begin_read()?;
        Ok(txn.open_table(TIMES)?.get(batch)?.map(|time| time.value()))
    }

    /// At most `limit` items from a position on, in order.
    pub fn log_items(&self, from: u64, limit: usize) -> Result<Vec<(u64, LogItem)>, StoreError> {
        let txn = self.log.begin_read()?;
        let log = txn.open_table(LOG)?;
        let mut items = Vec::new();
        for entry in log.range(from..)?.take(limit) {
            let (position, bytes) = entry?;
            items.push((position.value(), decode("log", bytes.value())?));
        }
        Ok(items)
    }

    /// The items that are not in a sealed batch yet, in order.
    pub fn unsealed(&self) -> Result<Vec<(u64, LogItem)>, StoreError> {
        self.log_items(self.sealed_to()?, usize::MAX)
    }

    /// The operations of L1's queue that the log has from this queue index on, in order.
    pub fn l1_operations_from(&self, from: u64) -> Result<Vec<LogItem>, StoreError> {
        let txn = self.log.begin_read()?;
        let mut operations = Vec::new();
        for entry in txn.open_table(LOG)?.iter()?.rev() {
            let item: LogItem = decode("log", entry?.1.value())?;
            match item {
                LogItem::L1 { index, .. } if index < from => break,
                LogItem::L1 { .. } => operations.push(item),
                LogItem::Signed(_) | LogItem::Sponsored(_) | LogItem::Published { .. } => {}
            }
        }
        operations.reverse();
        Ok(operations)
    }

    /// Where the transaction with this id ended, once its batch is sealed.
    pub fn receipt(&self, id: [u8; 32]) -> Result<Option<ReceiptRecord>, StoreError> {
        let txn = self.db.begin_read()?;
        let table = txn.open_table(RECEIPTS)?;
        table
            .get(id)?
            .map(|bytes| decode("receipts", bytes.value()))
            .transpose()
    }

    /// Notes that an accepted transaction was refused at execution.
    pub fn refuse(&self, id: [u8; 32], reason: &str) -> Result<(), StoreError> {
        let txn = self.db.begin_write()?;
        let receipt = encode(
            "receipts",
            &ReceiptRecord::Refused {
                reason: reason.to_owned(),
            },
        )?;
        txn.open_table(RECEIPTS)?.insert(id, receipt.as_slice())?;
        txn.commit()?;
        Ok(())
    }
}

fn counter(txn: &WriteTransaction, name: &str) -> Result<u64, StoreError> {
    Ok(txn.open_table(LOG_COUNTERS)?.get(name)?.map_or(0, |v| v.value()))
}
