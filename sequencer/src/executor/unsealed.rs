//! Where the operations of unsealed batches are in the log, by id.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use ashlar_statement::Application;
use sha3::{Digest, Keccak256};

use super::{l1_operation_id, published_id};
use crate::store::{LogItem, Store, StoreError};

/// Items that are read from the log at once.
pub(super) const PAGE: usize = 256;

/// Ids of what the log holds and no stored batch: their receipts follow when their batch is stored.
#[derive(Debug, Default)]
pub(super) struct Unsealed(RwLock<HashMap<[u8; 32], u64>>);

/// Id of an item of the log.
pub(super) fn item_id<A: Application>(item: &LogItem) -> [u8; 32] {
    match item {
        LogItem::L1 { index, .. } => l1_operation_id(*index),
        LogItem::Published { batch, slot, .. } => published_id(*batch, *slot),
        LogItem::Signed(encoding) | LogItem::Sponsored(encoding) => {
            A::decode(encoding).map_or_else(|_| Keccak256::digest(encoding).into(), |signed| A::id(&signed))
        }
    }
}

impl Unsealed {
    /// Everything that is in the log and not sealed.
    pub fn read<A: Application>(store: &Store) -> Result<Self, StoreError> {
        let mut ids = HashMap::new();
        let mut from = store.sealed_to()?;
        loop {
            let items = store.log_items(from, PAGE)?;
            for (position, item) in &items {
                ids.insert(item_id::<A>(item), *position);
                from = position + 1;
            }
            if items.len() < PAGE {
                return Ok(Self(RwLock::new(ids)));
            }
        }
    }

    /// Log position of an unsealed item.
    pub fn position(&self, id: [u8; 32]) -> Option<u64> {
        let ids = self.0.read().unwrap_or_else(PoisonError::into_inner);
        ids.get(&id).copied()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Notes items that are durable now.
    pub fn insert(&self, items: impl IntoIterator<Item = ([u8; 32], u64)>) {
        let mut ids = self.0.write().unwrap_or_else(PoisonError::into_inner);
        ids.extend(items);
    }

    /// Their receipts are stored.
    pub fn remove<'a>(&self, sealed: impl IntoIterator<Item = &'a [u8; 32]>) {
        let mut ids = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for id in sealed {
            ids.remove(id);
        }
    }
}
