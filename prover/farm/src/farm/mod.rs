//! The coordinator: what the services call. No wire type below this line.

mod acceptance;
mod collecting;
mod delivery;
mod leasing;
mod operating;
mod placing;
mod telling;

use std::{
    fs::{self, File, TryLockError},
    path::Path,
    sync::{Arc, Mutex},
};

use ashlar_proto::{Bytes, Digest};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use self::leasing::Granted;
use crate::{
    artifact::{ArtifactStore, RENEWED_AFTER},
    budget::Budget,
    config::FarmConfig,
    error::FarmError,
    metrics::Operation,
    model::{
        Batch, BatchKey, BatchView, Capabilities, JobView, LeaseEnding, LeaseView, Secret, SettledBatch,
        Tenant,
    },
    store::{
        Database, Store, batches, faults, garbage, leases, outcomes, recovery, sessions, settlement, tenants,
        views, workers,
    },
    verifier::ProofVerifier,
};

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

/// The coordinator of a proving farm. All its state is in its database and its artifact store.
pub struct Farm {
    config: Arc<FarmConfig>,
    store: Store,
    artifacts: ArtifactStore,
    verifier: Arc<dyn ProofVerifier>,
    changes: watch::Sender<()>,
    line: leasing::Line,
    seen: Mutex<placing::Seen>,
    /// Since when it is there, by the farm's time.
    opened_ms: i64,
    acceptance: acceptance::Acceptance,
    budget: Arc<Budget>,
    /// Of a database that is this coordinator's own; held for as long as it lives.
    _lock: Option<File>,
}

impl Farm {
    /// Opens the data directory, making it if absent, and continues where an earlier coordinator stopped.
    ///
    /// # Errors
    /// [`FarmError::DataDirInUse`] if another coordinator has it, [`FarmError::ArtifactsUnusable`] if artifacts cannot be kept
    /// where they should, [`FarmError::GraceTooShort`], or a variant about the disk or the database.
    pub async fn open(config: FarmConfig, verifier: Arc<dyn ProofVerifier>) -> Result<Arc<Self>, FarmError> {
        if config.grace <= RENEWED_AFTER {
            return Err(FarmError::GraceTooShort(config.grace));
        }
        let lock = match &config.database {
            Database::Sqlite(_) => Some(lock(&config.data_dir)?),
            Database::Postgres(_) => None,
        };
        let artifacts = ArtifactStore::open(&config.artifacts).await?;
        let store = Store::open(&config.database, config.wall_clock).await?;
        let mut tx = store.begin().await?;
        leases::allow_for_restart(&mut tx, &config.policies).await?;
        faults::allow_for_restart(&mut tx, &config).await?;
        let opened_ms = tx.now_ms();
        tx.commit().await?;
        let budget = Budget::new(config.allowance);
        Ok(Arc::new(Self {
            config: Arc::new(config),
            store,
            artifacts,
            verifier,
            changes: watch::Sender::new(()),
            line: leasing::Line::default(),
            seen: Mutex::default(),
            opened_ms,
            acceptance: acceptance::Acceptance::default(),
            budget,
            _lock: lock,
        }))
    }

