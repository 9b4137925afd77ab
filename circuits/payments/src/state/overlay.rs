//! A view of a store that buffers writes, in two layers: what is committed, and what the current operation
//! wrote. Rolling back the second makes every operation atomic, whatever it failed on.
//!
//! The tree above the accounts is hashed for many writes at once (`hashing`): one after the other takes most of the time
//! of executing them.

use ashlar_statement::hash::{Hash, hash_to_bytes32};

use super::{
    AccountStore, Changes, L1Owner,
    hashing::{Hashed, Leaf, Write, hashed, parent},
};
use crate::{
    account::{Account, optional_digest},
    auth::NO_AUTH,
    tree::{ACCOUNT_DEPTH, AccountPath, BalancePath, empty_subtree},
};

/// The store beneath could not be read.
#[derive(Debug, thiserror::Error)]
#[error("state store")]
pub struct StateError<E: std::error::Error + 'static>(#[from] pub E);

/// Reads through to a store, buffers writes.
#[derive(Debug, Clone)]
pub struct Overlay<S> {
    store: S,
    /// Its nodes are those of the writes that were hashed.
    committed: Changes,
    /// Has no nodes.
    pending: Changes,
    /// In their order, those not hashed yet; the last ones are pending.
    writes: Vec<Write>,
    committed_writes: usize,
}

impl<S: AccountStore> Overlay<S> {
    /// An overlay without changes. `S` may be a reference.
    pub fn new(store: S) -> Self {
        Self {
            store,
            committed: Changes::default(),
            pending: Changes::default(),
            writes: Vec::new(),
            committed_writes: 0,
        }
    }

    /// Root of the account tree. Costly while there are writes that [`Self::hash`] has not seen.
    pub fn root(&self) -> Result<Hash, S::Error> {
        let root = self.node(ACCOUNT_DEPTH as u8, 0)?;
        Ok(root.unwrap_or_else(|| empty_subtree(AccountPath::NODE, ACCOUNT_DEPTH)))
    }

    /// Siblings of an account's leaf. Costly while there are writes that [`Self::hash`] has not seen.
    pub fn account_path(&self, index: u32) -> Result<AccountPath, S::Error> {
        let fresh = self.unhashed()?.nodes;
        let mut path = AccountPath::empty();
        for (level, sibling) in path.siblings.iter_mut().enumerate() {
            let place = (level as u8, parent(index, level) ^ 1);
            *sibling = match fresh.get(&place) {
                Some(node) => *node,
                None => self.hashed_node(place)?.unwrap_or(*sibling),
            };
        }
        Ok(path)
    }

    /// The account that a deposit for this owner should name: the owner's with this `auth`, or his first one if that is
    /// zero, or the next free one.
    pub fn deposit_account(&self, l1_owner: &L1Owner, auth: &Hash) -> Result<u32, S::Error> {
        let auth = Some(auth).filter(|auth| **auth != NO_AUTH);
        match self.find_account(l1_owner, auth)? {
            Some(index) => Ok(index),
            None => self.account_count(),
        }
    }

    /// Writes an account.
    pub fn set_account(&mut self, index: u32, account: Account) -> Result<(), S::Error> {
        let leaf = Leaf::Digest(account.digest());
        self.write(index, account, leaf)
    }

    /// Writes an account of which one balance has changed, and its head perhaps; `path` are the balance's siblings.
    pub fn set_balance_of(
        &mut self,
        index: u32,
        account: Account,
        token: u8,
        path: BalancePath,
    ) -> Result<(), S::Error> {
        let leaf = Leaf::Balance {
            head: account.head(),
            token,
            balance: account.balance(token),
            path,
        };
        self.write(index, account, leaf)
    }

    fn write(&mut self, index: u32, account: Account, leaf: Leaf) -> Result<(), S::Error> {
        let before = self.account(index)?;
        if before.is_none() {
            let count = self.account_count()?.max(index.saturating_add(1));
            let known = self.first_account(&account.l1_owner)?;
            self.pending.account_count = Some(count);
            if known.is_none() {
                self.pending.owners.insert(account.l1_owner, index);
            }
        }
        let old = before.map(|account| (account.l1_owner, account.auth));
        let new = (account.l1_owner, account.auth);
        if old != Some(new) {
            self.list_auth(index, old, new)?;
        }
        self.pending.accounts.insert(index, account);
        self.writes.push(Write { index, leaf });
        Ok(())
    }

