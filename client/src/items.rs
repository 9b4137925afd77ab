//! What a batch was made of, as the sequencer shows it.

use ashlar_payments::rebuild::Shown;
use ashlar_proto::sequencer::v1 as pb;

use crate::{Client, ClientError};

const REQUEST: &str = "list_batch_items";

impl Client {
    /// What a sealed batch was made of, in order. At most a page more than as many as are `expected`: whoever shows more
    /// has nothing good in mind.
    ///
    /// # Errors
    /// If the batch is not sealed, or was rebuilt from L1, which has no signatures.
    pub async fn batch_items(&self, number: u64, expected: usize) -> Result<Vec<Shown>, ClientError> {
        let wrong = |fault| ClientError::Answer {
            request: REQUEST,
            fault,
        };
        let mut shown = Vec::new();
        loop {
            let page = self.item_page(number, shown.len() as u32).await?;
            let is_empty = page.items.is_empty();
            for item in page.items {
                shown.push(match item.item {
                    Some(pb::batch_item::Item::Signed(encoding)) => Shown::Signed(encoding.to_vec()),
                    Some(pb::batch_item::Item::QueueIndex(_)) => Shown::L1,
                    None => return Err(wrong("an item is of no known kind")),
                });
            }
            match page.next_slot {
                Some(next) if is_empty || next as usize != shown.len() => {
                    return Err(wrong("the next page does not follow this one"));
                }
                Some(_) if shown.len() <= expected => {}
                _ => return Ok(shown),
            }
        }
    }
}
