//! The state in memory: tests, tools, and the rebuild from L1 data.

use std::convert::Infallible;

use ashlar_statement::{
    hash::{Hash, hash_to_bytes32},
    state::StateChanges,
};

use super::{AccountStore, Changes, Entry, L1Owner, StateDigest};
use crate::account::Account;

/// A whole state in maps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryStore {
    state: Changes,
}

impl MemoryStore {
    /// The state before the first deposit.
    pub fn new() -> Self {
        Self::default()
    }

    /// Applies what an overlay wrote over this store.
    pub fn apply(&mut self, changes: Changes) {
        self.state.merge(changes);
    }

    /// Digest of the whole state.
    pub fn digest(&self) -> [u8; 32] {
        StateDigest::of(&StateChanges::from(self.state.clone()))
    }

    /// All of it but the tree.
    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        let values = StateChanges::from(self.state.clone()).values.into_iter();
        values.filter_map(|((table, key), value)| Entry::read(table, &key, &value))
    }

    /// All accounts by index.
    pub fn accounts(&self) -> impl Iterator<Item = (u32, &Account)> {
        self.state
            .accounts
            .iter()
            .map(|(index, account)| (*index, account))
    }
}

impl AccountStore for MemoryStore {
    type Error = Infallible;

    fn account(&self, index: u32) -> Result<Option<Account>, Infallible> {
        Ok(self.state.accounts.get(&index).cloned())
    }

    fn node(&self, level: u8, index: u32) -> Result<Option<Hash>, Infallible> {
        Ok(self.state.nodes.get(&(level, index)).copied())
    }

    fn first_account(&self, l1_owner: &L1Owner) -> Result<Option<u32>, Infallible> {
        Ok(self.state.owners.get(l1_owner).copied())
    }

    fn accounts_with(&self, l1_owner: &L1Owner, auth: &Hash) -> Result<Vec<u32>, Infallible> {
        let accounts = self.state.auths.get(&(*l1_owner, hash_to_bytes32(auth)));
        Ok(accounts.cloned().unwrap_or_default())
    }

    fn account_count(&self) -> Result<u32, Infallible> {
        Ok(self.state.account_count.unwrap_or(0))
    }
}
