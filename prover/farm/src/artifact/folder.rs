//! Artifacts in a local folder.

use std::{
    fs::{self, File},
    path::Path,
    sync::Arc,
};

use object_store::{ObjectStore, local::LocalFileSystem};

use super::fault::failed_at;
use crate::error::FarmError;

/// Opens a folder, making it if absent. What is written is durable when the call returns: file, name and folder are synced.
pub fn open(path: &Path) -> Result<Arc<dyn ObjectStore>, FarmError> {
    if !path.is_dir() {
        fs::create_dir_all(path).map_err(failed_at(path))?;
        // The folder's own name is durable only once its parent is.
        let whole = path.canonicalize().map_err(failed_at(path))?;
        sync(whole.parent().unwrap_or(path))?;
    }
    let folder = LocalFileSystem::new_with_prefix(path)
        .map_err(|error| failed_at(path)(std::io::Error::other(error)))?;
    Ok(Arc::new(folder.with_fsync(true)))
}

/// Makes the names in a folder durable.
pub fn sync(path: &Path) -> Result<(), FarmError> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(failed_at(path))
}
