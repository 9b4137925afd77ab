//! Transactions that wait for a block.

use std::collections::{BTreeMap, HashSet};

use alloy::{
    consensus::Transaction as _,
    eips::Typed2718,
    primitives::{Address, B256},
};

use crate::{block::Transaction, error::RpcError, sidecar::BlobError};

/// Transactions that wait at most.
const MAX_WAITING: usize = 4096;
/// A replacement pays at least this much more in both fees, in percent: go-ethereum's price bump.
const PRICE_BUMP_PERCENT: u128 = 10;
/// The same for blob transactions, in all three fees: every copy of one costs its node much.
const BLOB_PRICE_BUMP_PERCENT: u128 = 100;

/// Transactions by sender and nonce.
#[derive(Default)]
pub(crate) struct Pool {
    waiting: BTreeMap<Address, BTreeMap<u64, Waiting>>,
    count: usize,
    arrivals: u64,
}

struct Waiting {
    transaction: Transaction,
    arrival: u64,
}

impl Pool {
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Whether a transaction that [`Pool::check`] took finds a place.
    pub(crate) fn has_room(&self, transaction: &Transaction) -> bool {
        self.count < MAX_WAITING || self.get(transaction.signer(), transaction.nonce()).is_some()
    }

    /// Refuses a transaction that neither finds its nonce free nor pays enough to replace what is there.
    pub(crate) fn check(&self, transaction: &Transaction) -> Result<(), RpcError> {
        let nonce = transaction.nonce();
        self.check_pool(transaction)?;
        let Some(old) = self.get(transaction.signer(), nonce) else {
            return Ok(());
        };
        if old.tx_hash() == transaction.tx_hash() {
            return Err(RpcError::AlreadyKnown(*old.tx_hash()));
        }
        let percent = if old.is_eip4844() {
            BLOB_PRICE_BUMP_PERCENT
        } else {
            PRICE_BUMP_PERCENT
        };
        let [max_fee, tip, blob_fee] =
            [old.max_fee_per_gas(), tip_cap(old), blob_fee_cap(old)].map(|fee| bumped(fee, percent));
        if transaction.max_fee_per_gas() < max_fee || tip_cap(transaction) < tip {
            return Err(RpcError::Underpriced {
                replaced: *old.tx_hash(),
                nonce,
                max_fee,
                tip,
            });
        }
        if old.is_eip4844() && blob_fee_cap(transaction) < blob_fee {
            return Err(BlobError::Underpriced {
                replaced: *old.tx_hash(),
                nonce,
                blob_fee,
            }
            .into());
        }
        Ok(())
    }

    /// Nodes have a pool for blob transactions and one for all others, and an account waits in one of them.
    fn check_pool(&self, transaction: &Transaction) -> Result<(), RpcError> {
        let waiting = self.waiting.get(&transaction.signer());
        let first = waiting.and_then(|waiting| waiting.values().next());
        match first.map(|waiting| &waiting.transaction) {
            Some(other) if other.is_eip4844() != transaction.is_eip4844() => Err(BlobError::OtherPool {
                waiting: other.ty(),
                asked: transaction.ty(),
            }
            .into()),
            _ => Ok(()),
        }
    }

    /// Lets a transaction wait that [`Pool::check`] took, and gives the one whose place it has.
    pub(crate) fn insert(&mut self, transaction: Transaction) -> Option<Transaction> {
        let (sender, nonce) = (transaction.signer(), transaction.nonce());
        let waiting = Waiting {
            transaction,
            arrival: self.arrivals,
        };
        self.arrivals += 1;
        let replaced = self.waiting.entry(sender).or_default().insert(nonce, waiting);
        self.count += usize::from(replaced.is_none());
        replaced.map(|waiting| waiting.transaction)
    }

    pub(crate) fn remove(&mut self, sender: Address, nonce: u64) -> Option<Transaction> {
        let of_sender = self.waiting.get_mut(&sender)?;
        let removed = of_sender.remove(&nonce)?;
        if of_sender.is_empty() {
            self.waiting.remove(&sender);
        }
        self.count -= 1;
        Some(removed.transaction)
    }

