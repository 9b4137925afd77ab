//! What users of payments ask of the state.

use ashlar_payments::{
    Payments,
    account::Account,
    state::{AccountStore, Overlay, Stored},
};
use ashlar_statement::{hash::Hash, state::StateError};

use crate::{
    executor::{ExecutorHandle, SubmitError},
    store::{Store, StoreError},
};

/// How an account is named.
#[derive(Clone, Copy, Debug)]
pub enum AccountKey {
    /// By its leaf.
    Index(u32),
    /// By the L1 address that it belongs to.
    Owner {
        /// The address.
        l1_owner: [u8; 20],
        /// The owner's account with exactly this auth; the owner's first one if it is not given.
        auth: Option<Hash>,
    },
}

/// An account in the state after everything executed.
#[derive(Clone, Debug)]
pub struct AccountView {
    /// Its leaf.
    pub index: u32,
    /// Owner, auth, nonce, balances.
    pub account: Account,
    /// Transactions of it that wait for earlier ones.
    pub waiting: u32,
}

/// A leaf of the sealed state with its path.
#[derive(Clone, Debug)]
pub struct InclusionView {
    /// The account, unless the leaf is empty.
    pub account: Option<Account>,
    /// Siblings from the leaf upwards.
    pub path: Vec<Hash>,
    /// The root they lead to.
    pub root: Hash,
    /// The last sealed batch.
    pub batch: u64,
}

impl ExecutorHandle<Payments> {
    /// An account after everything executed so far.
    pub async fn account(&self, key: AccountKey) -> Result<Option<AccountView>, SubmitError<Payments>> {
        self.look(move |peek| {
            let state = peek.open.state();
            let index = match key {
                AccountKey::Index(index) => Some(index),
                AccountKey::Owner { l1_owner, auth } => state.find_account(&l1_owner, auth.as_ref())?,
            };
            let Some(index) = index else { return Ok(None) };
            let account = state.account(index)?;
            Ok(account.map(|account| AccountView {
                index,
                account,
                waiting: peek.waiting(index.into()),
            }))
        })
        .await
    }

    /// Root of the state after everything executed so far, and the number of the open batch.
    pub(super) async fn progress(&self) -> Result<(Hash, u64), SubmitError<Payments>> {
        self.look(|peek| Ok((peek.open.root().map_err(|error| error.0)?, peek.number)))
            .await
    }
}

/// A leaf of the sealed state with its path.
pub(super) fn inclusion(store: &Store, index: u32) -> Result<InclusionView, StateError<StoreError>> {
    let snapshot = store.snapshot().map_err(StateError::Store)?;
    let batch = snapshot.next_batch() - 1;
    let sealed = Overlay::new(Stored(snapshot));
    Ok(InclusionView {
        account: sealed.account(index)?,
        path: sealed.account_path(index)?.siblings.to_vec(),
        root: sealed.root()?,
        batch,
    })
}
