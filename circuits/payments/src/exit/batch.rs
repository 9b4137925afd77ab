//! Exits of a state, as batches to be proved.

use ashlar_statement::{ClosedBatch, hash::F};
use plonky2::field::types::Field;

use super::witness::{ExitWitness, Opening};
use crate::{
    state::{AccountStore, Overlay},
    transaction::Domain,
};

/// Why there is no exit.
#[derive(Debug, thiserror::Error)]
pub enum ExitError<E: std::error::Error + 'static> {
    /// The store could not be read.
    #[error("state store")]
    State(#[from] E),
    /// There is no such account.
    #[error(
        "account {0} does not exist: look for the owner's accounts in the state of the root that is read"
    )]
    NoAccount(u32),
    /// There is nothing to pay.
    #[error("account {account} holds nothing of token {token}: leave the pair out")]
    Nothing {
        /// The account.
        account: u32,
        /// The token.
        token: u8,
    },
}

/// All that anybody holds, as accounts and tokens, in their order.
///
/// # Errors
/// If the store cannot be read.
pub fn holdings<S: AccountStore>(store: &S) -> Result<Vec<(u32, u8)>, S::Error> {
    let mut pairs = Vec::new();
    for index in 0..store.account_count()? {
        if let Some(account) = store.account(index)? {
            pairs.extend(account.balances.into_keys().map(|token| (index, token)));
        }
    }
    Ok(pairs)
}

/// A batch that pays what is held of these accounts and tokens, with so many in a proof (`EXIT_SLOTS` in production). Its
/// root stays the store's. A batch is one call on L1, so who has many pairs makes several batches of them.
///
/// # Errors
/// If there is no such account, or nothing to pay, or the store cannot be read.
///
/// # Panics
/// If a proof is to have no slots.
pub fn close<S: AccountStore>(
    store: &S,
    domain: Domain,
    pairs: &[(u32, u8)],
    slots: usize,
) -> Result<ClosedBatch<ExitWitness>, ExitError<S::Error>> {
    let state = Overlay::new(store);
    let root = state.root()?;
    let mut chunks = Vec::new();
    for pairs in pairs.chunks(slots) {
        let openings = pairs.iter().map(|pair| open(&state, *pair).map(Some));
        let mut openings: Vec<_> = openings.collect::<Result<_, _>>()?;
        openings.resize(slots, None);
        chunks.push(ExitWitness {
            old_root: root,
            domain,
            z: [F::ZERO; 2],
            time: 0,
            fee_account: 0,
            slots: openings,
        });
    }
    Ok(ClosedBatch {
        domain,
        chunks,
        new_root: root,
    })
}

fn open<S: AccountStore>(
    state: &Overlay<S>,
    (index, token): (u32, u8),
) -> Result<Opening, ExitError<S::Error>> {
    let account = state.account(index)?.ok_or(ExitError::NoAccount(index))?;
    let balance = account.balance(token);
    if balance == 0 {
        return Err(ExitError::Nothing {
            account: index,
            token,
        });
    }
    Ok(Opening {
        account: index,
        token,
        head: account.head(),
        balance,
        balance_path: account.balance_path(token),
        account_path: state.account_path(index)?,
    })
}