    /// Removes those of `sender` that can never be mined any more, and gives them.
    pub(crate) fn prune(&mut self, sender: Address, next_nonce: u64) -> Vec<Transaction> {
        let of_sender = self.waiting.get(&sender).into_iter();
        let stale: Vec<u64> = of_sender
            .flat_map(|waiting| waiting.range(..next_nonce).map(|(nonce, _)| *nonce))
            .collect();
        stale
            .into_iter()
            .filter_map(|nonce| self.remove(sender, nonce))
            .collect()
    }

    pub(crate) fn get(&self, sender: Address, nonce: u64) -> Option<&Transaction> {
        Some(&self.waiting.get(&sender)?.get(&nonce)?.transaction)
    }

    pub(crate) fn by_hash(&self, hash: B256) -> Option<&Transaction> {
        self.iter().find(|transaction| *transaction.tx_hash() == hash)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Transaction> {
        let all = self.waiting.values().flat_map(BTreeMap::values);
        all.map(|waiting| &waiting.transaction)
    }

    pub(crate) fn senders(&self) -> impl Iterator<Item = Address> {
        self.waiting.keys().copied()
    }

    /// Nonce of the next transaction of `sender` whose state says `nonce`: behind those that wait without a gap.
    pub(crate) fn next_nonce(&self, sender: Address, nonce: u64) -> u64 {
        (nonce..)
            .find(|nonce| self.get(sender, *nonce).is_none())
            .unwrap_or(nonce)
    }

    /// Sender and nonce of one whose turn cannot come as things are: the last of its sender, the latest of several.
    pub(crate) fn behind_a_gap(&self, nonce: impl Fn(Address) -> u64) -> Option<(Address, u64)> {
        let last = |(sender, waiting): (&Address, &BTreeMap<u64, Waiting>)| {
            let gap = self.next_nonce(*sender, nonce(*sender));
            let (nonce, last) = waiting.range(gap..).next_back()?;
            Some((last.arrival, *sender, *nonce))
        };
        let (_, sender, nonce) = self.waiting.iter().filter_map(last).max()?;
        Some((sender, nonce))
    }

    /// The one to mine next: the highest tip of those whose turn it is, the earliest of several. Senders in `skipped`
    /// have none, nor have those that do not pay the base fee, or `blob_fee` wei per blob gas.
    pub(crate) fn best(
        &self,
        base_fee: u64,
        blob_fee: u128,
        skipped: &HashSet<Address>,
        nonce: impl Fn(Address) -> u64,
    ) -> Option<&Transaction> {
        let heads = self
            .waiting
            .iter()
            .filter(|(sender, _)| !skipped.contains(*sender));
        heads
            .filter_map(|(sender, waiting)| waiting.get(&nonce(*sender)))
            .filter(|head| pays_for_blobs(&head.transaction, blob_fee))
            .filter_map(|head| Some((head, head.transaction.effective_tip_per_gas(base_fee)?)))
            .max_by_key(|(head, tip)| (*tip, std::cmp::Reverse(head.arrival)))
            .map(|(head, _)| &head.transaction)
    }
}

fn tip_cap(transaction: &Transaction) -> u128 {
    transaction
        .max_priority_fee_per_gas()
        .unwrap_or_else(|| transaction.max_fee_per_gas())
}

fn blob_fee_cap(transaction: &Transaction) -> u128 {
    transaction.max_fee_per_blob_gas().unwrap_or_default()
}

fn pays_for_blobs(transaction: &Transaction, blob_fee: u128) -> bool {
    transaction
        .max_fee_per_blob_gas()
        .is_none_or(|most| most >= blob_fee)
}

fn bumped(fee: u128, percent: u128) -> u128 {
    let bump = fee.saturating_mul(percent).div_ceil(100);
    fee.saturating_add(bump.max(1))
}
