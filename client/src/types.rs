//! Accounts and milestones, as callers see them.

use std::collections::BTreeMap;

use alloy::primitives::{Address, B256};
use ashlar_proto::sequencer::v1 as pb;
use ashlar_statement::hash::{Hash, hash_from_bytes32, hash_to_bytes32};

/// How an account is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountKey {
    /// By its number.
    Index(u32),
    /// By its L1 owner, and by what signs for it. `auth` alone names no account: anybody can open one with another's.
    Owner {
        /// The L1 owner.
        l1_owner: Address,
        /// What signs for it; `None`: the owner's first account, whatever signs for it.
        auth: Option<Hash>,
    },
}

impl AccountKey {
    /// Whether this is the account that is asked for.
    pub(crate) fn names(&self, account: &Account) -> bool {
        match self {
            Self::Index(index) => account.index == *index,
            Self::Owner { l1_owner, auth } => {
                account.l1_owner == *l1_owner && auth.is_none_or(|auth| auth == account.auth)
            }
        }
    }
}

impl std::fmt::Display for AccountKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Index(index) => write!(f, "account {index}"),
            Self::Owner { l1_owner, auth: None } => write!(f, "account of L1 address {l1_owner}"),
            Self::Owner {
                l1_owner,
                auth: Some(auth),
            } => write!(
                f,
                "account of L1 address {l1_owner} with auth {}",
                B256::from(hash_to_bytes32(auth))
            ),
        }
    }
}

/// An account after everything executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub index: u32,
    /// Who owns it on L1.
    pub l1_owner: Address,
    /// What signs for it; zero: nothing does, and only the L1 owner acts.
    pub auth: Hash,
    /// As the operator has set them; they have no effect yet.
    pub flags: u8,
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
            l1_owner: Address::try_from(account.l1_owner.as_ref()).ok()?,
            auth: hash(&account.auth)?,
            flags: account.flags.try_into().ok()?,
            nonce: account.nonce,
            pending_nonce: account.pending_nonce,
            balances: account.balances.iter().map(balance).collect::<Option<_>>()?,
        })
    }
}

/// Who is paid by a transfer. The payer signs both, so that a payment cannot go to another owner whose account has the
/// index by the time that it is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payee {
    /// The account.
    pub account: u32,
    /// Its L1 owner.
    pub l1_owner: Address,
}

impl From<&Account> for Payee {
    fn from(account: &Account) -> Self {
        Self {
            account: account.index,
            l1_owner: account.l1_owner,
        }
    }
}

impl std::fmt::Display for Payee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "account {} of {}", self.account, self.l1_owner)
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
