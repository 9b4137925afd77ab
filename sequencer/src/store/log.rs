//! The order log, in its own file.

use redb::{ReadableDatabase, ReadableTable, WriteTransaction};

use super::{
    CUTS, LOG, LOG_COUNTERS, LOG_END, LogItem, NEXT_DEPOSIT, RECEIPTS, ReceiptRecord, Store, StoreError,
    decode, encode,
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
    pub fn append_signed(&self, encodings: &[Vec<u8>]) -> Result<u64, StoreError> {
        let txn = self.log.begin_write()?;
        let first = counter(&txn, LOG_END)?;
        {
            let mut log = txn.open_table(LOG)?;
            for (position, encoding) in (first..).zip(encodings) {
                let item = encode("log", &LogItem::Signed(encoding.clone()))?;
                log.insert(position, item.as_slice())?;
            }
            let mut counters = txn.open_table(LOG_COUNTERS)?;
            counters.insert(LOG_END, first + encodings.len() as u64)?;
        }
        txn.commit()?;
        Ok(first)
    }

    /// Appends deposits in queue order, each exactly once: those that are in the log already are passed over, and nothing
    /// is taken in behind a gap. Gives the next free position.
    ///
    /// # Errors
    /// [`StoreError::DepositGap`] if a deposit is missing: L1's node has answered with a part of the truth.
    pub fn append_deposits(&self, deposits: &[LogItem]) -> Result<u64, StoreError> {
        let txn = self.log.begin_write()?;
        let mut next = counter(&txn, NEXT_DEPOSIT)?;
        let mut end = counter(&txn, LOG_END)?;
        {
            let mut log = txn.open_table(LOG)?;
            for item in deposits {
                let LogItem::Deposit { number, .. } = item else {
                    continue;
                };
                if *number < next {
                    continue;
                }
                if *number > next {
                    return Err(StoreError::DepositGap {
                        expected: next,
                        given: *number,
                    });
                }
                log.insert(end, encode("log", item)?.as_slice())?;
                next += 1;
                end += 1;
            }
            let mut counters = txn.open_table(LOG_COUNTERS)?;
            counters.insert(NEXT_DEPOSIT, next)?;
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

    /// The deposits in the log from this number on, newest first.
    pub fn deposits_from(&self, from: u64) -> Result<Vec<LogItem>, StoreError> {
        let txn = self.log.begin_read()?;
        let mut deposits = Vec::new();
        for entry in txn.open_table(LOG)?.iter()?.rev() {
            let item: LogItem = decode("log", entry?.1.value())?;
            match item {
                LogItem::Deposit { number, .. } if number < from => break,
                LogItem::Deposit { .. } => deposits.push(item),
                LogItem::Signed(_) => {}
            }
        }
        Ok(deposits)
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
