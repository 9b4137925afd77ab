//! The native state transition of one operation: the oracle of a circuit slot.

use crate::{
    account::Account,
    state::{AccountStore, Overlay, StateError},
    transaction::{Deposit, Domain, Operation, SignedTransaction, Transaction},
    tree::AccountPath,
    validate::{ExecuteError, TransactionError, credit, validate_deposit, validate_verified, verify},
    witness::{AccountWitness, SlotWitness},
};

/// Executes one operation and records what its circuit slot must know. Refused or failed, it changes nothing;
/// executed, its writes are pending until [`Overlay::commit`]. Fees are the caller's to credit.
pub fn execute<S: AccountStore>(
    overlay: &mut Overlay<S>,
    domain: &Domain,
    operation: &Operation,
) -> Result<SlotWitness, ExecuteError<S::Error>> {
    let mut slot = execute_verified(overlay, operation)?;
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
    operation: &Operation,
) -> Result<SlotWitness, ExecuteError<S::Error>> {
    let result = match operation {
        Operation::Noop => Ok(SlotWitness::noop()),
        Operation::Deposit(deposit) => execute_deposit(overlay, deposit),
        Operation::Signed(signed) => execute_signed(overlay, signed),
    };
    if result.is_err() {
        overlay.rollback();
    }
    result
}

fn execute_deposit<S: AccountStore>(
    overlay: &mut Overlay<S>,
    deposit: &Deposit,
) -> Result<SlotWitness, ExecuteError<S::Error>> {
    validate_deposit(&*overlay, deposit)?;
    let destination = update(
        overlay,
        deposit.account,
        deposit.token,
        Some(deposit),
        |account| set_credit(account, deposit.account, deposit.token, deposit.amount),
    )?;
    Ok(SlotWitness {
        operation: (*deposit).into(),
        destination,
        ..SlotWitness::noop()
    })
}

fn execute_signed<S: AccountStore>(
    overlay: &mut Overlay<S>,
    signed: &SignedTransaction,
) -> Result<SlotWitness, ExecuteError<S::Error>> {
    validate_verified(&*overlay, signed, 0)?;
    let tx = &signed.tx;
    let (from, token, needed) = (tx.from(), tx.token(), tx.amount() + tx.fee().value());
    let source = update(overlay, from, token, None, |account| {
        let balance = account.balance(token);
        let remaining = balance
            .checked_sub(needed)
            .ok_or(TransactionError::InsufficientBalance {
                account: from,
                token,
                balance,
                needed,
            })?;
        account.set_balance(token, remaining);
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

fn set_credit(account: &mut Account, index: u32, token: u8, amount: u64) -> Result<(), TransactionError> {
    let balance = credit(account.balance(token), amount).ok_or(TransactionError::BalanceLimit {
        account: index,
        token,
    })?;
    account.set_balance(token, balance);
    Ok(())
}

/// One step of a slot: reads an account, records it, writes it back changed. A deposit may create it. The account's path
/// is not known before the overlay hashes.
fn update<S: AccountStore>(
    overlay: &mut Overlay<S>,
    index: u32,
    token: u8,
    deposit: Option<&Deposit>,
    change: impl FnOnce(&mut Account) -> Result<(), TransactionError>,
) -> Result<AccountWitness, ExecuteError<S::Error>> {
    let existing = overlay.account(index).map_err(StateError)?;
    let exists = existing.is_some();
    let mut account = existing
        .or_else(|| deposit.map(|deposit| Account::new(deposit.key_hash)))
        .ok_or(TransactionError::UnknownAccount {
            field: "to",
            account: index,
        })?;
    let before = (
        account.owner,
        account.nonce,
        account.balance(token),
        account.balance_path(token),
    );
    change(&mut account)?;
    let (owner, nonce, balance, balance_path) = before;
    overlay
        .set_balance_of(index, account, token, balance_path)
        .map_err(StateError)?;
    Ok(AccountWitness {
        exists,
        owner,
        nonce,
        balance,
        balance_path,
        account_path: AccountPath::empty(),
    })
}
