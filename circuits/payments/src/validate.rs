//! Admission: whether an operation would execute on a given state, and why not.

use ashlar_ecgfp5::SignatureError;

use crate::{
    account::{Account, BALANCE_BITS},
    policy::PolicyError,
    state::{AccountStore, StateError},
    transaction::{BRIDGE_AMOUNT_BITS, Domain, SignedTransaction, Transaction},
    tree::ACCOUNT_DEPTH,
};

/// An operation is refused; the state is untouched. Every variant names the field and the limit.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TransactionError {
    /// No such account.
    #[error("{field}: account {account} does not exist")]
    UnknownAccount {
        /// `from` or `to`.
        field: &'static str,
        /// Its index.
        account: u32,
    },
    /// The account belongs to another key, or to another L1 owner.
    #[error("{field}: not the owner of account {account}")]
    NotOwner {
        /// `public_key`, or of a deposit `owner` or `auth`.
        field: &'static str,
        /// Account that was named.
        account: u32,
    },
    /// The clause that it is signed under does not permit it.
    #[error("clause")]
    Policy(#[source] PolicyError),
    /// The batch is of a later time.
    #[error("valid_until: {valid_until} is over, the batch is of minute {time}; sign it again")]
    Expired {
        /// Of the transaction, in minutes since 1970.
        valid_until: u32,
        /// Of the batch, in minutes since 1970.
        time: u32,
    },
    /// The payee's account is not whose the payer has signed it to be.
    #[error("to_owner: account {account} has another L1 owner; ask again whose it is")]
    PayeeChanged {
        /// Payee.
        account: u32,
    },
    /// A forced operation does not pay what the state says.
    #[error("paid: {given} given, account {account} pays {expected}")]
    Payment {
        /// Payer.
        account: u32,
        /// Of the operation, in token units.
        given: u64,
        /// In token units.
        expected: u64,
    },
    /// Replayed, out of order, or too far ahead.
    #[error("nonce: {given} given, {expected} to {last} accepted for account {account}")]
    Nonce {
        /// Signer.
        account: u32,
        /// Nonce of the transaction.
        given: u32,
        /// Nonce of the account.
        expected: u32,
        /// Last nonce that is accepted now.
        last: u32,
    },
    /// The account has signed 2^32 - 1 transactions: it can only receive.
    #[error("nonce: account {account} has used all of its nonces")]
    NonceExhausted {
        /// Signer.
        account: u32,
    },
    /// Amount and fee exceed the balance.
    #[error("amount: {needed} of token {token} needed with the fee, account {account} holds {balance}")]
    InsufficientBalance {
        /// Payer.
        account: u32,
        /// Token number.
        token: u8,
        /// In token units.
        balance: u64,
        /// Amount and fee, in token units.
        needed: u64,
    },
    /// The payee's balance would reach 2^62.
    #[error("amount: account {account} would hold 2^{BALANCE_BITS} or more of token {token}")]
    BalanceLimit {
        /// Payee.
        account: u32,
        /// Token number.
        token: u8,
    },
    /// The account tree is full.
    #[error("account: {account} is not below 2^{ACCOUNT_DEPTH}")]
    AccountLimit {
        /// Index that a new account would have.
        account: u32,
    },
    /// Nobody could be credited with the fee.
    #[error(
        "fee: it cannot be paid before the account that earns fees exists, which its owner's first deposit creates"
    )]
    NoFeeAccount,
    /// A bridge amount of zero, or from 2^56 upwards.
    #[error("amount: {amount} outside 1..2^{BRIDGE_AMOUNT_BITS}")]
    BridgeAmount {
        /// In token units.
        amount: u64,
    },
    /// Not signed by the key it carries, for this chain and rollup.
    #[error("signature")]
    Signature(#[source] SignatureError),
}

