//! Whether the coordinator may do with its artifacts what it will have to.

use futures::TryStreamExt;
use object_store::{ObjectStoreExt, path::Path};
use rand::random;

use super::{ArtifactStore, fault};
use crate::error::FarmError;

const PREFIX: &str = "probe-";

/// Whether an object's name is one of a probe.
pub fn is_probe(name: &str) -> bool {
    name.strip_prefix(PREFIX)
        .is_some_and(|random| random.len() == 16 && random.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

impl ArtifactStore {
    /// Writes, reads, lists and deletes an object, and asks for it once more: without the permission to list, S3 says of what
    /// is missing that it is forbidden, and a lost artifact would look like a refusal.
    pub(super) async fn probe(&self) -> Result<(), FarmError> {
        let content = format!("{:016x}", random::<u64>());
        let name = Path::from(format!("{PREFIX}{content}"));
        let objects = &self.objects;
        let unusable = |doing| {
            move |error| FarmError::ArtifactsUnusable {
                doing,
                at: self.at.to_string(),
                source: Box::new(fault::of(&self.at, error)),
            }
        };
        let written = objects.put(&name, content.clone().into()).await;
        written.map_err(unusable("write"))?;
        let read = async { objects.get(&name).await?.bytes().await }.await;
        let read = read.map_err(unusable("read"))?;
        objects.list(None).try_next().await.map_err(unusable("list"))?;
        objects.delete(&name).await.map_err(unusable("delete"))?;
        if read != content {
            return Err(FarmError::ArtifactsDiffer(self.at.to_string()));
        }
        match objects.get(&name).await {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(unusable("look for")(error)),
            Ok(_) => Err(FarmError::ArtifactsDiffer(self.at.to_string())),
        }
    }
}
