//! Orders, executes and seals: one thread owns the open batch; everybody else talks to it through its handle.
//!
//! An accepted transaction is executed and then appended to the order log before its sender hears of it. A crash in
//! between loses an answer, never an accepted transaction; a restart executes the log's unsealed rest again.

mod handle;
mod open_batch;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use ashlar_statement::{Application, application::ExecuteError, state::StateError};
use tokio::sync::mpsc;

use handle::Command;
pub use handle::ExecutorHandle;
pub(crate) use handle::Open;
use open_batch::OpenBatch;
pub(crate) use open_batch::deposit_id;

use crate::{
    changes::Changes,
    config::Sealing,
    store::{LogItem, Store, StoreError},
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
    /// More bytes than this node takes.
    #[error("encoding: {given} bytes, at most {limit} taken")]
    TooLarge {
        /// Bytes given.
        given: usize,
        /// Limit of this node.
        limit: usize,
    },
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
    /// A deposit that L1 accepted cannot be executed: L1 and this program disagree on the rules.
    #[error("deposit {number} of the L1 queue cannot be executed")]
    Deposit {
        /// Its number in the queue.
        number: u64,
        /// Why.
        #[source]
        source: Fault,
    },
    /// The thread could not be started.
    #[error("cannot start the executor's thread")]
    Thread(#[source] std::io::Error),
}

/// The executor's thread, with how it ended.
pub type Thread = std::thread::JoinHandle<Result<(), ExecutorError>>;

/// The executor; [`Executor::start`] moves it to its thread.
pub struct Executor<A: Application> {
    store: Arc<Store>,
    application: A,
    sealing: Sealing,
    changes: Changes,
    commands: mpsc::Receiver<Command<A>>,
    executed_to: Arc<AtomicU64>,
}

impl<A: Application> Executor<A> {
    /// Starts the thread. Give its end to [`std::thread::JoinHandle::join`]: an error there means that the node must
    /// stop. It ends without error once every handle is dropped.
    pub fn start(
        store: Arc<Store>,
        application: A,
        sealing: Sealing,
        changes: Changes,
        queue: usize,
    ) -> Result<(ExecutorHandle<A>, Thread), ExecutorError> {
        let (sender, commands) = mpsc::channel(queue);
        let executed_to = Arc::new(AtomicU64::new(0));
        let handle = ExecutorHandle::new(sender, executed_to.clone());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(ExecutorError::Thread)?;
        let executor = Self {
            store,
            application,
            sealing,
            changes,
            commands,
            executed_to,
        };
        let thread = std::thread::Builder::new()
            .name("executor".into())
            .spawn(move || runtime.block_on(executor.run()))
            .map_err(ExecutorError::Thread)?;
        Ok((handle, thread))
    }

    async fn run(mut self) -> Result<(), ExecutorError> {
        loop {
            let mut open = OpenBatch::new(self.store.clone(), &self.application)?;
            for (position, item) in self.store.unsealed()? {
                if self.is_full(&open) {
                    break;
                }
                open.replay(position, &item)?;
                self.executed_to.store(position + 1, Ordering::Release);
            }
            while !self.is_full(&open) {
                match self.next_command(&open).await {
                    Next::Command(command) => self.handle(&mut open, command)?,
                    Next::TooOld => break,
                    Next::Closed => return Ok(()),
                }
            }
            let number = open.seal()?;
            tracing::info!(batch = number, "sealed");
            self.changes.notify();
        }
    }

    fn is_full(&self, open: &OpenBatch<A>) -> bool {
        open.len() >= self.sealing.max_transactions as usize
    }

    async fn next_command(&mut self, open: &OpenBatch<A>) -> Next<A> {
        let received = match open.started() {
            None => self.commands.recv().await,
            Some(started) => {
                let deadline = started + self.sealing.max_age;
                match tokio::time::timeout_at(deadline.into(), self.commands.recv()).await {
                    Ok(received) => received,
                    Err(_) => return Next::TooOld,
                }
            }
        };
        received.map_or(Next::Closed, Next::Command)
    }

    /// Answers one command. A dropped receiver is no error: its caller went away.
    fn handle(&mut self, open: &mut OpenBatch<A>, command: Command<A>) -> Result<(), ExecutorError> {
        match command {
            Command::Submit { encoding, reply } => {
                let outcome = self.submit(open, &encoding)?;
                let _ = reply.send(outcome);
            }
            Command::Deposits { items, reply } => {
                self.append_deposits(open, &items)?;
                let _ = reply.send(());
            }
            Command::Look(look) => look(open.state(), &self.store)?,
        }
        Ok(())
    }

    /// Admits, executes and appends one transaction.
    fn submit(
        &self,
        open: &mut OpenBatch<A>,
        encoding: &[u8],
    ) -> Result<Result<[u8; 32], SubmitError<A>>, ExecutorError> {
        let start = Instant::now();
        let signed = match A::decode(encoding) {
            Ok(signed) => signed,
            Err(error) => return Ok(Err(SubmitError::Decode(error))),
        };
        let id = A::id(&signed);
        if self.store.receipt(id)?.is_some() {
            return Ok(Ok(id)); // sent again
        }
        open.steps.admit += start.elapsed();
        match open.execute_signed(id, &signed) {
            Ok(()) => {}
            Err(ExecuteError::Refused(error)) => return Ok(Err(SubmitError::Refused(error))),
            Err(ExecuteError::State(error)) => return Err(error.into()),
        }
        let start = Instant::now();
        if let Some(position) = self.store.append_signed(id, encoding)? {
            open.appended(position);
            self.executed_to.store(position + 1, Ordering::Release);
        }
        open.steps.order += start.elapsed();
        Ok(Ok(id))
    }

    fn append_deposits(&self, open: &mut OpenBatch<A>, items: &[LogItem]) -> Result<(), ExecutorError> {
        let start = Instant::now();
        let added = self.store.append_deposits(items)?;
        open.steps.order += start.elapsed();
        for (position, item) in added {
            open.replay(position, &item)?;
            self.executed_to.store(position + 1, Ordering::Release);
        }
        Ok(())
    }
}

enum Next<A: Application> {
    Command(Command<A>),
    TooOld,
    Closed,
}
