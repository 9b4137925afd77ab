//! The batch being filled.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ashlar_protocol::Step;
use ashlar_report::chain;
use ashlar_statement::{
    Application,
    application::{Deposit, Effects, ExecuteError},
    hash::{F, Hash},
    state::StateError,
    witness_to_bytes,
};
use plonky2::field::types::{Field, PrimeField64};
use sha3::{Digest, Keccak256};

use super::{ExecutorError, Open};
use crate::store::{
    BatchRecord, BatchStatus, LogItem, NewBatch, ReceiptRecord, StepRecord, Store, StoreError,
    WithdrawalRecord,
};

/// Time spent per step on this batch.
#[derive(Debug, Default)]
pub(super) struct Steps {
    pub admit: Duration,
    pub order: Duration,
    pub execute: Duration,
}

pub(super) struct OpenBatch<A: Application> {
    store: Arc<Store>,
    number: u64,
    open: Open<A>,
    receipts: Vec<([u8; 32], ReceiptRecord)>,
    withdrawals: u32,
    sealed_to: u64,
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

impl<A: Application> OpenBatch<A> {
    pub fn new(store: Arc<Store>, application: &A) -> Result<Self, ExecutorError> {
        Ok(Self {
            number: store.next_batch()?,
            open: application.open(store.clone())?,
            receipts: Vec::new(),
            withdrawals: 0,
            sealed_to: store.sealed_to()?,
            started: None,
            steps: Steps::default(),
            store,
        })
    }

    /// Transactions and deposits in the batch.
    pub fn len(&self) -> usize {
        self.receipts.len()
    }

    /// When its first item came.
    pub fn started(&self) -> Option<Instant> {
        self.started
    }

    /// The log has given an executed item this position.
    pub fn appended(&mut self, position: u64) {
        self.sealed_to = position + 1;
    }

    /// Executes an item of the log.
    pub fn replay(&mut self, position: u64, item: &LogItem) -> Result<(), ExecutorError> {
        match item {
            LogItem::Deposit {
                number,
                token,
                amount,
                key_hash,
            } => {
                self.execute_deposit(*number, *token, *amount, *key_hash)?;
            }
            LogItem::Signed(encoding) => {
                // It was decoded and executed once before it was appended, on the same state.
                let refusal = match A::decode(encoding) {
                    Ok(signed) => match self.execute_signed(A::id(&signed), &signed) {
                        Ok(()) => None,
                        Err(ExecuteError::Refused(error)) => Some((A::id(&signed), chain(&error))),
                        Err(ExecuteError::State(error)) => return Err(error.into()),
                    },
                    Err(error) => Some((Keccak256::digest(encoding).into(), chain(&error))),
                };
                if let Some((id, reason)) = refusal {
                    tracing::error!(position, %reason, "an accepted transaction cannot be executed any more");
                    self.store.refuse(id, &reason)?;
                }
            }
        }
        self.appended(position);
        Ok(())
    }

    fn execute_deposit(
        &mut self,
        number: u64,
        token: u8,
        amount: u64,
        key_hash: [u64; 4],
    ) -> Result<(), ExecutorError> {
        let start = Instant::now();
        let key_hash = Hash {
            elements: key_hash.map(F::from_noncanonical_u64),
        };
        let deposit = Deposit {
            token,
            amount,
            key_hash,
        };
        let effects = match A::deposit(&mut self.open, &deposit) {
            Ok(effects) => effects,
            Err(ExecuteError::Refused(error)) => {
                let source = error.into();
                return Err(ExecutorError::Deposit { number, source });
            }
            Err(ExecuteError::State(error)) => return Err(error.into()),
        };
        self.steps.execute += start.elapsed();
        self.executed(deposit_id(number), effects);
        Ok(())
    }

    /// Executes a signed transaction; a refused one changes nothing.
    pub fn execute_signed(
        &mut self,
        id: [u8; 32],
        signed: &A::Signed,
    ) -> Result<(), ExecuteError<A::Refusal, StateError<StoreError>>> {
        let start = Instant::now();
        let effects = A::execute(&mut self.open, signed)?;
        self.executed(id, effects);
        self.steps.execute += start.elapsed();
        Ok(())
    }

    fn executed(&mut self, id: [u8; 32], effects: Effects) {
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
        self.receipts.push((
            id,
            ReceiptRecord::InBatch {
                batch: self.number,
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

    /// Seals the batch and stores it; gives its number.
    pub fn seal(self) -> Result<u64, ExecutorError> {
        let (start, number) = (Instant::now(), self.number);
        let closed = A::close(self.open, number);
        let (sealed, changes) = closed.map_err(|error| ExecutorError::Seal {
            number,
            source: error.into(),
        })?;
        let chunks: Vec<_> = sealed.chunks.iter().map(witness_to_bytes).collect();
        let peak_rss_bytes = ashlar_report::memory::peak_bytes().unwrap_or(0);
        let step = |step: Step, time: Duration| StepRecord {
            name: step.name().to_owned(),
            micros: time.as_micros() as u64,
            peak_rss_bytes,
        };
        let record = BatchRecord {
            number,
            status: BatchStatus::Sealed,
            public_inputs: sealed
                .public_inputs
                .to_vec()
                .iter()
                .map(F::to_canonical_u64)
                .collect(),
            bridge: sealed.bridge,
            rollup: sealed.rollup,
            chunks: chunks.len() as u32,
            transactions: self.receipts.iter().map(|(id, _)| *id).collect(),
            header: None,
            commit: None,
            prove: None,
            snark_bytes: 0,
            proven_seen_at: None,
            failure: None,
            steps: vec![
                step(Step::Admit, self.steps.admit),
                step(Step::Order, self.steps.order),
                step(Step::Execute, self.steps.execute),
                step(Step::Seal, start.elapsed()),
            ],
        };
        let batch = NewBatch {
            record,
            chunks,
            receipts: self.receipts,
            changes: &changes,
            sealed_to: self.sealed_to,
        };
        self.store.seal(&batch)?;
        Ok(number)
    }
}
