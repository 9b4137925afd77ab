//! What is to become of each artifact, and what a collection would come to.

use std::time::{Duration, SystemTime};

use ashlar_proto::Digest;
use futures::{StreamExt, TryStreamExt};

use crate::{
    artifact::{Leftover, Stored},
    error::FarmError,
    farm::Farm,
    model::collected::Collected,
    store::{garbage, millis, retirement},
};

impl Farm {
    /// What a collection would do now. Artifacts of the batches that it would retire are still needed.
    pub(super) async fn survey(&self) -> Result<Collected, FarmError> {
        let mut db = self.store.glance().await?;
        let until_ms = db.now_ms().saturating_sub(millis(self.config.retention));
        let mut found = Collected {
            batches_retired: retirement::count_due(&mut db, until_ms).await?,
            ..Collected::default()
        };
        drop(db);
        let mut pages = self.artifacts.list().try_chunks(garbage::PAGE);
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| error.1)?;
            let sorted = self.sort(&page).await?;
            for stored in &page {
                let pile = if sorted.would_go(stored) {
                    &mut found.deleted
                } else if sorted.is_unneeded(stored) {
                    &mut found.doomed
                } else {
                    &mut found.kept
                };
                *pile += stored.size_bytes;
            }
        }
        let old = |found: Vec<Leftover>, age| {
            found
                .iter()
                .filter(|leftover| is_past(leftover.last_modified, age))
                .count() as u64
        };
        found.leftovers = old(self.artifacts.leftovers().await?, self.config.grace)
            + old(self.artifacts.damaged().await?, self.config.retention);
        Ok(found)
    }

    /// What is to be done with the artifacts of a page.
    pub(super) async fn sort<'a>(&self, page: &'a [Stored]) -> Result<Sorted<'a>, FarmError> {
        let digests: Vec<Digest> = page.iter().map(|stored| stored.digest).collect();
        let mut db = self.store.glance().await?;
        let named = garbage::named(&mut db, &digests).await?;
        let noted = garbage::noted(&mut db, &digests).await?;
        let until_ms = db.now_ms().saturating_sub(millis(self.config.grace));
        let mut sorted = Sorted::default();
        for stored in page {
            let is_needed = named.contains(&stored.digest) || is_young(stored, self.config.grace);
            match noted.get(&stored.digest) {
                Some(doomed) if doomed.deleting => sorted.marked.push(stored),
                Some(_) if is_needed => sorted.spared.push(stored),
                Some(doomed) if doomed.since_ms <= until_ms => sorted.due.push(stored),
                Some(_) => sorted.waiting.push(stored),
                None if is_needed => {}
                None => sorted.fresh.push(stored),
            }
        }
        Ok(sorted)
    }
}

/// A page of artifacts by what is to be done with them; those that are needed, and not noted, are in none of these.
#[derive(Debug, Default)]
pub(super) struct Sorted<'a> {
    /// Noted, and needed after all.
    pub spared: Vec<&'a Stored>,
    /// Not needed, and not noted yet.
    pub fresh: Vec<&'a Stored>,
    /// Not needed, and not noted for long enough.
    waiting: Vec<&'a Stored>,
    /// Not needed for the grace.
    pub due: Vec<&'a Stored>,
    /// Somebody who crashed was about to delete them.
    marked: Vec<&'a Stored>,
}

impl Sorted<'_> {
    /// Whether nothing is to be written.
    pub fn is_as_noted(&self) -> bool {
        self.spared.is_empty() && self.fresh.is_empty() && self.due.is_empty()
    }

    pub fn would_go(&self, stored: &Stored) -> bool {
        [&self.due, &self.marked]
            .iter()
            .any(|some| some.contains(&stored))
    }

    pub fn is_unneeded(&self, stored: &Stored) -> bool {
        self.would_go(stored)
            || [&self.fresh, &self.waiting]
                .iter()
                .any(|some| some.contains(&stored))
    }
}

fn is_young(stored: &Stored, grace: Duration) -> bool {
    !is_past(stored.last_modified, grace)
}

/// Whether a time was so long ago; one to come was not.
fn is_past(time: SystemTime, ago: Duration) -> bool {
    time.elapsed().is_ok_and(|age| age > ago)
}