    /// Opens a leaf without changing it: its path is given where that of a write would be.
    pub fn touch(&mut self, index: u32) -> Result<(), S::Error> {
        let account = self.account(index)?;
        let leaf = Leaf::Digest(optional_digest(account.as_ref()));
        self.writes.push(Write { index, leaf });
        Ok(())
    }

    /// Moves an account from where its old `auth` is listed to where its new one is.
    fn list_auth(
        &mut self,
        index: u32,
        old: Option<(L1Owner, Hash)>,
        new: (L1Owner, Hash),
    ) -> Result<(), S::Error> {
        for ((owner, auth), is_new) in old.map(|old| (old, false)).into_iter().chain([(new, true)]) {
            let mut accounts = self.accounts_with(&owner, &auth)?;
            accounts.retain(|account| *account != index);
            accounts.extend(is_new.then_some(index));
            let key = (owner, hash_to_bytes32(&auth));
            self.pending.auths.insert(key, accounts);
        }
        Ok(())
    }

    /// Keeps what was written since the last commit.
    pub fn commit(&mut self) {
        self.committed.merge(core::mem::take(&mut self.pending));
        self.committed_writes = self.writes.len();
    }

    /// Forgets what was written since the last commit.
    pub fn rollback(&mut self) {
        self.pending = Changes::default();
        self.writes.truncate(self.committed_writes);
    }

    /// The path along which each write since the last call was made, in order: the siblings at that time.
    ///
    /// # Errors
    /// If the store cannot be read; nothing has changed then.
    ///
    /// # Panics
    /// If writes are neither committed nor rolled back.
    pub fn hash(&mut self) -> Result<Vec<AccountPath>, S::Error> {
        assert_eq!(self.writes.len(), self.committed_writes, "uncommitted writes");
        let Hashed { nodes, paths } = self.unhashed()?;
        self.committed.nodes.extend(nodes);
        self.writes.clear();
        self.committed_writes = 0;
        Ok(paths)
    }

    /// What [`Self::hash`] would give, of uncommitted writes too.
    pub(crate) fn paths(&self) -> Result<Vec<AccountPath>, S::Error> {
        Ok(self.unhashed()?.paths)
    }

    /// Everything committed; uncommitted writes are dropped.
    pub fn into_changes(mut self) -> Result<Changes, S::Error> {
        self.rollback();
        self.hash()?;
        Ok(self.committed)
    }

    fn unhashed(&self) -> Result<Hashed, S::Error> {
        hashed(&self.writes, |place| self.hashed_node(place))
    }

