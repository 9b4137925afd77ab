//! Circuits on disk: building them takes a quarter of a minute, reading them a second.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use ashlar_recursion::{BuildError, CircuitSet, SetBytesError};
use ashlar_report::{caught, file::write_whole};
use ashlar_statement::{LeafCircuits, Security};
use blake2b_simd::blake2bp;

/// Starts every file.
const MAGIC: &[u8; 8] = b"ASHCIRC3";

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
/// of the circuits; it has a checksum and holds the set digest, and a damaged file is replaced.
///
/// With `pinned`, the digest of the set that the program was made with, a file of other circuits is replaced, too: what was
/// put into the directory decides nothing then. Without, the directory is trusted as much as the program itself.
pub fn load_or_build<L: LeafCircuits>(
    dir: &Path,
    security: Security,
    pinned: Option<[u8; 32]>,
) -> Result<CircuitSet<L>, CacheError> {
    let path = circuits_path::<L>(dir, security);
    match fs::read(&path) {
        Ok(bytes) => match decode::<L>(&bytes) {
            Some(circuits) if pinned.is_none_or(|pinned| circuits.digests().set() == pinned) => {
                return Ok(circuits);
            }
            Some(_) => tracing::warn!(path = %path.display(), "replacing a cache of other circuits"),
            None => tracing::warn!(path = %path.display(), "replacing an unusable circuit cache"),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(CacheError::Io { path, source }),
    }
    build(dir, security)
}

/// Builds the production circuits, whatever is in `dir`, and stores them there.
pub fn build<L: LeafCircuits>(dir: &Path, security: Security) -> Result<CircuitSet<L>, CacheError> {
    let path = circuits_path::<L>(dir, security);
    tracing::info!(%security, "building the circuits");
    let circuits = CircuitSet::build(security)?;
    let bytes = encode(&circuits).map_err(CacheError::Encode)?;
    write_whole(&path, &[&bytes]).map_err(|source| CacheError::Io { path, source })?;
    Ok(circuits)
}

/// The file in `dir` that holds the circuits of this build with these parameters.
pub fn circuits_path<L: LeafCircuits>(dir: &Path, security: Security) -> PathBuf {
    let sources = CircuitSet::<L>::source_fingerprint();
    dir.join(format!("circuits-{security}-{sources}.bin"))
}

/// Magic, checksum of all that follows, set digest, circuits.
fn encode<L: LeafCircuits>(circuits: &CircuitSet<L>) -> Result<Vec<u8>, SetBytesError> {
    let mut payload = circuits.digests().set().to_vec();
    payload.extend(circuits.to_bytes()?);
    Ok(checksummed(MAGIC, &payload))
}

/// BLAKE2bp of 32 bytes: it works on four blocks at once, and a gigabyte is read whenever a worker starts.
fn checksum(payload: &[u8]) -> blake2b_simd::Hash {
    blake2bp::Params::new().hash_length(32).hash(payload)
}

/// Magic, checksum of the payload, payload.
pub(crate) fn checksummed(magic: &[u8; 8], payload: &[u8]) -> Vec<u8> {
    [magic.as_slice(), checksum(payload).as_bytes(), payload].concat()
}

/// Inverse of [`checksummed`]; `None` for what is damaged or of another kind.
pub(crate) fn payload<'a>(magic: &[u8; 8], bytes: &'a [u8]) -> Option<&'a [u8]> {
    let (stored, payload) = bytes.strip_prefix(magic)?.split_first_chunk::<32>()?;
    (checksum(payload).as_bytes() == stored).then_some(payload)
}

/// The checksum is compared first: the set digest covers what verifiers see, and a prover's tables are more.
fn decode<L: LeafCircuits>(bytes: &[u8]) -> Option<CircuitSet<L>> {
    let (digest, circuits) = payload(MAGIC, bytes)?.split_first_chunk::<32>()?;
    // plonky2's reader may panic on damaged lengths.
    let circuits = caught(|| CircuitSet::<L>::from_bytes(circuits)).ok()?.ok()?;
    (circuits.digests().set() == *digest).then_some(circuits)
}
