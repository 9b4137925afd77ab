//! A view of a store that buffers writes, in two layers: what is committed, and what the current operation
//! wrote. Rolling back the second makes every operation atomic, whatever it failed on.

use ashlar_statement::hash::{Hash, hash_to_bytes32};

use super::{AccountStore, Changes};
use crate::{
    account::{Account, optional_digest},
    tree::{ACCOUNT_DEPTH, AccountPath, empty_subtree},
};

/// The store beneath could not be read.
#[derive(Debug, thiserror::Error)]
#[error("state store")]
pub struct StateError<E: std::error::Error + 'static>(#[from] pub E);

/// Reads through to a store, buffers writes.
#[derive(Debug, Clone)]
pub struct Overlay<S> {
    store: S,
    committed: Changes,
    pending: Changes,
}

impl<S: AccountStore> Overlay<S> {
    /// An overlay without changes. `S` may be a reference.
    pub fn new(store: S) -> Self {
        Self {
            store,
            committed: Changes::default(),
            pending: Changes::default(),
        }
    }

    /// Root of the account tree.
    pub fn root(&self) -> Result<Hash, S::Error> {
        self.node_or_empty(ACCOUNT_DEPTH as u8, 0)
    }

    /// Siblings of an account's leaf.
    pub fn account_path(&self, index: u32) -> Result<AccountPath, S::Error> {
        let mut path = AccountPath::empty();
        for (level, sibling) in path.siblings.iter_mut().enumerate() {
            *sibling = self.node_or_empty(level as u8, (index >> level) ^ 1)?;
        }
        Ok(path)
    }

    /// The account that a deposit for this owner should name: the owner's, or the next free one.
    pub fn deposit_account(&self, owner: &Hash) -> Result<u32, S::Error> {
        match self.find_owner(owner)? {
            Some(index) => Ok(index),
            None => self.account_count(),
        }
    }

    /// Writes an account and the nodes above it; returns the path it was written along.
    pub fn set_account(&mut self, index: u32, account: Account) -> Result<AccountPath, S::Error> {
        let path = self.account_path(index)?;
        if self.account(index)?.is_none() {
            let count = self.account_count()?.max(index.saturating_add(1));
            let known = self.find_owner(&account.owner)?;
            self.pending.account_count = Some(count);
            if known.is_none() {
                self.pending.owners.insert(hash_to_bytes32(&account.owner), index);
            }
        }
        let leaf = optional_digest(Some(&account));
        self.pending.nodes.insert((0, index), leaf);
        for (level, node) in (1..).zip(path.nodes(leaf, index)) {
            self.pending.nodes.insert((level, parent(index, level)), node);
        }
        self.pending.accounts.insert(index, account);
        Ok(path)
    }

    /// Keeps what was written since the last commit.
    pub fn commit(&mut self) {
        self.committed.merge(core::mem::take(&mut self.pending));
    }

    /// Forgets what was written since the last commit.
    pub fn rollback(&mut self) {
        self.pending = Changes::default();
    }

    /// Everything committed; uncommitted writes are dropped.
    pub fn into_changes(self) -> Changes {
        self.committed
    }

    fn node_or_empty(&self, level: u8, index: u32) -> Result<Hash, S::Error> {
        Ok(self
            .node(level, index)?
            .unwrap_or_else(|| empty_subtree(level.into())))
    }
}

/// Index of the ancestor at a level; the root's is 0.
fn parent(index: u32, level: u8) -> u32 {
    index.checked_shr(level.into()).unwrap_or(0)
}

impl<S: AccountStore> AccountStore for Overlay<S> {
    type Error = S::Error;

    fn account(&self, index: u32) -> Result<Option<Account>, S::Error> {
        let buffered = [&self.pending, &self.committed]
            .into_iter()
            .find_map(|layer| layer.accounts.get(&index));
        buffered.map_or_else(|| self.store.account(index), |account| Ok(Some(account.clone())))
    }

    fn node(&self, level: u8, index: u32) -> Result<Option<Hash>, S::Error> {
        let key = (level, index);
        let buffered = [&self.pending, &self.committed]
            .into_iter()
            .find_map(|layer| layer.nodes.get(&key));
        buffered.map_or_else(|| self.store.node(level, index), |node| Ok(Some(*node)))
    }

    fn find_owner(&self, owner: &Hash) -> Result<Option<u32>, S::Error> {
        let key = hash_to_bytes32(owner);
        let buffered = [&self.pending, &self.committed]
            .into_iter()
            .find_map(|layer| layer.owners.get(&key));
        buffered.map_or_else(|| self.store.find_owner(owner), |index| Ok(Some(*index)))
    }

    fn account_count(&self) -> Result<u32, S::Error> {
        let buffered = self.pending.account_count.or(self.committed.account_count);
        buffered.map_or_else(|| self.store.account_count(), Ok)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use ashlar_statement::hash::two_to_one;

    use super::*;
    use crate::{state::MemoryStore, tree::empty_accounts_root};

    /// The slow twin: hashes the whole tree from its leaves.
    fn root_of(accounts: &[(u32, Account)], height: usize, index: u32) -> Hash {
        let inside = |leaf: u32| parent(leaf, height as u8) == index;
        if !accounts.iter().any(|(leaf, _)| inside(*leaf)) {
            return empty_subtree(height);
        }
        if height == 0 {
            return accounts
                .iter()
                .find(|(leaf, _)| *leaf == index)
                .map_or(empty_subtree(0), |(_, a)| a.digest());
        }
        two_to_one(
            root_of(accounts, height - 1, 2 * index),
            root_of(accounts, height - 1, 2 * index + 1),
        )
    }

    fn owned(index: u32) -> Account {
        Account {
            nonce: index,
            ..Account::new(crate::account::balance_digest(index.into()))
        }
    }

    proptest! {
        #[test]
        fn incremental_root_equals_the_whole_tree(indices in prop::collection::btree_set(any::<u32>(), 0..12)) {
            let accounts: Vec<_> = indices.into_iter().map(|index| (index, owned(index))).collect();
            let mut overlay = Overlay::new(MemoryStore::new());
            for (index, account) in &accounts {
                let path = overlay.set_account(*index, account.clone()).expect("in memory");
                prop_assert_eq!(path.root(account.digest(), *index), overlay.root().expect("in memory"));
                overlay.commit();
            }
            prop_assert_eq!(overlay.root().expect("in memory"), root_of(&accounts, ACCOUNT_DEPTH, 0));
            let mut store = MemoryStore::new();
            store.apply(overlay.into_changes());
            for (index, account) in &accounts {
                prop_assert_eq!(store.account(*index).expect("in memory"), Some(account.clone()));
                prop_assert_eq!(store.find_owner(&account.owner).expect("in memory"), Some(*index));
            }
        }
    }

    #[test]
    fn rollback_forgets_pending_writes_only() {
        let mut overlay = Overlay::new(MemoryStore::new());
        assert_eq!(overlay.root().expect("in memory"), empty_accounts_root());
        overlay.set_account(3, owned(3)).expect("in memory");
        overlay.commit();
        let root = overlay.root().expect("in memory");
        overlay.set_account(9, owned(9)).expect("in memory");
        assert_eq!(overlay.account_count().expect("in memory"), 10);
        assert_eq!(overlay.deposit_account(&owned(9).owner).expect("in memory"), 9);
        overlay.rollback();
        assert_eq!(
            (
                overlay.root().expect("in memory"),
                overlay.account_count().expect("in memory")
            ),
            (root, 4)
        );
        assert_eq!(overlay.deposit_account(&owned(9).owner).expect("in memory"), 4);
    }
}