    /// A node as of the last time that writes were hashed.
    fn hashed_node(&self, place: (u8, u32)) -> Result<Option<Hash>, S::Error> {
        match self.committed.nodes.get(&place) {
            Some(node) => Ok(Some(*node)),
            None => self.store.node(place.0, place.1),
        }
    }
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
        match self.unhashed()?.nodes.get(&(level, index)) {
            Some(node) => Ok(Some(*node)),
            None => self.hashed_node((level, index)),
        }
    }

    fn first_account(&self, l1_owner: &L1Owner) -> Result<Option<u32>, S::Error> {
        let buffered = [&self.pending, &self.committed]
            .into_iter()
            .find_map(|layer| layer.owners.get(l1_owner));
        buffered.map_or_else(|| self.store.first_account(l1_owner), |index| Ok(Some(*index)))
    }

    fn accounts_with(&self, l1_owner: &L1Owner, auth: &Hash) -> Result<Vec<u32>, S::Error> {
        let key = (*l1_owner, hash_to_bytes32(auth));
        let buffered = [&self.pending, &self.committed]
            .into_iter()
            .find_map(|layer| layer.auths.get(&key));
        buffered.map_or_else(
            || self.store.accounts_with(l1_owner, auth),
            |accounts| Ok(accounts.clone()),
        )
    }

    fn account_count(&self) -> Result<u32, S::Error> {
        let buffered = self.pending.account_count.or(self.committed.account_count);
        buffered.map_or_else(|| self.store.account_count(), Ok)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use ashlar_statement::hash::{ZERO_HASH, two_to_one};

    use super::*;
    use crate::{state::MemoryStore, tree::empty_accounts_root};

    /// The slow twin: hashes the whole tree from its leaves.
    fn root_of(accounts: &[(u32, Account)], height: usize, index: u32) -> Hash {
        let inside = |leaf: u32| parent(leaf, height) == index;
        if !accounts.iter().any(|(leaf, _)| inside(*leaf)) {
            return empty_subtree(AccountPath::NODE, height);
        }
        if height == 0 {
            return accounts
                .iter()
                .find(|(leaf, _)| *leaf == index)
                .map_or(ZERO_HASH, |(_, a)| a.digest());
        }
        two_to_one(
            AccountPath::NODE,
            root_of(accounts, height - 1, 2 * index),
            root_of(accounts, height - 1, 2 * index + 1),
        )
    }

    fn owned(index: u32) -> Account {
        Account {
            nonce: index,
            ..Account::new([index as u8; 20], crate::account::balance_digest(index.into()))
        }
    }

    /// What happens to an overlay.
    #[derive(Debug, Clone)]
    enum Step {
        Write(u32),
        /// As an operation that moves a balance does.
        Move(u32, u64),
        Rollback,
        Hash,
    }

    fn step() -> impl Strategy<Value = Step> {
        // Neighbours share most of their paths, the others the root alone.
        let index = prop_oneof![0..6u32, 0..1u32 << ACCOUNT_DEPTH];
        prop_oneof![
            3 => index.clone().prop_map(Step::Write),
            5 => (index, 1u64..1 << 62).prop_map(|(index, balance)| Step::Move(index, balance)),
            1 => Just(Step::Rollback),
            1 => Just(Step::Hash),
        ]
    }

    proptest! {
        #[test]
        fn writes_hashed_together_are_those_of_the_whole_tree_one_by_one(steps in prop::collection::vec(step(), 0..24)) {
            let mut overlay = Overlay::new(MemoryStore::new());
            let mut accounts: BTreeMap<u32, Account> = BTreeMap::new();
            let (mut expected, mut found) = (Vec::new(), Vec::new());
            for step in steps {
                let path = match step {
                    Step::Write(index) => {
                        accounts.insert(index, owned(index));
                        overlay.set_account(index, owned(index)).expect("in memory");
                        Some(index)
                    }
                    Step::Move(index, balance) => {
                        let account = accounts.entry(index).or_insert_with(|| owned(index));
                        let path = account.balance_path(3);
                        account.set_balance(3, balance);
                        account.nonce = account.nonce.wrapping_add(1);
                        overlay.set_balance_of(index, account.clone(), 3, path).expect("in memory");
                        Some(index)
                    }
                    Step::Rollback => {
                        overlay.set_account(1, owned(7)).expect("in memory");
                        overlay.rollback();
                        None
                    }
                    Step::Hash => {
                        found.extend(overlay.hash().expect("in memory"));
                        None
                    }
                };
                overlay.commit();
                if let Some(index) = path {
                    let list: Vec<_> = accounts.clone().into_iter().collect();
                    let root = root_of(&list, ACCOUNT_DEPTH, 0);
                    expected.push((index, accounts[&index].digest(), root));
                    prop_assert_eq!(overlay.root().expect("in memory"), root);
                    let path = overlay.account_path(index).expect("in memory");
                    prop_assert_eq!(path.root(accounts[&index].digest(), index), root);
                }
            }
            found.extend(overlay.paths().expect("in memory"));
            prop_assert_eq!(found.len(), expected.len());
            for (path, (index, digest, root)) in found.iter().zip(expected) {
                prop_assert_eq!(path.root(digest, index), root);
            }
            let mut store = MemoryStore::new();
            let root = overlay.root().expect("in memory");
            store.apply(overlay.into_changes().expect("in memory"));
            for (index, account) in &accounts {
                prop_assert_eq!(store.account(*index).expect("in memory"), Some(account.clone()));
                let found = store.find_account(&account.l1_owner, Some(&account.auth)).expect("in memory");
                prop_assert_eq!(found, Some(*index));
            }
            prop_assert_eq!(Overlay::new(store).root().expect("in memory"), root);
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
        assert_eq!(
            overlay
                .deposit_account(&[9; 20], &owned(9).auth)
                .expect("in memory"),
            9
        );
        overlay.rollback();
        assert_eq!(
            (
                overlay.root().expect("in memory"),
                overlay.account_count().expect("in memory")
            ),
            (root, 4)
        );
        assert_eq!(
            overlay
                .deposit_account(&[9; 20], &owned(9).auth)
                .expect("in memory"),
            4
        );
    }
}
