//! Reads the queue's operations off L1 and hands them to the executor, and tells whether the rollup is in exit mode.

use std::{sync::Arc, time::Duration};

use alloy::sol_types::SolValue;
use ashlar_contracts::BatchHeader;
use ashlar_report::chain;
use ashlar_statement::Application;
use tokio_util::sync::CancellationToken;

use super::{BlockRef, L1Client, L1Error, QueuedOperation, exits::Exits};
use crate::{
    executor::{ExecutorHandle, SubmitError},
    retry::Retry,
    store::{Cursor, LogItem, Store, StoreError},
};

/// Most blocks asked for in one request; halved when a node refuses, doubled again when it does not.
const MOST_BLOCKS: u64 = 10_000;
/// After so many gaps in a row the missing operation is looked for from the deployment on, not from the cursor: a node that
/// lags would have caught up.
const LASTING_GAPS: u32 = 5;
/// Longest pause after L1 did not answer, in intervals: the queue's operations are waited for.
const LONGEST_PAUSE: u32 = 4;

/// What the watcher needs.
#[derive(Debug)]
pub struct Watcher<A: Application> {
    /// L1.
    pub l1: L1Client,
    /// Knows which block is next.
    pub store: Arc<Store>,
    /// Takes the operations.
    pub executor: ExecutorHandle<A>,
    /// Pause between two looks.
    pub interval: Duration,
}

/// Why a range of blocks was not taken in; it is read again.
#[derive(Debug, thiserror::Error)]
pub enum WatchError<A: Application> {
    /// The node failed or answered nonsense.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// The state database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The executor did not take the operations.
    #[error(transparent)]
    Executor(#[from] SubmitError<A>),
}

/// Where reading is.
#[derive(Debug, Default)]
struct Reading {
    /// Next block to read, once one was read. Ahead of the stored cursor while nothing proves yet that the blocks
    /// between hold no further operation.
    next: Option<u64>,
    /// How often the blocks to ask for at once were halved.
    halvings: u32,
    /// Gaps found in a row.
    gaps: u32,
}

impl Reading {
    /// Blocks to ask for at once.
    fn range(&self) -> u64 {
        (MOST_BLOCKS >> self.halvings.min(63)).max(1)
    }

    fn failed(&mut self, is_gap: bool) {
        self.halvings += u32::from(self.range() > 1);
        if is_gap {
            self.next = None; // it may be in any block after the cursor
            self.gaps += 1;
        }
    }

