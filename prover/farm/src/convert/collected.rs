//! What a collection came to, on the wire.

use ashlar_proto::farm::v1 as pb;

use crate::model::collected::{Collected, Pile};

impl From<Pile> for pb::Pile {
    fn from(Pile { artifacts, bytes }: Pile) -> Self {
        Self { artifacts, bytes }
    }
}

impl From<Collected> for pb::CollectGarbageResponse {
    fn from(collected: Collected) -> Self {
        Self {
            batches_retired: collected.batches_retired,
            kept: Some(collected.kept.into()),
            doomed: Some(collected.doomed.into()),
            deleted: Some(collected.deleted.into()),
            leftovers: collected.leftovers,
        }
    }
}
