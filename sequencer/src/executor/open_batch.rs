//! The batch being filled.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ashlar_report::chain;
use ashlar_rollup::{
    batch::{BlockBuilder, BlockConfig},
    hash::{F, Hash},
    state::StateStore,
    transaction::{Deposit, SignedTransaction, Transaction},
    validate::ExecuteError,
    witness::ChunkWitness,
};
use ashlar_statement::Step;
use plonky2::field::types::{Field, PrimeField64};
use sha3::{Digest, Keccak256};

use super::{AccountKey, AccountView, ExecutorError};
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

#[derive(Debug)]
pub(super) struct OpenBatch {
    store: Arc<Store>,
    number: u64,
    builder: BlockBuilder<Arc<Store>>,
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

impl OpenBatch {
    pub fn new(store: Arc<Store>, block: BlockConfig) -> Result<Self, ExecutorError> {
        Ok(Self {
            number: store.next_batch()?,
            builder: BlockBuilder::new(store.clone(), block)?,
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
                let refusal = match SignedTransaction::decode(encoding) {
                    Ok(signed) => match self.execute_signed(signed.id(), signed.clone()) {
                        Ok(()) => None,
                        Err(ExecuteError::Refused(error)) => Some((signed.id(), chain(&error))),
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
        let account = self.builder.state().deposit_account(&key_hash)?;
        match self.builder.push(Deposit {
            account,
            token,
            amount,
            key_hash,
        }) {
            Ok(_) => {}
            Err(ExecuteError::Refused(source)) => return Err(ExecutorError::Deposit { number, source }),
            Err(ExecuteError::State(error)) => return Err(error.into()),
        }
        self.steps.execute += start.elapsed();
        self.executed(deposit_id(number), None, Some(account));
        Ok(())
    }

    /// Executes a signed transaction; a refused one changes nothing.
    pub fn execute_signed(
        &mut self,
        id: [u8; 32],
        signed: SignedTransaction,
    ) -> Result<(), ExecuteError<StoreError>> {
        let start = Instant::now();
        let tx = signed.tx;
        self.builder.push(signed)?;
        let withdrawal = match tx {
            Transaction::Transfer(_) => None,
            Transaction::Withdraw(withdraw) => {
                let index = self.withdrawals;
                self.withdrawals += 1;
                Some(WithdrawalRecord {
                    index,
                    recipient: withdraw.to_l1,
                    token: withdraw.token,
                    amount: withdraw.amount,
                })
            }
        };
        self.executed(id, withdrawal, None);
        self.steps.execute += start.elapsed();
        Ok(())
    }

    fn executed(&mut self, id: [u8; 32], withdrawal: Option<WithdrawalRecord>, account: Option<u32>) {
        self.started.get_or_insert_with(Instant::now);
        let slot = self.receipts.len() as u32;
        self.receipts.push((
            id,
            ReceiptRecord::InBatch {
                batch: self.number,
                slot,
                withdrawal,
                account,
            },
        ));
    }

    /// Root after everything executed.
    pub fn root(&self) -> Result<Hash, StoreError> {
        self.builder.state().root()
    }

    /// An account after everything executed.
    pub fn account(&self, key: &AccountKey) -> Result<Option<AccountView>, StoreError> {
        let state = self.builder.state();
        let index = match key {
            AccountKey::Index(index) => Some(*index),
            AccountKey::Owner(owner) => state.find_owner(owner)?,
        };
        let Some(index) = index else { return Ok(None) };
        Ok(state
            .account(index)?
            .map(|account| AccountView { index, account }))
    }

    /// Seals the batch and stores it; gives its number.
    pub fn seal(self) -> Result<u64, ExecutorError> {
        let (start, number) = (Instant::now(), self.number);
        let (sealed, changes) = self
            .builder
            .seal(number)
            .map_err(|source| ExecutorError::Seal { number, source })?;
        let chunks: Vec<_> = sealed.chunks.iter().map(ChunkWitness::to_bytes).collect();
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
