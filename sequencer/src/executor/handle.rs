//! How the rest of the node talks to the executor.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use ashlar_statement::{Application, application::Next, hash::Hash, state::StateError};
use tokio::sync::{mpsc, oneshot};

use super::{SubmitError, unsealed::Unsealed, view::View, waiting::Waiting};
use crate::{
    exit_mode::ExitMode,
    store::{LogItem, StoreError},
};

/// The application's batch under construction.
pub(crate) type Open<A> = <A as Application>::Open<View>;
/// Looks at the open batch.
pub(super) type Look<A> = Box<dyn FnOnce(&mut Peek<'_, A>) -> Result<(), StateError<StoreError>> + Send>;
type Outcome<T, A> = Result<T, SubmitError<A>>;

/// What one can look at between two groups of commands: everything in it is durable.
pub(crate) struct Peek<'a, A: Application> {
    /// The open batch.
    pub open: &'a mut Open<A>,
    /// Its number.
    pub number: u64,
    pub(super) waiting: &'a Waiting<A>,
}

impl<A: Application> Peek<'_, A> {
    /// Transactions of an account that wait for earlier ones.
    pub fn waiting(&self, account: u64) -> u32 {
        self.waiting.of(account)
    }
}

/// A transaction whose signature holds.
#[derive(Clone, Debug)]
pub struct Verified<A: Application> {
    pub(super) id: [u8; 32],
    pub(super) signed: A::Signed,
    pub(super) encoding: Vec<u8>,
    /// What decoding and verifying took.
    pub(super) admit: Duration,
    /// What pays for it: both are executed, the one behind the other in one batch, or neither.
    pub(super) sponsor: Option<Box<Self>>,
}

impl<A: Application> Verified<A> {
    /// Its id.
    pub fn id(&self) -> [u8; 32] {
        self.id
    }

    /// The transaction.
    pub fn signed(&self) -> &A::Signed {
        &self.signed
    }

    /// What pays for it, if it does not itself.
    pub fn sponsor(&self) -> Option<&Self> {
        self.sponsor.as_deref()
    }

    /// Has it executed together with another, behind it and in the same batch, or not at all.
    pub fn sponsored_by(self, sponsor: Self) -> Self {
        Self {
            sponsor: Some(Box::new(sponsor)),
            ..self
        }
    }

    /// What a batch must have room for.
    pub(super) fn next(&self) -> Next<'_, A::Signed> {
        match &self.sponsor {
            Some(sponsor) => Next::Both([&self.signed, &sponsor.signed]),
            None => Next::Signed(&self.signed),
        }
    }
}

/// Where a sender waits for its answer.
pub(super) struct Reply<A: Application>(oneshot::Sender<Outcome<[u8; 32], A>>);

impl<A: Application> Reply<A> {
    /// The transaction is durable. A dropped receiver is no error: its caller went away.
    pub fn accept(self, id: [u8; 32]) {
        let _ = self.0.send(Ok(id));
    }

    /// It is not taken.
    pub fn refuse(self, error: SubmitError<A>) {
        let _ = self.0.send(Err(error));
    }
}

/// A transaction that is on its way through the executor.
#[derive(Debug)]
pub struct Submitted<A: Application>(oneshot::Receiver<Outcome<[u8; 32], A>>);

impl<A: Application> Submitted<A> {
    /// Waits until it is durable, and gives its id.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn outcome(self) -> Outcome<[u8; 32], A> {
        self.0.await.map_err(|_| SubmitError::Stopped)?
    }
}

/// A transaction on its way into the batch.
pub(super) type Submission<A> = (Verified<A>, Reply<A>);

/// What else the executor can be asked.
pub(super) enum Command<A: Application> {
    L1 {
        items: Vec<LogItem>,
        reply: oneshot::Sender<Outcome<(), A>>,
    },
    Look(Look<A>),
}

/// A handle of the executor; it stops when the last one is dropped.
#[derive(Clone)]
pub struct ExecutorHandle<A: Application> {
    pub(super) application: A,
    pub(super) submissions: mpsc::Sender<Submission<A>>,
    pub(super) commands: mpsc::Sender<Command<A>>,
    /// Batches that wait to be sealed, while no transaction is taken because of them; else zero.
    pub(super) blocked_by: Arc<AtomicUsize>,
    pub(super) executed_to: Arc<AtomicU64>,
    pub(super) unsealed: Arc<Unsealed>,
    pub(super) exit_mode: ExitMode,
}

