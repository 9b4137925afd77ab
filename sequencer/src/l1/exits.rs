//! Exit mode as L1 says it, and the watcher's look at it.

use std::time::{Duration, Instant};

use alloy::{
    providers::Provider,
    rpc::types::Filter,
    sol_types::{SolEvent, SolValue},
};
use ashlar_contracts::{BatchHeader, Rollup, bridge::ENTRY_HASH_BYTES};
use ashlar_report::{Repeated, chain};
use ashlar_statement::Application;

use super::{
    BlockRef, L1Client, L1Error,
    ranges::Ranges,
    watcher::{WatchError, Watcher},
};
use crate::{
    exit_mode::{Oldest, Outlook},
    store::{Store, StoreError},
};

/// That an operation expires soon is told again after so long, then after ever longer pauses up to the second.
const WARN_AGAIN: (Duration, Duration) = (Duration::from_secs(600), Duration::from_secs(3_600));

/// How exit mode was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExitEntry {
    /// The block.
    pub block: u64,
    /// Queue index of the operation that was not proven in time.
    pub index: u64,
    /// When it expired, in tenths of a second since 1970.
    pub expiry: u64,
}

impl L1Client {
    /// Whether the rollup is in exit mode, after this block.
    pub async fn exit_mode(&self, at: BlockRef) -> Result<bool, L1Error> {
        self.read("exitMode", Rollup::exitModeCall {}, at).await
    }

    /// How long an operation of the queue may wait for its proof, in seconds.
    pub async fn exit_deadline(&self, at: BlockRef) -> Result<u64, L1Error> {
        self.read("EXIT_DEADLINE", Rollup::EXIT_DEADLINECall {}, at).await
    }

