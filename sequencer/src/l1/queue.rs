//! Operations of L1's queue as L1 reports them, believed only with evidence: their indices follow each other without a gap,
//! the contract keeps the hash and the expiry of each record, and the queue's length says that none is missing.

use alloy::{
    primitives::B256,
    providers::Provider,
    rpc::types::{Filter, Log},
    sol_types::SolEvent,
};
use ashlar_contracts::{
    Rollup,
    bridge::{ENTRY_HASH_BYTES, queue_entry},
};
use ashlar_statement::queue::L1Operation;
use futures::{StreamExt, TryStreamExt, stream};

use super::{BlockRef, L1Client, L1Error};
use crate::store::LogItem;

/// Entries of the queue asked for at once.
const ENTRIES_AT_ONCE: usize = 16;
/// The contract keeps an expiry in 40 bits.
const EXPIRY_LIMIT: u64 = 1 << 40;
/// The contract's event.
const EVENT: &str = "OperationQueued";

/// An operation in L1's queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedOperation {
    /// Its place in the queue.
    pub index: u64,
    /// What was queued.
    pub operation: L1Operation,
    /// Until when a batch with it must be proven, in tenths of a second since 1970: from then on anybody may enter exit mode.
    pub expiry: u64,
    /// The block that queued it.
    pub block: BlockRef,
}

impl QueuedOperation {
    fn from_log(log: &Log) -> Result<Self, L1Error> {
        let malformed = || L1Error::Event {
            event: EVENT,
            block: log.block_number.unwrap_or_default(),
        };
        let (Some(number), Some(hash)) = (log.block_number, log.block_hash) else {
            return Err(malformed());
        };
        let event = Rollup::OperationQueued::decode_log(&log.inner).map_err(|_| malformed())?;
        if event.expiry >= EXPIRY_LIMIT {
            return Err(malformed());
        }
        let operation = L1Operation::decode(&event.record).map_err(|_| malformed())?;
        if operation.tag() != event.kind {
            return Err(malformed());
        }
        Ok(Self {
            index: event.index,
            operation,
            expiry: event.expiry,
            block: BlockRef { number, hash },
        })
    }

    /// As the contract keeps it.
    pub fn entry(&self) -> B256 {
        queue_entry(&self.operation.record(), self.expiry)
    }

    /// As the order log keeps it.
    pub fn to_item(&self) -> LogItem {
        LogItem::l1(self.index, &self.operation)
    }
}

/// The hash in an entry of the queue, with zeros where the expiry is.
fn hash_of(mut entry: B256) -> B256 {
    entry[ENTRY_HASH_BYTES..].fill(0);
    entry
}

impl L1Client {
    /// The operations from `expected` on in these blocks, ends included: without a gap, each once, each as the contract
    /// queued it. The contract is asked in the state of the newest block, which every node has.
    ///
    /// # Errors
    /// Names the first operation that is missing, or that is another one in the queue.
    pub async fn operations(
        &self,
        expected: u64,
        from: u64,
        to: BlockRef,
        head: BlockRef,
    ) -> Result<Vec<QueuedOperation>, L1Error> {
        let filter = &Filter::new()
            .address(self.rollup)
            .event_signature(Rollup::OperationQueued::SIGNATURE_HASH)
            .from_block(from)
            .to_block(to.number);
        let mut operations = self
            .endpoints
            .agree("eth_getLogs", |node| async move {
                let logs = node.get_logs(filter).await?;
                Ok(logs
                    .iter()
                    .filter(|log| !log.removed)
                    .map(QueuedOperation::from_log)
                    .collect::<Result<Vec<_>, _>>()
                    .map_err(|error| error.to_string()))
            })
            .await?
            .map_err(|_| L1Error::Event {
                event: EVENT,
                block: to.number,
            })?;
        operations.sort_by_key(|queued| queued.index);
        operations.dedup();
        operations.retain(|queued| queued.index >= expected);
        for (expected, queued) in (expected..).zip(&operations) {
            if queued.index != expected {
                return Err(L1Error::OperationGap {
                    expected,
                    from,
                    to: to.number,
                });
            }
        }
        let reported = operations.iter().map(|queued| (queued.index, queued.entry()));
        self.compare(
            reported.collect(),
            head,
            |kept| kept,
            |index| L1Error::OperationForged { index },
        )
        .await?;
        if self.block(to.number).await? != to {
            return Err(L1Error::Moved { block: to.number });
        }
        Ok(operations)
    }

    /// Whether the queue still holds what the order log has of it, whenever it expires.
    ///
    /// # Errors
    /// [`L1Error::OperationReplaced`] names one that is another there now.
    pub async fn require_not_replaced(&self, items: &[LogItem], head: BlockRef) -> Result<(), L1Error> {
        let ours = items.iter().filter_map(|item| match item {
            LogItem::L1 { index, record } => Some((*index, queue_entry(record, 0))),
            LogItem::Signed(_) | LogItem::Sponsored(_) | LogItem::Published { .. } => None,
        });
        self.compare(ours.collect(), head, hash_of, |index| {
            L1Error::OperationReplaced { index }
        })
        .await
    }

    /// Checks what is known of operations against what the contract keeps of them.
    async fn compare(
        &self,
        known: Vec<(u64, B256)>,
        head: BlockRef,
        part: fn(B256) -> B256,
        differs: fn(u64) -> L1Error,
    ) -> Result<(), L1Error> {
        stream::iter(known)
            .map(|(index, known)| async move {
                let kept = self.queued_operation(index, head).await?;
                if part(kept) == known {
                    Ok(())
                } else {
                    Err(differs(index))
                }
            })
            .buffered(ENTRIES_AT_ONCE) // in order: the first one that differs is named
            .try_collect::<()>()
            .await
    }

    /// Block of the contract's deployment, found by asking when its code appeared; `None` if the nodes do not keep that
    /// much history.
    pub async fn deployment_block(&self, head: BlockRef) -> Option<u64> {
        let (mut without, mut with) = (0, head.number);
        while without < with {
            let middle = without + (with - without) / 2;
            if self.has_code_at(middle).await.ok()? {
                with = middle;
            } else {
                without = middle + 1;
            }
        }
        Some(with)
    }

    async fn has_code_at(&self, block: u64) -> Result<bool, L1Error> {
        let rollup = self.rollup;
        self.endpoints
            .agree("eth_getCode", |node| async move {
                let code = node.get_code_at(rollup).number(block).await?;
                Ok(!code.is_empty())
            })
            .await
    }
}
