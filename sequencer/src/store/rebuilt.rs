//! What a rebuild from L1 writes besides batches and state.

use redb::ReadableDatabase;

use super::{LOG, LOG_COUNTERS, LOG_END, LogItem, META, NEXT_QUEUE_INDEX, Store, StoreError, TIMES, encode};

/// In the meta table while a rebuild is not at its end.
const REBUILDING: &str = "rebuilding";

/// A batch's part of the order log, as its public data have it.
#[derive(Debug)]
pub struct RebuiltLog {
    /// The batch.
    pub batch: u64,
    /// Its time, in minutes since 1970.
    pub time: u32,
    /// Its operations.
    pub items: Vec<LogItem>,
    /// Queue index of the first operation that is in no batch up to this one.
    pub next_queue_index: u64,
}

impl Store {
    /// Whether nothing was ever written.
    pub fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(self.identity()?.is_none()
            && self.next_batch()? == 1
            && self.log_end()? == 0
            && self.l1_cursor()?.is_none())
    }

    /// Whether a rebuild was begun and did not come to its end.
    pub fn is_being_rebuilt(&self) -> Result<bool, StoreError> {
        let txn = self.db.begin_read()?;
        Ok(txn.open_table(META)?.get(REBUILDING)?.is_some())
    }

    /// Notes that a rebuild begins, or that it is at its end.
    pub fn set_being_rebuilt(&self, is_rebuilt: bool) -> Result<(), StoreError> {
        let txn = self.db.begin_write()?;
        {
            let mut meta = txn.open_table(META)?;
            if is_rebuilt {
                meta.insert(REBUILDING, [].as_slice())?;
            } else {
                meta.remove(REBUILDING)?;
            }
        }
        txn.commit()?;
        Ok(())
    }

    /// Puts a batch's operations behind those of the sealed batches, in place of what an interrupted rebuild has left
    /// there. Gives the first one's position and the log's end.
    pub fn append_rebuilt(&self, rebuilt: &RebuiltLog) -> Result<(u64, u64), StoreError> {
        let first = self.sealed_to()?;
        let end = first + rebuilt.items.len() as u64;
        let txn = self.log.begin_write()?;
        {
            let mut log = txn.open_table(LOG)?;
            log.retain_in(first.., |_, _| false)?;
            for (position, item) in (first..).zip(&rebuilt.items) {
                log.insert(position, encode("log", item)?.as_slice())?;
            }
            let mut counters = txn.open_table(LOG_COUNTERS)?;
            counters.insert(LOG_END, end)?;
            counters.insert(NEXT_QUEUE_INDEX, rebuilt.next_queue_index)?;
            txn.open_table(TIMES)?.insert(rebuilt.batch, rebuilt.time)?;
        }
        txn.commit()?;
        Ok((first, end))
    }
}
