//! How `auto` splits work between a card and the CPU, as `ashlar selftest --apply` has measured it: one file beside the
//! keys. It holds for one card in one machine; any other keeps the backend's own thresholds.

#![cfg_attr(
    not(all(feature = "bench", feature = "icicle")),
    allow(
        dead_code,
        reason = "the self-test writes the file, who opens a card reads it"
    )
)]

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use ashlar_accel::Thresholds;
use ashlar_report::file::write_whole;
use serde::{Deserialize, Serialize};

/// Layout of the file.
const SCHEMA: u32 = 1;

/// The file's contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// Layout of the file.
    pub schema: u32,
    /// Name of the card.
    pub card: String,
    /// Model of the processor.
    pub processor: String,
    /// Its threads.
    pub threads: usize,
    /// Commit that was measured.
    pub commit: Option<String>,
    /// When, in seconds since 1970.
    pub measured_unix_secs: u64,
    /// What was found.
    pub split: Split,
}

/// The processor beside the card.
#[derive(Clone, Debug)]
pub struct Host {
    /// Its model.
    pub processor: String,
    /// Its threads.
    pub threads: usize,
}

impl Host {
    /// This machine's.
    pub fn detect() -> Self {
        Self {
            processor: ashlar_report::processor(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

/// Elements from which the card was faster than the CPU at every size measured; `None` where it never was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// Scalars of a multi-scalar multiplication.
    pub msm: Option<usize>,
    /// Elements of a transform.
    pub ntt: Option<usize>,
}

impl From<Split> for Thresholds {
    fn from(split: Split) -> Self {
        Self {
            msm: split.msm.unwrap_or(usize::MAX),
            ntt: split.ntt.unwrap_or(usize::MAX),
            rows: usize::MAX, // no kernel
        }
    }
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AutoError {
    /// It cannot be read or written.
    #[error("cannot access {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It is something else.
    #[error(
        "{} does not hold measured thresholds: remove it, or measure again with ashlar selftest --apply (a build with --features bench)",
        path.display()
    )]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// It is of another version.
    #[error(
        "{} has layout {found}, this program reads {SCHEMA}: measure again with ashlar selftest --apply (a build with --features bench)",
        path.display()
    )]
    Schema {
        /// The file.
        path: PathBuf,
        /// Its layout.
        found: u32,
    },
}

impl Measured {
    /// What was measured on `host` with `card`, now.
    pub fn new(card: String, host: Host, commit: Option<String>, split: Split) -> Self {
        Self {
            schema: SCHEMA,
            card,
            processor: host.processor,
            threads: host.threads,
            commit,
            measured_unix_secs: crate::unix_secs(),
            split,
        }
    }

    /// Stores it in `cache_dir`; the file's path.
    pub fn store(&self, cache_dir: &Path) -> Result<PathBuf, AutoError> {
        let path = path(cache_dir);
        let text = serde_json::to_string_pretty(self).expect("numbers and text") + "\n";
        match write_whole(&path, &[text.as_bytes()]) {
            Ok(()) => Ok(path),
            Err(source) => Err(AutoError::Io { path, source }),
        }
    }

    /// Why it says nothing about this card in this machine, if it does not.
    fn mismatch(&self, card: &str, host: &Host) -> Option<String> {
        if self.card != card {
            Some(format!("measured with card {}, here is {card}", self.card))
        } else if (&self.processor, self.threads) != (&host.processor, host.threads) {
            Some(format!(
                "measured beside {} threads of {}, here are {} of {}",
                self.threads, self.processor, host.threads, host.processor
            ))
        } else {
            None
        }
    }
}

/// Where the file is.
pub fn path(cache_dir: &Path) -> PathBuf {
    cache_dir.join("auto.json")
}

/// What is stored in `cache_dir`, if anything is.
pub fn load(cache_dir: &Path) -> Result<Option<Measured>, AutoError> {
    let path = path(cache_dir);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(AutoError::Io { path, source }),
    };
    let measured: Measured = match serde_json::from_slice(&text) {
        Ok(measured) => measured,
        Err(source) => return Err(AutoError::Content { path, source }),
    };
    if measured.schema != SCHEMA {
        let found = measured.schema;
        return Err(AutoError::Schema { path, found });
    }
    Ok(Some(measured))
}

/// The thresholds for card `device` of this machine, if they were measured. Asks the card for its name.
#[cfg(feature = "icicle")]
pub fn thresholds(cache_dir: &Path, device: usize) -> Result<Option<Thresholds>, AutoError> {
    let Some(measured) = load(cache_dir)? else {
        return Ok(None);
    };
    match ashlar_accel::icicle::card(device) {
        Ok(card) => Ok(measured.thresholds(&card.facts.name, &Host::detect())),
        Err(_) => Ok(None), // whoever opens the backend next is told the same, and says it
    }
}

/// No card, no thresholds.
#[cfg(not(feature = "icicle"))]
pub fn thresholds(_: &Path, _: usize) -> Result<Option<Thresholds>, AutoError> {
    Ok(None)
}

impl Measured {
    fn thresholds(&self, card: &str, host: &Host) -> Option<Thresholds> {
        if let Some(reason) = self.mismatch(card, host) {
            tracing::warn!(
                reason,
                "the measured thresholds are of another machine: run ashlar selftest --apply here (a build with --features bench)"
            );
            return None;
        }
        let Split { msm, ntt } = self.split;
        tracing::info!(msm, ntt, "auto splits work as measured");
        Some(self.split.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured() -> Measured {
        let split = Split {
            msm: Some(1 << 14),
            ntt: None,
        };
        Measured::new("card".into(), Host::detect(), None, split)
    }

    #[test]
    fn what_is_stored_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("new");
        assert_eq!(load(&cache).unwrap(), None);
        measured().store(&cache).unwrap();
        assert_eq!(load(&cache).unwrap(), Some(measured_at(&cache)));
        assert_eq!(
            fs::read_dir(&cache).unwrap().count(),
            1,
            "nothing else is left there"
        );
    }

    fn measured_at(cache: &Path) -> Measured {
        let stored = load(cache).unwrap().unwrap();
        Measured {
            measured_unix_secs: stored.measured_unix_secs,
            ..measured()
        }
    }

    #[test]
    fn another_card_or_machine_keeps_the_backend_s_own() {
        let here = Host::detect();
        let found = measured().thresholds("card", &here).unwrap();
        assert_eq!(
            (found.msm, found.ntt, found.rows),
            (1 << 14, usize::MAX, usize::MAX)
        );
        assert_eq!(measured().thresholds("another card", &here), None);
        let larger = Host {
            threads: here.threads + 1,
            ..here
        };
        assert_eq!(measured().thresholds("card", &larger), None);
    }

    #[test]
    fn a_damaged_file_is_named_with_its_remedy() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(path(folder.path()), b"{}").unwrap();
        let error = load(folder.path()).unwrap_err();
        assert!(matches!(error, AutoError::Content { .. }));
        assert!(error.to_string().contains("selftest --apply"), "{error}");
        let newer = Measured {
            schema: SCHEMA + 1,
            ..measured()
        };
        newer.store(folder.path()).unwrap();
        assert!(matches!(load(folder.path()), Err(AutoError::Schema { found, .. }) if found == SCHEMA + 1));
    }
}
