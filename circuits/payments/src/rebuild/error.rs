//! Why a batch's data do not lead to its root.

use ashlar_statement::hash::{Hash, hash_to_bytes32};

use super::RecordsError;
use crate::state::StateError;

/// A batch could not be executed from its public data. Nothing of it was written.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError<E: std::error::Error + 'static> {
    /// The store beneath could not be read.
    #[error(transparent)]
    State(#[from] StateError<E>),
    /// The streams are not what a batch publishes.
    #[error("public data of batch {batch}")]
    Records {
        /// The batch.
        batch: u64,
        /// Where, and what.
        #[source]
        source: RecordsError,
    },
    /// No proof can stand for such records.
    #[error(
        "public data of batch {batch}: not provable on the state before it, so one of the two is not L1's"
    )]
    Fault {
        /// The batch.
        batch: u64,
        /// What cannot be.
        #[source]
        source: RecordFault,
    },
    /// The data lead elsewhere.
    #[error(
        "batch {batch}: its data lead to root {}, L1 has {}: the data or the state before are not L1's (ask another L1 endpoint, start from an empty database), or the rules are not those of the rollup (run the version that serves it)",
        shown(found),
        shown(expected)
    )]
    Root {
        /// The batch.
        batch: u64,
        /// As L1 has it.
        expected: Hash,
        /// As the data say.
        found: Hash,
    },
}

/// What no proven batch can publish on a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordFault {
    /// An account that moves money is not there.
    #[error("{role}: account {account} does not exist")]
    NoAccount {
        /// What it should do.
        role: &'static str,
        /// The account.
        account: u32,
    },
    /// A deposit went to an account of another owner or `auth`.
    #[error("a deposit to account {account}, which has another {field}")]
    NotOwner {
        /// `owner` or `auth`.
        field: &'static str,
        /// The account.
        account: u32,
    },
    /// A balance is below zero, or 2^62 or more, after the batch.
    #[error("account {account} would hold {balance} of token {token}")]
    Balance {
        /// The account.
        account: u32,
        /// The token.
        token: u8,
        /// In token units.
        balance: i128,
    },
    /// More was signed than an account has nonces.
    #[error("account {account} has used all of its nonces")]
    NonceExhausted {
        /// The account.
        account: u32,
    },
}

fn shown(root: &Hash) -> String {
    let bytes = hash_to_bytes32(root);
    bytes
        .iter()
        .fold("0x".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}
