//! Accounts in a general state store.

use ashlar_statement::{
    hash::{Hash, hash_to_bytes32},
    state::{StateChanges, StateError, StateStore},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{AccountStore, Changes};
use crate::account::Account;

/// The account tree.
const TREE: u8 = 0;
/// Accounts, by index (4 bytes, big-endian).
const ACCOUNTS: u8 = 0;
/// Index of an owner's first account, by key hash.
const OWNERS: u8 = 1;
/// The account count, under the empty key.
const COUNT: u8 = 2;

/// Reads accounts from a state store.
#[derive(Debug, Clone)]
pub struct Stored<S>(pub S);

impl<S: StateStore> Stored<S> {
    fn read<T: DeserializeOwned>(&self, table: u8, key: &[u8]) -> Result<Option<T>, StateError<S::Error>> {
        let bytes = self.0.value(table, key).map_err(StateError::Store)?;
        bytes
            .map(|bytes| postcard::from_bytes(&bytes))
            .transpose()
            .map_err(|source| StateError::Corrupt { table, source })
    }
}

impl<S: StateStore> AccountStore for Stored<S> {
    type Error = StateError<S::Error>;

    fn account(&self, index: u32) -> Result<Option<Account>, Self::Error> {
        self.read(ACCOUNTS, &index.to_be_bytes())
    }

    fn node(&self, level: u8, index: u32) -> Result<Option<Hash>, Self::Error> {
        self.0.node(TREE, level, index.into()).map_err(StateError::Store)
    }

    fn find_owner(&self, owner: &Hash) -> Result<Option<u32>, Self::Error> {
        self.read(OWNERS, &hash_to_bytes32(owner))
    }

    fn account_count(&self) -> Result<u32, Self::Error> {
        Ok(self.read(COUNT, &[])?.unwrap_or(0))
    }
}

impl From<Changes> for StateChanges {
    fn from(changes: Changes) -> Self {
        fn value(entry: &impl Serialize) -> Vec<u8> {
            postcard::to_stdvec(entry).expect("writing to memory does not fail")
        }
        let nodes = changes.nodes.into_iter();
        let nodes = nodes.map(|((level, index), hash)| ((TREE, level, u64::from(index)), hash));
        let accounts = changes.accounts.iter();
        let accounts =
            accounts.map(|(index, account)| ((ACCOUNTS, index.to_be_bytes().to_vec()), value(account)));
        let owners = changes.owners.iter();
        let owners = owners.map(|(owner, index)| ((OWNERS, owner.to_vec()), value(index)));
        let count = changes
            .account_count
            .map(|count| ((COUNT, Vec::new()), value(&count)));
        Self {
            nodes: nodes.collect(),
            values: accounts.chain(owners).chain(count).collect(),
        }
    }
}
