//! Artifacts: witnesses and proofs, each named by its digest, in a local folder or a bucket of an S3-compatible store.

mod at;
mod fault;
mod folder;
mod http;
mod leftovers;
mod probe;
mod refusal;
mod s3;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use ashlar_proto::{Bytes, Digest};
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, path::Path};
use tokio::{sync::RwLock, task::spawn_blocking};

use crate::error::FarmError;

pub use self::{
    at::{ArtifactsAt, ArtifactsAtError},
    leftovers::Leftover,
    refusal::StoreRefusal,
    s3::S3Location,
};

/// A sound copy that is older than this is written anew by [`ArtifactStore::put`].
pub const RENEWED_AFTER: Duration = Duration::from_secs(3600);

/// Content-addressed artifacts.
#[derive(Debug, Clone)]
pub struct ArtifactStore {
    at: ArtifactsAt,
    objects: Arc<dyn ObjectStore>,
    /// Held alone while a damaged copy is set aside, so that it is never the copy with which `put` has just mended it.
    mending: Arc<RwLock<()>>,
}

/// An artifact that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its name.
    pub digest: Digest,
    /// Its size as stored: it has not been read.
    pub size_bytes: u64,
    /// When it was written last, by the store's clock.
    pub last_modified: SystemTime,
}

/// A copy as it was read.
struct Copy {
    bytes: Bytes,
    last_modified: SystemTime,
}

impl ArtifactStore {
    /// Opens a folder, making it if absent, or a bucket; and tries that artifacts can be written, read and deleted there.
    ///
    /// # Errors
    /// [`FarmError::ArtifactsUnusable`] with what could not be done and why, or [`FarmError::ArtifactsAt`] for settings that
    /// cannot be.
    pub async fn open(at: &ArtifactsAt) -> Result<Self, FarmError> {
        let objects = match at {
            ArtifactsAt::Folder(path) => folder::open(path)?,
            ArtifactsAt::S3(location) => location.open()?,
        };
        let store = Self {
            at: at.clone(),
            objects,
            mending: Arc::default(),
        };
        store.probe().await?;
        Ok(store)
    }

    /// Where it is.
    pub const fn at(&self) -> &ArtifactsAt {
        &self.at
    }

    /// Stores `bytes` durably under their digest. A damaged copy is replaced, and a sound one left alone, unless it is older
    /// than [`RENEWED_AFTER`]: whoever deletes by age sees that it is wanted. A reader never sees part of an artifact.
    ///
    /// # Errors
    /// [`FarmError::Artifact`] if the disk fails, [`FarmError::NoRoom`] if it is full, [`FarmError::ArtifactStoreAway`] or
    /// another fault of the store.
    pub async fn put(&self, bytes: Bytes) -> Result<Digest, FarmError> {
        let digest = digest_of(bytes.clone()).await?;
        self.put_as(digest, bytes).await?;
        Ok(digest)
    }

    /// As [`Self::put`], of bytes whose digest is known.
    pub(crate) async fn put_as(&self, digest: Digest, bytes: Bytes) -> Result<(), FarmError> {
        let name = name(digest);
        let _together = self.mending.read().await;
        if let Some(found) = self.read(&name).await?
            && found.bytes == bytes
            && !is_older(found.last_modified, RENEWED_AFTER)
        {
            if let ArtifactsAt::Folder(path) = &self.at {
                // Whoever wrote it may not have come to that yet, or never.
                let path = path.clone();
                spawn_blocking(move || folder::sync(&path)).await??;
            }
            return Ok(());
        }
        let written = self.objects.put(&name, bytes.into()).await;
        written.map_err(|error| fault::of(&self.at, error))?;
        Ok(())
    }

    /// Reads an artifact and checks it against its name. A damaged copy is set aside: as `<digest>.damaged` in a folder, under
    /// `damaged/` in a bucket.
    ///
    /// # Errors
    /// [`FarmError::UnknownArtifact`], [`FarmError::ArtifactDamaged`], or a fault as of [`Self::put`].
    pub async fn get(&self, digest: Digest) -> Result<Bytes, FarmError> {
        let name = name(digest);
        if let Some(bytes) = self.read_sound(&name, digest).await? {
            return Ok(bytes);
        }
        let _alone = self.mending.write().await;
        if let Some(bytes) = self.read_sound(&name, digest).await? {
            return Ok(bytes);
        }
        let aside = self.at.aside(digest);
        match self.objects.rename(&name, &aside).await {
            Ok(()) => self.date(aside.as_ref()).await?,
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(fault::of(&self.at, error)),
        }
        tracing::error!(%digest, at = %self.at, kept = %aside, "artifact damaged");
        Err(FarmError::ArtifactDamaged(digest))
    }

    /// The artifacts that are there, in no order and not read. What is written or deleted meanwhile may be among them.
    pub fn list(&self) -> BoxStream<'_, Result<Stored, FarmError>> {
        self.objects
            .list(None)
            .map_err(|error| fault::of(&self.at, error))
            .try_filter_map(async |object| Ok(stored(&object)))
            .boxed()
    }

    /// Deletes an artifact if it is there.
    ///
    /// # Errors
    /// A fault as of [`Self::put`].
    pub async fn delete(&self, digest: Digest) -> Result<(), FarmError> {
        match self.objects.delete(&name(digest)).await {
            Ok(()) => Ok(()),
            Err(error) => fault::unless_missing(&self.at, error).map(|_: Option<()>| ()),
        }
    }

    /// The bytes under the name of `digest` if they are sound, `None` if they are damaged.
    async fn read_sound(&self, name: &Path, digest: Digest) -> Result<Option<Bytes>, FarmError> {
        let Copy { bytes, .. } = self.read(name).await?.ok_or(FarmError::UnknownArtifact(digest))?;
        Ok((digest_of(bytes.clone()).await? == digest).then_some(bytes))
    }

    /// What is under a name, unchecked.
    async fn read(&self, name: &Path) -> Result<Option<Copy>, FarmError> {
        let read = async {
            let found = self.objects.get(name).await?;
            let last_modified = found.meta.last_modified.into();
            let bytes = found.bytes().await?;
            Ok(Copy { bytes, last_modified })
        };
        match read.await {
            Ok(copy) => Ok(Some(copy)),
            Err(error) => fault::unless_missing(&self.at, error),
        }
    }
}

/// Off the async threads: large artifacts take a fifth of a second.
pub(crate) async fn digest_of(bytes: Bytes) -> Result<Digest, FarmError> {
    Ok(spawn_blocking(move || Digest::of(&bytes)).await?)
}

fn name(digest: Digest) -> Path {
    Path::from(digest.to_string())
}

/// The artifact that an object is, if it is one.
fn stored(object: &ObjectMeta) -> Option<Stored> {
    Some(Stored {
        digest: object.location.as_ref().parse().ok()?,
        size_bytes: object.size,
        last_modified: object.last_modified.into(),
    })
}

/// Whether a time has passed that long ago; one to come has not.
fn is_older(time: SystemTime, than: Duration) -> bool {
    time.elapsed().is_ok_and(|age| age > than)
}
