//! Columns that stay on the card between transforms.

use std::sync::Arc;

use ashlar_icicle::{Device, DeviceMemory};

use super::{
    budget::{Budget, Reservation},
    error::Context,
};
use crate::AccelError;

/// Results of a transform: the caller's columns, and a copy on the card if there was room for it.
#[derive(Debug)]
pub struct Held<'a, F> {
    pub(super) columns: Vec<&'a [F]>,
    pub(super) kept: Option<Kept>,
}

impl<F> Held<'_, F> {
    /// Whether the card has them; if not, every transform takes them there anew.
    pub fn is_on_device(&self) -> bool {
        self.kept.is_some()
    }
}

/// Memory for columns, one after another.
#[derive(Debug)]
pub(super) struct Kept {
    memory: Arc<DeviceMemory>,
    _reservation: Reservation,
}

impl Kept {
    /// `None` where there is no room: keeping saves transfers, and a proof goes on without.
    pub(super) fn allocate(
        device: Device,
        budget: &Arc<Budget>,
        words: usize,
    ) -> Result<Option<Self>, AccelError> {
        let bytes = (words * size_of::<u64>()) as u64;
        let allocate = || {
            let reservation = budget.reserve(bytes)?;
            let memory = DeviceMemory::new(device, words).context("allocating columns", bytes)?;
            Ok(Self {
                memory: Arc::new(memory),
                _reservation: reservation,
            })
        };
        match allocate() {
            Ok(kept) => Ok(Some(kept)),
            Err(AccelError::OutOfMemory { .. }) => {
                tracing::debug!(
                    bytes,
                    "no room on the card to keep columns: they go there for every transform"
                );
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    pub(super) fn memory(&self) -> &Arc<DeviceMemory> {
        &self.memory
    }
}
