//! The batch being filled.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ashlar_report::chain;
use ashlar_statement::{
    Application,
    application::{BatchSize, Deposit, Effects, ExecuteError, Next},
    hash::{F, Hash},
    state::StateError,
};
use plonky2::field::types::Field;
use sha3::{Digest, Keccak256};

use super::{ExecutorError, Open, sealer::Job, view::View};
use crate::store::{LogItem, Operation, Place, ReceiptRecord, StoreError, WithdrawalRecord};

/// Time spent per step on this batch.
#[derive(Debug, Default)]
pub(super) struct Steps {
    pub admit: Duration,
    pub order: Duration,
    pub execute: Duration,
}

pub(super) struct OpenBatch<A: Application> {
    pub number: u64,
    open: Open<A>,
    receipts: Vec<([u8; 32], ReceiptRecord)>,
    operations: Vec<(Place, Operation)>,
    deposits: u32,
    withdrawals: u32,
    started: Option<Instant>,
    pub steps: Steps,
}

/// Id under which a deposit's receipt is kept.
pub(crate) fn deposit_id(number: u64) -> [u8; 32] {
    Keccak256::new()
        .chain_update(b"ashlar/deposit")
        .chain_update(number.to_be_bytes())
        .finalize()
        .into()
}

/// An item of the log, read.
pub(super) enum Item<A: Application> {
    Deposit { number: u64, deposit: Deposit },
    Signed { id: [u8; 32], signed: A::Signed },
    Unreadable { id: [u8; 32], reason: String },
}

impl<A: Application> Item<A> {
    pub fn read(item: &LogItem) -> Self {
        match item {
            LogItem::Deposit {
                number,
                token,
                amount,
                key_hash,
            } => Self::Deposit {
                number: *number,
                deposit: Deposit {
                    token: *token,
                    amount: *amount,
                    key_hash: Hash {
                        elements: key_hash.map(F::from_noncanonical_u64),
                    },
                },
            },
            // It was decoded once before it was appended.
            LogItem::Signed(encoding) => match A::decode(encoding) {
                Ok(signed) => Self::Signed {
                    id: A::id(&signed),
                    signed,
                },
                Err(error) => Self::Unreadable {
                    id: Keccak256::digest(encoding).into(),
                    reason: chain(&error),
                },
            },
        }
    }

    pub fn next(&self) -> Option<Next<'_, A::Signed>> {
        match self {
            Self::Deposit { deposit, .. } => Some(Next::Deposit(deposit)),
            Self::Signed { signed, .. } => Some(Next::Signed(signed)),
            Self::Unreadable { .. } => None,
        }
    }
}

/// An item of the log that was accepted, and cannot be executed any more.
pub(super) struct Dropped {
    pub id: [u8; 32],
    pub reason: String,
}

impl<A: Application> OpenBatch<A> {
    pub fn new(view: &View, application: &A, number: u64) -> Result<Self, ExecutorError> {
        Ok(Self {
            number,
            open: application.open(view.clone())?,
            receipts: Vec::new(),
            operations: Vec::new(),
            deposits: 0,
            withdrawals: 0,
            started: None,
            steps: Steps::default(),
        })
    }

    pub fn is_empty(&self) -> bool {
        self.receipts.is_empty()
    }

    /// Transactions and deposits in the batch.
    pub fn len(&self) -> usize {
        self.receipts.len()
    }

    /// What it asks of L1 and the provers, or would ask once `next` were executed.
    pub fn size(&self, next: Option<Next<'_, A::Signed>>) -> BatchSize {
        A::size(&self.open, next)
    }

    /// When its first item came.
    pub fn started(&self) -> Option<Instant> {
        self.started
    }

    /// Executes the item at a position of the log.
    pub fn replay(&mut self, position: u64, item: Item<A>) -> Result<Option<Dropped>, ExecutorError> {
        match item {
            Item::Deposit { number, deposit } => {
                self.execute_deposit(position, number, &deposit)?;
                Ok(None)
            }
            Item::Unreadable { id, reason } => Ok(Some(Dropped { id, reason })),
            // It was executed once before it was appended, on the same state.
            Item::Signed { id, signed } => match self.execute_signed(position, id, &signed) {
                Ok(()) => Ok(None),
                Err(ExecuteError::Refused(error)) => Ok(Some(Dropped {
                    id,
                    reason: chain(&error),
                })),
                Err(ExecuteError::State(error)) => Err(error.into()),
            },
        }
    }

    fn execute_deposit(
        &mut self,
        position: u64,
        number: u64,
        deposit: &Deposit,
    ) -> Result<(), ExecutorError> {
        let start = Instant::now();
        let effects = match A::deposit(&mut self.open, deposit) {
            Ok(effects) => effects,
            Err(ExecuteError::Refused(error)) => {
                let source = error.into();
                return Err(ExecutorError::Deposit { number, source });
            }
            Err(ExecuteError::State(error)) => return Err(error.into()),
        };
        self.steps.execute += start.elapsed();
        self.deposits += 1;
        let accounts = effects.account.into_iter().map(u64::from).collect();
        self.executed(deposit_id(number), effects, Operation { position, accounts });
        Ok(())
    }

    /// Executes a verified transaction, which has or will get this position of the log; a refused one changes nothing.
    pub fn execute_signed(
        &mut self,
        position: u64,
        id: [u8; 32],
        signed: &A::Signed,
    ) -> Result<(), ExecuteError<A::Refusal, StateError<StoreError>>> {
        let start = Instant::now();
        let effects = A::execute(&mut self.open, signed)?;
        let accounts = A::parties(signed);
        self.executed(id, effects, Operation { position, accounts });
        self.steps.execute += start.elapsed();
        Ok(())
    }

    fn executed(&mut self, id: [u8; 32], effects: Effects, operation: Operation) {
        self.started.get_or_insert_with(Instant::now);
        let slot = self.receipts.len() as u32;
        let withdrawal = effects.withdrawal.map(|withdrawal| {
            let index = self.withdrawals;
            self.withdrawals += 1;
            WithdrawalRecord {
                index,
                recipient: withdrawal.recipient,
                token: withdrawal.token,
                amount: withdrawal.amount,
            }
        });
        let batch = self.number;
        self.operations.push((Place { batch, slot }, operation));
        self.receipts.push((
            id,
            ReceiptRecord::InBatch {
                batch,
                slot,
                withdrawal,
                account: effects.account,
            },
        ));
    }

    /// The application's batch.
    pub fn state(&self) -> &Open<A> {
        &self.open
    }

    /// The same, to look at its root.
    pub fn state_mut(&mut self) -> &mut Open<A> {
        &mut self.open
    }

    /// The batch takes no more: what is left to do is the sealer's.
    pub fn close(self, sealed_to: u64) -> Result<Job<A>, ExecutorError> {
        let number = self.number;
        let (closed, changes) = A::close(self.open).map_err(|error| ExecutorError::Seal {
            number,
            source: error.into(),
        })?;
        Ok(Job {
            number,
            closed,
            changes: Arc::new(changes),
            receipts: self.receipts,
            operations: self.operations,
            deposits: self.deposits,
            withdrawals: self.withdrawals,
            sealed_to,
            steps: self.steps,
        })
    }
}
