//! The batch being filled.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ashlar_report::chain;
use ashlar_statement::{
    Application,
    application::{BatchSize, Effects, ExecuteBothError, ExecuteError, Next},
    queue::L1Operation,
    state::StateError,
};
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

/// What a batch is made of.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub l1_operations: u32,
    /// Queue index of the first of them.
    pub first_l1_operation: Option<u64>,
    /// What can be claimed on L1, of signed and of forced withdrawals.
    pub withdrawals: u32,
    /// Signed transactions that withdraw nothing.
    pub transfers: u32,
}

pub(super) struct OpenBatch<A: Application> {
    pub number: u64,
    open: Open<A>,
    receipts: Vec<([u8; 32], ReceiptRecord)>,
    operations: Vec<(Place, Operation)>,
    counts: Counts,
    started: Option<Instant>,
    /// Minutes since 1970.
    time: Option<u32>,
    pub steps: Steps,
}

/// Id under which the receipt of an operation of L1's queue is kept.
pub(crate) fn l1_operation_id(queue_index: u64) -> [u8; 32] {
    Keccak256::new()
        .chain_update(b"ashlar/l1-operation")
        .chain_update(queue_index.to_be_bytes())
        .finalize()
        .into()
}

/// Id under which a signed operation is kept that is known from public data alone, which do not hold its own.
pub(crate) fn published_id(batch: u64, slot: u32) -> [u8; 32] {
    Keccak256::new()
        .chain_update(b"ashlar/published-operation")
        .chain_update(batch.to_be_bytes())
        .chain_update(slot.to_be_bytes())
        .finalize()
        .into()
}

/// Accounts whose history an operation of L1's queue belongs to, each once; `account` is what its effects say.
pub(crate) fn l1_parties(operation: &L1Operation, account: Option<u32>) -> Vec<u64> {
    let Some(account) = account else {
        return Vec::new(); // of an application without accounts
    };
    match operation {
        L1Operation::ForcedTransfer(forced) if forced.to != account => {
            vec![account.into(), forced.to.into()]
        }
        _ => vec![account.into()],
    }
}

/// An item of the log, read.
pub(super) enum Item<A: Application> {
    L1 {
        index: u64,
        operation: L1Operation,
    },
    Signed {
        id: [u8; 32],
        signed: A::Signed,
    },
    /// It and its sponsor, which is the next item.
    Sponsored([([u8; 32], A::Signed); 2]),
    Unreadable {
        id: [u8; 32],
        reason: String,
    },
}

fn with_id<A: Application>(signed: A::Signed) -> ([u8; 32], A::Signed) {
    (A::id(&signed), signed)
}

impl<A: Application> Item<A> {
    /// Reads an item, and the one `behind` it where they belong together. What is signed was decoded once before it was
    /// appended.
    pub fn read(item: &LogItem, behind: Option<&LogItem>) -> Result<Self, ExecutorError> {
        Ok(match item {
            LogItem::L1 { index, record } => {
                let index = *index;
                let operation = L1Operation::decode(record)
                    .map_err(|source| ExecutorError::L1Record { index, source })?;
                Self::L1 { index, operation }
            }
            LogItem::Published { batch, slot, .. } => Self::Unreadable {
                id: published_id(*batch, *slot),
                reason: "its signature is not known, only what it did".to_owned(),
            },
            LogItem::Signed(encoding) | LogItem::Sponsored(encoding) => match A::decode(encoding) {
                Ok(signed) => Self::signed(item, with_id::<A>(signed), behind),
                Err(error) => Self::Unreadable {
                    id: Keccak256::digest(encoding).into(),
                    reason: chain(&error),
                },
            },
        })
    }

    fn signed(item: &LogItem, (id, signed): ([u8; 32], A::Signed), behind: Option<&LogItem>) -> Self {
        if !matches!(item, LogItem::Sponsored(_)) {
            return Self::Signed { id, signed };
        }
        let sponsor = match behind {
            Some(LogItem::Signed(encoding)) => A::decode(encoding).ok(),
            _ => None, // the two were written at once
        };
        match sponsor {
            Some(sponsor) => Self::Sponsored([(id, signed), with_id::<A>(sponsor)]),
            None => Self::Unreadable {
                id,
                reason: "what was to pay for it cannot be read".to_owned(),
            },
        }
    }

    /// Items of the log that it is made of.
    pub fn len(&self) -> u64 {
        match self {
            Self::L1 { .. } | Self::Signed { .. } | Self::Unreadable { .. } => 1,
            Self::Sponsored(_) => 2,
        }
    }

