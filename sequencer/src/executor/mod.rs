//! Orders, executes and closes batches: one thread owns the open batch; everybody else talks to it through its handle.
//!
//! * `handle`: decodes and verifies on the caller's thread, then hands over
//! * `turn` and `log`: the thread, which takes what waits as a group: all of it is executed, then appended to the order log in
//!   one write, and only then do its senders hear of it. A crash in between loses answers, never an accepted transaction
//! * `waiting`: transactions whose account's earlier ones have not come yet
//! * `sealer`: makes a closed batch ready for provers and L1, on a thread of its own; the next batch is filled meanwhile,
//!   on top of the `view` that includes it

mod handle;
mod index;
mod log;
mod open_batch;
mod sealer;
mod turn;
mod unsealed;
mod view;
mod waiting;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize},
    },
    time::Duration,
};

use ashlar_statement::{Application, queue::RecordError, state::StateError};
use tokio::sync::mpsc;

use handle::Open;
pub use handle::{ExecutorHandle, Submitted, Verified};
pub(crate) use open_batch::{l1_operation_id, l1_parties, published_id};
use sealer::Sealer;
use turn::{Parts, Running};
use unsealed::Unsealed;
use waiting::Waiting;

use crate::{
    changes::Changes,
    config::{Limits, Sealing},
    exit_mode::{ExitMode, IN_EXIT_MODE},
    store::{Store, StoreError},
};

/// Why a transaction was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError<A: Application> {
    /// The bytes are no signed transaction.
    #[error("encoding")]
    Decode(#[source] A::DecodeError),
    /// It cannot be executed on the present state.
    #[error("refused")]
    Refused(#[source] A::Refusal),
    /// What is to pay for it cannot be executed behind it, so it was not executed either.
    #[error("sponsor")]
    Sponsor(#[source] A::Refusal),
    /// It is paid for by another, and pays a fee.
    #[error(
        "fee: {offered}, but a sponsored transaction pays none: sign it with a fee of zero, or send it alone"
    )]
    SponsoredPays {
        /// Its fee, in units of its token.
        offered: u64,
    },
    /// An account cannot be its own sponsor: the two would have the same nonce, or be one behind the other.
    #[error("sponsor: account {account} is the transaction's own: sign that with a fee and send it alone")]
    OwnSponsor {
        /// The account of both.
        account: u32,
    },
    /// More bytes than this node takes.
    #[error("encoding: {given} bytes, at most {limit} taken")]
    TooLarge {
        /// Bytes given.
        given: usize,
        /// Limit of this node.
        limit: usize,
    },
    /// Too many of the account's transactions are missing before it.
    #[error(
        "nonce: {given} given, but {expected} is next, and at most {window} ahead of it wait: send the earlier ones first"
    )]
    TooFarAhead {
        /// Nonce of the transaction.
        given: u64,
        /// Nonce of the account.
        expected: u64,
        /// How far ahead a transaction may be.
        window: u64,
    },
    /// Its account has stood still for as long as this node waits for the next one.
    #[error("nonce: {given} given, but {expected} has been next for {} s: send those between first", waited.as_secs_f32())]
    NotInTime {
        /// Nonce of the transaction.
        given: u64,
        /// Nonce of the account.
        expected: u64,
        /// How long a transaction waits.
        waited: Duration,
    },
    /// Its account is not its signer's any more.
    #[error(
        "public_key: the account's auth was changed while the transaction waited: sign for the present one"
    )]
    SignerReplaced,
    /// Another transaction took its nonce while it waited.
    #[error("nonce: {given} given, but another transaction has taken it, and {expected} is next")]
    Overtaken {
        /// Nonce of the transaction.
        given: u64,
        /// Nonce of the account.
        expected: u64,
    },
    /// As many transactions wait for earlier ones as this node keeps.
    #[error(
        "nonce: {limit} transactions wait for earlier ones already: send this one after its predecessors"
    )]
    TooManyWaiting {
        /// Limit of this node.
        limit: usize,
    },
    /// Another transaction waits under its nonce, and pays no less.
    #[error(
        "fee: {offered}, but another transaction waits under this nonce and pays {waiting}: a replacement pays more, in the same token"
    )]
    NotReplaced {
        /// Fee of this one, in units of the token.
        offered: u64,
        /// Fee of the one that waits.
        waiting: u64,
    },
    /// While it waited, its sender replaced it.
    #[error("fee: replaced by a transaction with the same nonce that pays {fee}")]
    Replaced {
        /// Fee of the other one, in units of the token.
        fee: u64,
    },
    /// Batches are closed faster than they are sealed.
    #[error("{closed} batches wait to be sealed: send it again in a moment")]
    Busy {
        /// Batches that are closed and not stored.
        closed: usize,
    },
    /// Batches are sealed faster than they are proved.
    #[error(
        "{unproven} batches wait for their proofs, at most {limit} may: send it again later; the operator adds workers to the farm"
    )]
    Lagging {
        /// Sealed batches that L1 has no proof of.
        unproven: u64,
        /// Limit of this node.
        limit: u64,
    },
    /// It pays less than this node asks.
    #[error("fee: {offered} units of token {token}, at least {needed} asked: see `min_fees` of GetInfo")]
    FeeTooLow {
        /// Token of the fee.
        token: u8,
        /// In units of the token.
        offered: u64,
        /// In units of the token.
        needed: u64,
    },
    /// Fees are not taken in its token.
    #[error("fee: not taken in token {token}: see `min_fees` of GetInfo")]
    FeeToken {
        /// Token of the fee.
        token: u8,
    },
    /// Operations of L1's queue were handed over with a hole before them; none was taken.
    #[error("operation {given} of L1's queue was read, but {expected} is next: read the blocks again")]
    OperationGap {
        /// Queue index of the next operation.
        expected: u64,
        /// Queue index that was given.
        given: u64,
    },
    /// The rollup is in exit mode: what is executed now could never be settled.
    #[error("{IN_EXIT_MODE}")]
    ExitMode,
    /// The executor has stopped; the node is shutting down or its database failed.
    #[error("the sequencer is stopping")]
    Stopped,
}

