//! The order log.

use redb::{ReadableDatabase, ReadableTable};

use super::{
    COUNTERS, LOG, LOG_END, LOG_IDS, LogItem, NEXT_DEPOSIT, RECEIPTS, ReceiptRecord, SEALED_TO, Store,
    StoreError, decode, encode,
};

impl Store {
    /// Appends a user's transaction; durable on return. Gives the position, or `None` if the id is known already.
    pub fn append_signed(&self, id: [u8; 32], encoding: &[u8]) -> Result<Option<u64>, StoreError> {
        let txn = self.db.begin_write()?;
        let position = {
            let mut ids = txn.open_table(LOG_IDS)?;
            if ids.get(id)?.is_some() {
                return Ok(None);
            }
            let mut counters = txn.open_table(COUNTERS)?;
            let position = counters.get(LOG_END)?.map_or(0, |v| v.value());
            ids.insert(id, position)?;
            let item = encode("log", &LogItem::Signed(encoding.to_vec()))?;
            txn.open_table(LOG)?.insert(position, item.as_slice())?;
            let receipt = encode("receipts", &ReceiptRecord::Accepted { position })?;
            txn.open_table(RECEIPTS)?.insert(id, receipt.as_slice())?;
            counters.insert(LOG_END, position + 1)?;
            position
        };
        txn.commit()?;
        Ok(Some(position))
    }

    /// Appends deposits in queue order, each exactly once: those that are in the log already are passed over. Gives the new items with their positions.
    pub fn append_deposits(&self, deposits: &[LogItem]) -> Result<Vec<(u64, LogItem)>, StoreError> {
        let txn = self.db.begin_write()?;
        let mut added = Vec::new();
        {
            let mut counters = txn.open_table(COUNTERS)?;
            let mut log = txn.open_table(LOG)?;
            let mut next = counters.get(NEXT_DEPOSIT)?.map_or(0, |v| v.value());
            let mut end = counters.get(LOG_END)?.map_or(0, |v| v.value());
            for item in deposits {
                let LogItem::Deposit { number, .. } = item else {
                    continue;
                };
                if *number != next {
                    continue;
                }
                log.insert(end, encode("log", item)?.as_slice())?;
                added.push((end, item.clone()));
                next += 1;
                end += 1;
            }
            counters.insert(NEXT_DEPOSIT, next)?;
            counters.insert(LOG_END, end)?;
        }
        txn.commit()?;
        Ok(added)
    }

    /// The items that are not in a sealed batch yet, in order.
    pub fn unsealed(&self) -> Result<Vec<(u64, LogItem)>, StoreError> {
        let txn = self.db.begin_read()?;
        let from = txn.open_table(COUNTERS)?.get(SEALED_TO)?.map_or(0, |v| v.value());
        let log = txn.open_table(LOG)?;
        let mut items = Vec::new();
        for entry in log.range(from..)? {
            let (position, bytes) = entry?;
            items.push((position.value(), decode("log", bytes.value())?));
        }
        Ok(items)
    }

    /// The deposits in the log from this number on, newest first.
    pub fn deposits_from(&self, from: u64) -> Result<Vec<LogItem>, StoreError> {
        let txn = self.db.begin_read()?;
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

    /// Where the transaction with this id ended.
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
