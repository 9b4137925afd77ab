//! The coordinator: what the services call. No wire type below this line.

use std::{
    fs::{File, TryLockError},
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use ashlar_proto::{Bytes, Digest, JobKind};
use ashlar_traces::Context;
use sqlx::SqliteConnection;
use tokio::{
    sync::watch,
    task::spawn_blocking,
    time::{Instant, MissedTickBehavior, interval, timeout_at},
};
use tokio_util::sync::CancellationToken;

use crate::{
    artifact::ArtifactStore,
    budget::Budget,
    config::FarmConfig,
    error::FarmError,
    metrics::Operation,
    model::{
        Batch, BatchView, Capabilities, Completion, CompletionOutcome, JobFilter, JobId, JobView, Lease,
        LeaseClaim, LeaseEnding, LeaseKey, LeaseView, RequeueTarget, Requeued, Secret, WorkerId, WorkerView,
    },
    store::{
        Store, batches,
        faults::{self, Fault},
        leases, now_ms, outcomes, recovery, sessions, views, workers,
    },
    verifier::{ProofVerifier, Refusal},
};

/// How often a waiting lease call looks again even if nothing changed: a job that avoids a worker becomes free for
/// it by the mere passing of time.
const LEASE_RECHECK: Duration = Duration::from_secs(1);

/// One job with its artifacts and history.
#[derive(Debug)]
pub struct JobInspection {
    /// The job.
    pub job: JobView,
    /// Its inputs that exist, in order.
    pub inputs: Vec<Digest>,
    /// Its leases, oldest first.
    pub leases: Vec<LeaseView>,
}

/// What is told of an attempt.
struct Attempt {
    root: Context,
    start: SystemTime,
    key: LeaseKey,
    job: JobView,
}

/// The coordinator of a proving farm. All its state is in its data directory.
pub struct Farm {
    config: FarmConfig,
    store: Store,
    artifacts: ArtifactStore,
    verifier: Arc<dyn ProofVerifier>,
    changes: watch::Sender<()>,
    budget: Arc<Budget>,
    _lock: File, // held for as long as this coordinator lives
}

impl Farm {
    /// Opens the data directory, making it if absent, and continues where an earlier coordinator stopped.
    ///
    /// # Errors
    /// [`FarmError::DataDirInUse`] if another coordinator has it, or a variant about the disk or the database.
    pub async fn open(config: FarmConfig, verifier: Arc<dyn ProofVerifier>) -> Result<Arc<Self>, FarmError> {
        let artifacts = ArtifactStore::open(config.data_dir.join("artifacts"))?;
        let lock = lock(&config.data_dir)?;
        let store = Store::open(&config.data_dir.join("jobs.sqlite")).await?;
        let mut tx = store.begin().await?;
        leases::allow_for_restart(&mut tx, &config.policies).await?;
        tx.commit().await?;
        let budget = Budget::new(config.allowance);
        Ok(Arc::new(Self {
            config,
            store,
            artifacts,
            verifier,
            changes: watch::Sender::new(()),
            budget,
            _lock: lock,
        }))
    }

    /// The settings it runs with.
    pub const fn config(&self) -> &FarmConfig {
        &self.config
    }

    /// What callers take.
    pub(crate) const fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    /// Closes the database. Every call after this fails.
    pub async fn close(&self) {
        self.store.close().await;
    }

    /// Wakes after every change of any job. Subscribe before reading what you wait to see changed.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Refuses a caller built for other circuits.
    pub fn check_circuit_set(&self, found: Digest) -> Result<(), FarmError> {
        let expected = self.config.circuit_set;
        if found == expected {
            Ok(())
        } else {
            Err(FarmError::WrongCircuitSet { expected, found })
        }
    }

    /// Stores a witness durably.
    ///
    /// # Errors
    /// [`FarmError::Artifact`] if the disk fails.
    pub async fn store_artifact(&self, bytes: Bytes) -> Result<Digest, FarmError> {
        let artifacts = self.artifacts.clone();
        spawn_blocking(move || artifacts.put(&bytes)).await?
    }

    /// Accepts a batch whose witnesses are stored. Returns false if it was known already.
    ///
    /// # Errors
    /// [`FarmError::WrongCircuitSet`], or [`FarmError::BatchConflict`] for other content under a known number.
    pub async fn submit(&self, batch: &Batch) -> Result<bool, FarmError> {
        self.check_circuit_set(batch.circuit_set)?;
        let _timed = self.config.metrics.time(Operation::Submit);
        let mut tx = self.store.begin().await?;
        let is_new = match batches::content(&mut tx, batch.number).await? {
            None => {
                batches::insert(&mut tx, batch).await?;
                true
            }
            Some(content) if content == batch.content() => {
                recovery::witnesses_restored(&mut tx, batch.number).await?;
                false
            }
            Some(_) => return Err(FarmError::BatchConflict { number: batch.number }),
        };
        tx.commit().await?;
        self.changes.send_replace(());
        tracing::info!(
            batch = batch.number,
            chunks = batch.witnesses.len(),
            is_new,
            "batch submitted"
        );
        Ok(is_new)
    }

    /// A batch with its jobs.
    pub async fn batch(&self, number: u64) -> Result<BatchView, FarmError> {
        views::batch(&mut *self.store.read().await?, number).await
    }

    /// Registers a worker. What one of that name still held is free again: the process that had it is gone.
    /// The session names it from now on; that of the process before is over.
    pub async fn register(&self, worker: &Capabilities) -> Result<Secret, FarmError> {
        self.check_circuit_set(worker.circuit_set)?;
        let _timed = self.config.metrics.time(Operation::Register);
        let mut tx = self.store.begin().await?;
        let id = workers::register(&mut tx, worker, &self.config.policies).await?;
        let held = held_kinds(&mut tx, id).await?;
        let freed = faults::superseded(&mut tx, id, &worker.name, &self.config).await?;
        let session = sessions::open(&mut tx, id).await?;
        tx.commit().await?;
        for kind in held {
            self.config.metrics.ended(kind, LeaseEnding::Superseded);
        }
        self.changes.send_replace(());
        tracing::info!(worker = worker.name, freed, backend = worker.backend, kinds = ?worker.kinds, "worker registered");
        Ok(session)
    }

    /// Leases the next job that the worker of `session` can run, waiting up to `wait` for one; `None` if there was none
    /// or `shutdown` was requested. `caller` is the worker that calls, where its certificate says so.
    ///
    /// # Errors
    /// [`FarmError::UnknownSession`], [`FarmError::Superseded`], or [`FarmError::NotYours`].
    pub async fn lease(
        &self,
        session: Secret,
        caller: Option<&str>,
        wait: Duration,
        shutdown: &CancellationToken,
    ) -> Result<Option<Lease>, FarmError> {
        let deadline = Instant::now() + wait;
        let mut tx = self.store.begin().await?;
        let (worker, owner) = sessions::worker(&mut tx, session).await?;
        if let Some(caller) = caller
            && caller != owner
        {
            let caller = caller.to_owned();
            return Err(FarmError::NotYours { owner, caller });
        }
        workers::seen(&mut tx, worker, self.config.circuit_set).await?;
        tx.commit().await?;
        let mut changes = self.changes();
        loop {
            changes.mark_unchanged();
            if shutdown.is_cancelled() {
                return Ok(None);
            }
            let lease = self.try_lease(worker).await?;
            let now = Instant::now();
            if lease.is_some() || now >= deadline {
                return Ok(lease);
            }
            tokio::select! {
                _ = timeout_at(deadline.min(now + LEASE_RECHECK), changes.changed()) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    async fn try_lease(&self, worker: WorkerId) -> Result<Option<Lease>, FarmError> {
        let _timed = self.config.metrics.time(Operation::Lease);
        // Every change wakes all waiting workers, so first look without the write lock.
        let mut read = self.store.read().await?;
        if leases::next(&mut read, worker, &self.config).await?.is_none() {
            return Ok(None);
        }
        drop(read);
        let mut tx = self.store.begin().await?;
        let Some(job) = leases::next(&mut tx, worker, &self.config).await? else {
            return Ok(None); // another worker was quicker
        };
        let lease = leases::grant(&mut tx, worker, job, &self.config.policies).await?;
        tx.commit().await?;
        self.changes.send_replace(());
        let (job, token) = (lease.key.job.0, lease.key.token.0);
        tracing::info!(batch = lease.batch, job, kind = %lease.kind, worker = worker.0, token, "leased");
        Ok(Some(lease))
    }

    /// The span of a lease, for its worker to go on from. It follows from the batch's content and the lease's number, so
    /// that nothing is kept of it.
    pub async fn span_of(&self, lease: &Lease) -> Option<Context> {
        let mut read = self.store.read().await.ok()?;
        let content = batches::content(&mut read, lease.batch).await.ok()??;
        Some(Context::root(&content.0).child(lease.key.token.0))
    }

    /// What is told of an attempt that ends, unless nobody wants to hear of it.
    async fn attempt(
        &self,
        conn: &mut SqliteConnection,
        key: LeaseKey,
    ) -> Result<Option<Attempt>, FarmError> {
        if !self.config.traces.is_on() {
            return Ok(None);
        }
        let job = views::job(conn, key.job).await?;
        let Some(content) = batches::content(conn, job.batch).await? else {
            return Ok(None);
        };
        Ok(Some(Attempt {
            root: Context::root(&content.0),
            start: SystemTime::now()
                .checked_sub(age(conn, key).await?)
                .unwrap_or(SystemTime::UNIX_EPOCH),
            key,
            job,
        }))
    }

    fn trace(&self, attempt: Option<Attempt>, failure: Option<&str>) {
        let Some(Attempt {
            root,
            start,
            key,
            job,
        }) = attempt
        else {
            return;
        };
        let context = root.child(key.token.0);
        let mut span = (self
            .config
            .traces
            .begin("job", context, Some(root.span()))
            .since(start))
        .with("batch", job.batch)
        .with("job", key.job.0)
        .with("kind", job.kind.name())
        .with("worker", job.worker);
        if let Some(failure) = failure {
            span.fail(failure);
        }
    }

    /// An artifact's bytes, checked. If it is damaged or missing, what made it is set to run again.
    ///
    /// # Errors
    /// [`FarmError::ArtifactDamaged`], or [`FarmError::UnknownArtifact`] if no job knows it.
    pub async fn artifact(&self, digest: Digest) -> Result<Bytes, FarmError> {
        let artifacts = self.artifacts.clone();
        match spawn_blocking(move || artifacts.get(digest)).await? {
            Err(error @ (FarmError::UnknownArtifact(_) | FarmError::ArtifactDamaged(_))) => {
                let mut tx = self.store.begin().await?;
                let affected = recovery::artifact_lost(&mut tx, digest).await?;
                tx.commit().await?;
                self.changes.send_replace(());
                Err(if affected > 0 {
                    FarmError::ArtifactDamaged(digest)
                } else {
                    error
                })
            }
            result => result,
        }
    }

    /// Moves a lease's deadline. Returns the milliseconds until it expires now.
    pub async fn renew(&self, claim: &LeaseClaim) -> Result<u64, FarmError> {
        let _timed = self.config.metrics.time(Operation::Renew);
        let mut tx = self.store.begin().await?;
        let key = leases::claimed(&mut tx, claim).await?;
        let expires_in_ms = leases::renew(&mut tx, key, &self.config.policies).await?;
        tx.commit().await?;
        Ok(expires_in_ms)
    }

    /// Takes a proof: verified first, then accepted unless the job is done by now. A late proof is as good as one
    /// in time.
    ///
    /// # Errors
    /// [`FarmError::UnknownLease`]; [`FarmError::ArtifactDamaged`] if an input to check it against is lost;
    /// [`FarmError::CannotVerify`] if the fault is this coordinator's, to be delivered again.
    pub async fn complete(&self, completion: Completion) -> Result<CompletionOutcome, FarmError> {
        let Completion {
            claim,
            proof,
            steps,
            fallback,
        } = completion;
        let fallback = truncate(fallback);
        let mut read = self.store.read().await?;
        let key = leases::claimed(&mut read, &claim).await?;
        let review = outcomes::review(&mut read, key).await?;
        let (age, arrived) = (age(&mut read, key).await?, Instant::now());
        let attempt = self.attempt(&mut read, key).await?;
        drop(read);
        if review.done {
            return Ok(CompletionOutcome::Ignored);
        }
        if review.inputs_missing {
            self.release(&claim).await?;
            return Ok(CompletionOutcome::Rejected(
                "an input of the job was lost and is made again".into(),
            ));
        }
        let mut inputs = Vec::with_capacity(review.inputs.len());
        for digest in review.inputs {
            inputs.push(self.artifact(digest).await?);
        }
        let (verifier, artifacts, bytes) = (self.verifier.clone(), self.artifacts.clone(), proof.clone());
        let verifying = attempt.as_ref().map(|attempt| {
            let context = attempt.root.child(key.token.0);
            self.config.traces.span("verify", context)
        });
        let verdict = spawn_blocking(move || verifier.verify(review.kind, &inputs, &bytes))
            .await
            .unwrap_or_else(|panic| Err(Refusal::CannotTell(format!("the verifier panicked: {panic}"))));
        drop(verifying);
        match verdict {
            Ok(()) => {}
            Err(Refusal::CannotTell(reason)) => {
                let reason = truncate(reason);
                return Err(FarmError::CannotVerify { job: key.job, reason });
            }
            Err(Refusal::Rejected(reason)) => {
                let reason = truncate(format!("the proof does not verify: {reason}"));
                let mut tx = self.store.begin().await?;
                let ended = faults::rejected(&mut tx, Fault { key, reason: &reason }, &self.config).await?;
                tx.commit().await?;
                if ended {
                    self.config.metrics.ended(review.kind, LeaseEnding::Rejected);
                }
                self.trace(attempt, Some(&reason));
                self.attempt_ended(key, &reason);
                return Ok(CompletionOutcome::Rejected(reason));
            }
        }
        let output_bytes = proof.len() as u64;
        let output = spawn_blocking(move || artifacts.put(&proof)).await??;
        let timed = self.config.metrics.time(Operation::Accept);
        let mut tx = self.store.begin().await?;
        let accepted = outcomes::accept(
            &mut tx,
            &outcomes::Accepted {
                key,
                output,
                output_bytes,
                steps: &steps,
                fallback: &fallback,
            },
            &self.config,
        )
        .await?;
        tx.commit().await?;
        drop(timed);
        if accepted {
            self.trace(attempt, None);
            self.config.metrics.accepted(review.kind, age + arrived.elapsed());
            self.config.metrics.ended(review.kind, LeaseEnding::Completed);
        }
        self.changes.send_replace(());
        tracing::info!(job = key.job.0, kind = %review.kind, token = key.token.0, accepted, "proof delivered");
        if accepted && !fallback.is_empty() {
            tracing::warn!(job = key.job.0, kind = %review.kind, fallback, "proved elsewhere than meant: see to the worker");
        }
        Ok(if accepted {
            CompletionOutcome::Accepted
        } else {
            CompletionOutcome::Ignored
        })
    }

    /// Ends an attempt that gave no proof, unless the lease is not current. `retryable` is a fault of the machine, else it
    /// is a verdict on the job, which a second attempt must confirm. Returns whether it counted.
    pub async fn fail(&self, claim: &LeaseClaim, reason: String, retryable: bool) -> Result<bool, FarmError> {
        let reason = truncate(reason);
        let _timed = self.config.metrics.time(Operation::Fail);
        let mut tx = self.store.begin().await?;
        let key = leases::claimed(&mut tx, claim).await?;
        let kind = views::job(&mut tx, key.job).await?.kind;
        let attempt = self.attempt(&mut tx, key).await?;
        let fault = Fault { key, reason: &reason };
        let (counted, ending) = if retryable {
            (
                faults::failed(&mut tx, fault, &self.config).await?,
                LeaseEnding::Failed,
            )
        } else {
            (
                faults::condemned(&mut tx, fault, &self.config).await?,
                LeaseEnding::Condemned,
            )
        };
        tx.commit().await?;
        if counted {
            self.trace(attempt, Some(&reason));
            self.config.metrics.ended(kind, ending);
            self.attempt_ended(key, &reason);
        }
        Ok(counted)
    }

    fn attempt_ended(&self, key: LeaseKey, reason: &str) {
        tracing::warn!(job = key.job.0, token = key.token.0, reason, "attempt failed");
        self.changes.send_replace(());
    }

    /// Takes a lease back from a worker that drains. Returns whether it was current.
    pub async fn release(&self, claim: &LeaseClaim) -> Result<bool, FarmError> {
        let _timed = self.config.metrics.time(Operation::Release);
        let mut tx = self.store.begin().await?;
        let key = leases::claimed(&mut tx, claim).await?;
        let kind = views::job(&mut tx, key.job).await?.kind;
        let released = outcomes::hand_back(&mut tx, key).await?;
        tx.commit().await?;
        if released {
            self.config.metrics.ended(kind, LeaseEnding::HandedBack);
        }
        self.changes.send_replace(());
        Ok(released)
    }

    /// Ends the leases whose deadline has passed. Returns how many.
    pub async fn expire_leases(&self) -> Result<usize, FarmError> {
        let overdue = leases::expired(&mut *self.store.read().await?).await?;
        let mut ended = 0;
        for (key, worker) in overdue {
            let _timed = self.config.metrics.time(Operation::Expire);
            let reason = format!("lease {} expired: worker {worker} went silent", key.token.0);
            let mut tx = self.store.begin().await?;
            if !leases::is_overdue(&mut tx, key).await? {
                continue; // renewed or completed since
            }
            let kind = views::job(&mut tx, key.job).await?.kind;
            let attempt = self.attempt(&mut tx, key).await?;
            faults::expired(&mut tx, Fault { key, reason: &reason }, &self.config).await?;
            tx.commit().await?;
            self.trace(attempt, Some(&reason));
            self.config.metrics.ended(kind, LeaseEnding::Expired);
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

    /// Jobs of a filter.
    pub async fn jobs(&self, filter: &JobFilter) -> Result<Vec<JobView>, FarmError> {
        views::jobs(&mut *self.store.read().await?, filter).await
    }

    /// Gives poisoned jobs new attempts, ends the pause of jobs that wait in one, and lifts the quarantines whose last fault
    /// was over one of the jobs, whatever its state.
    ///
    /// # Errors
    /// [`FarmError::UnknownJob`] or [`FarmError::UnknownBatch`].
    pub async fn requeue(&self, target: RequeueTarget) -> Result<Requeued, FarmError> {
        let mut tx = self.store.begin().await?;
        match target {
            RequeueTarget::Job(job) => drop(views::job(&mut tx, job).await?),
            RequeueTarget::Batch(number) => {
                batches::content(&mut tx, number)
                    .await?
                    .ok_or(FarmError::UnknownBatch(number))?;
            }
        }
        let requeued = outcomes::requeue(&mut tx, target).await?;
        tx.commit().await?;
        self.changes.send_replace(());
        let Requeued { jobs, quarantines } = requeued;
        tracing::info!(?target, jobs, quarantines, "requeued");
        Ok(requeued)
    }

    /// The workers that ever registered, by id.
    pub async fn workers(&self) -> Result<Vec<WorkerView>, FarmError> {
        views::workers(&mut *self.store.read().await?).await
    }

    /// One job with its artifacts and history.
    pub async fn inspect(&self, job: JobId) -> Result<JobInspection, FarmError> {
        let mut tx = self.store.read().await?;
        Ok(JobInspection {
            job: views::job(&mut tx, job).await?,
            inputs: leases::inputs(&mut tx, job).await?,
            leases: views::leases(&mut tx, job).await?,
        })
    }
}

/// What the jobs do that a worker has now.
async fn held_kinds(conn: &mut SqliteConnection, worker: WorkerId) -> Result<Vec<JobKind>, FarmError> {
    let mut kinds = Vec::new();
    for key in leases::held_by(conn, worker).await? {
        kinds.push(views::job(conn, key.job).await?.kind);
    }
    Ok(kinds)
}

/// How long ago a lease was granted.
async fn age(conn: &mut SqliteConnection, key: LeaseKey) -> Result<Duration, FarmError> {
    let leases = views::leases(conn, key.job).await?;
    let lease = leases.into_iter().find(|lease| lease.token == key.token);
    let now = now_ms().unsigned_abs();
    Ok(Duration::from_millis(
        lease.map_or(0, |lease| now.saturating_sub(lease.granted_ms)),
    ))
}

fn lock(data_dir: &Path) -> Result<File, FarmError> {
    let path = data_dir.join("coordinator.lock");
    let failed = |source| FarmError::Artifact {
        path: path.clone(),
        source,
    };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(FarmError::DataDirInUse(data_dir.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Longest reason kept, in bytes.
const MAX_REASON_BYTES: usize = 4096;

fn truncate(mut reason: String) -> String {
    reason.truncate(reason.floor_char_boundary(MAX_REASON_BYTES));
    reason
}
