//! Whether everybody has signed what a batch takes from him. Signatures are not public data, so its operator has to show
//! what the batch was made of; he is believed nothing.
//!
//! What is shown is executed on the state before, in the order shown, by the rules of the circuits, and must publish the
//! batch's data and lead to its root. Where chunks end is not shown: it matters only to who earns fees and spends them in
//! the same batch, so each size of chunks is tried.

use ashlar_statement::{Stream, hash::Hash};

use super::{BatchData, Published, RecordsError, bridge_records, rollup_records};
use crate::{
    batch::{BlockBuilder, BlockConfig, BuildError, Shapes},
    pubdata::Record,
    state::{AccountStore, Changes, L1Owner, StateError},
    transaction::{DecodeError, Domain, Operation, SignedTransaction},
    validate::{ExecuteError, TransactionError, verify},
};

/// An operation of a batch, as its operator shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// The next one of L1's queue, which is public as it is.
    L1,
    /// What somebody has signed, in its canonical encoding.
    Signed(Vec<u8>),
}

/// What operations are signed for and judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Chain and rollup.
    pub domain: Domain,
    /// Of the batch, in minutes since 1970.
    pub time: u32,
    /// Sizes of chunks of the rollup's circuits: [`SHAPES`](crate::batch::SHAPES) in production.
    pub shapes: Shapes,
}

/// What is shown is not what the batch was made of, or was not allowed.
#[derive(Debug, thiserror::Error)]
pub enum UnsignedError<E: std::error::Error + 'static> {
    /// The store beneath could not be read.
    #[error(transparent)]
    State(#[from] StateError<E>),
    /// The streams are not what a batch publishes.
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// Something shown is no signed transaction.
    #[error("operation {place}")]
    Encoding {
        /// Its place in the batch, from 0.
        place: usize,
        /// What is wrong with it.
        #[source]
        source: DecodeError,
    },
    /// Another operation stands there in the batch's public data.
    #[error("operation {place}: the batch has published another one there")]
    Other {
        /// Its place in the batch, from 0.
        place: usize,
    },
    /// Of operations that the batch has published, nothing is shown.
    #[error("{left} published operations are not shown")]
    Missing {
        /// How many.
        left: usize,
    },
    /// An operation is not allowed: not signed, or not on the state before it.
    #[error("operation {place}")]
    Refused {
        /// Its place in the batch, from 0.
        place: usize,
        /// Why.
        #[source]
        source: TransactionError,
    },
    /// The fees cannot be credited.
    #[error("fees")]
    Fees(#[source] BuildError<E>),
    /// What is shown leads to another root.
    #[error("what is shown leads to another root than the batch's")]
    Root,
}

/// Whether what is `shown` of a batch, in its order, is what it was made of, and was signed and allowed. That its data lead
/// from `before` to its root, with what they have changed in `after`, was found by [`rebuild`](super::rebuild).
///
/// # Errors
/// The first fault, if it is not so with chunks of any size.
pub fn check_signed<S: AccountStore>(
    before: &S,
    batch: &BatchData<'_>,
    after: &Changes,
    terms: Terms,
    shown: &[Shown],
) -> Result<(), UnsignedError<S::Error>> {
    let operations = shown_operations(batch.bridge, batch.rollup, shown)?;
    for (place, operation) in operations.iter().enumerate() {
        if let Operation::Signed(signed) = operation {
            verify(&terms.domain, signed).map_err(|source| UnsignedError::Refused { place, source })?;
        }
    }
    let fee_owner = fee_owner(before, batch.fee_account, after)?;
    let mut first_fault = None;
    for largest in terms.shapes.sizes().iter().rev() {
        let config = BlockConfig {
            domain: terms.domain,
            fee_owner,
            shapes: terms.shapes.up_to(*largest).expect("one of its own sizes"),
        };
        let fault = match execute(before, config, terms.time, &operations) {
            Ok(root) if root == batch.new_root => return Ok(()),
            Ok(_) => UnsignedError::Root,
            Err(fault) => fault,
        };
        first_fault.get_or_insert(fault);
    }
    Err(first_fault.unwrap_or(UnsignedError::Root))
}

/// What is shown as operations, if it publishes these two streams. Whether it was signed and is allowed is not looked at.
///
/// # Errors
/// The first that publishes something else.
pub fn shown_operations<E: std::error::Error + 'static>(
    bridge: &[u8],
    rollup: &[u8],
    shown: &[Shown],
) -> Result<Vec<Operation>, UnsignedError<E>> {
    let mut bridge = bridge_records(bridge)?.into_iter();
    let mut rollup = rollup_records(rollup)?.into_iter();
    let mut operations = Vec::with_capacity(shown.len());
    for (place, item) in shown.iter().enumerate() {
        let other = || UnsignedError::Other { place };
        let operation = match item {
            Shown::L1 => match bridge.next() {
                Some((_, Published::L1(served))) => served.into(),
                _ => return Err(other()),
            },
            Shown::Signed(encoding) => {
                let signed = SignedTransaction::decode(encoding);
                let signed = signed.map_err(|source| UnsignedError::Encoding { place, source })?;
                let operation = Operation::from(signed);
                let record = Record::new(&operation);
                let published = match record.stream() {
                    Some(Stream::Bridge) => bridge.next(),
                    Some(Stream::Rollup) => rollup.next(),
                    None => None,
                };
                let bytes = record.to_bytes();
                published.filter(|(found, _)| *found == bytes).ok_or_else(other)?;
                operation
            }
        };
        operations.push(operation);
    }
    match bridge.count() + rollup.count() {
        0 => Ok(operations),
        left => Err(UnsignedError::Missing { left }),
    }
}

/// Who earns the fees; the builder finds his account. Where there is none, the batch has paid none.
fn fee_owner<S: AccountStore>(
    before: &S,
    account: u32,
    after: &Changes,
) -> Result<L1Owner, UnsignedError<S::Error>> {
    let account = match after.accounts.get(&account) {
        Some(account) => Some(account.clone()),
        None => before.account(account).map_err(StateError)?,
    };
    Ok(account.map_or([0; 20], |account| account.l1_owner))
}

/// Root after operations whose signatures were verified.
fn execute<S: AccountStore>(
    before: &S,
    config: BlockConfig,
    time: u32,
    operations: &[Operation],
) -> Result<Hash, UnsignedError<S::Error>> {
    let mut builder = BlockBuilder::new(before, config)?;
    builder.set_time(time);
    for (place, operation) in operations.iter().enumerate() {
        let pushed = builder.push_verified(operation.clone());
        pushed.map_err(|error| match error {
            ExecuteError::Refused(source) => UnsignedError::Refused { place, source },
            ExecuteError::State(error) => UnsignedError::State(error),
        })?;
    }
    let (closed, _) = builder.close().map_err(|error| match error {
        BuildError::State(error) => UnsignedError::State(error),
        error => UnsignedError::Fees(error),
    })?;
    Ok(closed.new_root)
}
