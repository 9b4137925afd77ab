//! What lies beside the artifacts: part of a file that was being written when its writer crashed, a probe, and damaged copies.

use std::{
    fs, io,
    path::Path,
    time::{Duration, SystemTime},
};

use ashlar_proto::Digest;
use futures::TryStreamExt;
use object_store::ObjectStoreExt;
use tokio::task::spawn_blocking;

use super::{ArtifactStore, ArtifactsAt, fault, is_older, probe};
use crate::error::FarmError;

/// Something that is no artifact and never becomes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// Its name in the folder or under the prefix.
    pub name: String,
    /// Its size.
    pub size_bytes: u64,
    /// When it was written last.
    pub last_modified: SystemTime,
}

impl ArtifactStore {
    /// What crashes left, and what is being written at this moment: go by age. In a bucket an artifact is whole or not there, so
    /// there are probes only.
    ///
    /// # Errors
    /// As [`ArtifactStore::put`].
    pub async fn leftovers(&self) -> Result<Vec<Leftover>, FarmError> {
        self.found(None, is_leftover).await
    }

    /// The damaged copies that were set aside.
    ///
    /// # Errors
    /// As [`ArtifactStore::put`].
    pub async fn damaged(&self) -> Result<Vec<Leftover>, FarmError> {
        let prefix = matches!(self.at, ArtifactsAt::S3(_)).then(|| "damaged".into());
        self.found(prefix.as_ref(), is_damaged).await
    }

    async fn found(
        &self,
        prefix: Option<&object_store::path::Path>,
        is: fn(&str) -> bool,
    ) -> Result<Vec<Leftover>, FarmError> {
        if let ArtifactsAt::Folder(folder) = &self.at {
            let folder = folder.clone();
            return spawn_blocking(move || in_folder(&folder, is).map_err(fault::failed_at(&folder))).await?;
        }
        let objects = self.objects.list(prefix).try_filter_map(async |object| {
            let name = object.location.to_string();
            Ok(is(&name).then(|| Leftover {
                name,
                size_bytes: object.size,
                last_modified: object.last_modified.into(),
            }))
        });
        objects
            .try_collect()
            .await
            .map_err(|error| fault::of(&self.at, error))
    }

    /// Deletes the leftovers that nobody has written to for `age`. Returns how many.
    ///
    /// # Errors
    /// As [`ArtifactStore::put`].
    pub async fn clean(&self, age: Duration) -> Result<usize, FarmError> {
        self.remove_old(self.leftovers().await?, age).await
    }

    /// Deletes the damaged copies that were set aside so long ago. Returns how many.
    ///
    /// # Errors
    /// As [`ArtifactStore::put`].
    pub async fn clean_damaged(&self, age: Duration) -> Result<usize, FarmError> {
        self.remove_old(self.damaged().await?, age).await
    }

    async fn remove_old(&self, found: Vec<Leftover>, age: Duration) -> Result<usize, FarmError> {
        let mut cleaned = 0;
        for leftover in found {
            if is_older(leftover.last_modified, age) {
                self.remove(&leftover.name).await?;
                cleaned += 1;
            }
        }
        Ok(cleaned)
    }

    /// A file that was set aside is as old as what it was before, in a folder: from now on it is new.
    pub(super) async fn date(&self, name: &str) -> Result<(), FarmError> {
        let ArtifactsAt::Folder(folder) = &self.at else {
            return Ok(()); // it was written anew
        };
        let path = folder.join(name);
        let dated = spawn_blocking(move || {
            let file = fs::File::options().write(true).open(&path);
            file.and_then(|file| file.set_modified(SystemTime::now()))
                .map_err(fault::failed_at(&path))
        });
        dated.await?
    }

    async fn remove(&self, name: &str) -> Result<(), FarmError> {
        if let ArtifactsAt::Folder(folder) = &self.at {
            let path = folder.join(name);
            return match tokio::fs::remove_file(&path).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(fault::failed_at(&path)(error)),
                _ => Ok(()),
            };
        }
        match self.objects.delete(&name.into()).await {
            Ok(()) => Ok(()),
            Err(error) => fault::unless_missing(&self.at, error).map(|_: Option<()>| ()),
        }
    }
}

/// `object_store` hides its partial files from its own lists.
fn in_folder(folder: &Path, is: fn(&str) -> bool) -> io::Result<Vec<Leftover>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if !is(&name) {
            continue;
        }
        match entry.metadata() {
            Ok(metadata) => found.push(Leftover {
                name,
                size_bytes: metadata.len(),
                last_modified: metadata.modified()?,
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {} // it is whole by now
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// `<digest>#<number>` while it is written, a probe, or a probe while it is written.
fn is_leftover(name: &str) -> bool {
    match name.split_once('#') {
        Some((whole, number)) => {
            (whole.parse::<Digest>().is_ok() || probe::is_probe(whole))
                && !number.is_empty()
                && number.bytes().all(|byte| byte.is_ascii_digit())
        }
        None => probe::is_probe(name),
    }
}

/// As [`ArtifactsAt`] names a damaged copy, in a folder or in a bucket.
fn is_damaged(name: &str) -> bool {
    name.strip_suffix(".damaged")
        .or_else(|| name.strip_prefix("damaged/"))
        .is_some_and(|digest| digest.parse::<Digest>().is_ok())
}
