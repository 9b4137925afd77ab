//! How the rest of the node talks to the executor.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use ashlar_statement::{Application, hash::Hash, state::StateError};
use tokio::sync::{mpsc, oneshot};

use super::SubmitError;
use crate::store::{LogItem, Store, StoreError};

/// The application's batch under construction.
pub(crate) type Open<A> = <A as Application>::Open<Arc<Store>>;
/// Looks at the open batch, and at the sealed state beneath it.
type Look<A> = Box<dyn FnOnce(&Open<A>, &Arc<Store>) -> Result<(), StateError<StoreError>> + Send>;
type Outcome<T, A> = Result<T, SubmitError<A>>;

/// What the executor can be asked.
pub(super) enum Command<A: Application> {
    Submit {
        encoding: Vec<u8>,
        reply: oneshot::Sender<Outcome<[u8; 32], A>>,
    },
    Deposits {
        items: Vec<LogItem>,
        reply: oneshot::Sender<()>,
    },
    Look(Look<A>),
}

/// A handle of the executor; it stops when the last one is dropped.
#[derive(Clone)]
pub struct ExecutorHandle<A: Application> {
    commands: mpsc::Sender<Command<A>>,
    executed_to: Arc<AtomicU64>,
}

impl<A: Application> std::fmt::Debug for ExecutorHandle<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExecutorHandle")
            .field("executed_to", &self.executed_to)
            .finish_non_exhaustive()
    }
}

impl<A: Application> ExecutorHandle<A> {
    pub(super) fn new(commands: mpsc::Sender<Command<A>>, executed_to: Arc<AtomicU64>) -> Self {
        Self {
            commands,
            executed_to,
        }
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command<A>) -> Outcome<T, A> {
        let (reply, answer) = oneshot::channel();
        self.commands
            .send(command(reply))
            .await
            .map_err(|_| SubmitError::Stopped)?;
        answer.await.map_err(|_| SubmitError::Stopped)
    }

    /// Submits an encoded signed transaction; durable when this returns its id.
    pub async fn submit(&self, encoding: Vec<u8>) -> Outcome<[u8; 32], A> {
        self.ask(|reply| Command::Submit { encoding, reply }).await?
    }

    /// Hands over deposits in the order of L1's queue; those that are known are passed over.
    pub async fn deposits(&self, items: Vec<LogItem>) -> Outcome<(), A> {
        self.ask(|reply| Command::Deposits { items, reply }).await
    }

    /// Looks at the state after everything executed so far, and at the sealed one, between two commands. A state that
    /// cannot be read stops the executor.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Open<A>, &Arc<Store>) -> Result<T, StateError<StoreError>> + Send + 'static,
    ) -> Outcome<T, A> {
        self.ask(|reply| {
            Command::Look(Box::new(move |open, sealed| {
                let _ = reply.send(look(open, sealed)?); // a dropped receiver: its caller went away
                Ok(())
            }))
        })
        .await
    }

    /// Root of the state after everything executed so far.
    pub async fn root(&self) -> Outcome<Hash, A> {
        self.look(|open, _| A::root(open)).await
    }

    /// Log position behind the last executed item.
    pub fn executed_to(&self) -> u64 {
        self.executed_to.load(Ordering::Acquire)
    }
}
