//! Checksummed files, published atomically: how keys and reference strings are kept on disk.
//!
//! Layout: `magic (8 B) ‖ SHA3-256 of the payload (32 B) ‖ payload`. The checksum catches damage, not malice: a cache
//! directory is trusted as much as the program itself.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use ashlar_report::file::write_whole;
use sha3::{Digest, Sha3_256};

const MAGIC_BYTES: usize = 8;
const HEADER_BYTES: usize = MAGIC_BYTES + 32;

/// Why a cached file cannot be used. All but [`CacheError::Io`] are mended by deleting the file.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The file system refused.
    #[error("cannot access {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
    /// Another kind of file, or of another version.
    #[error("{path} does not start with the expected magic bytes")]
    Magic {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error("{path} does not match its checksum")]
    Checksum {
        /// The file.
        path: PathBuf,
    },
    /// The checksum holds but the content is of another shape: written by another version of the program.
    #[error("{path} holds unexpected content")]
    Content {
        /// The file.
        path: PathBuf,
        /// What was wrong with it.
        #[source]
        source: io::Error,
    },
}

/// A payload read back, and its checksum.
pub(crate) struct Payload {
    file: Vec<u8>,
}

impl Payload {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.file[HEADER_BYTES..]
    }
}

/// Digest used for payloads.
pub(crate) fn checksum(payload: &[u8]) -> [u8; 32] {
    Sha3_256::digest(payload).into()
}

/// Reads `path`; `None` when there is no such file.
pub(crate) fn read(path: &Path, magic: &[u8; MAGIC_BYTES]) -> Result<Option<Payload>, CacheError> {
    let file = match fs::read(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(CacheError::Io {
                path: path.into(),
                source,
            });
        }
    };
    if !file.starts_with(magic) {
        return Err(CacheError::Magic { path: path.into() });
    }
    if file.len() < HEADER_BYTES || checksum(&file[HEADER_BYTES..]) != file[MAGIC_BYTES..HEADER_BYTES] {
        return Err(CacheError::Checksum { path: path.into() });
    }
    Ok(Some(Payload { file }))
}

/// The checksum that `path` says its payload has; `None` when there is no such file.
pub(crate) fn read_checksum(path: &Path, magic: &[u8; MAGIC_BYTES]) -> Result<Option<[u8; 32]>, CacheError> {
    let (mut found, mut checksum) = ([0; MAGIC_BYTES], [0; 32]);
    let read = fs::File::open(path).and_then(|mut file| {
        file.read_exact(&mut found)?;
        file.read_exact(&mut checksum)
    });
    match read {
        Ok(()) if found == *magic => Ok(Some(checksum)),
        Ok(()) => Err(CacheError::Magic { path: path.into() }),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound => Ok(None),
            io::ErrorKind::UnexpectedEof => Err(CacheError::Checksum { path: path.into() }),
            _ => Err(CacheError::Io {
                path: path.into(),
                source: error,
            }),
        },
    }
}

/// Writes `payload` to `path`; a reader sees the whole file or none.
pub(crate) fn write(path: &Path, magic: &[u8; MAGIC_BYTES], payload: &[u8]) -> Result<(), CacheError> {
    write_whole(path, &[magic, &checksum(payload), payload]).map_err(|source| CacheError::Io {
        path: path.into(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAGIC: &[u8; 8] = b"ASHTEST1";

    #[test]
    fn damage_is_noticed_and_absence_is_not_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sub/file");
        assert!(read(&path, MAGIC).unwrap().is_none());
        write(&path, MAGIC, b"payload").unwrap();
        assert_eq!(read(&path, MAGIC).unwrap().unwrap().bytes(), b"payload");
        assert!(matches!(read(&path, b"ASHTEST2"), Err(CacheError::Magic { .. })));
        let good = fs::read(&path).unwrap();
        for byte in MAGIC_BYTES..good.len() {
            let mut bad = good.clone();
            bad[byte] ^= 1;
            fs::write(&path, bad).unwrap();
            assert!(
                matches!(read(&path, MAGIC), Err(CacheError::Checksum { .. })),
                "byte {byte}"
            );
        }
        fs::write(&path, &good[..20]).unwrap();
        assert!(matches!(read(&path, MAGIC), Err(CacheError::Checksum { .. })));
    }
}
