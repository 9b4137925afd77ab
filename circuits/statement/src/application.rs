//! What the sequencer asks of an application: to execute operations in order, and to close them into leaves.

use std::error::Error;

use crate::{
    ClosedBatch, LeafCircuits,
    hash::Hash,
    queue::L1Operation,
    state::{StateChanges, StateError, StateStore},
};

/// A withdrawal that L1 will pay once the batch is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Withdrawal {
    /// Who may claim it.
    pub recipient: [u8; 20],
    /// Token, by its number on L1.
    pub token: u8,
    /// In units of the token.
    pub amount: u64,
}

/// What an operation did outside the state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effects {
    /// What it withdraws to L1.
    pub withdrawal: Option<Withdrawal>,
    /// The account that an operation of the L1 queue has credited or named.
    pub account: Option<u32>,
}

/// Why an operation was not executed.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError<R: Error + 'static, E: Error + 'static> {
    /// It breaks a rule; the state did not change.
    #[error("refused")]
    Refused(#[source] R),
    /// The store failed.
    #[error("state store")]
    State(#[source] E),
}

/// Why of two operations neither was executed.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteBothError<R: Error + 'static, E: Error + 'static> {
    /// The first breaks a rule; the state did not change.
    #[error("refused")]
    First(#[source] R),
    /// The second would break a rule after the first; the state did not change.
    #[error("the second of the two refused")]
    Second(#[source] R),
    /// The store failed.
    #[error("state store")]
    State(#[source] E),
}

/// Why an open batch cannot be closed.
#[derive(Debug, thiserror::Error)]
pub enum CloseError<E: Error + 'static> {
    /// The store failed.
    #[error("state store")]
    State(#[source] E),
    /// The last chunk cannot be closed: the state is corrupt.
    #[error("last chunk: {0}")]
    Corrupt(String),
}

/// An operation that may come next.
#[derive(Debug, Clone, Copy)]
pub enum Next<'a, S> {
    /// An operation of L1's queue.
    L1(&'a L1Operation),
    /// An operation that a user has signed.
    Signed(&'a S),
    /// Two of them, executed one after the other or neither.
    Both([&'a S; 2]),
}

/// What a batch asks of L1 and of the provers: whoever fills it keeps each of these below a bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BatchSize {
    /// Operations.
    pub operations: u32,
    /// Of these, operations of L1's queue.
    pub l1_operations: u32,
    /// Of these, withdrawals to L1.
    pub withdrawals: u32,
    /// Leaf proofs.
    pub chunks: u32,
    /// Bytes of the bridge stream.
    pub bridge_bytes: u64,
    /// Bytes of the rollup stream.
    pub rollup_bytes: u64,
}

/// What two operations did, or why neither did anything; `R` and `E` as in [`ExecuteBothError`].
pub type Both<R, E> = Result<[Effects; 2], ExecuteBothError<R, E>>;

/// An operation's place among those of its account, of applications that number them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// Whose operations are executed one after the other.
    pub account: u64,
    /// Its number among them.
    pub nonce: u64,
    /// Token of its fee.
    pub fee_token: u8,
    /// Its fee, in units of the token.
    pub fee: u64,
}

/// The rules of a rollup: which operations there are, and what they do to the state.
pub trait Application: std::fmt::Debug + Clone + Send + Sync + 'static {
    /// The circuit that proves a chunk, or those that prove chunks of different kinds.
    type Leaf: LeafCircuits;

    /// An operation that a user has signed.
    type Signed: std::fmt::Debug + Clone + Send;

    /// Why bytes are no operation.
    type DecodeError: Error + Send + Sync + 'static;

    /// Why an operation cannot be executed on the present state.
    type Refusal: Error + Clone + Send + Sync + 'static;

    /// A batch under construction on top of a store.
    type Open<S: StateStore>;

    /// Reads an operation; says nothing about whether it can be executed.
    ///
    /// # Errors
    /// If the bytes are no operation, or not its only encoding.
    fn decode(bytes: &[u8]) -> Result<Self::Signed, Self::DecodeError>;

    /// Names an operation: two of one id have the same effects.
    fn id(signed: &Self::Signed) -> [u8; 32];

    /// An empty batch on top of a store.
    ///
    /// # Errors
    /// If the store fails.
    fn open<S: StateStore>(&self, store: S) -> Result<Self::Open<S>, StateError<S::Error>>;

    /// Sets the time of an empty batch, in minutes since 1970: operations are judged by it, and it is the batch's in its proof.
    /// By default it does not matter to what is executed.
    fn set_time<S: StateStore>(_open: &mut Self::Open<S>, _time: u32) {}

    /// Whether an operation is signed by the key that it names, for this deployment: what can be told without a state, and
    /// takes the time.
    ///
    /// # Errors
    /// If it is not.
    fn verify(&self, signed: &Self::Signed) -> Result<(), Self::Refusal>;

    /// Executes an operation that [`Self::verify`] has accepted, now or before it was logged; a refused one changes
    /// nothing.
    fn execute<S: StateStore>(
        open: &mut Self::Open<S>,
        signed: &Self::Signed,
    ) -> Result<Effects, ExecuteError<Self::Refusal, StateError<S::Error>>>;

    /// Executes two operations that [`Self::verify`] has accepted, the one behind the other in the same batch, or neither.
    fn execute_both<S: StateStore>(
        open: &mut Self::Open<S>,
        both: [&Self::Signed; 2],
    ) -> Both<Self::Refusal, StateError<S::Error>>;

    /// Executes an operation of L1's queue. The queue is served in order and L1 takes nothing back, so each one can be
    /// executed in every state: a refusal is a disagreement about the rules.
    fn execute_l1<S: StateStore>(
        open: &mut Self::Open<S>,
        operation: &L1Operation,
    ) -> Result<Effects, ExecuteError<Self::Refusal, StateError<S::Error>>>;

    /// State root after everything executed.
    ///
    /// # Errors
    /// If the store fails.
    fn root<S: StateStore>(open: &mut Self::Open<S>) -> Result<Hash, StateError<S::Error>>;

    /// What the batch asks of L1 and the provers, or would ask once `next` were executed.
    fn size<S: StateStore>(open: &Self::Open<S>, next: Option<Next<'_, Self::Signed>>) -> BatchSize;

    /// The operation's place among those of its account; `None` if operations are executed in any order.
    fn turn(_signed: &Self::Signed) -> Option<Turn> {
        None
    }

    /// Accounts whose history the operation belongs to, each once; by default none, of applications without accounts.
    fn parties(_signed: &Self::Signed) -> Vec<u64> {
        Vec::new()
    }

    /// The nonce that the next operation of its account must have; `None` if its signer has no such account.
    ///
    /// # Errors
    /// If the store fails.
    fn expected_nonce<S: StateStore>(
        _open: &Self::Open<S>,
        _signed: &Self::Signed,
    ) -> Result<Option<u64>, StateError<S::Error>> {
        Ok(None)
    }

    /// Closes the batch: its content is final, and the next one may be opened on top of what it changed in the store. What
    /// takes time is left to [`ClosedBatch::seal`].
    fn close<S: StateStore>(open: Self::Open<S>) -> Closed<Self, S::Error>;
}

/// A closed batch with what it changed, or why there is none.
pub type Closed<A, E> = Result<(ClosedBatch<WitnessOf<A>>, StateChanges), CloseError<StateError<E>>>;

/// What one of an application's proofs needs.
pub type WitnessOf<A> = <<A as Application>::Leaf as LeafCircuits>::Witness;
