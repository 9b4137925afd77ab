//! Accounts and milestones, as callers see them.

use std::collections::BTreeMap;

use ashlar_proto::sequencer::v1 as pb;
use ashlar_statement::hash::{Hash, hash_from_bytes32};

/// How an account is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountKey {
    /// By its number.
    Index(u32),
    /// By the hash of its owner's key: what a wallet knows without having been told anything.
    KeyHash(Hash),
}

/// An account after everything executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub index: u32,
    /// Hash of its owner's key.
    pub key_hash: Hash,
    /// Nonce of the next transaction to be executed.
    pub nonce: u32,
    /// Nonce that the next transaction to be sent should have.
    pub pending_nonce: u32,
    /// In units, by token; a token that it does not hold is not listed.
    pub balances: BTreeMap<u8, u64>,
}

impl Account {
    /// What it holds of a token, in units.
    pub fn balance(&self, token: u8) -> u64 {
        self.balances.get(&token).copied().unwrap_or(0)
    }

    /// `None` if a field is outside of what the protocol allows.
    pub(crate) fn from_wire(account: &pb::Account) -> Option<Self> {
        let balance = |balance: &pb::Balance| Some((u8::try_from(balance.token).ok()?, balance.amount));
        Some(Self {
            index: account.index,
            key_hash: hash(&account.key_hash)?,
            nonce: account.nonce,
            pending_nonce: account.pending_nonce,
            balances: account.balances.iter().map(balance).collect::<Option<_>>()?,
        })
    }
}

/// A page of an account's history.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// The latest first.
    pub operations: Vec<pb::Operation>,
    /// Where the next page begins, if there is one.
    pub next: Option<pb::Place>,
}

/// A hash off the wire; `None` unless it has 32 bytes and canonical limbs.
pub(crate) fn hash(bytes: &[u8]) -> Option<Hash> {
    hash_from_bytes32(bytes.try_into().ok()?)
}

/// How far a transaction is to have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Milestone {
    /// In the sequencer's state.
    Executed,
    /// Its batch's data is on L1.
    Committed,
    /// Its batch is proven on L1: final.
    Proven,
}

impl Milestone {
    /// The milestone that a status stands for; none before execution.
    pub(crate) fn reached(status: pb::TransactionStatus) -> Option<Self> {
        use pb::TransactionStatus as Status;
        match status {
            Status::Unspecified | Status::Pending | Status::Dropped => None,
            Status::Executed => Some(Self::Executed),
            Status::Committed => Some(Self::Committed),
            Status::Proven => Some(Self::Proven),
        }
    }
}

impl std::fmt::Display for Milestone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Executed => "executed",
            Self::Committed => "committed",
            Self::Proven => "proven",
        })
    }
}