    fn succeeded(&mut self, next: u64) {
        self.next = Some(next);
        self.halvings = self.halvings.saturating_sub(1);
    }
}

/// What one range of blocks held.
struct Found {
    /// Those in final blocks.
    operations: Vec<QueuedOperation>,
    /// The block up to which every operation is known now, if one is proven to be.
    complete_to: Option<BlockRef>,
}

impl<A: Application> Watcher<A> {
    /// Runs until `shutdown`. A node that is away is asked again; what was read is durable before the cursor moves, and
    /// an operation that was read twice is appended once.
    pub async fn run(self, shutdown: CancellationToken) {
        let (mut reading, mut exits) = (Reading::default(), Exits::default());
        let longest = self.interval.saturating_mul(LONGEST_PAUSE);
        let mut retry = Retry::new("L1 watcher", (self.interval, longest));
        loop {
            let step = tokio::select! {
                () = shutdown.cancelled() => return,
                step = self.step(&mut reading, &mut exits) => step,
            };
            let pause = match step {
                Ok(has_more) => {
                    retry.succeeded();
                    if has_more {
                        continue;
                    }
                    self.interval
                }
                Err(error) => {
                    reading.failed(matches!(error, WatchError::L1(L1Error::OperationGap { .. })));
                    retry.failed(&chain(&error))
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Reads one range of blocks; whether there is more to read at once.
    async fn step(&self, reading: &mut Reading, exits: &mut Exits) -> Result<bool, WatchError<A>> {
        let (head, time) = self.l1.head_and_time().await?;
        self.look_at_exits(exits, head, time).await?;
        let Some(last) = self.l1.final_block(head).await? else {
            return Ok(false);
        };
        let from = self.next_block(reading, head, last).await?;
        if from > last.number {
            return Ok(false);
        }
        let to = last.number.min(from.saturating_add(reading.range() - 1));
        let found = if to == last.number {
            self.read_to_head(from, head, last, reading.range()).await?
        } else {
            self.read_past(from, to, head).await?
        };
        if !found.operations.is_empty() {
            tracing::info!(
                count = found.operations.len(),
                from,
                to,
                "operations of L1's queue read"
            );
            let items = found.operations.iter().map(QueuedOperation::to_item).collect();
            self.executor.l1_operations(items).await?;
        }
        if let Some(block) = found.complete_to {
            self.set_cursor(block.number).await?;
            reading.gaps = 0;
        }
        reading.succeeded(to + 1);
        Ok(to < last.number)
    }

    /// Where to read on: behind what was read, and never behind what is known to be complete.
    async fn next_block(
        &self,
        reading: &Reading,
        head: BlockRef,
        last: BlockRef,
    ) -> Result<u64, WatchError<A>> {
        let cursor = self.store.l1_cursor()?;
        if let Some(cursor) = cursor {
            self.require_same_chain(cursor, head, last).await?;
        }
        let stored = cursor
            .filter(|_| reading.gaps < LASTING_GAPS)
            .map(|cursor| cursor.number + 1);
        match reading.next.max(stored) {
            Some(next) => Ok(next),
            None => self.first_block(head, last).await,
        }
    }

    /// Reads up to the newest block, where the queue's length says whether an operation is missing.
    async fn read_to_head(
        &self,
        from: u64,
        head: BlockRef,
        last: BlockRef,
        range: u64,
    ) -> Result<Found, WatchError<A>> {
        let expected = self.store.next_queue_index()?;
        let mut operations = Vec::new();
        let mut next = from;
        while next <= head.number {
            let to = head.number.min(next.saturating_add(range - 1));
            let end = if to == head.number {
                head
            } else {
                self.l1.block(to).await?
            };
            let known = expected + operations.len() as u64;
            operations.extend(self.l1.operations(known, next, end, head).await?);
            next = to + 1;
        }
        let (known, queued) = (
            expected + operations.len() as u64,
            self.l1.queued_operations(head).await?,
        );
        if queued > known {
            return Err(L1Error::OperationGap {
                expected: known,
                from,
                to: head.number,
            }
            .into());
        }
        operations.retain(|queued| queued.block.number <= last.number);
        Ok(Found {
            operations,
            complete_to: Some(last),
        })
    }

    /// Reads old blocks. That none is missing shows at a later operation with the next index, or at the newest block.
    async fn read_past(&self, from: u64, to: u64, head: BlockRef) -> Result<Found, WatchError<A>> {
        let (expected, end) = (self.store.next_queue_index()?, self.l1.block(to).await?);
        let operations = self.l1.operations(expected, from, end, head).await?;
        let complete_to = match operations.last() {
            Some(queued) => self.block_before(queued.block).await?,
            None => None,
        };
        Ok(Found {
            operations,
            complete_to,
        })
    }

    async fn block_before(&self, block: BlockRef) -> Result<Option<BlockRef>, L1Error> {
        match block.number.checked_sub(1) {
            Some(number) => self.l1.block(number).await.map(Some),
            None => Ok(None),
        }
    }

    /// Where a new database begins to read: before the first operation.
    async fn first_block(&self, head: BlockRef, last: BlockRef) -> Result<u64, WatchError<A>> {
        if let Some(block) = self.l1.start_block() {
            return Ok(block);
        }
        if self.l1.queued_operations(head).await? == 0 {
            return Ok(last.number); // nothing is queued in any block up to this one
        }
        let found = self.l1.deployment_block(head).await;
        if found.is_none() {
            tracing::warn!(
                "the L1 nodes do not keep old states: reading from block 0; give the deployment's block with --from-block"
            );
        }
        Ok(found.unwrap_or(0))
    }

    /// The block read last is still L1's, or what was executed from it still is.
    async fn require_same_chain(
        &self,
        cursor: Cursor,
        head: BlockRef,
        last: BlockRef,
    ) -> Result<(), WatchError<A>> {
        if cursor.number > head.number {
            return Err(L1Error::Behind {
                head: head.number,
                read: cursor.number,
            }
            .into());
        }
        let now = self.l1.block(cursor.number).await?;
        if now.hash.0 == cursor.hash {
            return Ok(());
        }
        tracing::warn!(
            block = cursor.number,
            "L1 was reorganised below the configured finality: comparing the queue's operations executed since"
        );
        self.l1
            .require_not_replaced(&self.unsettled_operations()?, head)
            .await?;
        let number = cursor.number.min(last.number);
        self.set_cursor(number).await
    }

    async fn set_cursor(&self, number: u64) -> Result<(), WatchError<A>> {
        let (block, time) = self.l1.block_and_time(number).await?;
        let hash = block.hash.0;
        self.store.set_l1_cursor(Cursor { number, hash, time })?;
        Ok(())
    }

    /// The queue's operations in the log that are in no final batch.
    fn unsettled_operations(&self) -> Result<Vec<LogItem>, StoreError> {
        let last_final = self.store.batch(self.store.final_batch()?)?;
        let settled = last_final
            .and_then(|batch| {
                let header = BatchHeader::abi_decode(&batch.header?).ok()?;
                Some(header.firstOperation + u64::from(batch.l1_operations))
            })
            .unwrap_or(0);
        self.store.l1_operations_from(settled)
    }
}
