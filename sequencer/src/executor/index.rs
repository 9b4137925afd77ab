//! Indexes what an earlier version has sealed, which kept no index of operations.

use ashlar_statement::{Application, queue::L1Operation};

use super::{
    open_batch::l1_parties,
    unsealed::{PAGE, item_id},
};
use crate::store::{LogItem, Operation, Place, ReceiptRecord, Store, StoreError};

/// Completes the index from log and receipts, page by page: a start that is interrupted goes on at the next one.
pub(super) fn complete<A: Application>(store: &Store) -> Result<(), StoreError> {
    let missing = store.unindexed()?;
    if missing.is_empty() {
        return Ok(());
    }
    tracing::info!(
        operations = missing.end - missing.start,
        "indexing what an earlier version has sealed"
    );
    let mut from = missing.start;
    while from < missing.end {
        let page = PAGE.min(usize::try_from(missing.end - from).unwrap_or(PAGE));
        let mut operations = Vec::new();
        for (position, item) in store.log_items(from, page)? {
            operations.extend(indexed::<A>(store, position, &item)?);
        }
        from += page as u64;
        store.index(&operations, from)?;
    }
    Ok(())
}

/// Where an item was executed; `None` if it was refused.
fn indexed<A: Application>(
    store: &Store,
    position: u64,
    item: &LogItem,
) -> Result<Option<(Place, Operation)>, StoreError> {
    let Some(ReceiptRecord::InBatch {
        batch, slot, account, ..
    }) = store.receipt(item_id::<A>(item))?
    else {
        return Ok(None);
    };
    let accounts = match item {
        LogItem::L1 { record, .. } => L1Operation::decode(record)
            .map_or_else(|_| Vec::new(), |operation| l1_parties(&operation, account)),
        LogItem::Published { .. } => Vec::new(), // was indexed when it was rebuilt
        LogItem::Signed(encoding) | LogItem::Sponsored(encoding) => {
            A::decode(encoding).map_or_else(|_| Vec::new(), |signed| A::parties(&signed))
        }
    };
    Ok(Some((Place { batch, slot }, Operation { position, accounts })))
}