impl<A: Application> std::fmt::Debug for ExecutorHandle<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExecutorHandle")
            .field("executed_to", &self.executed_to)
            .finish_non_exhaustive()
    }
}

impl<A: Application> ExecutorHandle<A> {
    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command<A>) -> Outcome<T, A> {
        let (reply, answer) = oneshot::channel();
        self.commands
            .send(command(reply))
            .await
            .map_err(|_| SubmitError::Stopped)?;
        answer.await.map_err(|_| SubmitError::Stopped)
    }

    /// Decodes a signed transaction and verifies its signature, on the caller's thread: the costly part of admission, which
    /// needs no state and so goes on beside the executor.
    ///
    /// # Errors
    /// [`SubmitError::Decode`] or [`SubmitError::Refused`].
    pub fn verify(&self, encoding: Vec<u8>) -> Outcome<Verified<A>, A> {
        let start = Instant::now();
        let signed = A::decode(&encoding).map_err(SubmitError::Decode)?;
        self.application.verify(&signed).map_err(SubmitError::Refused)?;
        Ok(Verified {
            id: A::id(&signed),
            signed,
            encoding,
            admit: start.elapsed(),
            sponsor: None,
        })
    }

    /// Hands over a transaction: those handed over one after the other are executed in that order. Waits while batches
    /// wait to be sealed.
    ///
    /// # Errors
    /// [`SubmitError::Stopped`].
    pub async fn hand_over(&self, verified: Verified<A>) -> Outcome<Submitted<A>, A> {
        let (reply, answer) = oneshot::channel();
        self.submissions
            .send((verified, Reply(reply)))
            .await
            .map_err(|_| SubmitError::Stopped)?;
        Ok(Submitted(answer))
    }

    /// Submits an encoded signed transaction; durable when this returns its id.
    pub async fn submit(&self, encoding: Vec<u8>) -> Outcome<[u8; 32], A> {
        let verified = self.verify(encoding)?;
        self.hand_over(verified).await?.outcome().await
    }

    /// Hands over operations of L1's queue in its order; those that are known are passed over. They are durable when this
    /// returns, and executed before anything that is submitted later.
    pub async fn l1_operations(&self, items: Vec<LogItem>) -> Outcome<(), A> {
        self.ask(|reply| Command::L1 { items, reply }).await?
    }

    /// Looks at the state after everything executed so far, between two groups of commands. A state that cannot be read
    /// stops the executor.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Peek<'_, A>) -> Result<T, StateError<StoreError>> + Send + 'static,
    ) -> Outcome<T, A> {
        self.ask(|reply| {
            Command::Look(Box::new(move |peek| {
                let _ = reply.send(look(peek)?); // a dropped receiver: its caller went away
                Ok(())
            }))
        })
        .await
    }

    /// Root of the state after everything executed so far.
    pub async fn root(&self) -> Outcome<Hash, A> {
        self.look(|peek| A::root(peek.open)).await
    }

    /// Whether the rollup is in exit mode, as the executor goes by it.
    pub fn exit_mode(&self) -> &ExitMode {
        &self.exit_mode
    }

    /// Log position behind the last executed item.
    pub fn executed_to(&self) -> u64 {
        self.executed_to.load(Ordering::Acquire)
    }

    /// How many batches wait to be sealed, while no transaction is taken because of them.
    pub fn blocked_by(&self) -> Option<usize> {
        Some(self.blocked_by.load(Ordering::Relaxed)).filter(|closed| *closed > 0)
    }

    /// How many transactions and L1 operations are durable while their batch is not stored yet.
    pub fn pending(&self) -> usize {
        self.unsealed.len()
    }

    /// Log position of a transaction or L1 operation that is durable and whose batch is not stored yet.
    pub fn unsealed_position(&self, id: [u8; 32]) -> Option<u64> {
        self.unsealed.position(id)
    }
}
