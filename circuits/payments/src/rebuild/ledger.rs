//! Accounts within a batch: heads as they change, balances as sums.

use std::collections::BTreeMap;

use ashlar_statement::{
    hash::Hash,
    queue::{Deposit, SetAuth, SetFlags},
};

use super::RecordFault;
use crate::{
    account::{Account, BALANCE_BITS},
    auth::NO_AUTH,
    state::{AccountStore, Changes, Overlay, StateError},
};

/// Why a record cannot be executed.
pub(super) enum Failure<E: std::error::Error + 'static> {
    State(StateError<E>),
    Fault(RecordFault),
}

impl<E: std::error::Error + 'static> From<RecordFault> for Failure<E> {
    fn from(fault: RecordFault) -> Self {
        Self::Fault(fault)
    }
}

/// An account that the batch names. Its own balances are those before the batch.
struct Entry {
    account: Account,
    /// By token, what the batch has added so far.
    added: BTreeMap<u8, i128>,
}

/// Executes records on top of a store.
pub(super) struct Ledger<S> {
    /// Knows who exists, owns and signs: its lists are kept in the order of those records.
    overlay: Overlay<S>,
    entries: BTreeMap<u32, Entry>,
    /// By token.
    fees: BTreeMap<u8, i128>,
}

impl<S: AccountStore> Ledger<S> {
    pub fn new(store: S) -> Self {
        Self {
            overlay: Overlay::new(store),
            entries: BTreeMap::new(),
            fees: BTreeMap::new(),
        }
    }

    fn entry(&mut self, index: u32) -> Result<Option<&mut Entry>, Failure<S::Error>> {
        if !self.entries.contains_key(&index) {
            let account = self.overlay.account(index).map_err(failed)?;
            let Some(account) = account else { return Ok(None) };
            let added = BTreeMap::new();
            self.entries.insert(index, Entry { account, added });
        }
        Ok(self.entries.get_mut(&index))
    }

    fn existing(&mut self, role: &'static str, account: u32) -> Result<&mut Entry, Failure<S::Error>> {
        let entry = self.entry(account)?;
        entry.ok_or(Failure::Fault(RecordFault::NoAccount { role, account }))
    }

    /// Writes who owns an account and what signs for it, at once: lists of accounts keep this order.
    fn list(&mut self, index: u32, account: Account) -> Result<(), Failure<S::Error>> {
        self.overlay.set_account(index, account).map_err(failed)?;
        self.overlay.commit();
        Ok(())
    }

    pub fn deposit(&mut self, index: u32, deposit: &Deposit) -> Result<(), Failure<S::Error>> {
        match self.entry(index)? {
            None => self.list(index, Account::new(deposit.owner, deposit.auth))?,
            Some(Entry { account, .. }) => {
                let field = match account {
                    _ if account.l1_owner != deposit.owner => Some("owner"),
                    _ if deposit.auth != NO_AUTH && account.auth != deposit.auth => Some("auth"),
                    _ => None,
                };
                if let Some(field) = field {
                    return Err(RecordFault::NotOwner {
                        field,
                        account: index,
                    }
                    .into());
                }
            }
        }
        self.add("payee of a deposit", index, deposit.token, deposit.amount.into())
    }

    pub fn set_auth(&mut self, set: &SetAuth) -> Result<(), Failure<S::Error>> {
        let Some(Entry { account, .. }) = self.entry(set.account)? else {
            return Ok(());
        };
        if account.l1_owner != set.sender || account.auth == set.auth {
            return Ok(());
        }
        account.auth = set.auth;
        let account = account.clone();
        self.list(set.account, account)
    }

    pub fn set_flags(&mut self, set: &SetFlags) -> Result<(), Failure<S::Error>> {
        if let Some(Entry { account, .. }) = self.entry(set.account)? {
            account.flags = set.flags;
        }
        Ok(())
    }

    pub fn add(
        &mut self,
        role: &'static str,
        index: u32,
        token: u8,
        amount: i128,
    ) -> Result<(), Failure<S::Error>> {
        *self.existing(role, index)?.added.entry(token).or_default() += amount;
        Ok(())
    }

    /// The payer's side of a signed operation.
    pub fn signed(
        &mut self,
        role: &'static str,
        from: u32,
        token: u8,
        amount: u64,
        fee: u64,
    ) -> Result<(), Failure<S::Error>> {
        let (amount, fee) = (i128::from(amount), i128::from(fee));
        let Entry { account, .. } = self.existing(role, from)?;
        let nonce = account.nonce.checked_add(1);
        account.nonce = nonce.ok_or(RecordFault::NonceExhausted { account: from })?;
        self.add(role, from, token, -(amount + fee))?;
        *self.fees.entry(token).or_default() += fee;
        Ok(())
    }

    /// Credits the fees, and hashes what has changed; gives the root, too.
    pub fn close(mut self, fee_account: u32) -> Result<(Changes, Hash), Failure<S::Error>> {
        for (token, fee) in std::mem::take(&mut self.fees) {
            if fee > 0 {
                self.add("fee account", fee_account, token, fee)?;
            }
        }
        for (index, Entry { mut account, added }) in self.entries {
            for (token, added) in added {
                let balance = i128::from(account.balance(token)) + added;
                let held = u64::try_from(balance)
                    .ok()
                    .filter(|held| held >> BALANCE_BITS == 0);
                let held = held.ok_or(RecordFault::Balance {
                    account: index,
                    token,
                    balance,
                })?;
                account.set_balance(token, held);
            }
            self.overlay.set_account(index, account).map_err(failed)?;
        }
        self.overlay.commit();
        self.overlay.hash().map_err(failed)?;
        let root = self.overlay.root().map_err(failed)?;
        Ok((self.overlay.into_changes().map_err(failed)?, root))
    }
}

fn failed<E: std::error::Error + 'static>(error: E) -> Failure<E> {
    Failure::State(StateError(error))
}
