//! The state from public data alone: what a batch's two streams do to the state before it. Whoever has L1 needs no operator.
//!
//! Signatures, policies and last minutes are not published, and not needed: the proof stands for them. How the records of
//! one stream stand between those of the other is not published either, nor where chunks end, and the state after the batch
//! does not depend on it (`docs/spec/operations.md`, "The order within a batch"): who exists, owns and signs changes by the
//! bridge stream alone, whose order is public; balances change by sums; nonces count. So the bridge stream is executed
//! first, then the transfers, then the fees are credited, on balances that may be below zero in between. L1's root decides
//! whether it was right.

mod error;
mod ledger;
mod records;
mod signed;
mod snapshot;

use ashlar_statement::{hash::Hash, queue::L1Operation};

pub use error::{RebuildError, RecordFault};
pub use records::{Published, RecordsError, bridge_records, rollup_records};
pub use signed::{Shown, Terms, UnsignedError, check_signed, shown_operations};
pub use snapshot::{Snapshot, SnapshotError};

use ledger::{Failure, Ledger};

use crate::state::{AccountStore, Changes};

/// What L1 has of a batch.
#[derive(Debug, Clone, Copy)]
pub struct BatchData<'a> {
    /// Its number.
    pub number: u64,
    /// Bridge stream.
    pub bridge: &'a [u8],
    /// Rollup stream.
    pub rollup: &'a [u8],
    /// The account that its fees were credited to.
    pub fee_account: u32,
    /// Root after it.
    pub new_root: Hash,
}

/// What a batch has changed in the state before it, found from its public data.
///
/// # Errors
/// [`RebuildError::Root`] if they do not lead to its root, and before that whatever no proven batch publishes.
pub fn rebuild<S: AccountStore>(store: S, batch: &BatchData<'_>) -> Result<Changes, RebuildError<S::Error>> {
    let number = batch.number;
    let malformed = |source| RebuildError::Records {
        batch: number,
        source,
    };
    let mut records = bridge_records(batch.bridge).map_err(malformed)?;
    records.extend(rollup_records(batch.rollup).map_err(malformed)?);
    let mut ledger = Ledger::new(store);
    let executed = records
        .iter()
        .try_for_each(|(_, record)| execute(&mut ledger, record))
        .and_then(|()| ledger.close(batch.fee_account));
    let (changes, found) = executed.map_err(|failure| match failure {
        Failure::State(error) => RebuildError::State(error),
        Failure::Fault(source) => RebuildError::Fault {
            batch: number,
            source,
        },
    })?;
    if found != batch.new_root {
        return Err(RebuildError::Root {
            batch: number,
            expected: batch.new_root,
            found,
        });
    }
    Ok(changes)
}

/// Does what a record says, in the order of its stream.
fn execute<S: AccountStore>(ledger: &mut Ledger<S>, record: &Published) -> Result<(), Failure<S::Error>> {
    match *record {
        Published::L1(served) => {
            let (account, token, paid) = (served.account, served.token(), served.paid);
            match served.operation {
                L1Operation::Deposit(deposit) => ledger.deposit(account, &deposit),
                L1Operation::SetAuth(set) => ledger.set_auth(&set),
                L1Operation::SetFlags(set) => ledger.set_flags(&set),
                // What was not paid changes nothing, whoever the accounts are.
                L1Operation::ForcedWithdrawal(_) | L1Operation::ForcedTransfer(_) if paid == 0 => Ok(()),
                L1Operation::ForcedWithdrawal(_) => {
                    ledger.add("payer of a forced withdrawal", account, token, -i128::from(paid))
                }
                L1Operation::ForcedTransfer(forced) => {
                    ledger.add("payer of a forced transfer", account, token, -i128::from(paid))?;
                    ledger.add("payee of a forced transfer", forced.to, token, paid.into())
                }
            }
        }
        Published::Withdrawal {
            from,
            token,
            amount,
            fee,
            ..
        } => ledger.signed("payer of a withdrawal", from, token, amount, fee),
        Published::Exit(_) => Ok(()),
        Published::Transfer {
            from,
            to,
            token,
            amount,
            fee,
        } => {
            ledger.signed("payer of a transfer", from, token, amount, fee)?;
            ledger.add("payee of a transfer", to, token, amount.into())
        }
    }
}
