//! Artifacts: witnesses and proofs in a local directory, each named by its digest.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use ashlar_proto::{Bytes, Digest};
use tempfile::NamedTempFile;

use crate::error::FarmError;

/// A content-addressed directory. Its functions block: call them off the async threads.
#[derive(Debug, Clone)]
pub struct ArtifactStore {
    dir: PathBuf,
}

impl ArtifactStore {
    /// Opens the directory, making it if absent.
    ///
    /// # Errors
    /// [`FarmError::Artifact`] if it cannot be made.
    pub fn open(dir: PathBuf) -> Result<Self, FarmError> {
        fs::create_dir_all(&dir).map_err(at(&dir))?;
        Ok(Self { dir })
    }

    /// Stores `bytes` durably under their digest. A sound copy that is there already is left alone; a damaged one
    /// is replaced. A reader never sees part of a file.
    ///
    /// # Errors
    /// [`FarmError::Artifact`] if the disk fails.
    pub fn put(&self, bytes: &[u8]) -> Result<Digest, FarmError> {
        let digest = Digest::of(bytes);
        let path = self.path(digest);
        match fs::read(&path) {
            Ok(found) if found == bytes => return Ok(digest),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(at(&path)(error)),
        }
        let mut file = NamedTempFile::with_prefix_in(".partial-", &self.dir).map_err(at(&self.dir))?;
        file.write_all(bytes)
            .and_then(|()| file.as_file().sync_all())
            .map_err(at(file.path()))?;
        file.persist(&path).map_err(|failure| at(&path)(failure.error))?;
        // The rename is durable only once the directory is.
        File::open(&self.dir)
            .and_then(|dir| dir.sync_all())
            .map_err(at(&self.dir))?;
        Ok(digest)
    }

    /// Reads an artifact and checks it against its name. A damaged file is set aside as `<digest>.damaged`.
    ///
    /// # Errors
    /// [`FarmError::UnknownArtifact`], [`FarmError::ArtifactDamaged`], or [`FarmError::Artifact`] if the disk fails.
    pub fn get(&self, digest: Digest) -> Result<Bytes, FarmError> {
        let path = self.path(digest);
        let bytes = fs::read(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => FarmError::UnknownArtifact(digest),
            _ => at(&path)(error),
        })?;
        if Digest::of(&bytes) == digest {
            return Ok(bytes.into());
        }
        let aside = path.with_extension("damaged");
        fs::rename(&path, &aside).map_err(at(&path))?;
        tracing::error!(%digest, kept = %aside.display(), "artifact damaged");
        Err(FarmError::ArtifactDamaged(digest))
    }

    /// Where the artifact lies or would.
    pub fn path(&self, digest: Digest) -> PathBuf {
        self.dir.join(digest.to_string())
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> FarmError {
    let path = path.to_owned();
    move |source| FarmError::Artifact { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, ArtifactStore) {
        let dir = tempfile::tempdir().expect("temporary directory");
        let store = ArtifactStore::open(dir.path().join("artifacts")).expect("open");
        (dir, store)
    }

    #[test]
    fn round_trip_leaves_one_file() {
        let (_dir, store) = store();
        let digest = store.put(b"proof").expect("put");
        assert_eq!(store.put(b"proof").expect("put again"), digest);
        assert_eq!(store.get(digest).expect("get"), b"proof".as_slice());
        assert_eq!(fs::read_dir(&store.dir).expect("list").count(), 1);
    }

    #[test]
    fn every_flipped_byte_is_found_and_put_mends_it() {
        let (_dir, store) = store();
        let bytes = b"a witness".to_vec();
        for i in 0..bytes.len() {
            let digest = store.put(&bytes).expect("put");
            let mut damaged = bytes.clone();
            damaged[i] ^= 1;
            fs::write(store.path(digest), &damaged).expect("damage");
            assert!(matches!(store.get(digest), Err(FarmError::ArtifactDamaged(found)) if found == digest));
            assert!(
                matches!(store.get(digest), Err(FarmError::UnknownArtifact(_))),
                "set aside"
            );
            // Not yet read, a damaged file is replaced by `put` all the same.
            fs::write(store.path(digest), &damaged).expect("damage");
            store.put(&bytes).expect("mend");
            assert_eq!(store.get(digest).expect("mended"), bytes);
        }
    }
}
