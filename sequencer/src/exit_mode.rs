//! Whether L1's rollup is in exit mode, and how long its oldest unproven operation has left: what the watcher saw last,
//! shared. A state of the chain, not a latch: a reorganisation that takes the entry back takes it back here.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use tokio::sync::watch;

/// What senders and operators are told in exit mode.
pub const IN_EXIT_MODE: &str = "the rollup is in exit mode: an operation of L1's queue was not proven in time, so the state root stands still and nothing more is settled; `ashlar exit` takes the money out on L1";

/// The oldest operation of L1's queue that no proven batch executes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Oldest {
    /// Its place in the queue.
    pub index: u64,
    /// From when on anybody may enter exit mode, in tenths of a second since 1970.
    pub expiry: u64,
    /// How long an operation may wait for its proof, in seconds, as the contract says.
    pub deadline_secs: u64,
    /// Time of the newest block when it was looked at, in seconds since 1970.
    pub seen_at: u64,
}

impl Oldest {
    /// Seconds until it expires, negative afterwards. L1's clock counts where it is ahead of this machine's.
    pub fn seconds_left(&self) -> f64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.expiry as f64 / 10.0 - now.as_secs_f64().max(self.seen_at as f64)
    }

    /// Whether less than a quarter of the deadline is left.
    pub fn is_pressing(&self) -> bool {
        self.seconds_left() < self.deadline_secs as f64 / 4.0
    }
}

/// What L1 said last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outlook {
    /// L1 was not asked yet.
    #[default]
    Unknown,
    /// Batches are settled.
    Open {
        /// What must be proven first; `None` if nothing waits, or only what other batches than this database's took.
        oldest: Option<Oldest>,
    },
    /// Exit mode.
    Entered {
        /// Whether it was entered in a block that is final by configuration.
        is_final: bool,
    },
}

impl Outlook {
    /// Whether it is exit mode.
    pub fn is_entered(&self) -> bool {
        matches!(self, Self::Entered { .. })
    }

    /// The oldest unproven operation, while batches are settled.
    pub fn oldest(&self) -> Option<Oldest> {
        match self {
            Self::Open { oldest } => *oldest,
            Self::Unknown | Self::Entered { .. } => None,
        }
    }
}

/// What L1 said last, shared: all clones are one.
#[derive(Clone, Debug)]
pub struct ExitMode(Arc<watch::Sender<Outlook>>);

impl Default for ExitMode {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Outlook::Unknown)))
    }
}

impl ExitMode {
    /// What was seen last.
    pub fn now(&self) -> Outlook {
        *self.0.borrow()
    }

    /// Whether the rollup is in exit mode.
    pub fn is_entered(&self) -> bool {
        self.now().is_entered()
    }

    /// Notes what L1 says; who subscribed hears of it when exit mode begins, or is taken back.
    pub fn set(&self, outlook: Outlook) {
        self.0.send_if_modified(|now| {
            let before = std::mem::replace(now, outlook);
            before.is_entered() != outlook.is_entered()
        });
    }

    /// Hears when exit mode begins, or is taken back.
    pub fn subscribe(&self) -> watch::Receiver<Outlook> {
        self.0.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oldest(left: i64, seen_ahead: u64) -> Oldest {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        let now = now.as_secs();
        Oldest {
            index: 3,
            expiry: (now.saturating_add_signed(left)) * 10,
            deadline_secs: 400,
            seen_at: now + seen_ahead,
        }
    }

    #[test]
    fn less_than_a_quarter_of_the_deadline_is_pressing_by_whichever_clock_is_ahead() {
        assert!(!oldest(110, 0).is_pressing());
        assert!(oldest(90, 0).is_pressing());
        assert!(oldest(110, 50).is_pressing());
        assert!(oldest(-5, 0).seconds_left() < 0.0);
    }

    #[test]
    fn only_the_beginning_and_the_end_of_exit_mode_are_news() {
        let exit_mode = ExitMode::default();
        let mut news = exit_mode.subscribe();
        let mut is_news = |outlook| {
            exit_mode.set(outlook);
            let changed = news.has_changed().expect("alive");
            news.mark_unchanged();
            assert_eq!(exit_mode.now(), outlook);
            changed
        };
        let oldest = Some(oldest(10, 0));
        assert!(!is_news(Outlook::Open { oldest: None }));
        assert!(!is_news(Outlook::Open { oldest }));
        assert!(is_news(Outlook::Entered { is_final: false }));
        assert!(!is_news(Outlook::Entered { is_final: true }));
        assert!(is_news(Outlook::Open { oldest }));
    }
}
