//! How much of the card's memory may be taken.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use ashlar_icicle::Device;

use super::error::{Context, out_of_memory};
use crate::AccelError;

/// Counts bytes before they are allocated, so that a call fails while the card still has room for other things.
#[derive(Debug)]
pub(super) struct Budget {
    device: Device,
    limit: Option<u64>,
    reserve: u64,
    used: AtomicU64,
}

/// Bytes taken from a [`Budget`] until it is dropped: declare it after the memory that it stands for.
#[derive(Debug)]
pub(super) struct Reservation {
    budget: Arc<Budget>,
    bytes: u64,
}

impl Budget {
    pub(super) fn new(device: Device, limit: Option<u64>, reserve: u64) -> Self {
        Self {
            device,
            limit,
            reserve,
            used: AtomicU64::new(0),
        }
    }

    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Takes `bytes`, or [`AccelError::OutOfMemory`]. Without a limit the driver is asked what is free.
    pub(super) fn reserve(self: &Arc<Self>, bytes: u64) -> Result<Reservation, AccelError> {
        if self.limit.is_none() {
            let free = self.device.memory().context("asking for free memory", 0)?.free;
            if bytes > free.saturating_sub(self.reserve) {
                return Err(out_of_memory(bytes));
            }
        }
        let limit = self.limit.unwrap_or(u64::MAX);
        let within = |used: u64| used.checked_add(bytes).filter(|&sum| sum <= limit);
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, within)
            .map_err(|_| out_of_memory(bytes))?;
        Ok(Reservation {
            budget: Arc::clone(self),
            bytes,
        })
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
