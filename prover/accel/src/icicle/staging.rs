//! Two slots, so that one load is transferred while another is computed.

use std::sync::Arc;

use ashlar_icicle::{Device, Slot};

use super::{
    budget::{Budget, Reservation},
    error::Context,
};
use crate::AccelError;

/// Bytes of a word.
const WORD_BYTES: usize = size_of::<u64>();

/// The backend's two slots, made when first needed and kept; made anew when a column does not fit.
#[derive(Debug)]
pub(super) struct Staging {
    device: Device,
    budget: Arc<Budget>,
    words: usize,
    slots: Option<Slots>,
}

struct Slots {
    pair: [Slot; 2],
    _reservation: Reservation,
}

impl std::fmt::Debug for Slots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slots")
            .field("words", &self.pair[0].words())
            .finish()
    }
}

impl Staging {
    /// Nothing is allocated yet.
    pub(super) fn new(device: Device, budget: Arc<Budget>, bytes: usize) -> Self {
        Self {
            device,
            budget,
            words: (bytes / WORD_BYTES).max(1),
            slots: None,
        }
    }

    /// Two slots of at least the usual size and of at least `words` words.
    pub(super) fn slots(&mut self, words: usize) -> Result<&mut [Slot; 2], AccelError> {
        let words = words.max(self.words);
        self.slots.take_if(|slots| slots.pair[0].words() < words); // first, so that its memory counts as free
        let slots = match self.slots.take() {
            Some(slots) => slots,
            None => Slots::new(self.device, &self.budget, words)?,
        };
        Ok(&mut self.slots.insert(slots).pair)
    }
}

impl Slots {
    fn new(device: Device, budget: &Arc<Budget>, words: usize) -> Result<Self, AccelError> {
        let bytes = 2 * Slot::device_bytes(words);
        let reservation = budget.reserve(bytes)?;
        let slot = || Slot::new(device, words).context("allocating buffers", bytes);
        Ok(Self {
            pair: [slot()?, slot()?],
            _reservation: reservation,
        })
    }
}
