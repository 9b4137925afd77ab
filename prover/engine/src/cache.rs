//! Circuits on disk: building them takes a quarter of a minute, reading them a second.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use ashlar_recursion::{BuildError, CircuitSet, SetBytesError};
use ashlar_report::caught;
use ashlar_statement::LeafCircuit;

/// Starts every file.
const MAGIC: &[u8; 8] = b"ASHCIRC1";

/// Why there are no circuits.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The circuits cannot be built: a bug.
    #[error("building the circuits")]
    Build(#[from] BuildError),
    /// The circuits cannot be encoded: a bug.
    #[error("encoding the circuits")]
    Encode(#[source] SetBytesError),
    /// The cache directory cannot be used.
    #[error("cannot access {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Reads the production circuits from `dir`, or builds and stores them there. The file's name changes with the sources
/// of the circuits; it holds the set digest, and a damaged file is replaced. The directory is trusted as much as the
/// program itself.
pub fn load_or_build<L: LeafCircuit>(dir: &Path) -> Result<CircuitSet<L>, CacheError> {
    let path = circuits_path::<L>(dir);
    match fs::read(&path) {
        Ok(bytes) => match decode(&bytes) {
            Some(circuits) => return Ok(circuits),
            None => tracing::warn!(path = %path.display(), "replacing an unusable circuit cache"),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(CacheError::Io { path, source }),
    }
    tracing::info!("building the circuits");
    let circuits = CircuitSet::build()?;
    let bytes = encode(&circuits).map_err(CacheError::Encode)?;
    store(&path, &bytes).map_err(|source| CacheError::Io { path, source })?;
    Ok(circuits)
}

/// The file in `dir` that holds the circuits of this build.
pub fn circuits_path<L: LeafCircuit>(dir: &Path) -> PathBuf {
    dir.join(format!("circuits-{}.bin", CircuitSet::<L>::source_fingerprint()))
}

/// Magic, set digest, circuits.
fn encode<L: LeafCircuit>(circuits: &CircuitSet<L>) -> Result<Vec<u8>, SetBytesError> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(circuits.digests().set());
    bytes.extend(circuits.to_bytes()?);
    Ok(bytes)
}

fn decode<L: LeafCircuit>(bytes: &[u8]) -> Option<CircuitSet<L>> {
    let (digest, circuits) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<32>()?;
    // plonky2's reader may panic on damaged lengths.
    let circuits = caught(|| CircuitSet::<L>::from_bytes(circuits)).ok()?.ok()?;
    (circuits.digests().set() == *digest).then_some(circuits)
}

/// Writes beside `path` and renames, so that a reader sees the whole file or none.
fn store(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    // Of one writer alone: two threads may find the cache empty at once.
    static WRITERS: AtomicU64 = AtomicU64::new(0);
    let writer = WRITERS.fetch_add(1, Ordering::Relaxed);
    let partial = path.with_extension(format!("{}-{writer}.tmp", std::process::id()));
    let written = fs::write(&partial, bytes).and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        let _ = fs::remove_file(&partial); // best effort: the first error is the one to report
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_store_the_same_file_do_not_disturb_each_other() {
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("circuits.bin");
        let bytes = vec![7; 1 << 20];
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| store(&path, &bytes).expect("stored"));
            }
        });
        assert_eq!(fs::read(&path).expect("stored"), bytes);
        assert_eq!(
            fs::read_dir(dir.path()).expect("folder").count(),
            1,
            "nothing is left over"
        );
    }
}
