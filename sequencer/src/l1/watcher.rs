//! Reads deposits off L1 and hands them to the executor.

use std::{sync::Arc, time::Duration};

use ashlar_report::Chain;
use ashlar_statement::Application;
use tokio_util::sync::CancellationToken;

use super::{L1Client, L1Error};
use crate::{
    executor::{ExecutorHandle, SubmitError},
    store::{Store, StoreError},
};

/// Most blocks asked for in one request: nodes refuse larger ranges.
const BLOCKS_PER_REQUEST: u64 = 2_000;

/// What the watcher needs.
#[derive(Debug)]
pub struct Watcher<A: Application> {
    /// L1.
    pub l1: L1Client,
    /// Knows which block is next.
    pub store: Arc<Store>,
    /// Takes the deposits.
    pub executor: ExecutorHandle<A>,
    /// Blocks on top of a deposit before it counts.
    pub confirmations: u64,
    /// Pause between two looks.
    pub interval: Duration,
}

/// Why a range of blocks was not taken in; it is read again.
#[derive(Debug, thiserror::Error)]
enum WatchError<A: Application> {
    /// The node failed or answered nonsense.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// The state database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The executor did not take the deposits.
    #[error(transparent)]
    Executor(#[from] SubmitError<A>),
}

impl<A: Application> Watcher<A> {
    /// Runs until `shutdown`. A node that is away is asked again; what was read is durable before the next block
    /// range is asked for, and a deposit that was read twice is appended once.
    pub async fn run(self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            match self.step().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::warn!(error = %Chain(&error), "L1 watcher: asking again"),
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(self.interval) => {}
            }
        }
    }

    /// Reads one range of blocks; whether there is more to read at once.
    async fn step(&self) -> Result<bool, WatchError<A>> {
        let next = self.store.next_l1_block()?;
        let head = self.l1.head().await?;
        let Some(last) = head.checked_sub(self.confirmations).filter(|last| *last >= next) else {
            return Ok(false);
        };
        let to = last.min(next.saturating_add(BLOCKS_PER_REQUEST - 1));
        let deposits = self.l1.deposits(next, to).await?;
        if !deposits.is_empty() {
            tracing::info!(count = deposits.len(), from = next, to, "deposits read");
        }
        self.executor.deposits(deposits, to + 1).await?;
        Ok(to < last)
    }
}
