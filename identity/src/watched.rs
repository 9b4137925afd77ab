//! What is read from files again when one of them changes.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use ashlar_report::Chain;

use crate::error::IdentityError;

/// Files are looked at this often at most.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// Time and length of each file; `None` for one that is not there.
type Stamp = Vec<Option<(SystemTime, u64)>>;

/// A value made from files. Files that are half-way through a change make none: the value before is kept until they fit
/// together again.
#[derive(Debug)]
pub struct Watched<T> {
    paths: Vec<PathBuf>,
    load: fn(&[PathBuf]) -> Result<T, IdentityError>,
    state: Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    value: Arc<T>,
    stamp: Stamp,
    looked: Instant,
}

impl<T> Watched<T> {
    /// Reads the files.
    ///
    /// # Errors
    /// Those of `load`.
    pub fn open(
        paths: Vec<PathBuf>,
        load: fn(&[PathBuf]) -> Result<T, IdentityError>,
    ) -> Result<Self, IdentityError> {
        let stamp = stamp(&paths); // before reading: a change in between is seen at the next look
        let value = Arc::new(load(&paths)?);
        let looked = Instant::now();
        Ok(Self {
            paths,
            load,
            state: Mutex::new(State { value, stamp, looked }),
        })
    }

    /// The value as the files are now, or were half a second ago.
    pub fn current(&self) -> Arc<T> {
        let mut state = self.state();
        if state.looked.elapsed() < LOOK_INTERVAL {
            return state.value.clone();
        }
        state.looked = Instant::now();
        let stamp = stamp(&self.paths);
        if stamp != state.stamp {
            match (self.load)(&self.paths) {
                Ok(value) => {
                    tracing::info!(first = %self.paths[0].display(), "certificates were read again");
                    state.value = Arc::new(value);
                }
                Err(error) => tracing::error!(
                    error = %Chain(&error),
                    "changed certificates cannot be used: those before stay in use"
                ),
            }
            state.stamp = stamp;
        }
        state.value.clone()
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner) // whole after every step
    }
}

fn stamp(paths: &[PathBuf]) -> Stamp {
    let of = |path: &PathBuf| {
        let found = fs::metadata(path).ok()?;
        Some((found.modified().ok()?, found.len()))
    };
    paths.iter().map(of).collect()
}
