//! The native state transition of one operation: the oracle of a circuit slot.

use crate::{
    account::Account,
    serve::validate_served,
    state::{AccountStore, Overlay, StateError},
    transaction::{Domain, L1Operation, Operation, Served, SignedTransaction, Transaction},
    tree::AccountPath,
    validate::{ExecuteError, TransactionError, credit, validate_verified, verify},
    witness::{AccountWitness, SlotWitness},
};

/// Executes one operation in a batch of this time, in minutes since 1970, and records what its circuit slot must know. Refused or failed, it changes nothing;
/// executed, its writes are pending until [`Overlay::commit`]. Fees are the caller's to credit.
pub fn execute<S: AccountStore>(
    overlay: &mut Overlay<S>,
    domain: &Domain,
    time: u32,
    operation: &Operation,
) -> Result<SlotWitness, ExecuteError<S::Error>> {
    let mut slot = execute_verified(overlay, time, operation)?;
    if let Operation::Signed(signed) = operation {
        let verified = verify(domain, signed);
        if verified.is_err() {
            overlay.rollback();
        }
        verified?;
    }
    let paths = overlay.paths().map_err(StateError)?;
    let written = slot.written().len();
    for (account, path) in slot.written().into_iter().zip(&paths[paths.len() - written..]) {
        account.account_path = *path;
    }
    Ok(slot)
}

/// [`execute`] for an operation whose signature, if it has one, was verified before. The slot's accounts that were
/// written ([`SlotWitness::written`]) lack their paths, which are those of the overlay's last writes.
pub(crate) fn execute_verified<S: AccountStore>(
    overlay: &mut Overlay<S>,
    time: u32,
    operation: &Operation,
) -> Result<SlotWitness, ExecuteError<S::Error>> {
    let result = match operation {
        Operation::Noop => Ok(SlotWitness::noop()),
        Operation::L1(served) => execute_served(overlay, served),
        Operation::Signed(signed) => execute_signed(overlay, time, signed),
    };
    if result.is_err() {
        overlay.rollback();
    }
    result
}

fn execute_served<S: AccountStore>(
    overlay: &mut Overlay<S>,
    served: &Served,
) -> Result<SlotWitness, ExecuteError<S::Error>> {
    validate_served(&*overlay, served)?;
    let (index, token, paid) = (served.account, served.token(), served.paid);
    let mut slot = SlotWitness {
        operation: (*served).into(),
        ..SlotWitness::noop()
    };
    match &served.operation {
        L1Operation::Deposit(deposit) => {
            let fresh = Account::new(deposit.owner, deposit.auth);
            slot.destination = update(overlay, index, token, Some(fresh), |account| {
                set_credit(account, index, token, deposit.amount)
            })?;
        }
        L1Operation::SetAuth(set) => {
            slot.source = open(overlay, index, token, |account| {
                if account.l1_owner == set.sender {
                    account.auth = set.auth;
                }
                Ok(())
            })?;
        }
        L1Operation::ForcedWithdrawal(_) => {
            slot.source = open(overlay, index, token, |account| take(account, index, token, paid))?;
        }
        L1Operation::ForcedTransfer(forced) => {
            slot.source = open(overlay, index, token, |account| take(account, index, token, paid))?;
            slot.destination = open(overlay, forced.to, token, |account| {
                set_credit(account, forced.to, token, paid)
            })?;
        }
        L1Operation::SetFlags(set) => {
            slot.source = open(overlay, index, token, |account| {
                account.flags = set.flags;
                Ok(())
            })?;
        }
    }
    Ok(slot)
}

fn execute_signed<S: AccountStore>(
    overlay: &mut Overlay<S>,
    time: u32,
    signed: &SignedTransaction,
) -> Result<SlotWitness, ExecuteError<S::Error>> {
    validate_verified(&*overlay, signed, 0, time)?;
    let tx = &signed.tx;
    let (from, token, needed) = (tx.from(), tx.token(), tx.amount() + tx.fee().value());
    let source = update(overlay, from, token, None, |account| {
        take(account, from, token, needed)?;
        account.nonce = account
            .nonce
            .checked_add(1)
            .ok_or(TransactionError::NonceExhausted { account: from })?;
        Ok(())
    })?;
    let destination = match tx {
        Transaction::Transfer(transfer) => update(overlay, transfer.to, token, None, |account| {
            set_credit(account, transfer.to, token, transfer.amount.value())
        })?,
        Transaction::Withdraw(_) => AccountWitness::unused(),
    };
    Ok(SlotWitness {
        operation: signed.clone().into(),
        source,
        destination,
        ..SlotWitness::noop()
    })
}

fn take(account: &mut Account, index: u32, token: u8, needed: u64) -> Result<(), TransactionError> {
    let balance = account.balance(token);
    let remaining = balance
        .checked_sub(needed)
        .ok_or(TransactionError::InsufficientBalance {
            account: index,
            token,
            balance,
            needed,
        })?;
    account.set_balance(token, remaining);
    Ok(())
}

fn set_credit(account: &mut Account, index: u32, token: u8, amount: u64) -> Result<(), TransactionError> {
    let balance = credit(account.balance(token), amount).ok_or(TransactionError::BalanceLimit {
        account: index,
        token,
    })?;
    account.set_balance(token, balance);
    Ok(())
}

/// [`update`] for an operation of the L1 queue, which may name an account that does not exist: then it changes nothing, and
/// the slot shows that the leaf is empty.
fn open<S: AccountStore>(
    overlay: &mut Overlay<S>,
    index: u32,
    token: u8,
    change: impl FnOnce(&mut Account) -> Result<(), TransactionError>,
) -> Result<AccountWitness, ExecuteError<S::Error>> {
    if overlay.account(index).map_err(StateError)?.is_none() {
        overlay.touch(index).map_err(StateError)?;
        return Ok(AccountWitness::absent());
    }
    update(overlay, index, token, None, change)
}

/// One step of a slot: reads an account, records it, writes it back changed. A deposit may create it, from `fresh`. The
/// account's path is not known before the overlay hashes.
fn update<S: AccountStore>(
    overlay: &mut Overlay<S>,
    index: u32,
    token: u8,
    fresh: Option<Account>,
    change: impl FnOnce(&mut Account) -> Result<(), TransactionError>,
) -> Result<AccountWitness, ExecuteError<S::Error>> {
    let existing = overlay.account(index).map_err(StateError)?;
    let exists = existing.is_some();
    let mut account = existing.or(fresh).ok_or(TransactionError::UnknownAccount {
        field: "to",
        account: index,
    })?;
    let (head, balance) = (account.head(), account.balance(token));
    let balance_path = account.balance_path(token);
    change(&mut account)?;
    overlay
        .set_balance_of(index, account, token, balance_path)
        .map_err(StateError)?;
    Ok(AccountWitness {
        exists,
        head,
        balance,
        balance_path,
        account_path: AccountPath::empty(),
    })
}