    /// The event of the entry of exit mode, looked for from block `from` to `head`.
    pub async fn exit_entry(&self, from: u64, head: BlockRef) -> Result<Option<ExitEntry>, L1Error> {
        let mut ranges = Ranges::new(from, head.number);
        while let Some((from, to)) = ranges.piece() {
            match self.exit_entries(from, to).await {
                Ok(entries) if entries.is_empty() => ranges.answered(),
                Ok(entries) => return Ok(entries.last().copied()),
                Err(L1Error::Request(_)) if ranges.refused() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    async fn exit_entries(&self, from: u64, to: u64) -> Result<Vec<ExitEntry>, L1Error> {
        let filter = &Filter::new()
            .address(self.rollup)
            .event_signature(Rollup::ExitModeEntered::SIGNATURE_HASH)
            .from_block(from)
            .to_block(to);
        self.endpoints
            .agree("eth_getLogs", |node| async move {
                let logs = node.get_logs(filter).await?;
                let entries = logs.iter().filter(|log| !log.removed).filter_map(|log| {
                    let event = Rollup::ExitModeEntered::decode_log(&log.inner).ok()?;
                    Some(ExitEntry {
                        block: log.block_number?,
                        index: event.index,
                        expiry: event.expiry,
                    })
                });
                Ok(entries.collect())
            })
            .await
    }
}

/// What the watcher remembers of its looks.
#[derive(Debug)]
pub(super) struct Exits {
    deadline_secs: Option<u64>,
    /// The last block after which it was not exit mode.
    open_at: Option<u64>,
    warnings: Repeated,
    /// That it is exit mode was told.
    is_told: bool,
}

impl Default for Exits {
    fn default() -> Self {
        Self {
            deadline_secs: None,
            open_at: None,
            warnings: Repeated::new(WARN_AGAIN.0, WARN_AGAIN.1),
            is_told: false,
        }
    }
}

impl<A: Application> Watcher<A> {
    /// Reads and tells how the rollup stands with exit mode after the newest block, of this time.
    pub(super) async fn look_at_exits(
        &self,
        exits: &mut Exits,
        head: BlockRef,
        time: u64,
    ) -> Result<(), WatchError<A>> {
        let exit_mode = self.executor.exit_mode();
        let before = exit_mode.now();
        if self.l1.exit_mode(head).await? {
            let is_final = before == Outlook::Entered { is_final: true } || self.entry_is_final(head).await?;
            exit_mode.set(Outlook::Entered { is_final }); // first: what follows only finds out why
            if !std::mem::replace(&mut exits.is_told, true) {
                self.tell_entry(exits, head).await;
            }
            return Ok(());
        }
        if before.is_entered() {
            tracing::warn!(
                block = head.number,
                "L1 was reorganised: the rollup is not in exit mode any more, and batches are settled again"
            );
        }
        let deadline_secs = match exits.deadline_secs {
            Some(known) => known,
            None => *exits.deadline_secs.insert(self.l1.exit_deadline(head).await?),
        };
        let oldest = self.oldest_unproven(head, time, deadline_secs).await?;
        (exits.open_at, exits.is_told) = (Some(head.number), false);
        exits.warn(oldest);
        exit_mode.set(Outlook::Open { oldest });
        Ok(())
    }

    /// Whether a reorganisation that is thought possible leaves exit mode entered. A node that has forgotten the state
    /// does not say so.
    async fn entry_is_final(&self, head: BlockRef) -> Result<bool, L1Error> {
        Ok(match self.l1.final_block(head).await? {
            None => false,
            Some(block) if block == head => true,
            Some(block) => self.l1.exit_mode(block).await.unwrap_or(false),
        })
    }

    async fn oldest_unproven(
        &self,
        head: BlockRef,
        time: u64,
        deadline_secs: u64,
    ) -> Result<Option<Oldest>, WatchError<A>> {
        let (proven, queued) =
            tokio::try_join!(self.l1.proven_batches(head), self.l1.queued_operations(head))?;
        let index = proven_operations(&self.store, proven)?;
        let Some(index) = index.filter(|index| *index < queued) else {
            return Ok(None);
        };
        let entry = self.l1.queued_operation(index, head).await?;
        let tail = entry[ENTRY_HASH_BYTES..].iter();
        Ok(Some(Oldest {
            index,
            expiry: tail.fold(0, |expiry, byte| expiry << 8 | u64::from(*byte)),
            deadline_secs,
            seen_at: time,
        }))
    }

    /// The log says once why there is nothing more to settle.
    async fn tell_entry(&self, exits: &mut Exits, head: BlockRef) {
        exits.warnings.over();
        let from = match exits.open_at {
            Some(block) => block.min(head.number), // a reorganisation may have put the entry into that very block
            None => self.l1.first_event_block(head).await,
        };
        match self.l1.exit_entry(from, head).await {
            Ok(Some(ExitEntry { block, index, .. })) => tracing::error!(
                block,
                operation = index,
                "L1's rollup is in exit mode: this operation of its queue was not proven in time. No batch can be committed or proven any more, no transaction is taken, and no batch is sealed; what is known here can still be read. Everybody takes the money out with `ashlar exit` (docs/operations.md, Exit mode)"
            ),
            not_found => tracing::error!(
                not_found = not_found.err().map(|error| chain(&error)),
                "L1's rollup is in exit mode; its event is not to be had. No batch can be committed or proven any more, no transaction is taken, and no batch is sealed; what is known here can still be read. Everybody takes the money out with `ashlar exit` (docs/operations.md, Exit mode)"
            ),
        }
    }
}

impl Exits {
    fn warn(&mut self, oldest: Option<Oldest>) {
        let Some(oldest) = oldest.filter(Oldest::is_pressing) else {
            if self.warnings.over().is_some() {
                tracing::info!("the operation of L1's queue that was about to expire is proven");
            }
            return;
        };
        let text = oldest.index.to_string();
        if self.warnings.happened(&text, Instant::now()).is_some() {
            tracing::warn!(
                operation = oldest.index,
                seconds_left = oldest.seconds_left().round(),
                deadline_secs = oldest.deadline_secs,
                "the oldest unproven operation of L1's queue has less than a quarter of its time left: once it has expired, anybody can enter exit mode, which ends this rollup. See why its batch is not proven: `ashlar batch list`, `ashlar farm status`"
            );
        }
    }
}

/// Operations of L1's queue that the batches up to `proven` executed; `None` if this database does not have them all.
fn proven_operations(store: &Store, proven: u64) -> Result<Option<u64>, StoreError> {
    let mut count = 0;
    for number in (1..=proven).rev() {
        let Some(batch) = store.batch(number)? else {
            return Ok(None);
        };
        count += u64::from(batch.l1_operations);
        let header = batch
            .header
            .and_then(|bytes| BatchHeader::abi_decode(&bytes).ok());
        if let Some(header) = header {
            return Ok(Some(header.firstOperation + count));
        }
    }
    Ok(Some(count))
}
