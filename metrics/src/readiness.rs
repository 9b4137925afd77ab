//! Whether a process does what it is there for.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Set by a service, told by its endpoint; all clones are one. Nobody is ready to begin with.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    /// From now on it is ready, or is not.
    pub fn set(&self, is_ready: bool) {
        self.0.store(is_ready, Ordering::Relaxed);
    }

    /// Whether it is.
    pub fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
