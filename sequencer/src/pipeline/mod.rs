//! Takes sealed batches to L1: their data (`commit`), the farm's proof of them, and its settlement (`settle`).
//!
//! Each step is durable before the next begins and looks at L1 before it acts, so a restart at any instant goes on
//! where the chain is: nothing is skipped, and nothing is sent anew that is under way already.

mod accounting;
mod challenges;
mod committee;
mod error;
mod follow;
mod proving;
mod publish;
mod settlement;

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use challenges::Challenges;
pub use committee::InCommittee;
pub use error::SettleError;
pub use proving::Proving;
pub use publish::{InBlob, InCalldata, Publish};
pub use settlement::{Settlement, SettlementState};

use crate::{
    changes::Changes,
    store::{BatchRecord, Store, StoreError},
};

/// Waits for a change, but not longer than `interval`; false once `shutdown` is requested.
async fn wait(changes: &mut watch::Receiver<u64>, interval: Duration, shutdown: &CancellationToken) -> bool {
    tokio::select! {
        () = shutdown.cancelled() => false,
        _ = changes.changed() => true,
        () = tokio::time::sleep(interval) => true,
    }
}

/// Changes a batch and tells everybody.
fn update(
    store: &Store,
    changes: &Changes,
    number: u64,
    change: impl FnOnce(&mut BatchRecord),
) -> Result<BatchRecord, StoreError> {
    let record = store.update_batch(number, change)?;
    changes.notify();
    Ok(record)
}
