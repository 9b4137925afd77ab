//! What is counted and traced of attempts.

use std::time::{Duration, SystemTime};

use ashlar_traces::Context;
use futures::TryStreamExt;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::Farm;
use crate::{
    error::FarmError,
    model::{Lease, LeaseEnding},
    store::{outcomes::Attempt, views},
};

/// What is the case is looked up so often, if anybody reads it.
const LOOK: Duration = Duration::from_secs(5);
/// The artifacts are listed once in so many looks: there may be a million of them.
const LOOKS_A_LISTING: u64 = 60;

impl Farm {
    /// The span of a lease, for its worker to go on from. It follows from the batch's content and the lease's number, so
    /// that nothing is kept of it.
    pub fn span_of(lease: &Lease) -> Context {
        Context::root(&lease.content.0).child(lease.key.token.0)
    }

    /// Counts and traces a lease that ended, with the reason if it gave no proof.
    pub(super) fn attempt_over(&self, attempt: &Attempt, ending: LeaseEnding, failure: Option<&str>) {
        self.config.metrics.ended(attempt.kind, ending);
        if !self.config.traces.is_on() {
            return;
        }
        let root = Context::root(&attempt.content.0);
        let start = SystemTime::now().checked_sub(attempt.age);
        let context = root.child(attempt.key.token.0);
        let mut span = (self.config.traces.begin("job", context, Some(root.span())))
            .since(start.unwrap_or(SystemTime::UNIX_EPOCH))
            .with("batch", attempt.batch)
            .with("job", attempt.key.job.0)
            .with("kind", attempt.kind.name())
            .with("worker", attempt.worker.clone());
        if let Some(failure) = failure {
            span.fail(failure);
        }
    }

    /// Shows what is the case until `shutdown`, if somebody serves it.
    pub(super) async fn show(&self, shutdown: &CancellationToken) {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut looks, mut artifact_bytes) = (0, 0);
        while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            if !self.config.metrics.is_shown() {
                continue;
            }
            if looks % LOOKS_A_LISTING == 0 {
                artifact_bytes = self.artifact_bytes().await.unwrap_or(artifact_bytes);
            }
            looks += 1;
            if let Err(error) = self.show_once(artifact_bytes).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "metrics are not up to date"
                );
            }
        }
    }

    async fn artifact_bytes(&self) -> Result<u64, FarmError> {
        let artifacts = self.artifacts.list();
        artifacts
            .try_fold(0, async |sum: u64, artifact| Ok(sum + artifact.size_bytes))
            .await
    }

    async fn show_once(&self, artifact_bytes: u64) -> Result<(), FarmError> {
        let mut snapshot = views::snapshot(&mut self.store.read().await?, self.config.worker_ttl).await?;
        snapshot.artifact_bytes = artifact_bytes;
        self.config.metrics.show(&snapshot);
        Ok(())
    }
}
