//! What a batch was made of, for whoever checks its signatures.

use ashlar_proto::sequencer::v1::{self as pb, batch_item::Item};
use tonic::Status;

use super::{Service, convert::internal};
use crate::store::LogItem;

/// Items in one answer, at most.
const MAX_LISTED: u32 = 1_000;

impl Service {
    pub(super) fn batch_items(
        &self,
        request: pb::ListBatchItemsRequest,
    ) -> Result<pb::ListBatchItemsResponse, Status> {
        let pb::ListBatchItemsRequest {
            batch_number: number,
            from_slot,
            limit,
        } = request;
        let limit = match limit {
            0 => MAX_LISTED,
            limit => limit.min(MAX_LISTED),
        };
        let batch = self.store.batch(number).map_err(|error| internal(&error))?;
        batch.ok_or_else(|| Status::not_found("not sealed yet"))?;
        // One more than is told: whether there is one behind the page.
        let items = self.store.items(number, from_slot, limit as usize + 1);
        let mut items = items.map_err(|error| internal(&error))?;
        let has_more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let items: Option<Vec<_>> = items.into_iter().map(item).collect();
        let items = items.ok_or_else(|| {
            Status::failed_precondition(format!(
                "batch {number} is known from L1 alone, where no signatures are: ask the sequencer that made it"
            ))
        })?;
        Ok(pb::ListBatchItemsResponse {
            items,
            next_slot: has_more.then(|| from_slot.saturating_add(limit)),
        })
    }
}

/// `None` for what was signed with a signature that nobody here has.
fn item(item: LogItem) -> Option<pb::BatchItem> {
    let item = match item {
        LogItem::L1 { index, .. } => Item::QueueIndex(index),
        LogItem::Signed(encoding) | LogItem::Sponsored(encoding) => Item::Signed(encoding.into()),
        LogItem::Published { .. } => return None,
    };
    Some(pb::BatchItem { item: Some(item) })
}
