//! What goes by itself: batches past their retention, and artifacts that nobody needs. How that is made safe is told in
//! [`garbage`].

mod sorting;

use std::time::Duration;

use ashlar_proto::{Bytes, Digest};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use super::Farm;
use crate::{
    artifact::{self, Stored},
    error::FarmError,
    model::{BatchId, collected::Collected},
    store::{Turn, garbage, millis, retirement},
};

/// Collections in one grace.
const COLLECTIONS_A_GRACE: u32 = 8;
/// Artifacts that are deleted at a time.
const DELETED_AT_ONCE: usize = 8;
/// A deletion that has not begun so long after its mark is left to the next collection.
const DELETED_WITHIN: Duration = Duration::from_secs(20);
/// What was marked, and is not deleted by then, whoever marked it will not delete any more: it crashed, or the store was
/// away. Longer than [`DELETED_WITHIN`] and a call of S3 with all its retries. A process that stands still for longer, within
/// that call, could delete what was stored since: then it is lost as by any other accident, and made again.
const TAKEN_OVER_AFTER: Duration = Duration::from_secs(60);
/// Whoever wants what is being deleted waits for so long, and is then told to come again.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest pause between looks meanwhile.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

impl Farm {
    /// Retires batches and deletes artifacts that nobody needs; or tells what it would do, of what is the case now, and changes
    /// nothing. Whatever interrupts it, the next one goes on.
    ///
    /// # Errors
    /// [`FarmError::CollectionRuns`], or what the database or the artifacts' store is troubled by.
    pub async fn collect(&self, is_dry_run: bool) -> Result<Collected, FarmError> {
        if is_dry_run {
            return self.survey().await;
        }
        let start = Instant::now();
        loop {
            if let Some(turn) = self.store.try_turn().await? {
                return self.collect_in_turn(turn).await;
            }
            if start.elapsed() > PATIENCE {
                return Err(FarmError::CollectionRuns);
            }
            sleep(LONGEST_PAUSE).await;
        }
    }

    async fn collect_in_turn(&self, mut turn: Turn) -> Result<Collected, FarmError> {
        let collected = self.collect_in(&mut turn).await;
        turn.end().await;
        self.config.metrics.collected(collected.as_ref().ok());
        let collected = collected?;
        tracing::info!(?collected, "collected");
        Ok(collected)
    }

