//! Reads deposits off L1 and hands them to the executor.

use std::{sync::Arc, time::Duration};

use alloy::sol_types::SolValue;
use ashlar_contracts::{BatchHeader, encoding::hash_to_word};
use ashlar_report::Chain;
use ashlar_statement::Application;
use tokio_util::sync::CancellationToken;

use super::{BlockRef, L1Client, L1Error, deposits::queue_hash};
use crate::{
    executor::{ExecutorHandle, SubmitError},
    store::{Cursor, LogItem, Store, StoreError},
};

/// Most blocks asked for in one request; halved when a node refuses, doubled again when it does not.
const MOST_BLOCKS: u64 = 10_000;

/// What the watcher needs.
#[derive(Debug)]
pub struct Watcher<A: Application> {
    /// L1.
    pub l1: L1Client,
    /// Knows which block is next.
    pub store: Arc<Store>,
    /// Takes the deposits.
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
    /// The executor did not take the deposits.
    #[error(transparent)]
    Executor(#[from] SubmitError<A>),
}

/// Where reading is.
#[derive(Debug)]
struct Reading {
    /// Next block to read. Ahead of the stored cursor while nothing proves yet that the blocks between hold no further
    /// deposit.
    next: u64,
    /// Blocks to ask for at once.
    range: u64,
}

impl<A: Application> Watcher<A> {
    /// Runs until `shutdown`. A node that is away is asked again; what was read is durable before the cursor moves, and
    /// a deposit that was read twice is appended once.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut reading = None;
        loop {
            let step = tokio::select! {
                () = shutdown.cancelled() => return,
                step = self.step(&mut reading) => step,
            };
            match step {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(error = %Chain(&error), "L1 watcher: asking again");
                    if let Some(reading) = &mut reading {
                        reading.range = (reading.range / 2).max(1);
                        if matches!(error, WatchError::L1(L1Error::DepositGap { .. })) {
                            reading.next = 0; // it may be in any block after the cursor
                        }
                    }
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(self.interval) => {}
            }
        }
    }

    /// Reads one range of blocks; whether there is more to read at once.
    async fn step(&self, reading: &mut Option<Reading>) -> Result<bool, WatchError<A>> {
        let head = self.l1.head().await?;
        let Some(last) = self.l1.final_block(head).await? else {
            return Ok(false);
        };
        let cursor = self.store.l1_cursor()?;
        if let Some(cursor) = cursor {
            self.require_same_chain(cursor, head, last).await?;
        }
        let stored = match cursor {
            Some(cursor) => cursor.number + 1,
            None => self.first_block(last).await?,
        };
        let now = reading.get_or_insert(Reading {
            next: stored,
            range: MOST_BLOCKS,
        });
        now.next = now.next.max(stored);
        if now.next > last.number {
            return Ok(false);
        }
        let (from, expected) = (now.next, self.store.next_deposit()?);
        let to = last.number.min(from.saturating_add(now.range - 1));
        let end = if to == last.number {
            last
        } else {
            self.l1.block(to).await?
        };
        let deposits = self.l1.deposits(expected, from, end, last).await?;
        let known = expected + deposits.len() as u64;
        let evidence = if to == last.number {
            let queued = self.l1.queued_deposits(last).await?;
            if queued > known {
                return Err(L1Error::DepositGap {
                    expected: known,
                    from: stored,
                    to,
                }
                .into());
            }
            Some(last)
        } else {
            // Every deposit before the last one seen is known: blocks before its own are complete.
            match deposits.last() {
                Some(deposit) => self.block_before(deposit.block).await?,
                None => None,
            }
        };
        if !deposits.is_empty() {
            tracing::info!(count = deposits.len(), from, to, "deposits read");
            let items = deposits.iter().map(|deposit| deposit.to_item()).collect();
            self.executor.deposits(items, stored).await?;
        }
        if let Some(block) = evidence {
            self.store.set_l1_cursor(Cursor {
                number: block.number,
                hash: block.hash.0,
            })?;
        }
        now.next = to + 1;
        now.range = now.range.saturating_mul(2).min(MOST_BLOCKS);
        Ok(to < last.number)
    }

    async fn block_before(&self, block: BlockRef) -> Result<Option<BlockRef>, L1Error> {
        match block.number.checked_sub(1) {
            Some(number) => self.l1.block(number).await.map(Some),
            None => Ok(None),
        }
    }

    /// Where a new database begins to read: before the first deposit.
    async fn first_block(&self, last: BlockRef) -> Result<u64, WatchError<A>> {
        if let Some(block) = self.l1.start_block() {
            return Ok(block);
        }
        if self.store.next_deposit()? == 0 && self.l1.queued_deposits(last).await? == 0 {
            return Ok(last.number); // nothing is queued in any block up to this one
        }
        let found = self.l1.deployment_block(last).await;
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
            "L1 was reorganised below the configured finality: comparing the deposits executed since"
        );
        for item in self.unsettled_deposits()? {
            let LogItem::Deposit {
                number,
                token,
                amount,
                key_hash,
            } = item
            else {
                continue;
            };
            let ours = queue_hash(token, amount, hash_to_word(key_hash));
            if self.l1.deposit_hash(number, last).await? != ours {
                return Err(L1Error::DepositReplaced { index: number }.into());
            }
        }
        let number = cursor.number.min(last.number);
        let hash = self.l1.block(number).await?.hash.0;
        self.store.set_l1_cursor(Cursor { number, hash })?;
        Ok(())
    }

    /// The deposits in the log that are in no final batch.
    fn unsettled_deposits(&self) -> Result<Vec<LogItem>, StoreError> {
        let last_final = self.store.batch(self.store.final_batch()?)?;
        let settled = last_final
            .and_then(|batch| BatchHeader::abi_decode(&batch.header?).ok())
            .map_or(0, |header| header.firstDeposit + u64::from(header.depositCount));
        self.store.deposits_from(settled)
    }
}
