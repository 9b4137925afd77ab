//! What the sequencer asks of an application: to execute operations in order, and to close them into leaves.

use std::error::Error;

use crate::{
    LeafCircuit, LeafWitness, SealError, SealedBatch,
    hash::Hash,
    state::{StateChanges, StateError, StateStore},
};

/// A deposit that waits in L1's queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deposit {
    /// Token, by its number on L1.
    pub token: u8,
    /// In units of the token.
    pub amount: u64,
    /// Hash of the key that owns it.
    pub key_hash: Hash,
}

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
    /// The account that it credited from L1.
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

/// Why an open batch gives no sealed one.
#[derive(Debug, thiserror::Error)]
pub enum CloseError<W: Error + 'static, E: Error + 'static> {
    /// The store failed.
    #[error("state store")]
    State(#[source] E),
    /// The last chunk cannot be closed: the state is corrupt.
    #[error("last chunk: {0}")]
    Corrupt(String),
    /// Its chunks do not make a batch.
    #[error(transparent)]
    Seal(#[from] SealError<W>),
}

/// The rules of a rollup: which operations there are, and what they do to the state.
pub trait Application: std::fmt::Debug + Clone + Send + Sync + 'static {
    /// The circuit that proves a chunk.
    type Leaf: LeafCircuit;

    /// An operation that a user has signed.
    type Signed: std::fmt::Debug + Clone + Send;

    /// Why bytes are no operation.
    type DecodeError: Error + Send + Sync + 'static;

    /// Why an operation cannot be executed on the present state.
    type Refusal: Error + Send + Sync + 'static;

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

    /// Executes an operation; a refused one changes nothing.
    fn execute<S: StateStore>(
        open: &mut Self::Open<S>,
        signed: &Self::Signed,
    ) -> Result<Effects, ExecuteError<Self::Refusal, StateError<S::Error>>>;

    /// Executes a deposit from L1's queue. L1 has taken the money, so a refusal is a disagreement about the rules.
    fn deposit<S: StateStore>(
        open: &mut Self::Open<S>,
        deposit: &Deposit,
    ) -> Result<Effects, ExecuteError<Self::Refusal, StateError<S::Error>>>;

    /// State root after everything executed.
    ///
    /// # Errors
    /// If the store fails.
    fn root<S: StateStore>(open: &Self::Open<S>) -> Result<Hash, StateError<S::Error>>;

    /// Closes the batch into leaves, and tells what it changed in the store.
    fn close<S: StateStore>(open: Self::Open<S>, number: u64) -> Closed<Self, S::Error>;
}

/// A closed batch with what it changed, or why there is none.
pub type Closed<A, E> = Result<
    (SealedBatch<WitnessOf<A>>, StateChanges),
    CloseError<<WitnessOf<A> as LeafWitness>::Fault, StateError<E>>,
>;

/// What one of an application's proofs needs.
pub type WitnessOf<A> = <<A as Application>::Leaf as LeafCircuit>::Witness;
