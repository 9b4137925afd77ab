//! Deposits as L1 reports them, believed only with evidence: their numbers follow each other without a gap, their values
//! have the hash that the contract queued, and the queue's length says that none is missing.

use alloy::{
    primitives::{B256, U256, keccak256},
    providers::Provider,
    rpc::types::{Filter, Log},
    sol_types::{SolEvent, SolValue},
};
use ashlar_contracts::{Rollup, encoding::word_to_hash};
use futures::{StreamExt, TryStreamExt, stream};

use super::{BlockRef, L1Client, L1Error};
use crate::store::LogItem;

/// Hashes of deposits asked for at once.
const HASHES_AT_ONCE: usize = 16;

/// A deposit in L1's queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedDeposit {
    /// Its number in the queue.
    pub index: u64,
    /// Token index.
    pub token: u8,
    /// In units of the token.
    pub amount: u64,
    /// L2 key hash, as L1 encodes it.
    pub key_hash: U256,
    /// The block that queued it.
    pub block: BlockRef,
}

impl QueuedDeposit {
    fn from_log(log: &Log) -> Result<Self, L1Error> {
        let malformed = || L1Error::Event {
            event: "DepositQueued",
            block: log.block_number.unwrap_or_default(),
        };
        let (Some(number), Some(hash)) = (log.block_number, log.block_hash) else {
            return Err(malformed());
        };
        let event = Rollup::DepositQueued::decode_log(&log.inner).map_err(|_| malformed())?;
        Ok(Self {
            index: event.index,
            token: event.token,
            amount: event.amount,
            key_hash: event.keyHash,
            block: BlockRef { number, hash },
        })
    }

    /// As the contract keeps it.
    pub fn hash(&self) -> B256 {
        queue_hash(self.token, self.amount, self.key_hash)
    }

    /// As the order log keeps it.
    pub fn to_item(&self) -> LogItem {
        LogItem::Deposit {
            number: self.index,
            token: self.token,
            amount: self.amount,
            key_hash: word_to_hash(self.key_hash),
        }
    }
}

/// `keccak256(abi.encode(token, amount, keyHash))`, the contract's hash of a deposit.
pub(crate) fn queue_hash(token: u8, amount: u64, key_hash: U256) -> B256 {
    keccak256((U256::from(token), U256::from(amount), key_hash).abi_encode())
}

impl L1Client {
    /// The deposits from number `expected` on in these blocks, ends included: without a gap, each once, each as the
    /// contract queued it. The contract is asked in the state of the newest block, which every node has.
    pub async fn deposits(
        &self,
        expected: u64,
        from: u64,
        to: BlockRef,
        head: BlockRef,
    ) -> Result<Vec<QueuedDeposit>, L1Error> {
        let filter = &Filter::new()
            .address(self.rollup)
            .event_signature(Rollup::DepositQueued::SIGNATURE_HASH)
            .from_block(from)
            .to_block(to.number);
        let mut deposits = self
            .endpoints
            .agree("eth_getLogs", |node| async move {
                let logs = node.get_logs(filter).await?;
                Ok(logs
                    .iter()
                    .filter(|log| !log.removed)
                    .map(QueuedDeposit::from_log)
                    .collect::<Result<Vec<_>, _>>()
                    .map_err(|error| error.to_string()))
            })
            .await?
            .map_err(|_| L1Error::Event {
                event: "DepositQueued",
                block: to.number,
            })?;
        deposits.sort_by_key(|deposit| deposit.index);
        deposits.dedup();
        deposits.retain(|deposit| deposit.index >= expected);
        for (expected, deposit) in (expected..).zip(&deposits) {
            if deposit.index != expected {
                return Err(L1Error::DepositGap {
                    expected,
                    from,
                    to: to.number,
                });
            }
        }
        self.require_queued(&deposits, head).await?;
        if self.block(to.number).await? != to {
            return Err(L1Error::Moved { block: to.number });
        }
        Ok(deposits)
    }

    /// Checks each deposit against the contract's own hash of it.
    async fn require_queued(&self, deposits: &[QueuedDeposit], head: BlockRef) -> Result<(), L1Error> {
        let reported: Vec<_> = deposits
            .iter()
            .map(|deposit| (deposit.index, deposit.hash()))
            .collect();
        stream::iter(reported)
            .map(|(index, reported)| async move {
                let queued = self.deposit_hash(index, head).await?;
                if queued == reported {
                    Ok(())
                } else {
                    Err(L1Error::DepositForged { index })
                }
            })
            .buffer_unordered(HASHES_AT_ONCE)
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
