//! Where the state lives: a store of accounts and tree nodes, and an overlay that buffers writes.

mod hashing;
mod memory;
mod overlay;
mod stored;

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

pub use memory::MemoryStore;
pub use overlay::{Overlay, StateError};
pub use stored::Stored;

use ashlar_statement::hash::Hash;

use crate::account::Account;

/// Read access to the state. Nodes that were never written are absent: their subtree is empty.
pub trait AccountStore {
    /// What a read may fail with.
    type Error: std::error::Error + Send + Sync + 'static;

    /// The account at an index.
    fn account(&self, index: u32) -> Result<Option<Account>, Self::Error>;

    /// A node of the account tree: level 0 holds the leaves, level 28 (index 0) the root.
    fn node(&self, level: u8, index: u32) -> Result<Option<Hash>, Self::Error>;

    /// Index of the first account that an owner created.
    fn find_owner(&self, owner: &Hash) -> Result<Option<u32>, Self::Error>;

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

            fn find_owner(&self, owner: &Hash) -> Result<Option<u32>, S::Error> {
                (**self).find_owner(owner)
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
    /// Owners of new accounts ([`ashlar_statement::hash::hash_to_bytes32`] of the key hash) and their index.
    pub owners: BTreeMap<[u8; 32], u32>,
    /// The new account count, if it changed.
    pub account_count: Option<u32>,
}

impl Changes {
    /// Adds later changes on top of these.
    pub fn merge(&mut self, later: Changes) {
        self.accounts.extend(later.accounts);
        self.nodes.extend(later.nodes);
        self.owners.extend(later.owners);
        self.account_count = later.account_count.or(self.account_count);
    }
}
