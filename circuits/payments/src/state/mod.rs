//! Where the state lives: a store of accounts and tree nodes, and an overlay that buffers writes.

mod digest;
mod hashing;
mod memory;
mod overlay;
mod stored;

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

pub use digest::StateDigest;
pub use memory::MemoryStore;
pub use overlay::{Overlay, StateError};
pub use stored::{Entry, Stored};

use ashlar_statement::hash::Hash;

use crate::account::Account;

/// An L1 address.
pub type L1Owner = [u8; 20];

/// Read access to the state. Nodes that were never written are absent: their subtree is empty.
pub trait AccountStore {
    /// What a read may fail with.
    type Error: std::error::Error + Send + Sync + 'static;

    /// The account at an index.
    fn account(&self, index: u32) -> Result<Option<Account>, Self::Error>;

    /// A node of the account tree: level 0 holds the leaves, level 28 (index 0) the root.
    fn node(&self, level: u8, index: u32) -> Result<Option<Hash>, Self::Error>;

    /// Index of an L1 owner's first account.
    fn first_account(&self, l1_owner: &L1Owner) -> Result<Option<u32>, Self::Error>;

    /// Indices of an L1 owner's accounts with this `auth`, in the order in which they took it.
    fn accounts_with(&self, l1_owner: &L1Owner, auth: &Hash) -> Result<Vec<u32>, Self::Error>;

    /// Index of an L1 owner's account: its first one with this `auth`, or, with none given, its first one. Never look for an
    /// `auth` alone: anybody can open an account of his own with another's.
    fn find_account(&self, l1_owner: &L1Owner, auth: Option<&Hash>) -> Result<Option<u32>, Self::Error> {
        match auth {
            Some(auth) => Ok(self.accounts_with(l1_owner, auth)?.first().copied()),
            None => self.first_account(l1_owner),
        }
    }

    /// One more than the largest index in use: the next free index.
    fn account_count(&self) -> Result<u32, Self::Error>;
}

macro_rules! forward_store {
    ($($pointer:ty),*) => {$(
        impl<S: AccountStore + ?Sized> AccountStore for $pointer {
            type Error = S::Error;

            fn account(&self, index: u32) -> Result<Option<Account>, S::Error> {
                (**self).account(index)
            }

            fn node(&self, level: u8, index: u32) -> Result<Option<Hash>, S::Error> {
                (**self).node(level, index)
            }

            fn first_account(&self, l1_owner: &L1Owner) -> Result<Option<u32>, S::Error> {
                (**self).first_account(l1_owner)
            }

            fn accounts_with(&self, l1_owner: &L1Owner, auth: &Hash) -> Result<Vec<u32>, S::Error> {
                (**self).accounts_with(l1_owner, auth)
            }

            fn account_count(&self) -> Result<u32, S::Error> {
                (**self).account_count()
            }
        }
    )*};
}

forward_store!(&S, Arc<S>);

/// What an [`Overlay`] wrote; a store applies all of it or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// New state of the accounts that changed, by index.
    pub accounts: BTreeMap<u32, Account>,
    /// New tree nodes, by level and index.
    pub nodes: BTreeMap<(u8, u32), Hash>,
    /// First account of each new L1 owner.
    pub owners: BTreeMap<L1Owner, u32>,
    /// Accounts by L1 owner and `auth` ([`ashlar_statement::hash::hash_to_bytes32`]), where that changed.
    pub auths: BTreeMap<(L1Owner, [u8; 32]), Vec<u32>>,
    /// The new account count, if it changed.
    pub account_count: Option<u32>,
}

impl Changes {
    /// Adds later changes on top of these.
    pub fn merge(&mut self, later: Changes) {
        self.accounts.extend(later.accounts);
        self.nodes.extend(later.nodes);
        self.owners.extend(later.owners);
        self.auths.extend(later.auths);
        self.account_count = later.account_count.or(self.account_count);
    }
}
