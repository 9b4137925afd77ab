//! The state after each of the last batches, so that one can be executed anew that L1 has lost.

use std::{borrow::Cow, collections::VecDeque};

use ashlar_payments::state::{Changes, MemoryStore};

/// Batches that can be replaced: deeper than any reorganisation, and more than an operator leaves unproven.
pub(crate) const REACH: u64 = 256;

/// A state, and how it came about.
#[derive(Debug, Default)]
pub(crate) struct Chain {
    /// After batch `floor`, which is not replaced any more.
    floor_state: MemoryStore,
    floor: u64,
    /// The batches behind it.
    pending: VecDeque<Changes>,
    /// After the last of them.
    state: MemoryStore,
}

impl Chain {
    /// The last batch; 0 before the first.
    pub fn last(&self) -> u64 {
        self.floor + self.pending.len() as u64
    }

    /// The first batch that can be replaced.
    pub fn first_replaceable(&self) -> u64 {
        self.floor + 1
    }

    /// The state after a batch from the one before [`Self::first_replaceable`] to [`Self::last`].
    pub fn state_after(&self, batch: u64) -> Cow<'_, MemoryStore> {
        if batch == self.last() {
            return Cow::Borrowed(&self.state);
        }
        let mut state = self.floor_state.clone();
        for changes in self.pending.iter().take((batch - self.floor) as usize) {
            state.apply(changes.clone());
        }
        Cow::Owned(state)
    }

    /// Puts a batch behind the one before it, in place of all that was there.
    pub fn put(&mut self, batch: u64, changes: Changes) {
        if batch <= self.last() {
            let state = self.state_after(batch - 1).into_owned();
            self.state = state;
            self.pending.truncate((batch - 1 - self.floor) as usize);
        }
        self.push(changes);
    }

    fn push(&mut self, changes: Changes) {
        self.state.apply(changes.clone());
        self.pending.push_back(changes);
        if self.pending.len() as u64 > REACH
            && let Some(oldest) = self.pending.pop_front()
        {
            self.floor_state.apply(oldest);
            self.floor += 1;
        }
    }
}
