//! How much goes to the card and back.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that a backend has sent to its card and fetched from it, columns and bases alike; sums are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// To the card.
    pub to_card_bytes: u64,
    /// From the card.
    pub from_card_bytes: u64,
}

/// Counts [`Traffic`].
#[derive(Debug, Default)]
pub(super) struct Meter {
    to_card: AtomicU64,
    from_card: AtomicU64,
}

impl Meter {
    pub(super) fn sent(&self, words: usize) {
        self.to_card.fetch_add(bytes(words), Ordering::Relaxed);
    }

    pub(super) fn fetched(&self, words: usize) {
        self.from_card.fetch_add(bytes(words), Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Traffic {
        Traffic {
            to_card_bytes: self.to_card.load(Ordering::Relaxed),
            from_card_bytes: self.from_card.load(Ordering::Relaxed),
        }
    }
}

fn bytes(words: usize) -> u64 {
    (words * size_of::<u64>()) as u64
}
