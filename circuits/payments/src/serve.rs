//! Operations of the L1 queue: which account they go to, what they pay, and whether they can be served so.

use crate::{
    auth::NO_AUTH,
    state::{AccountStore, Overlay, StateError},
    transaction::{Deposit, ForcedTransfer, ForcedWithdrawal, Kind, L1Operation, Served, SetAuth, SetFlags},
    tree::ACCOUNT_DEPTH,
    validate::{ExecuteError, TransactionError, bridge_amount, credit},
};

/// Whether an operation of the L1 queue can be served so: its account in the tree, its amount in range; a deposit to an
/// empty leaf or an account of its owner and `auth`; and what a forced operation pays is what the state says.
pub fn validate_served<S: AccountStore>(state: &S, served: &Served) -> Result<(), ExecuteError<S::Error>> {
    let Served { account, paid, .. } = *served;
    if !matches!(served.kind(), Kind::SetAuth | Kind::SetFlags) {
        bridge_amount(served.amount())?;
    }
    let to = match &served.operation {
        L1Operation::ForcedTransfer(forced) => forced.to,
        _ => account,
    };
    for account in [account, to] {
        if account >> ACCOUNT_DEPTH != 0 {
            return Err(TransactionError::AccountLimit { account }.into());
        }
    }
    if let L1Operation::Deposit(deposit) = &served.operation {
        return validate_deposit(state, account, deposit);
    }
    let expected = forced_payment(state, &served.operation).map_err(StateError)?;
    if paid != expected {
        return Err(TransactionError::Payment {
            account,
            given: paid,
            expected,
        }
        .into());
    }
    Ok(())
}

fn validate_deposit<S: AccountStore>(
    state: &S,
    account: u32,
    deposit: &Deposit,
) -> Result<(), ExecuteError<S::Error>> {
    let existing = state.account(account).map_err(StateError)?;
    let field = match &existing {
        Some(existing) if existing.l1_owner != deposit.owner => Some("owner"),
        Some(existing) if deposit.auth != NO_AUTH && existing.auth != deposit.auth => Some("auth"),
        _ => None,
    };
    if let Some(field) = field {
        return Err(TransactionError::NotOwner { field, account }.into());
    }
    let token = deposit.token;
    let balance = existing.map_or(0, |account| account.balance(token));
    credit(balance, deposit.amount).ok_or(TransactionError::BalanceLimit { account, token })?;
    Ok(())
}

/// How an operation of the L1 queue is served in this state.
pub fn serve<S: AccountStore>(
    state: &Overlay<S>,
    operation: &L1Operation,
) -> Result<Served, StateError<S::Error>> {
    let account = match operation {
        L1Operation::Deposit(deposit) => state.deposit_account(&deposit.owner, &deposit.auth)?,
        L1Operation::SetAuth(SetAuth { account, .. })
        | L1Operation::ForcedWithdrawal(ForcedWithdrawal { account, .. })
        | L1Operation::ForcedTransfer(ForcedTransfer { account, .. })
        | L1Operation::SetFlags(SetFlags { account, .. }) => *account,
    };
    Ok(Served {
        operation: *operation,
        account,
        paid: forced_payment(state, operation)?,
    })
}

/// What an operation of the L1 queue takes from its account without a signature: all that is requested or all that is
/// there, if the sender owns the account and the payee exists; else nothing.
fn forced_payment<S: AccountStore>(state: &S, operation: &L1Operation) -> Result<u64, S::Error> {
    let (account, token, requested, sender) = match operation {
        L1Operation::ForcedWithdrawal(forced) => (forced.account, forced.token, forced.amount, forced.sender),
        L1Operation::ForcedTransfer(forced) if state.account(forced.to)?.is_none() => return Ok(0),
        L1Operation::ForcedTransfer(forced) => (forced.account, forced.token, forced.amount, forced.sender),
        L1Operation::Deposit(_) | L1Operation::SetAuth(_) | L1Operation::SetFlags(_) => return Ok(0),
    };
    let payer = state.account(account)?;
    let payer = payer.filter(|payer| payer.l1_owner == sender);
    Ok(payer.map_or(0, |payer| payer.balance(token).min(requested)))
}