/// The application's account of what went wrong.
type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Why the executor stopped. A restart goes on from the database.
#[derive(Debug, thiserror::Error)]
pub enum ExecutorError {
    /// The state database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The state could not be read.
    #[error(transparent)]
    State(#[from] StateError<StoreError>),
    /// A batch could not be sealed: a bug, or a damaged database.
    #[error("batch {number} cannot be sealed")]
    Seal {
        /// Its number.
        number: u64,
        /// Why.
        #[source]
        source: Fault,
    },
    /// The sealing thread panicked: a bug, which the log tells of.
    #[error("the sealing thread panicked")]
    SealerPanicked,
    /// An operation that L1 queued cannot be executed: L1 and this program disagree on the rules.
    #[error(
        "operation {index} of L1's queue cannot be executed: run the version that the rollup was deployed with"
    )]
    L1Operation {
        /// Its queue index.
        index: u64,
        /// Why.
        #[source]
        source: Fault,
    },
    /// The order log's record of an operation of L1's queue is none: it was written by another version, or is damaged.
    #[error(
        "order log: the record of operation {index} of L1's queue; restore both database files from one backup, or start from an empty data folder"
    )]
    L1Record {
        /// Its queue index.
        index: u64,
        /// What is wrong with it.
        #[source]
        source: RecordError,
    },
    /// A thread could not be started.
    #[error("cannot start a thread of the executor")]
    Thread(#[source] std::io::Error),
}

/// The executor's thread, with how it ended.
pub type Thread = std::thread::JoinHandle<Result<(), ExecutorError>>;

/// The executor.
#[derive(Debug)]
pub struct Executor;

impl Executor {
    /// Starts the threads. Give the end of the first to [`std::thread::JoinHandle::join`]: an error there means that the
    /// node must stop. It ends without error once every handle is dropped. In exit mode no batch is closed that was not
    /// before, and no transaction is taken.
    pub fn start<A: Application>(
        store: Arc<Store>,
        application: A,
        sealing: Sealing,
        changes: Changes,
        limits: Limits,
        exit_mode: ExitMode,
    ) -> Result<(ExecutorHandle<A>, Thread), ExecutorError> {
        let (submissions, submitted) = mpsc::channel(limits.queue as usize);
        let (sender, commands) = mpsc::channel(limits.queue as usize);
        let blocked_by = Arc::new(AtomicUsize::new(0));
        let executed_to = Arc::new(AtomicU64::new(store.sealed_to()?));
        index::complete::<A>(&store)?;
        let unsealed = Arc::new(Unsealed::read::<A>(&store)?);
        let handle = ExecutorHandle {
            application: application.clone(),
            submissions,
            commands: sender,
            blocked_by: blocked_by.clone(),
            executed_to: executed_to.clone(),
            unsealed: unsealed.clone(),
            exit_mode: exit_mode.clone(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(ExecutorError::Thread)?;
        let sealer = Sealer::start(store.clone(), unsealed.clone(), changes, sealing.bounds.data)?;
        let parts = Parts {
            store,
            application,
            sealing,
            submitted,
            commands,
            blocked_by,
            executed_to,
            unsealed,
            waiting: Waiting::new(&limits),
            exit_mode: exit_mode.subscribe(),
            sealer,
        };
        let thread = std::thread::Builder::new()
            .name("executor".into())
            .spawn(move || runtime.block_on(async { Running::new(parts)?.run().await }))
            .map_err(ExecutorError::Thread)?;
        Ok((handle, thread))
    }
}