    /// Collects several times in a grace until `shutdown`. The first time at once: it goes on with what a crash interrupted.
    pub(super) async fn collect_often(&self, shutdown: &CancellationToken) {
        let mut ticks = interval(self.config.grace / COLLECTIONS_A_GRACE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            // Cut off where it stands, as a crash would.
            match shutdown
                .run_until_cancelled(self.collect_unless_another_does())
                .await
            {
                None | Some(Ok(())) => {}
                Some(Err(error)) => tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "what nobody needs cannot be deleted now: it is tried again"
                ),
            }
        }
    }

    async fn collect_unless_another_does(&self) -> Result<(), FarmError> {
        match self.store.try_turn().await? {
            Some(turn) => self.collect_in_turn(turn).await.map(drop),
            None => Ok(()),
        }
    }

    /// Stores what a job may name soon. Nothing that was noted of it before counts any more: it has the whole grace to be
    /// named in.
    ///
    /// # Errors
    /// As [`ArtifactStore::put`](crate::ArtifactStore::put); [`FarmError::ArtifactGoes`] if it is being deleted for long.
    pub(super) async fn keep(&self, bytes: Bytes) -> Result<Digest, FarmError> {
        let digest = artifact::digest_of(bytes.clone()).await?;
        self.reclaim(digest).await?;
        self.artifacts.put_as(digest, bytes).await?;
        Ok(digest)
    }

    /// Takes an artifact's row away, or waits until it is deleted.
    async fn reclaim(&self, digest: Digest) -> Result<(), FarmError> {
        let start = Instant::now();
        let mut pause = Duration::from_millis(5);
        loop {
            match garbage::doomed(&mut self.store.glance().await?, digest).await? {
                None => return Ok(()),
                Some(doomed) if !doomed.deleting => {
                    let mut tx = self.store.begin().await?;
                    match garbage::spare(&mut tx, digest).await {
                        Ok(()) => return tx.commit().await,
                        Err(FarmError::ArtifactGoes(_)) => {} // marked since
                        Err(error) => return Err(error),
                    }
                }
                Some(_) => {}
            }
            if start.elapsed() > PATIENCE {
                return Err(FarmError::ArtifactGoes(digest));
            }
            sleep(pause).await;
            pause = (2 * pause).min(LONGEST_PAUSE);
            // Whoever marked it may have crashed.
            if let Some(mut turn) = self.store.try_turn().await? {
                let finished = self.finish_deletions(&mut turn).await;
                turn.end().await;
                finished?;
            }
        }
    }

    async fn collect_in(&self, turn: &mut Turn) -> Result<Collected, FarmError> {
        self.finish_deletions(turn).await?;
        let mut collected = Collected {
            batches_retired: self.retire().await?,
            ..Collected::default()
        };
        let mut pages = self.artifacts.list().try_chunks(garbage::PAGE);
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| error.1)?;
            self.collect_page(turn, page, &mut collected).await?;
        }
        turn.check().await?;
        let mut tx = self.store.begin().await?;
        let until_ms = tx.now_ms().saturating_sub(millis(self.config.grace));
        garbage::forget(&mut tx, until_ms).await?;
        tx.commit().await?;
        let leftovers = self.artifacts.clean(self.config.grace).await?
            + self.artifacts.clean_damaged(self.config.retention).await?;
        collected.leftovers = leftovers as u64;
        Ok(collected)
    }

    /// Deletes what was marked by somebody who crashed.
    async fn finish_deletions(&self, turn: &mut Turn) -> Result<(), FarmError> {
        loop {
            turn.check().await?;
            let mut tx = self.store.begin().await?;
            let until_ms = tx.now_ms().saturating_sub(millis(TAKEN_OVER_AFTER));
            let left = garbage::take_over(&mut tx, until_ms).await?;
            if left.is_empty() {
                return Ok(());
            }
            tx.commit().await?;
            self.delete(&left, Instant::now()).await?;
        }
    }

    /// Deletes artifacts that were marked at `marked`, and their rows. Where it does not succeed the row stays, and the deletion
    /// is repeated later. Returns which are deleted.
    async fn delete(&self, digests: &[Digest], marked: Instant) -> Result<Vec<Digest>, FarmError> {
        let deletions = stream::iter(digests.to_vec()).map(|digest| {
            let artifacts = self.artifacts.clone();
            let deletion = async move {
                if marked.elapsed() > DELETED_WITHIN {
                    return Ok(None);
                }
                artifacts.delete(digest).await.map(|()| Some(digest))
            };
            deletion.boxed()
        });
        // All of them end before anybody hears of one that failed: none is still on its way.
        let ended: Vec<Result<_, FarmError>> = deletions.buffer_unordered(DELETED_AT_ONCE).collect().await;
        let mut gone = Vec::new();
        let mut failed = None;
        for deletion in ended {
            match deletion {
                Ok(deleted) => gone.extend(deleted),
                Err(error) => failed = Some(error),
            }
        }
        let mut tx = self.store.begin().await?;
        for &digest in &gone {
            garbage::gone(&mut tx, digest).await?;
        }
        tx.commit().await?;
        failed.map_or(Ok(gone), Err)
    }

    /// Notes what nobody needs of a page, deletes what nobody has needed for long, and forgets what was noted of the rest.
    async fn collect_page(
        &self,
        turn: &mut Turn,
        page: Vec<Stored>,
        collected: &mut Collected,
    ) -> Result<(), FarmError> {
        let sorted = self.sort(&page).await?;
        turn.check().await?;
        let (mut marked, marked_at) = (Vec::new(), Instant::now());
        if !sorted.is_as_noted() {
            let mut tx = self.store.begin().await?;
            for stored in &sorted.spared {
                garbage::spare(&mut tx, stored.digest).await?;
            }
            for stored in &sorted.fresh {
                garbage::note(&mut tx, stored.digest).await?;
            }
            let until_ms = tx.now_ms().saturating_sub(millis(self.config.grace));
            for stored in &sorted.due {
                if garbage::mark(&mut tx, stored.digest, until_ms).await? {
                    marked.push(stored.digest);
                }
            }
            tx.commit().await?;
        }
        let mut deleted = Vec::new();
        if !marked.is_empty() {
            deleted = self.delete(&marked, marked_at).await?;
        }
        for stored in &page {
            let pile = if deleted.contains(&stored.digest) {
                &mut collected.deleted
            } else if sorted.is_unneeded(stored) {
                &mut collected.doomed
            } else {
                &mut collected.kept
            };
            *pile += stored.size_bytes;
        }
        Ok(())
    }

    /// Retires what is due, and goes on where a crash interrupted that. Returns how many batches.
    async fn retire(&self) -> Result<u64, FarmError> {
        let mut retired = 0;
        loop {
            let mut db = self.store.glance().await?;
            let until_ms = db.now_ms().saturating_sub(millis(self.config.retention));
            let due = retirement::due(&mut db, until_ms).await?;
            drop(db);
            for &id in &due {
                let mut tx = self.store.begin().await?;
                if retirement::retire(&mut tx, id, until_ms).await? {
                    tx.commit().await?;
                    retired += 1;
                    tracing::info!(batch = id.0, "batch no longer kept");
                }
            }
            let retiring = retirement::retiring(&mut self.store.glance().await?).await?;
            for &id in &retiring {
                self.drop_jobs(id).await?;
            }
            if due.is_empty() && retiring.is_empty() {
                break;
            }
        }
        if retired > 0 {
            self.changes.send_replace(());
        }
        Ok(retired)
    }

    async fn drop_jobs(&self, id: BatchId) -> Result<(), FarmError> {
        loop {
            let mut tx = self.store.begin().await?;
            let is_more = retirement::drop_piece(&mut tx, id).await?;
            tx.commit().await?;
            if !is_more {
                return Ok(());
            }
        }
    }
}
