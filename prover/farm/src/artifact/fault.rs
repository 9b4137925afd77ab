//! What a failure of the store means: a missing artifact, a disk, an outage, or a refusal.

use std::{
    error::Error,
    io,
    path::{Path, PathBuf},
};

use super::{ArtifactsAt, refusal::StoreRefusal};
use crate::error::FarmError;

/// `None` if the object is missing, else what failed.
pub fn unless_missing<T>(at: &ArtifactsAt, error: object_store::Error) -> Result<Option<T>, FarmError> {
    match error {
        object_store::Error::NotFound { .. } => Ok(None),
        error => Err(of(at, error)),
    }
}

/// What failed, where the object is not expected to be missing.
pub fn of(at: &ArtifactsAt, error: object_store::Error) -> FarmError {
    let location = match at {
        ArtifactsAt::Folder(folder) => return at_folder(folder, error),
        ArtifactsAt::S3(location) => location,
    };
    match refusal(&error) {
        Some(refusal) if refusal.code == StoreRefusal::NO_BUCKET => FarmError::NoBucket {
            bucket: location.bucket().to_owned(),
            endpoint: location.endpoint(),
        },
        Some(refusal) => FarmError::ArtifactStoreRefuses {
            at: at.to_string(),
            remedy: refusal.remedy(),
            source: refusal.clone(),
        },
        None => FarmError::ArtifactStoreAway {
            at: at.to_string(),
            source: Box::new(error),
        },
    }
}

/// Wraps what the operating system says of a path.
pub fn failed_at(path: &Path) -> impl FnOnce(io::Error) -> FarmError + use<> {
    let path = PathBuf::from(path);
    move |source| {
        if is_full(&source) {
            FarmError::NoRoom { path, source }
        } else {
            FarmError::Artifact { path, source }
        }
    }
}

/// What the operating system said is deep in the error.
fn at_folder(folder: &Path, error: object_store::Error) -> FarmError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(present) = cause {
        if let Some(found) = present.downcast_ref::<io::Error>()
            && is_full(found)
        {
            let path = PathBuf::from(folder);
            let source = io::Error::new(found.kind(), error);
            return FarmError::NoRoom { path, source };
        }
        cause = present.source();
    }
    failed_at(folder)(io::Error::other(error))
}

/// The disk, the user's part of it, or what a file may have.
fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

fn refusal(error: &object_store::Error) -> Option<&StoreRefusal> {
    let mut cause: &(dyn Error + 'static) = error;
    loop {
        match cause.downcast_ref() {
            Some(refusal) => return Some(refusal),
            None => cause = cause.source()?,
        }
    }
}
