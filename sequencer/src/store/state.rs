//! Tree nodes and values: the sealed state as the application reads it.

use ashlar_statement::{
    hash::{Hash, hash_from_bytes32, hash_to_bytes32},
    state::{StateChanges, StateStore},
};
use redb::{ReadableDatabase, WriteTransaction};

use super::{NODES, Store, StoreError, VALUES};

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

impl StateStore for Store {
    type Error = StoreError;

    fn node(&self, tree: u8, level: u8, index: u64) -> Result<Option<Hash>, StoreError> {
        let txn = self.db.begin_read()?;
        let table = txn.open_table(NODES)?;
        let Some(bytes) = table.get((tree, level, index))? else {
            return Ok(None);
        };
        let hash = hash_from_bytes32(&bytes.value());
        hash.map(Some)
            .ok_or_else(|| StoreError::NotCanonical { tree, level, index })
    }

    fn value(&self, table: u8, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let txn = self.db.begin_read()?;
        let values = txn.open_table(VALUES)?;
        Ok(values.get((table, key))?.map(|value| value.value().to_vec()))
    }
}
