//! How the rest of the node talks to the executor.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use ashlar_rollup::{account::Account, hash::Hash};
use tokio::sync::{mpsc, oneshot};

use super::SubmitError;
use crate::store::LogItem;

/// What the executor can be asked.
#[derive(Debug)]
pub(super) enum Command {
    Submit {
        encoding: Vec<u8>,
        reply: oneshot::Sender<Result<[u8; 32], SubmitError>>,
    },
    Deposits {
        items: Vec<LogItem>,
        next_l1_block: u64,
        reply: oneshot::Sender<()>,
    },
    Account {
        key: AccountKey,
        reply: oneshot::Sender<Option<AccountView>>,
    },
    Inclusion {
        account: u32,
        reply: oneshot::Sender<InclusionView>,
    },
    Root {
        reply: oneshot::Sender<Hash>,
    },
}

/// How an account is named.
#[derive(Clone, Copy, Debug)]
pub enum AccountKey {
    /// By its leaf.
    Index(u32),
    /// By its owner's key hash.
    Owner(Hash),
}

/// An account in the state after everything executed.
#[derive(Clone, Debug)]
pub struct AccountView {
    /// Its leaf.
    pub index: u32,
    /// Owner, nonce, balances.
    pub account: Account,
}

/// A leaf of the sealed state with its path.
#[derive(Clone, Debug)]
pub struct InclusionView {
    /// The account, unless the leaf is empty.
    pub account: Option<Account>,
    /// Siblings from the leaf upwards.
    pub path: Vec<Hash>,
    /// The root they lead to.
    pub root: Hash,
    /// The last sealed batch.
    pub batch: u64,
}

/// A handle of the executor; it stops when the last one is dropped.
#[derive(Clone, Debug)]
pub struct ExecutorHandle {
    commands: mpsc::Sender<Command>,
    executed_to: Arc<AtomicU64>,
}

impl ExecutorHandle {
    pub(super) fn new(commands: mpsc::Sender<Command>, executed_to: Arc<AtomicU64>) -> Self {
        Self {
            commands,
            executed_to,
        }
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, SubmitError> {
        let (reply, answer) = oneshot::channel();
        self.commands
            .send(command(reply))
            .await
            .map_err(|_| SubmitError::Stopped)?;
        answer.await.map_err(|_| SubmitError::Stopped)
    }

    /// Submits an encoded signed transaction; durable when this returns its id.
    pub async fn submit(&self, encoding: Vec<u8>) -> Result<[u8; 32], SubmitError> {
        self.ask(|reply| Command::Submit { encoding, reply }).await?
    }

    /// Hands over the deposits of the L1 blocks before `next_l1_block`.
    pub async fn deposits(&self, items: Vec<LogItem>, next_l1_block: u64) -> Result<(), SubmitError> {
        self.ask(|reply| Command::Deposits {
            items,
            next_l1_block,
            reply,
        })
        .await
    }

    /// An account after everything executed so far.
    pub async fn account(&self, key: AccountKey) -> Result<Option<AccountView>, SubmitError> {
        self.ask(|reply| Command::Account { key, reply }).await
    }

    /// A leaf of the sealed state with its path.
    pub async fn inclusion(&self, account: u32) -> Result<InclusionView, SubmitError> {
        self.ask(|reply| Command::Inclusion { account, reply }).await
    }

    /// Root of the state after everything executed so far.
    pub async fn root(&self) -> Result<Hash, SubmitError> {
        self.ask(|reply| Command::Root { reply }).await
    }

    /// Log position behind the last executed item.
    pub fn executed_to(&self) -> u64 {
        self.executed_to.load(Ordering::Acquire)
    }
}