    /// The settings it runs with.
    pub fn config(&self) -> &FarmConfig {
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

    /// Does what nobody asks for, until `shutdown`: serves those who wait for jobs, ends leases that are over, deletes what is
    /// no longer kept, and hears of the changes of other coordinators.
    pub async fn run(&self, shutdown: &CancellationToken) {
        tokio::join!(
            self.serve_line(shutdown),
            self.sweep(shutdown),
            self.show(shutdown),
            self.collect_often(shutdown),
            self.store.listen(&self.config.database, &self.changes, shutdown),
        );
    }

    /// Refuses a caller built for other circuits.
    pub fn check_circuit_set(&self, found: Digest) -> Result<(), FarmError> {
        let expected = &self.config.circuit_sets;
        if expected.contains(&found) {
            Ok(())
        } else {
            let expected = expected.clone();
            Err(FarmError::WrongCircuitSet { expected, found })
        }
    }

    /// Stores a witness durably.
    ///
    /// # Errors
    /// [`FarmError::Artifact`] or [`FarmError::NoRoom`] if the disk fails, [`FarmError::ArtifactStoreAway`] or the like if the
    /// store does, [`FarmError::ArtifactGoes`] if it is being deleted for long.
    pub async fn store_artifact(&self, bytes: Bytes) -> Result<Digest, FarmError> {
        self.keep(bytes).await
    }

    /// Refuses a sequencer that may not submit for a tenant. `caller` is the sequencer's name, where its certificate says it.
    pub async fn check_tenant(&self, tenant: &Tenant, caller: Option<&str>) -> Result<(), FarmError> {
        tenants::check_owner(&mut self.store.read().await?, tenant, caller).await
    }

    /// Accepts a batch whose witnesses, and blob if it has one, are stored. Returns false if it was known already. One that is known and no longer kept
    /// is proved once more: whoever sends it lacks its SNARK, and all that it takes was just stored.
    ///
    /// # Errors
    /// [`FarmError::WrongCircuitSet`]; [`FarmError::BatchConflict`] for other content under a known number;
    /// [`FarmError::NotYours`], [`FarmError::UnknownTenant`] or [`FarmError::QuotaReached`] for whom it is;
    /// [`FarmError::ArtifactGoes`] if one of these was stored so long before that it is being deleted.
    pub async fn submit(&self, batch: &Batch, caller: Option<&str>) -> Result<bool, FarmError> {
        let BatchKey {
            tenant,
            circuit_set,
            number,
        } = batch.key;
        self.check_circuit_set(circuit_set)?;
        let _timed = self.config.metrics.time(Operation::Submit);
        let mut tx = self.store.begin().await?;
        let tenant_id = tenants::admit(&mut tx, &tenant, caller, self.config.admits_tenants).await?;
        for &artifact in batch.witnesses.iter().chain(&batch.blob) {
            garbage::spare(&mut tx, artifact).await?;
        }
        let mut known = batches::find(&mut tx, &batch.key).await?;
        if known.is_none() && batches::adopt(&mut tx, tenant_id, batch).await? {
            known = batches::find(&mut tx, &batch.key).await?;
        }
        let is_new = known.is_none();
        match known {
            Some(known) if known.content != batch.content() => {
                return Err(FarmError::BatchConflict { number });
            }
            Some(known) if !known.retired => {
                recovery::witnesses_restored(&mut tx, known.id).await?;
            }
            Some(known) => {
                tenants::check_quota(&mut tx, tenant_id, self.config.max_batches).await?;
                batches::run_again(&mut tx, tenant_id, known.id, batch).await?;
            }
            None => {
                tenants::check_quota(&mut tx, tenant_id, self.config.max_batches).await?;
                batches::insert(&mut tx, tenant_id, batch).await?;
            }
        }
        tx.commit().await?;
        self.changes.send_replace(());
        let chunks = batch.witnesses.len();
        tracing::info!(batch = number, %tenant, chunks, is_new, "batch submitted");
        Ok(is_new)
    }

    /// Notes that a tenant's batches through a number are proven on its chain: what is kept of them may go, after a while.
    /// What is told of some of them is charged to the tenant, once. A tenant that has none yet is fine.
    ///
    /// # Errors
    /// [`FarmError::NotYours`].
    pub async fn settle(
        &self,
        tenant: &Tenant,
        through: u64,
        batches: &[SettledBatch],
        caller: Option<&str>,
    ) -> Result<(), FarmError> {
        let mut tx = self.store.begin().await?;
        tenants::check_owner(&mut tx, tenant, caller).await?;
        let Some(id) = tenants::find(&mut tx, tenant).await? else {
            return Ok(());
        };
        let settled = settlement::note(&mut tx, id, through).await?;
        let mut told = Vec::new();
        for batch in batches {
            if settlement::charge(&mut tx, id, batch).await? {
                told.push(batch);
            }
        }
        if settled == 0 && told.is_empty() {
            return Ok(());
        }
        tx.commit().await?;
        for batch in told {
            self.config.metrics.settled(tenant, batch);
        }
        tracing::info!(%tenant, through, settled, "batches settled");
        Ok(())
    }

    /// A batch with its jobs.
    pub async fn batch(&self, key: &BatchKey) -> Result<BatchView, FarmError> {
        views::batch(&mut self.store.read().await?, key).await
    }

    /// Registers a worker. What one of that name still held is free again: the process that had it is gone.
    /// The session names it from now on; that of the process before is over.
    pub async fn register(&self, worker: &Capabilities) -> Result<Secret, FarmError> {
        self.check_circuit_set(worker.circuit_set)?;
        let _timed = self.config.metrics.time(Operation::Register);
        let mut tx = self.store.begin().await?;
        if let Some(session) = worker.session {
            let present = sessions::present(&mut tx, session).await?;
            if present.name != worker.name {
                let (owner, caller) = (present.name, worker.name.clone());
                return Err(FarmError::NotYours { owner, caller });
            }
            workers::register(&mut tx, worker, &self.config.policies, false).await?;
            tx.commit().await?;
            self.changes.send_replace(());
            tracing::info!(
                worker = worker.name,
                backend = worker.backend,
                fallback = worker.fallback,
                "worker changed"
            );
            return Ok(session);
        }
        let id = workers::register(&mut tx, worker, &self.config.policies, true).await?;
        let held = faults::superseded(&mut tx, id, &worker.name, &self.config).await?;
        let mut ended = Vec::new();
        for key in held {
            ended.push(outcomes::attempt(&mut tx, key).await?);
        }
        let session = sessions::open(&mut tx, id).await?;
        tx.commit().await?;
        self.changes.send_replace(());
        let freed = ended.len();
        for attempt in ended {
            self.attempt_over(
                &attempt,
                LeaseEnding::Superseded,
                Some("its worker registered anew"),
            );
        }
        tracing::info!(worker = worker.name, freed, backend = worker.backend, kinds = ?worker.kinds, "worker registered");
        Ok(session)
    }

    /// An artifact's bytes, checked. If it is damaged or missing, what made it is set to run again.
    ///
    /// # Errors
    /// [`FarmError::ArtifactDamaged`], or [`FarmError::UnknownArtifact`] if no job knows it. An outage of the store says nothing
    /// about the artifact, and changes nothing.
    pub async fn artifact(&self, digest: Digest) -> Result<Bytes, FarmError> {
        match self.artifacts.get(digest).await {
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
}

fn lock(data_dir: &Path) -> Result<File, FarmError> {
    let path = data_dir.join("coordinator.lock");
    let failed = |source| FarmError::Artifact {
        path: path.clone(),
        source,
    };
    fs::create_dir_all(data_dir).map_err(failed)?;
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

pub(crate) fn truncate(mut reason: String) -> String {
    reason.truncate(reason.floor_char_boundary(MAX_REASON_BYTES));
    reason
}
