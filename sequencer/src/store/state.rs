//! Accounts and tree nodes: the sealed state as the executor reads it.

use ashlar_rollup::{
    account::Account,
    hash::{Hash, hash_from_bytes32, hash_to_bytes32},
    state::{Changes, StateStore},
};
use redb::{ReadableDatabase, WriteTransaction};

use super::{ACCOUNT_COUNT, ACCOUNTS, COUNTERS, NODES, OWNERS, Store, StoreError, decode, encode};

/// Writes what an execution changed.
pub(super) fn apply(txn: &WriteTransaction, changes: &Changes) -> Result<(), StoreError> {
    let mut accounts = txn.open_table(ACCOUNTS)?;
    for (index, account) in &changes.accounts {
        accounts.insert(index, encode("accounts", account)?.as_slice())?;
    }
    let mut owners = txn.open_table(OWNERS)?;
    for (owner, index) in &changes.owners {
        owners.insert(owner, index)?;
    }
    let mut nodes = txn.open_table(NODES)?;
    for (place, hash) in &changes.nodes {
        nodes.insert(place, hash_to_bytes32(hash))?;
    }
    if let Some(count) = changes.account_count {
        txn.open_table(COUNTERS)?
            .insert(ACCOUNT_COUNT, u64::from(count))?;
    }
    Ok(())
}

impl StateStore for Store {
    type Error = StoreError;

    fn account(&self, index: u32) -> Result<Option<Account>, StoreError> {
        let txn = self.db.begin_read()?;
        let table = txn.open_table(ACCOUNTS)?;
        table
            .get(index)?
            .map(|bytes| decode("accounts", bytes.value()))
            .transpose()
    }

    fn node(&self, level: u8, index: u32) -> Result<Option<Hash>, StoreError> {
        let txn = self.db.begin_read()?;
        let table = txn.open_table(NODES)?;
        let Some(bytes) = table.get((level, index))? else {
            return Ok(None);
        };
        let hash = hash_from_bytes32(&bytes.value());
        hash.map(Some)
            .ok_or_else(|| StoreError::NotCanonical { level, index })
    }

    fn find_owner(&self, owner: &Hash) -> Result<Option<u32>, StoreError> {
        let txn = self.db.begin_read()?;
        let table = txn.open_table(OWNERS)?;
        Ok(table.get(hash_to_bytes32(owner))?.map(|index| index.value()))
    }

    fn account_count(&self) -> Result<u32, StoreError> {
        Ok(u32::try_from(self.counter(ACCOUNT_COUNT)?).unwrap_or(u32::MAX))
    }
}