/// An operation did not execute; nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError<E: std::error::Error + 'static> {
    /// The operation is at fault.
    #[error("refused")]
    Refused(#[from] TransactionError),
    /// The store is at fault.
    #[error(transparent)]
    State(#[from] StateError<E>),
}

/// Adds to a balance, below the limit of 2^62.
pub(crate) fn credit(balance: u64, amount: u64) -> Option<u64> {
    balance.checked_add(amount).filter(|sum| sum >> BALANCE_BITS == 0)
}

pub(crate) fn bridge_amount(amount: u64) -> Result<(), TransactionError> {
    if amount == 0 || amount >> BRIDGE_AMOUNT_BITS != 0 {
        return Err(TransactionError::BridgeAmount { amount });
    }
    Ok(())
}

/// Whether a signed transaction can be executed on this state, now or after at most `nonce_window` earlier
/// ones of the same account (0: exactly now), in a batch of this time, in minutes since 1970. Cheap checks first, the
/// signature last.
pub fn validate<S: AccountStore>(
    state: &S,
    domain: &Domain,
    signed: &SignedTransaction,
    nonce_window: u32,
    time: u32,
) -> Result<(), ExecuteError<S::Error>> {
    validate_verified(state, signed, nonce_window, time)?;
    Ok(verify(domain, signed)?)
}

/// Whether a transaction is signed by the key that it carries, for this chain and rollup.
pub fn verify(domain: &Domain, signed: &SignedTransaction) -> Result<(), TransactionError> {
    let message = signed.message(domain);
    signed
        .public_key
        .verify(&message, &signed.signature)
        .map_err(TransactionError::Signature)
}

/// [`validate`] for a transaction that [`verify`] has accepted.
pub(crate) fn validate_verified<S: AccountStore>(
    state: &S,
    signed: &SignedTransaction,
    nonce_window: u32,
    time: u32,
) -> Result<(), ExecuteError<S::Error>> {
    let tx = &signed.tx;
    if let Transaction::Withdraw(withdraw) = tx {
        bridge_amount(withdraw.amount)?;
    }
    let from = tx.from();
    let payer = state
        .account(from)
        .map_err(StateError)?
        .ok_or(TransactionError::UnknownAccount {
            field: "from",
            account: from,
        })?;
    if signed.auth() != payer.auth {
        return Err(TransactionError::NotOwner {
            field: "public_key",
            account: from,
        }
        .into());
    }
    // Below 2^61 + 2^29: no overflow.
    let spent = tx.amount() + tx.fee().value();
    let permitted = signed.clause.permits(tx.kind(), tx.token(), spent, time);
    permitted.map_err(TransactionError::Policy)?;
    if time > signed.valid_until {
        return Err(TransactionError::Expired {
            valid_until: signed.valid_until,
            time,
        }
        .into());
    }
    check_nonce(from, &payer, tx.nonce(), nonce_window)?;
    let remaining = check_balance(from, &payer, tx)?;
    if let Transaction::Transfer(transfer) = tx {
        let payee =
            state
                .account(transfer.to)
                .map_err(StateError)?
                .ok_or(TransactionError::UnknownAccount {
                    field: "to",
                    account: transfer.to,
                })?;
        let balance = if transfer.to == from {
            remaining
        } else {
            payee.balance(transfer.token)
        };
        if payee.l1_owner != transfer.to_owner {
            return Err(TransactionError::PayeeChanged { account: transfer.to }.into());
        }
        credit(balance, transfer.amount.value()).ok_or(TransactionError::BalanceLimit {
            account: transfer.to,
            token: transfer.token,
        })?;
    }
    Ok(())
}

fn check_nonce(account: u32, payer: &Account, given: u32, window: u32) -> Result<(), TransactionError> {
    let expected = payer.nonce;
    if expected == u32::MAX {
        return Err(TransactionError::NonceExhausted { account });
    }
    // The last nonce of all is never used: the account's nonce could not follow it.
    let last = expected.saturating_add(window).min(u32::MAX - 1);
    if !(expected..=last).contains(&given) {
        return Err(TransactionError::Nonce {
            account,
            given,
            expected,
            last,
        });
    }
    Ok(())
}

/// Returns what remains of the balance.
fn check_balance(account: u32, payer: &Account, tx: &Transaction) -> Result<u64, TransactionError> {
    let (token, balance) = (tx.token(), payer.balance(tx.token()));
    // Below 2^61 + 2^29: no overflow.
    let needed = tx.amount() + tx.fee().value();
    balance
        .checked_sub(needed)
        .ok_or(TransactionError::InsufficientBalance {
            account,
            token,
            balance,
            needed,
        })
}
