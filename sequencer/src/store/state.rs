//! Tree nodes and values: the sealed state as the application reads it.

use ashlar_payments::state::{Entry, StateDigest};
use ashlar_statement::{
    hash::{Hash, hash_from_bytes32, hash_to_bytes32},
    state::{StateChanges, StateStore},
};
use redb::{ReadOnlyTable, ReadableDatabase, ReadableTable, WriteTransaction};

use super::{COUNTERS, NEXT_BATCH, NODES, Store, StoreError, VALUES};

/// Writes what an execution changed.
pub(super) fn apply(txn: &WriteTransaction, changes: &StateChanges) -> Result<(), StoreError> {
    let mut nodes = txn.open_table(NODES)?;
    for (place, hash) in &changes.nodes {
        nodes.insert(place, hash_to_bytes32(hash))?;
    }
    let mut values = txn.open_table(VALUES)?;
    for ((table, key), value) in &changes.values {
        values.insert((*table, key.as_slice()), value.as_slice())?;
    }
    Ok(())
}

/// The sealed state after one batch, whatever is sealed meanwhile. Reading it is faster than reading the store, which opens a
/// transaction each time; holding it keeps the file from using its pages again.
pub struct Snapshot {
    nodes: ReadOnlyTable<(u8, u8, u64), [u8; 32]>,
    values: ReadOnlyTable<(u8, &'static [u8]), &'static [u8]>,
    next_batch: u64,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot")
            .field("next_batch", &self.next_batch)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// The sealed state as it is now.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let txn = self.db.begin_read()?;
        let next_batch = txn.open_table(COUNTERS)?.get(NEXT_BATCH)?;
        Ok(Snapshot {
            nodes: txn.open_table(NODES)?,
            values: txn.open_table(VALUES)?,
            next_batch: next_batch.map_or(1, |number| number.value()),
        })
    }
}

impl Snapshot {
    /// Number of the first batch whose changes are not in it.
    pub fn next_batch(&self) -> u64 {
        self.next_batch
    }

    /// All values.
    pub fn entries(&self) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        for entry in self.values.iter()? {
            let (key, value) = entry?;
            let (table, key) = key.value();
            let read = Entry::read(table, key, value.value());
            entries.push(read.ok_or_else(|| StoreError::Missing {
                table: "values",
                key: format!("{table}/{}", hex::encode(key)),
            })?);
        }
        Ok(entries)
    }

    /// The last batch that is in it, and the digest of everything that it holds.
    pub fn digest(&self) -> Result<(u64, [u8; 32]), StoreError> {
        let mut digest = StateDigest::default();
        for entry in self.nodes.iter()? {
            let (place, bytes) = entry?;
            let (tree, level, index) = place.value();
            let hash = hash_from_bytes32(&bytes.value());
            let hash = hash.ok_or(StoreError::NotCanonical { tree, level, index })?;
            digest.node(tree, level, index, &hash);
        }
        for entry in self.values.iter()? {
            let (key, value) = entry?;
            let (table, key) = key.value();
            digest.value(table, key, value.value());
        }
        Ok((self.next_batch - 1, digest.finish()))
    }
}

impl StateStore for Snapshot {
    type Error = StoreError;

    fn node(&self, tree: u8, level: u8, index: u64) -> Result<Option<Hash>, StoreError> {
        let Some(bytes) = self.nodes.get((tree, level, index))? else {
            return Ok(None);
        };
        let hash = hash_from_bytes32(&bytes.value());
        hash.map(Some)
            .ok_or_else(|| StoreError::NotCanonical { tree, level, index })
    }

    fn value(&self, table: u8, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.values.get((table, key))?.map(|value| value.value().to_vec()))
    }
}

impl StateStore for Store {
    type Error = StoreError;

    fn node(&self, tree: u8, level: u8, index: u64) -> Result<Option<Hash>, StoreError> {
        self.snapshot()?.node(tree, level, index)
    }

    fn value(&self, table: u8, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.snapshot()?.value(table, key)
    }
}
