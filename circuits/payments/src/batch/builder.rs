//! Builds a batch operation by operation, chunk by chunk.

use plonky2::field::types::Field;

use ashlar_statement::{
    ClosedBatch, Stream,
    application::BatchSize,
    hash::{F, Hash},
    stream::WORD_BYTES,
};

use super::{SealedBatch, Shapes};
use crate::{
    account::{Account, BALANCE_BITS},
    execute::execute_verified,
    pubdata::Record,
    state::{AccountStore, Changes, L1Owner, Overlay, StateError},
    transaction::{Domain, Kind, Operation},
    tree::AccountPath,
    validate::{ExecuteError, TransactionError, credit, validate},
    witness::{ChunkWitness, FEE_SLOTS, FeeWitness, SlotWitness, WitnessError},
};

/// What a batch is built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockConfig {
    /// Chain and rollup.
    pub domain: Domain,
    /// L1 address whose first account earns the fees; until it has one, no fee can be paid. Not an index: who an index
    /// belongs to is settled by the order of the deposits, so anybody could be first.
    pub fee_owner: L1Owner,
    /// Sizes of chunks: those of the chunk circuits, [`super::SHAPES`] in production.
    pub shapes: Shapes,
}

/// Where an operation was executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// Chunk in the batch.
    pub chunk: usize,
    /// Slot in the chunk.
    pub slot: usize,
}

/// The builder failed on its own account, not the operation's: drop it and start from the store again.
#[derive(Debug, thiserror::Error)]
pub enum BuildError<E: std::error::Error + 'static> {
    /// The store is at fault.
    #[error(transparent)]
    State(#[from] StateError<E>),
    /// Fees were charged, and there is no account to credit: the state is corrupt.
    #[error("fees of token {token} were charged, but their owner has no account")]
    NoFeeAccount {
        /// Token of the fee.
        token: u8,
    },
    /// The fee account would exceed the balance limit: the state is corrupt.
    #[error("fee account {account}: would hold 2^{BALANCE_BITS} of token {token}")]
    FeeAccount {
        /// Its index.
        account: u32,
        /// Token of the fee.
        token: u8,
    },
}

