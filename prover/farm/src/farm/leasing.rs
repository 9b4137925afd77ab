//! Who gets which job, and until when.
//!
//! Calls for a job wait in one line, which is served in one transaction when something changed: as many as there are jobs,
//! however many wait.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, oneshot},
    time::{Instant, MissedTickBehavior, interval, sleep, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::Farm;
use crate::{
    error::FarmError,
    fleet::{Fleet, Outlook},
    metrics::Operation,
    model::{Lease, LeaseClaim, LeaseEnding, Secret, WorkerId},
    store::{
        faults::{self, Fault},
        granting,
        leases::{self, Renewed},
        outcomes,
        queue::{self, Queue},
        sessions,
        turns::Turns,
        workers,
    },
};

/// How often the line is looked at even if nothing changed: a job that avoids a worker becomes free for it by the mere
/// passing of time.
const RECHECK: Duration = Duration::from_secs(1);
/// That a worker is alive is noted no more often.
const SEEN_EVERY_MS: i64 = 5_000;
/// A call that does not want to wait still waits for the line to be looked at once, for so long at most.
const LOOK_LIMIT: Duration = Duration::from_secs(5);
/// Longest pause after a look that gave nobody a job.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// What a call for a job gets.
#[derive(Debug)]
pub enum Granted {
    /// A job.
    Lease(Box<Lease>),
    /// None, this time.
    Nothing,
    /// None any more: the worker is to end.
    Drained,
}

/// Those who wait for a job, first come first.
#[derive(Debug, Default)]
pub(super) struct Line {
    waiting: Mutex<VecDeque<Waiter>>,
    joined: Notify,
    turns: Mutex<Turns>,
}

#[derive(Debug)]
pub(super) struct Waiter {
    worker: WorkerId,
    /// Stays in the line until there is a job, or its call ends.
    patient: bool,
    /// Is busy, and wants the job for later.
    ahead: bool,
    reply: oneshot::Sender<Lease>,
}

impl Waiter {
    pub const fn worker(&self) -> WorkerId {
        self.worker
    }

    /// It has nothing to do, and stays.
    pub const fn is_idle(&self) -> bool {
        self.patient && !self.ahead
    }
}

impl Line {
    /// A worker waits once: its earlier call ends without a job.
    fn join(&self, worker: WorkerId, patient: bool, ahead: bool) -> oneshot::Receiver<Lease> {
        let (reply, granted) = oneshot::channel();
        let mut waiting = self.lock();
        waiting.retain(|waiter| waiter.worker != worker);
        waiting.push_back(Waiter {
            worker,
            patient,
            ahead,
            reply,
        });
        drop(waiting);
        self.joined.notify_one();
        granted
    }

    /// Takes everybody who still waits.
    fn take(&self) -> VecDeque<Waiter> {
        let mut waiting = std::mem::take(&mut *self.lock());
        waiting.retain(|waiter| !waiter.reply.is_closed());
        waiting
    }

    /// Puts those back who got nothing and stay, before those who came meanwhile.
    fn put_back(&self, mut waiters: VecDeque<Waiter>) {
        let mut waiting = self.lock();
        let came: HashSet<WorkerId> = waiting.iter().map(|waiter| waiter.worker).collect();
        waiters.retain(|waiter| waiter.patient && !came.contains(&waiter.worker));
        waiters.append(&mut waiting);
        *waiting = waiters;
    }

    fn turns(&self) -> std::sync::MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Waiter>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Farm {
    /// Leases the next job that the worker of `session` can run, waiting up to `wait` for one, or until `shutdown` is
    /// requested. `ahead` says that it is busy, see `Queue::next_ahead`. `caller` is the worker that calls, where its
    /// certificate says so.
    ///
    /// # Errors
    /// [`FarmError::UnknownSession`], [`FarmError::Superseded`], or [`FarmError::NotYours`].
    pub async fn lease(
        &self,
        session: Secret,
        caller: Option<&str>,
        (wait, ahead): (Duration, bool),
        shutdown: &CancellationToken,
    ) -> Result<Granted, FarmError> {
        let mut db = self.store.glance().await?;
        let present = sessions::present(&mut db, session).await?;
        let unseen_ms = db.now_ms().saturating_sub(present.last_seen_ms);
        drop(db);
        let (worker, owner) = (present.worker, present.name);
        if let Some(caller) = caller
            && caller != owner
        {
            let caller = caller.to_owned();
            return Err(FarmError::NotYours { owner, caller });
        }
        if self.check_circuit_set(present.circuit_set).is_err() {
            return Err(FarmError::UnknownSession); // it registers anew, and learns why not
        }
        if unseen_ms >= SEEN_EVERY_MS {
            let mut tx = self.store.begin().await?;
            workers::seen(&mut tx, worker).await?;
            tx.commit().await?;
        }
        if present.draining {
            return Ok(Granted::Drained);
        }
        if shutdown.is_cancelled() {
            return Ok(Granted::Nothing);
        }
        let patient = !wait.is_zero();
        let deadline = Instant::now() + if patient { wait } else { LOOK_LIMIT };
        let mut granted = self.line.join(worker, patient, ahead);
        tokio::select! {
            lease = timeout_at(deadline, &mut granted) => {
                if let Ok(Ok(lease)) = lease {
                    return Ok(Granted::Lease(Box::new(lease)));
                }
            }
            () = shutdown.cancelled() => {}
        }
        granted.close(); // what was sent before this is still received
        Ok(granted
            .try_recv()
            .map_or(Granted::Nothing, |lease| Granted::Lease(Box::new(lease))))
    }

    /// Serves the line until `shutdown`.
    pub(super) async fn serve_line(&self, shutdown: &CancellationToken) {
        let mut changes = self.changes();
        let mut ticks = interval(RECHECK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !shutdown.is_cancelled() {
            tokio::select! {
                _ = changes.changed() => {}
                () = self.line.joined.notified() => {}
                _ = ticks.tick() => {}
                () = shutdown.cancelled() => return,
            }
            changes.mark_unchanged();
            let waiters = self.line.take();
            if waiters.is_empty() {
                continue;
            }
            let began = Instant::now();
            let (fleet, is_news) = self.fleet().await;
            let (mut waiters, mut granted) = self.serve_once(waiters, &fleet).await;
            if is_news && !waiters.is_empty() && granted.is_ok() {
                let overtaken;
                (waiters, overtaken) = self.overtake(waiters, &fleet).await;
                granted = granted.and_then(|count| Ok(count + overtaken?));
            }
            self.line.put_back(waiters);
            match granted {
                // A look in vain costs as many queries as there are workers: it is not made all the time.
                Ok(0) => sleep((began.elapsed() * 2).min(LONGEST_PAUSE)).await,
                Ok(_) => {
                    self.changes.send_replace(());
                }
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "cannot lease jobs");
                    sleep(RECHECK).await;
                }
            }
        }
    }

    /// Gives those who wait what there is. Returns those who got nothing, and how many got something.
    async fn serve_once(
        &self,
        mut waiters: VecDeque<Waiter>,
        fleet: &Fleet,
    ) -> (VecDeque<Waiter>, Result<usize, FarmError>) {
        Self::by_speed(&mut waiters, fleet);
        let timed = self.config.metrics.time(Operation::Lease);
        let granted = self.grant(&waiters, fleet).await;
        drop(timed);
        match granted {
            Ok(leases) => {
                let (left, count) = self.hand_out(waiters, leases).await;
                (left, Ok(count))
            }
            Err(error) => (waiters, Err(error)),
        }
    }

    /// Answers those who got something, by their places in the line. Returns the others, and how many got something.
    pub(super) async fn hand_out(
        &self,
        waiters: VecDeque<Waiter>,
        mut leases: HashMap<usize, Lease>,
    ) -> (VecDeque<Waiter>, usize) {
        let (mut left, mut count) = (VecDeque::new(), 0);
        for (place, waiter) in waiters.into_iter().enumerate() {
            match leases.remove(&place) {
                None => left.push_back(waiter),
                Some(lease) => {
                    count += 1;
                    self.config.metrics.leased(Duration::from_millis(lease.waited_ms));
                    let (job, token, kind) = (lease.key.job.0, lease.key.token.0, lease.kind);
                    tracing::info!(batch = %lease.batch, job, %kind, worker = waiter.worker.0, token, "leased");
                    if let Err(lease) = waiter.reply.send(lease) {
                        self.take_back(lease).await;
                    }
                }
            }
        }
        (left, count)
    }

    /// Leases of those who get something, by their places in the line.
    async fn grant(
        &self,
        waiters: &VecDeque<Waiter>,
        fleet: &Fleet,
    ) -> Result<HashMap<usize, Lease>, FarmError> {
        if !queue::has_ready(&mut self.store.glance().await?).await? {
            return Ok(HashMap::new());
        }
        let mut tx = self.store.begin().await?;
        let turns = self.line.turns().clone();
        let mut line = Queue::read(&mut tx, turns).await?;
        let workers: Vec<WorkerId> = waiters.iter().map(|waiter| waiter.worker).collect();
        line.meet(&mut tx, &workers).await?;
        let mut outlook = Outlook::new(fleet, tx.now_ms());
        let (mut places, mut grants) = (Vec::new(), Vec::new());
        for ahead in [false, true] {
            let now_served = waiters
                .iter()
                .enumerate()
                .filter(|(_, waiter)| waiter.ahead == ahead);
            for (place, &Waiter { worker, .. }) in now_served {
                let next = if ahead {
                    line.next_ahead(&mut tx, worker, &self.config, &mut outlook)
                        .await?
                } else {
                    line.next(&mut tx, worker, &self.config, &mut outlook).await?
                };
                if let Some(job) = next {
                    line.take(&job);
                    places.push(place);
                    grants.push((worker, job));
                }
            }
        }
        if grants.is_empty() {
            return Ok(HashMap::new());
        }
        let leases = granting::grant(&mut tx, &grants, &self.config.policies).await?;
        tx.commit().await?;
        *self.line.turns() = line.turns();
        Ok(places.into_iter().zip(leases).collect())
    }

    /// The caller went away before its lease reached it.
    async fn take_back(&self, lease: Lease) {
        let handed_back = async {
            let mut tx = self.store.begin().await?;
            outcomes::hand_back(&mut tx, lease.key).await?;
            tx.commit().await
        };
        if let Err(error) = handed_back.await {
            // It expires.
            tracing::warn!(
                job = lease.key.job.0,
                error = &error as &dyn std::error::Error,
                "lease not taken back"
            );
        }
    }

    /// Moves a lease's deadline.
    pub async fn renew(&self, claim: &LeaseClaim) -> Result<Renewed, FarmError> {
        let _timed = self.config.metrics.time(Operation::Renew);
        let mut tx = self.store.begin().await?;
        let key = leases::claimed(&mut tx, claim).await?;
        let renewed = leases::renew(&mut tx, key, &self.config.policies).await?;
        tx.commit().await?;
        Ok(renewed)
    }

    /// Ends the leases whose deadline has passed. Returns how many.
    pub async fn expire_leases(&self) -> Result<usize, FarmError> {
        let overdue = leases::expired(&mut self.store.read().await?).await?;
        let mut ended = 0;
        for (key, worker) in overdue {
            let _timed = self.config.metrics.time(Operation::Expire);
            let reason = format!("lease {} expired: worker {worker} went silent", key.token.0);
            let mut tx = self.store.begin().await?;
            if !leases::is_overdue(&mut tx, key).await? {
                continue; // renewed or completed since
            }
            let attempt = outcomes::attempt(&mut tx, key).await?;
            faults::expired(&mut tx, Fault { key, reason: &reason }, &self.config).await?;
            tx.commit().await?;
            self.attempt_over(&attempt, LeaseEnding::Expired, Some(&reason));
            self.attempt_ended(key, &reason);
            ended += 1;
        }
        Ok(ended)
    }

    /// Runs [`Self::expire_leases`] every `sweep_interval` until `shutdown`.
    pub async fn sweep(&self, shutdown: &CancellationToken) {
        let mut ticks = interval(self.config.sweep_interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            if let Err(error) = self.expire_leases().await {
                tracing::error!(error = &error as &dyn std::error::Error, "cannot expire leases");
            }
        }
    }
}
