//! News of batches.

use std::sync::Arc;

use tokio::sync::watch;

/// Tells everybody who waits that some batch moved. The number counts changes.
#[derive(Clone, Debug)]
pub struct Changes {
    sender: Arc<watch::Sender<u64>>,
}

impl Default for Changes {
    fn default() -> Self {
        Self {
            sender: Arc::new(watch::Sender::new(0)),
        }
    }
}

impl Changes {
    /// Notes a change.
    pub fn notify(&self) {
        self.sender.send_modify(|count| *count += 1);
    }

    /// Hears of later changes.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.sender.subscribe()
    }
}
