//! Accounts in a general state store.

use ashlar_statement::{
    hash::{Hash, hash_to_bytes32},
    state::{StateChanges, StateError, StateStore},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{AccountStore, Changes, L1Owner};
use crate::account::Account;

/// The account tree.
const TREE: u8 = 0;
/// Accounts, by index (4 bytes, big-endian).
const ACCOUNTS: u8 = 0;
/// Index of an L1 owner's first account, by address.
const OWNERS: u8 = 1;
/// The account count, under the empty key.
const COUNT: u8 = 2;
/// Indices of an L1 owner's accounts with an `auth`, by address and `auth`.
const AUTHS: u8 = 3;

fn auth_key(l1_owner: &L1Owner, auth: &[u8; 32]) -> Vec<u8> {
    [&l1_owner[..], auth].concat()
}

/// Whether a value says no more than that nothing is there: an `auth` that an owner's accounts had, and none has.
pub(super) fn is_blank(table: u8, value: &[u8]) -> bool {
    table == AUTHS && postcard::from_bytes::<Vec<u32>>(value).is_ok_and(|accounts| accounts.is_empty())
}

/// One value of a state store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// An account, by index.
    Account(u32, Account),
    /// The first account of an L1 owner.
    First(L1Owner, u32),
    /// The accounts of an L1 owner with an `auth` ([`hash_to_bytes32`]), in the order in which they took it.
    Listed((L1Owner, [u8; 32]), Vec<u32>),
    /// The account count.
    Count(u32),
}

impl Entry {
    /// Reads a value; `None` if it is none of this application's.
    pub fn read(table: u8, key: &[u8], value: &[u8]) -> Option<Self> {
        fn of<T: DeserializeOwned>(value: &[u8]) -> Option<T> {
            postcard::from_bytes(value).ok()
        }
        Some(match table {
            ACCOUNTS => Self::Account(u32::from_be_bytes(key.try_into().ok()?), of(value)?),
            OWNERS => Self::First(key.try_into().ok()?, of(value)?),
            AUTHS => {
                let (owner, auth) = key.split_at_checked(20)?;
                Self::Listed((owner.try_into().ok()?, auth.try_into().ok()?), of(value)?)
            }
            COUNT => Self::Count(of(value)?),
            _ => return None,
        })
    }
}

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

    fn first_account(&self, l1_owner: &L1Owner) -> Result<Option<u32>, Self::Error> {
        self.read(OWNERS, l1_owner)
    }

    fn accounts_with(&self, l1_owner: &L1Owner, auth: &Hash) -> Result<Vec<u32>, Self::Error> {
        let accounts = self.read(AUTHS, &auth_key(l1_owner, &hash_to_bytes32(auth)))?;
        Ok(accounts.unwrap_or_default())
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
        let auths = changes.auths.iter();
        let auths = auths.map(|((owner, auth), accounts)| ((AUTHS, auth_key(owner, auth)), value(accounts)));
        let count = changes
            .account_count
            .map(|count| ((COUNT, Vec::new()), value(&count)));
        Self {
            nodes: nodes.collect(),
            values: accounts.chain(owners).chain(auths).chain(count).collect(),
        }
    }
}
