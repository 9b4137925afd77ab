//! Blobs by transaction: of those that wait, and of those in the newest [`crate::Config::blob_blocks`] blocks.

use std::collections::HashMap;

use alloy::{
    consensus::Transaction as _,
    eips::{eip4844::Blob, eip7840::BlobParams},
    primitives::B256,
};

use crate::{block::Transaction, sidecar::Blobs};

/// Osaka's blob schedule: 6 blobs a block are aimed at, 9 are the limit (EIP-7691), 6 a transaction (EIP-7594), and the
/// price follows that of gas (EIP-7918).
pub(crate) const PARAMS: BlobParams = BlobParams::osaka();

/// Blob gas of a transaction: 131,072 a blob.
pub(crate) fn blob_gas(transaction: &Transaction) -> u64 {
    transaction.blob_gas_used().unwrap_or_default()
}

/// A transaction as it comes in: as it stands in a block, with the blobs that do not.
#[derive(Clone)]
pub(crate) struct Incoming {
    pub(crate) transaction: Transaction,
    pub(crate) blobs: Option<Blobs>,
}

impl From<Transaction> for Incoming {
    fn from(transaction: Transaction) -> Self {
        Self {
            transaction,
            blobs: None,
        }
    }
}

/// The blobs that are kept.
#[derive(Default)]
pub(crate) struct BlobStore {
    held: HashMap<B256, Held>,
}

struct Held {
    blobs: Blobs,
    /// The block of the transaction; none while it waits.
    block: Option<u64>,
    /// Whether the journal has them.
    noted: bool,
}

impl BlobStore {
    /// Keeps the blobs of a transaction that waits, or whose block is about to come.
    pub(crate) fn hold(&mut self, transaction: B256, blobs: Blobs, noted: bool) {
        let block = None;
        self.held.insert(transaction, Held { blobs, block, noted });
    }

    /// The blobs of a transaction that the journal does not have yet. It will.
    pub(crate) fn note(&mut self, transaction: B256) -> Option<Blobs> {
        let held = self.held.get_mut(&transaction).filter(|held| !held.noted)?;
        held.noted = true;
        Some(held.blobs.clone())
    }

    /// A transaction is in a block now.
    pub(crate) fn mined(&mut self, transaction: B256, block: u64) {
        if let Some(held) = self.held.get_mut(&transaction) {
            held.block = Some(block);
        }
    }

    /// A transaction is gone.
    pub(crate) fn drop_of(&mut self, transaction: B256) {
        self.held.remove(&transaction);
    }

    /// Forgets the blobs of older blocks.
    pub(crate) fn forget_before(&mut self, block: u64) {
        self.held
            .retain(|_, held| held.block.is_none_or(|number| number >= block));
    }

    /// The blobs of a transaction in a block.
    pub(crate) fn of_transaction(&self, transaction: B256) -> Option<&Blobs> {
        let held = self.held.get(&transaction)?;
        held.block.is_some().then_some(&held.blobs)
    }

    /// A blob in a block.
    pub(crate) fn by_hash(&self, hash: B256) -> Option<&Blob> {
        let in_blocks = self.held.values().filter(|held| held.block.is_some());
        in_blocks.map(|held| &held.blobs).find_map(|blobs| {
            let index = blobs.hashes.iter().position(|known| *known == hash)?;
            blobs.blobs.get(index)
        })
    }
}
