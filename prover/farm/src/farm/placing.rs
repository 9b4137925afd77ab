//! What an idle worker gets when nothing is ready: the job of a straggler.
//!
//! The straggler's lease ends and the job is leased anew, but whoever proves it first has proved it: a late proof is as good
//! as one in time. So a job is overtaken once, and costs nobody an attempt.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::{Farm, leasing::Waiter};
use crate::{
    error::FarmError,
    fleet::Fleet,
    metrics::Operation,
    model::{LeaseEnding, WorkerId},
    store::{fleet, granting, leases, outcomes, overtaking},
};

/// The fleet is looked at no more often.
const LOOK: Duration = Duration::from_secs(1);

/// The fleet as it was seen last.
#[derive(Debug, Default)]
pub(super) struct Seen {
    fleet: Arc<Fleet>,
    at: Option<Instant>,
}

impl Farm {
    /// The fleet, as of a second ago at most, and whether that is news.
    pub(super) async fn fleet(&self) -> (Arc<Fleet>, bool) {
        {
            let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if seen.at.is_some_and(|at| at.elapsed() < LOOK) {
                return (seen.fleet.clone(), false);
            }
        }
        let read = async { fleet::read(&mut self.store.glance().await?, &self.config, self.opened_ms).await };
        let read = read.await;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.at = Some(Instant::now());
        match read {
            Ok(fleet) => seen.fleet = Arc::new(fleet),
            // As it was: what it decides is who is asked first.
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "cannot see how fast workers are"
                );
            }
        }
        (seen.fleet.clone(), true)
    }

    /// Gives those who wait the jobs of stragglers. Returns those who still wait, and how many do not.
    pub(super) async fn overtake(
        &self,
        waiters: VecDeque<Waiter>,
        fleet: &Fleet,
    ) -> (VecDeque<Waiter>, Result<usize, FarmError>) {
        let (now_ms, shortest) = (self.store.now_ms(), self.config.straggler.as_secs_f64());
        let mut promised = HashSet::new();
        let mut plan = Vec::new();
        for (place, waiter) in waiters.iter().enumerate().filter(|(_, waiter)| waiter.is_idle()) {
            if let Some(busy) = fleet.to_overtake(waiter.worker(), now_ms, shortest, &promised) {
                promised.insert(busy.key);
                plan.push((place, waiter.worker(), busy.key));
            }
        }
        if plan.is_empty() {
            return (waiters, Ok(0));
        }
        let granted = async {
            let _timed = self.config.metrics.time(Operation::Lease);
            let mut tx = self.store.begin().await?;
            let (mut places, mut grants, mut ended) = (Vec::new(), Vec::new(), Vec::new());
            for (place, worker, key) in plan {
                let Some(job) = overtaking::find(&mut tx, key, worker).await? else {
                    continue; // done or ended since
                };
                let attempt = outcomes::attempt(&mut tx, key).await?;
                let reason = format!(
                    "overtaken: after {} s worker {} still had not proved it, and another was idle",
                    attempt.age.as_secs(),
                    attempt.worker
                );
                leases::end(&mut tx, key, LeaseEnding::Overtaken, &reason).await?;
                ended.push((attempt, reason));
                places.push(place);
                grants.push((worker, job));
            }
            let leases = granting::grant(&mut tx, &grants, &self.config.policies).await?;
            if !grants.is_empty() {
                tx.commit().await?;
            }
            for (attempt, reason) in ended {
                tracing::warn!(
                    job = attempt.key.job.0,
                    token = attempt.key.token.0,
                    reason,
                    "attempt overtaken"
                );
                self.attempt_over(&attempt, LeaseEnding::Overtaken, Some(&reason));
            }
            Ok(places.into_iter().zip(leases).collect())
        };
        match granted.await {
            Ok(leases) => {
                let (left, count) = self.hand_out(waiters, leases).await;
                (left, Ok(count))
            }
            Err(error) => (waiters, Err(error)),
        }
    }

    /// The faster workers first.
    pub(super) fn by_speed(waiters: &mut VecDeque<Waiter>, fleet: &Fleet) {
        let rank = |worker: WorkerId| fleet.rank(worker);
        waiters
            .make_contiguous()
            .sort_by_key(|waiter| rank(waiter.worker()));
    }
}
