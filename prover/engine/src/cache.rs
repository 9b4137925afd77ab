//! Circuits on disk: building them takes a quarter of a minute, reading them a second.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use ashlar_recursion::{BuildError, CircuitSet, SetBytesError};
use ashlar_report::{caught, file::write_whole};
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
    write_whole(&path, &[&bytes]).map_err(|source| CacheError::Io { path, source })?;
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