    pub fn next(&self) -> Option<Next<'_, A::Signed>> {
        match self {
            Self::L1 { operation, .. } => Some(Next::L1(operation)),
            Self::Signed { signed, .. } => Some(Next::Signed(signed)),
            Self::Sponsored([(_, signed), (_, sponsor)]) => Some(Next::Both([signed, sponsor])),
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
            counts: Counts::default(),
            started: None,
            time: None,
            steps: Steps::default(),
        })
    }

    pub fn is_empty(&self) -> bool {
        self.receipts.is_empty()
    }

    /// The batch's time in minutes since 1970, once it is settled.
    pub fn time(&self) -> Option<u32> {
        self.time
    }

    /// Settles the time of an empty batch.
    pub fn set_time(&mut self, time: u32) {
        self.time = Some(time);
        A::set_time(&mut self.open, time);
    }

    /// Transactions and L1 operations in the batch.
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

    /// Executes the item at a position of the log; gives what was accepted and cannot be executed any more.
    pub fn replay(&mut self, position: u64, item: Item<A>) -> Result<Vec<Dropped>, ExecutorError> {
        let dropped = |id, error: &A::Refusal| Dropped {
            id,
            reason: chain(error),
        };
        match item {
            Item::L1 { index, operation } => {
                self.execute_l1(position, index, &operation)?;
                Ok(Vec::new())
            }
            Item::Unreadable { id, reason } => Ok(vec![Dropped { id, reason }]),
            // It was executed once before it was appended, on the same state.
            Item::Signed { id, signed } => match self.execute_signed(position, id, &signed) {
                Ok(()) => Ok(Vec::new()),
                Err(ExecuteError::Refused(error)) => Ok(vec![dropped(id, &error)]),
                Err(ExecuteError::State(error)) => Err(error.into()),
            },
            Item::Sponsored([(id, signed), (sponsor_id, sponsor)]) => {
                match self.execute_both(position, [(id, &signed), (sponsor_id, &sponsor)]) {
                    Ok(()) => Ok(Vec::new()),
                    Err(ExecuteBothError::First(error) | ExecuteBothError::Second(error)) => {
                        Ok(vec![dropped(id, &error), dropped(sponsor_id, &error)])
                    }
                    Err(ExecuteBothError::State(error)) => Err(error.into()),
                }
            }
        }
    }

    fn execute_l1(
        &mut self,
        position: u64,
        index: u64,
        operation: &L1Operation,
    ) -> Result<(), ExecutorError> {
        let start = Instant::now();
        let effects = match A::execute_l1(&mut self.open, operation) {
            Ok(effects) => effects,
            Err(ExecuteError::Refused(error)) => {
                let source = error.into();
                return Err(ExecutorError::L1Operation { index, source });
            }
            Err(ExecuteError::State(error)) => return Err(error.into()),
        };
        self.steps.execute += start.elapsed();
        self.counts.l1_operations += 1;
        self.counts.first_l1_operation.get_or_insert(index);
        let accounts = l1_parties(operation, effects.account);
        self.executed(l1_operation_id(index), effects, Operation { position, accounts });
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
        self.signed(position, id, signed, effects);
        self.steps.execute += start.elapsed();
        Ok(())
    }

    /// The same for two that have or will get this position and the next; neither is executed if one is refused.
    pub fn execute_both(
        &mut self,
        position: u64,
        [(id, signed), (second_id, second)]: [([u8; 32], &A::Signed); 2],
    ) -> Result<(), ExecuteBothError<A::Refusal, StateError<StoreError>>> {
        let start = Instant::now();
        let [effects, second_effects] = A::execute_both(&mut self.open, [signed, second])?;
        self.signed(position, id, signed, effects);
        self.signed(position + 1, second_id, second, second_effects);
        self.steps.execute += start.elapsed();
        Ok(())
    }

    fn signed(&mut self, position: u64, id: [u8; 32], signed: &A::Signed, effects: Effects) {
        self.counts.transfers += u32::from(effects.withdrawal.is_none());
        let accounts = A::parties(signed);
        self.executed(id, effects, Operation { position, accounts });
    }

    fn executed(&mut self, id: [u8; 32], effects: Effects, operation: Operation) {
        self.started.get_or_insert_with(Instant::now);
        let slot = self.receipts.len() as u32;
        let withdrawal = effects.withdrawal.map(|withdrawal| {
            let index = self.counts.withdrawals;
            self.counts.withdrawals += 1;
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
            counts: self.counts,
            time: self.time.unwrap_or(0),
            sealed_to,
            steps: self.steps,
        })
    }
}
