//! What an operator looks at and changes.

use ashlar_proto::Digest;

use super::{Farm, JobInspection, truncate};
use crate::{
    error::FarmError,
    model::{
        BatchId, BatchRef, JobFilter, JobId, JobView, Quota, RequeueTarget, Requeued, Tenant, TenantView,
        WorkerView, overview::Overview,
    },
    store::{self, batches, leases, outcomes, overview, tenants, views, workers},
};

impl Farm {
    /// Jobs of a filter.
    ///
    /// # Errors
    /// [`FarmError::UnknownBatch`] if it names one that nobody submitted, [`FarmError::Retired`] if that is no longer kept.
    pub async fn jobs(&self, filter: &JobFilter) -> Result<Vec<JobView>, FarmError> {
        views::jobs(&mut self.store.read().await?, filter).await
    }

    /// Gives poisoned jobs new attempts, ends the pause of jobs that wait in one, and lifts the quarantines whose last fault
    /// was over one of the jobs, whatever its state. Batches that were given up run again.
    ///
    /// # Errors
    /// [`FarmError::UnknownJob`], [`FarmError::UnknownBatch`] or [`FarmError::Retired`].
    pub async fn requeue(&self, target: RequeueTarget) -> Result<Requeued, FarmError> {
        let mut tx = self.store.begin().await?;
        let requeued = match target {
            RequeueTarget::Job(job) => {
                views::job(&mut tx, job).await?;
                outcomes::requeue(&mut tx, Some(job), None).await?
            }
            RequeueTarget::Batch(batch) => {
                let mut all = Requeued {
                    jobs: 0,
                    quarantines: 0,
                };
                for id in batches::meant(&mut tx, &batch).await? {
                    let Requeued { jobs, quarantines } = outcomes::requeue(&mut tx, None, Some(id)).await?;
                    all.jobs += jobs;
                    all.quarantines += quarantines;
                }
                all
            }
        };
        tx.commit().await?;
        self.changes.send_replace(());
        let Requeued { jobs, quarantines } = requeued;
        tracing::info!(?target, jobs, quarantines, "requeued");
        Ok(requeued)
    }

    /// Gives batches up: workers lose their leases, and the sequencer hears of it. Returns how many ran or had failed.
    ///
    /// # Errors
    /// [`FarmError::UnknownBatch`] or [`FarmError::Retired`].
    pub async fn cancel(&self, batch: &BatchRef, reason: String) -> Result<u64, FarmError> {
        let reason = &truncate(reason);
        let mut tx = self.store.begin().await?;
        let ids: Vec<BatchId> = batches::meant(&mut tx, batch).await?;
        let mut cancelled = 0;
        for id in ids {
            cancelled += u64::from(batches::cancel(&mut tx, id, reason).await?);
        }
        tx.commit().await?;
        self.changes.send_replace(());
        tracing::warn!(batch = batch.number, cancelled, reason, "batch given up");
        Ok(cancelled)
    }

    /// Leases no job, of anybody or of one tenant, or does again.
    pub async fn pause(&self, tenant: Option<&Tenant>, paused: bool) -> Result<(), FarmError> {
        let mut tx = self.store.begin().await?;
        match tenant {
            None => store::set_setting(&mut tx, store::PAUSED, i64::from(paused)).await?,
            Some(tenant) => {
                tenants::find(&mut tx, tenant)
                    .await?
                    .ok_or(FarmError::UnknownTenant(*tenant))?;
                tenants::set(&mut tx, tenant, None, None, Some(paused)).await?;
            }
        }
        tx.commit().await?;
        self.changes.send_replace(());
        tracing::warn!(tenant = tenant.map(tracing::field::display), paused, "leasing");
        Ok(())
    }

    /// Whether jobs of nobody are leased.
    pub async fn is_paused(&self) -> Result<bool, FarmError> {
        Ok(store::setting(&mut self.store.read().await?, store::PAUSED).await? != 0)
    }

    /// Tells a worker to end when it has done its job, or lets it go on.
    ///
    /// # Errors
    /// [`FarmError::UnknownWorker`].
    pub async fn drain(&self, worker: &str, draining: bool) -> Result<(), FarmError> {
        let mut tx = self.store.begin().await?;
        if !workers::drain(&mut tx, worker, draining).await? {
            return Err(FarmError::UnknownWorker(worker.to_owned()));
        }
        tx.commit().await?;
        self.changes.send_replace(());
        tracing::warn!(worker, draining, "worker");
        Ok(())
    }

    /// Names a tenant, or changes what it may have and who submits for it.
    pub async fn set_tenant(
        &self,
        tenant: &Tenant,
        owner: Option<&str>,
        quota: Option<&Quota>,
    ) -> Result<(), FarmError> {
        let mut tx = self.store.begin().await?;
        tenants::set(&mut tx, tenant, owner, quota, None).await?;
        tx.commit().await?;
        self.changes.send_replace(());
        tracing::info!(%tenant, owner, ?quota, "tenant set");
        Ok(())
    }

    /// The tenants that ever submitted, or were named.
    pub async fn tenants(&self) -> Result<Vec<TenantView>, FarmError> {
        tenants::all(&mut self.store.read().await?).await
    }

    /// The workers that ever registered, by id.
    pub async fn workers(&self) -> Result<Vec<WorkerView>, FarmError> {
        views::workers(&mut self.store.read().await?, u32::MAX).await
    }

    /// All of it as of one moment, with so many of the newest batches.
    pub async fn overview(&self, batches: u32) -> Result<Overview, FarmError> {
        overview::read(&mut self.store.read().await?, &self.config, batches).await
    }

    /// One job with its artifacts and history.
    pub async fn inspect(&self, job: JobId) -> Result<JobInspection, FarmError> {
        let mut db = self.store.read().await?;
        let inputs: Vec<Digest> = leases::inputs(&mut db, job).await?;
        Ok(JobInspection {
            job: views::job(&mut db, job).await?,
            inputs,
            leases: views::leases(&mut db, job).await?,
        })
    }
}
