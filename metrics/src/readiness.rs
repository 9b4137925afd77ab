//! Whether a process does what it is there for.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

/// Set by a service, told by its endpoint; all clones are one. Nobody is ready to begin with.
#[derive(Debug, Clone, Default)]
pub struct Readiness {
    is_ready: Arc<AtomicBool>,
    restriction: Arc<Mutex<Option<&'static str>>>,
}

impl Readiness {
    /// From now on it is ready, or is not.
    pub fn set(&self, is_ready: bool) {
        self.is_ready.store(is_ready, Ordering::Relaxed);
    }

    /// Whether it is.
    pub fn get(&self) -> bool {
        self.is_ready.load(Ordering::Relaxed)
    }

    /// What it does not do though it is ready, and no restart would mend; `None` if it does all. For people: who balances
    /// load goes by [`Self::get`].
    pub fn restrict(&self, restriction: Option<&'static str>) {
        *self.restriction.lock().unwrap_or_else(PoisonError::into_inner) = restriction;
    }

    /// What it does not do though it is ready.
    pub fn restriction(&self) -> Option<&'static str> {
        *self.restriction.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