/// A batch could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError<E: std::error::Error + 'static> {
    /// The last chunk could not be closed.
    #[error("last chunk")]
    Build(#[from] BuildError<E>),
    /// The chunks do not make a batch.
    #[error(transparent)]
    Seal(#[from] ashlar_statement::SealError<WitnessError>),
}

/// The chunk under construction.
#[derive(Debug, Clone)]
struct OpenChunk {
    old_root: Hash,
    slots: Vec<SlotWitness>,
    /// Slots whose accounts have their paths.
    hashed: usize,
    /// Token and sum of each fee slot in use.
    fees: Vec<(u8, u64)>,
}

/// Executes operations on top of a store and records what the provers need.
#[derive(Debug)]
pub struct BlockBuilder<S> {
    config: BlockConfig,
    /// Minutes since 1970.
    time: u32,
    overlay: Overlay<S>,
    chunks: Vec<ChunkWitness>,
    open: OpenChunk,
    /// Of the fee owner, once it was found.
    fee_account: Option<u32>,
    /// Of everything executed; its chunks are counted when it is asked for.
    size: BatchSize,
}

impl<S: AccountStore> BlockBuilder<S> {
    /// An empty batch on top of a store; `S` may be a reference.
    pub fn new(store: S, config: BlockConfig) -> Result<Self, StateError<S::Error>> {
        let overlay = Overlay::new(store);
        let open = OpenChunk::new(overlay.root()?);
        let fee_account = overlay.first_account(&config.fee_owner).map_err(StateError)?;
        Ok(Self {
            config,
            time: 0,
            overlay,
            chunks: Vec::new(),
            open,
            fee_account,
            size: BatchSize::default(),
        })
    }

    /// Sets the batch's time, in minutes since 1970, by which it is judged what may be executed.
    ///
    /// # Panics
    /// After the first operation.
    pub fn set_time(&mut self, time: u32) {
        assert_eq!(self.executed(), 0, "operations were judged by another time");
        self.time = time;
    }

    /// The state after everything executed so far (fees of the open chunk are credited when it closes). Its tree is not
    /// hashed yet.
    pub fn state(&self) -> &Overlay<S> {
        &self.overlay
    }

    /// Root of [`Self::state`].
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn root(&mut self) -> Result<Hash, StateError<S::Error>> {
        self.hash()?;
        Ok(self.overlay.root()?)
    }

    /// Hashes what was executed, and gives the slots their paths. A path that no slot has asked for is returned.
    fn hash(&mut self) -> Result<Option<AccountPath>, StateError<S::Error>> {
        let mut paths = self.overlay.hash()?.into_iter();
        for slot in &mut self.open.slots[self.open.hashed..] {
            for (account, path) in slot.written().into_iter().zip(&mut paths) {
                account.account_path = path;
            }
        }
        self.open.hashed = self.open.slots.len();
        Ok(paths.next())
    }

    /// Operations executed so far.
    pub fn executed(&self) -> usize {
        self.size.operations as usize
    }

    /// Chunks that the batch would have if it were sealed now.
    pub fn chunk_count(&self) -> usize {
        self.chunks.len() + usize::from(!self.open.slots.is_empty())
    }

    /// What the batch asks of L1 and the provers, or would ask once `next` were executed.
    pub fn size(&self, next: &[Operation]) -> BatchSize {
        let mut size = self.size;
        size.chunks = self.chunk_count() as u32;
        let (mut slots, mut fees) = (self.open.slots.len(), self.open.fees.clone());
        for operation in next {
            count(&mut size, operation);
            let fee = fee_of(operation);
            let is_counted = |token| fees.iter().any(|(known, _)| *known == token);
            let needs_slot = fee.is_some_and(|(token, _)| !is_counted(token));
            if slots == 0 || needs_slot && fees.len() == FEE_SLOTS {
                size.chunks += 1;
                slots = 0;
                fees.clear();
            }
            fees.extend(fee.filter(|_| needs_slot));
            slots = (slots + 1) % self.config.shapes.largest();
            if slots == 0 {
                fees.clear();
            }
        }
        size
    }

    /// Executes an operation in the next slot; a refused one changes nothing.
    pub fn push(&mut self, operation: impl Into<Operation>) -> Result<Placement, ExecuteError<S::Error>> {
        let operation = operation.into();
        if let Operation::Signed(signed) = &operation {
            validate(&self.overlay, &self.config.domain, signed, 0, self.time)?;
        }
        self.push_verified(operation)
    }

    /// [`Self::push`] for an operation whose signature, if it has one, was verified before.
    pub fn push_verified(&mut self, operation: Operation) -> Result<Placement, ExecuteError<S::Error>> {
        let mut slot = execute_verified(&mut self.overlay, self.time, &operation)?;
        let fee = fee_of(&operation);
        let accepted = self.check_fee_account(fee.as_slice());
        if accepted.is_err() {
            self.overlay.rollback();
        }
        accepted?;
        if !self.open.has_fee_slot(&operation) {
            // A fifth fee token: this operation opens the next chunk, after this one's fees are credited.
            self.overlay.rollback();
            self.close_chunk().map_err(refused)?;
            slot = execute_verified(&mut self.overlay, self.time, &operation)?;
        }
        if let Some((token, amount)) = fee {
            // A chunk has a fee slot for a token, or was just opened.
            slot.fee_slot = self.open.charge(token, amount);
        }
        self.overlay.commit();
        if self.fee_account.is_none() {
            let found = self.overlay.first_account(&self.config.fee_owner);
            self.fee_account = found.map_err(StateError)?;
        }
        let placement = Placement {
            chunk: self.chunks.len(),
            slot: self.open.slots.len(),
        };
        self.open.slots.push(slot);
        count(&mut self.size, &operation);
        if self.open.slots.len() == self.config.shapes.largest() {
            self.close_chunk().map_err(refused)?;
        }
        Ok(placement)
    }

    /// Executes two operations, the second in the slot behind the first, or neither: then, which of them was refused, from
    /// 0. Their signatures were verified before.
    pub fn push_both_verified(
        &mut self,
        both: [Operation; 2],
    ) -> Result<[Placement; 2], (usize, ExecuteError<S::Error>)> {
        let tried = self.try_both(&both);
        self.overlay.rollback();
        tried?;
        // Neither is refused now: all that can come between them are fees that a full chunk credits, and there is room for
        // both of theirs.
        let [first, second] = both;
        let first = self.push_verified(first).map_err(|error| (0, error))?;
        let second = self.push_verified(second).map_err(|error| (1, error))?;
        Ok([first, second])
    }

    /// Leaves its writes in the overlay, uncommitted.
    fn try_both(&mut self, both: &[Operation; 2]) -> Result<(), (usize, ExecuteError<S::Error>)> {
        let mut fees = Vec::new();
        for (which, operation) in both.iter().enumerate() {
            fees.extend(fee_of(operation));
            let executed = execute_verified(&mut self.overlay, self.time, operation);
            let accepted = executed.and_then(|_| self.check_fee_account(&fees));
            accepted.map_err(|error| (which, error))?;
        }
        Ok(())
    }

    /// Keeps what the fee account will hold after the open chunk below 2^62, with these fees besides.
    fn check_fee_account(&self, fees: &[(u8, u64)]) -> Result<(), ExecuteError<S::Error>> {
        let Some((index, account)) = self.fee_account()? else {
            return match fees {
                [] => Ok(()),
                _ => Err(TransactionError::NoFeeAccount.into()),
            };
        };
        let mut pending = self.open.fees.clone();
        pending.extend(fees);
        for (token, _) in &pending {
            let owed = pending
                .iter()
                .filter(|(other, _)| other == token)
                .map(|(_, sum)| sum)
                .sum();
            credit(account.balance(*token), owed).ok_or(TransactionError::BalanceLimit {
                account: index,
                token: *token,
            })?;
        }
        Ok(())
    }

    /// The account that earns the fees, if its owner has one.
    fn fee_account(&self) -> Result<Option<(u32, Account)>, StateError<S::Error>> {
        let Some(index) = self.fee_account else {
            return Ok(None);
        };
        let account = self.overlay.account(index).map_err(StateError)?;
        Ok(account.map(|account| (index, account)))
    }

    /// Pads the open chunk, credits its fees and opens the next one.
    fn close_chunk(&mut self) -> Result<(), BuildError<S::Error>> {
        let mut fee = self.credit_fees()?;
        self.overlay.commit();
        if let Some(path) = self.hash()? {
            fee.account_path = path;
        }
        let next = OpenChunk::new(self.overlay.root().map_err(StateError)?);
        let OpenChunk {
            old_root, mut slots, ..
        } = core::mem::replace(&mut self.open, next);
        let shapes = self.config.shapes;
        let fitting = shapes.fitting(slots.len()).expect("a full chunk was closed");
        slots.resize_with(shapes.sizes()[fitting], SlotWitness::noop);
        self.chunks.push(ChunkWitness {
            old_root,
            domain: self.config.domain,
            z: [F::ZERO; 2],
            time: 0,
            fee_account: 0,
            slots,
            fee,
        });
        Ok(())
    }

    /// Writes the fee account, whose path is known when the chunk is hashed.
    fn credit_fees(&mut self) -> Result<FeeWitness, BuildError<S::Error>> {
        let mut fee = FeeWitness::unused();
        let Some((first_token, _)) = self.open.fees.first() else {
            return Ok(fee);
        };
        let token = *first_token;
        let (index, mut account) = self.fee_account()?.ok_or(BuildError::NoFeeAccount { token })?;
        (fee.enabled, fee.head) = (true, account.head());
        for fee_slot in 0..FEE_SLOTS {
            let (token, sum) = self.open.fees.get(fee_slot).copied().unwrap_or((0, 0));
            fee.tokens[fee_slot] = token;
            fee.balances[fee_slot] = account.balance(token);
            fee.balance_paths[fee_slot] = account.balance_path(token);
            let balance = credit(account.balance(token), sum).ok_or(BuildError::FeeAccount {
                account: index,
                token,
            })?;
            account.set_balance(token, balance);
        }
        self.overlay.set_account(index, account).map_err(StateError)?;
        Ok(fee)
    }

    /// Closes the last chunk (padding it). Returns the batch, which takes no more operations, and what it changes in the
    /// store.
    pub fn close(mut self) -> Result<(ClosedBatch<ChunkWitness>, Changes), BuildError<S::Error>> {
        if !self.open.slots.is_empty() {
            self.close_chunk()?;
        }
        // The same in all chunks, and those that earned nothing may be older than the account.
        let fee_account = self.fee_account.unwrap_or(0);
        for chunk in &mut self.chunks {
            chunk.fee_account = fee_account;
        }
        let closed = ClosedBatch {
            domain: self.config.domain,
            chunks: self.chunks,
            new_root: self.overlay.root().map_err(StateError)?,
        };
        let changes = self.overlay.into_changes().map_err(StateError)?;
        Ok((closed, changes))
    }

    /// [`Self::close`], then draws the evaluation point and derives all public inputs.
    pub fn seal(self, number: u64) -> Result<(SealedBatch, Changes), SealError<S::Error>> {
        let time = self.time;
        let (closed, changes) = self.close()?;
        Ok((closed.seal(number, time)?, changes))
    }
}

impl OpenChunk {
    fn new(old_root: Hash) -> Self {
        Self {
            old_root,
            slots: Vec::new(),
            hashed: 0,
            fees: Vec::new(),
        }
    }

    /// The fee slot that this token has or may take; `None` when all are taken by others.
    fn fee_slot(&self, token: u8) -> Option<usize> {
        let known = self.fees.iter().position(|(other, _)| *other == token);
        known.or_else(|| (self.fees.len() < FEE_SLOTS).then_some(self.fees.len()))
    }

    /// Whether the operation's fee, if it pays one, can be counted in this chunk.
    fn has_fee_slot(&self, operation: &Operation) -> bool {
        fee_of(operation).is_none_or(|(token, _)| self.fee_slot(token).is_some())
    }

    /// Adds a fee; the caller has made sure that [`Self::fee_slot`] has one.
    fn charge(&mut self, token: u8, amount: u64) -> u8 {
        let index = self
            .fees
            .iter()
            .position(|(other, _)| *other == token)
            .unwrap_or_else(|| {
                self.fees.push((token, 0));
                self.fees.len() - 1
            });
        self.fees[index].1 += amount;
        index as u8
    }
}

/// Adds an operation to everything but the chunks.
fn count(size: &mut BatchSize, operation: &Operation) {
    let record = Record::new(operation);
    let bytes = (record.len() * WORD_BYTES) as u64;
    size.operations += 1;
    size.l1_operations += u32::from(matches!(operation, Operation::L1(_)));
    size.withdrawals += u32::from(matches!(record.kind, Kind::Withdraw | Kind::ForcedWithdrawal));
    match record.stream() {
        Some(Stream::Bridge) => size.bridge_bytes += bytes,
        Some(Stream::Rollup) => size.rollup_bytes += bytes,
        None => {}
    }
}

/// Token and value of a non-zero fee.
fn fee_of(operation: &Operation) -> Option<(u8, u64)> {
    match operation {
        Operation::Signed(signed) if signed.tx.fee().value() > 0 => {
            Some((signed.tx.token(), signed.tx.fee().value()))
        }
        Operation::Noop | Operation::L1(_) | Operation::Signed(_) => None,
    }
}

/// A chunk could not be closed: to the pusher a state error, or the fee account's fault.
fn refused<E: std::error::Error + 'static>(error: BuildError<E>) -> ExecuteError<E> {
    match error {
        BuildError::State(error) => error.into(),
        BuildError::NoFeeAccount { .. } => TransactionError::NoFeeAccount.into(),
        BuildError::FeeAccount { account, token } => TransactionError::BalanceLimit { account, token }.into(),
    }
}
