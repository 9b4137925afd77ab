//! What the sequencer knows of L1: whose state this is, how far L1 was read, what was sent to it.

use redb::{ReadableDatabase, ReadableTable};
use serde::{Deserialize, Serialize};

use super::{
    COUNTERS, FINAL_BATCH, Identity, META, Purpose, SENT, Sent, Store, StoreError, UNDO, decode, encode,
};

const IDENTITY: &str = "identity";
pub(super) const CURSOR: &str = "l1_cursor";

/// The last L1 block up to which every operation of its queue is known to be in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Its height.
    pub number: u64,
    /// Its hash.
    pub hash: [u8; 32],
    /// Its timestamp, in seconds since 1970: the clock of the batches.
    pub time: u64,
}

impl Store {
    fn meta<T: serde::de::DeserializeOwned>(&self, name: &'static str) -> Result<Option<T>, StoreError> {
        let txn = self.db.begin_read()?;
        let table = txn.open_table(META)?;
        table
            .get(name)?
            .map(|bytes| decode("meta", bytes.value()))
            .transpose()
    }

    fn set_meta<T: Serialize>(&self, name: &'static str, value: &T) -> Result<(), StoreError> {
        let txn = self.db.begin_write()?;
        txn.open_table(META)?
            .insert(name, encode("meta", value)?.as_slice())?;
        txn.commit()?;
        Ok(())
    }

    /// Whose state this is, once a sequencer has started with it.
    pub fn identity(&self) -> Result<Option<Identity>, StoreError> {
        self.meta(IDENTITY)
    }

    /// Stores whose state this is.
    pub fn set_identity(&self, identity: &Identity) -> Result<(), StoreError> {
        self.set_meta(IDENTITY, identity)
    }

    /// How far L1's queue is known completely; `None` before the first block was read.
    pub fn l1_cursor(&self) -> Result<Option<Cursor>, StoreError> {
        self.meta(CURSOR)
    }

    /// Moves the cursor: everything up to this block is in the log.
    pub fn set_l1_cursor(&self, cursor: Cursor) -> Result<(), StoreError> {
        self.set_meta(CURSOR, &cursor)
    }

    /// The operator's transaction with this nonce.
    pub fn sent(&self, nonce: u64) -> Result<Option<Sent>, StoreError> {
        let txn = self.db.begin_read()?;
        let table = txn.open_table(SENT)?;
        table
            .get(nonce)?
            .map(|bytes| decode("sent", bytes.value()))
            .transpose()
    }

    /// Hashes of everything that was sent for such a purpose, newest first.
    pub fn sent_for(&self, is_meant: impl Fn(Purpose) -> bool) -> Result<Vec<[u8; 32]>, StoreError> {
        let txn = self.db.begin_read()?;
        let mut hashes = Vec::new();
        for entry in txn.open_table(SENT)?.iter()?.rev() {
            let sent: Sent = decode("sent", entry?.1.value())?;
            if is_meant(sent.purpose) {
                hashes.extend(sent.hashes.iter().rev());
            }
        }
        Ok(hashes)
    }

    /// Writes a transaction down, before and after it is sent.
    pub fn put_sent(&self, nonce: u64, sent: &Sent) -> Result<(), StoreError> {
        let txn = self.db.begin_write()?;
        txn.open_table(SENT)?
            .insert(nonce, encode("sent", sent)?.as_slice())?;
        txn.commit()?;
        Ok(())
    }

    /// Notes that a batch and all before it are final on L1, and forgets what only an unsettled batch needs.
    pub fn finalize(&self, batch: u64) -> Result<(), StoreError> {
        let txn = self.db.begin_write()?;
        {
            let mut counters = txn.open_table(COUNTERS)?;
            counters.insert(FINAL_BATCH, batch)?;
            let mut sent = txn.open_table(SENT)?;
            let mut done = Vec::new();
            for entry in sent.iter()? {
                let (nonce, bytes) = entry?;
                if decode::<Sent>("sent", bytes.value())?.purpose.batch() <= batch {
                    done.push(nonce.value());
                }
            }
            for nonce in done {
                sent.remove(nonce)?;
            }
            txn.open_table(UNDO)?.retain_in(..=batch, |_, _| false)?;
        }
        txn.commit()?;
        Ok(())
    }
}
