use std::sync::Arc;

use ashlar_proto::farm::v1::{self as pb, admin_service_server};
use tonic::{Request, Response, Status};

use crate::{
    convert::{self, invalid},
    error::FarmError,
    farm::Farm,
    model::{JobFilter, JobId, RequeueTarget},
};

pub struct AdminService {
    pub farm: Arc<Farm>,
}

#[tonic::async_trait]
impl admin_service_server::AdminService for AdminService {
    async fn list_jobs(
        &self,
        request: Request<pb::ListJobsRequest>,
    ) -> Result<Response<pb::ListJobsResponse>, Status> {
        let filter = JobFilter::try_from(request.into_inner())?;
        let jobs = self
            .farm
            .jobs(&filter)
            .await?
            .into_iter()
            .map(convert::listed)
            .collect();
        Ok(Response::new(pb::ListJobsResponse { jobs }))
    }

    async fn requeue(
        &self,
        request: Request<pb::RequeueRequest>,
    ) -> Result<Response<pb::RequeueResponse>, Status> {
        let target = RequeueTarget::try_from(request.into_inner())?;
        let requeued = self.farm.requeue(target).await?;
        Ok(Response::new(requeued.into()))
    }

    async fn list_workers(
        &self,
        _: Request<pb::ListWorkersRequest>,
    ) -> Result<Response<pb::ListWorkersResponse>, Status> {
        let workers = self.farm.workers().await?.into_iter().map(Into::into).collect();
        Ok(Response::new(pb::ListWorkersResponse { workers }))
    }

    async fn inspect(
        &self,
        request: Request<pb::InspectRequest>,
    ) -> Result<Response<pb::InspectResponse>, Status> {
        let inspection = self.farm.inspect(JobId(request.into_inner().job_id)).await?;
        Ok(Response::new(inspection.into()))
    }

    async fn cancel_batch(
        &self,
        request: Request<pb::CancelBatchRequest>,
    ) -> Result<Response<pb::CancelBatchResponse>, Status> {
        let pb::CancelBatchRequest { batch, reason } = request.into_inner();
        let batch = convert::batch_ref(batch.ok_or_else(|| invalid("batch", "must be set"))?)?;
        let cancelled = self.farm.cancel(&batch, reason).await?;
        let cancelled = u32::try_from(cancelled).unwrap_or(u32::MAX);
        Ok(Response::new(pb::CancelBatchResponse { cancelled }))
    }

    async fn pause(&self, request: Request<pb::PauseRequest>) -> Result<Response<pb::PauseResponse>, Status> {
        let pb::PauseRequest { tenant, paused } = request.into_inner();
        let tenant = tenant.as_ref().map(convert::tenant).transpose()?;
        self.farm.pause(tenant.as_ref(), paused).await?;
        Ok(Response::new(pb::PauseResponse {}))
    }

    async fn drain_worker(
        &self,
        request: Request<pb::DrainWorkerRequest>,
    ) -> Result<Response<pb::DrainWorkerResponse>, Status> {
        let pb::DrainWorkerRequest { name, draining } = request.into_inner();
        self.farm.drain(&name, draining).await?;
        Ok(Response::new(pb::DrainWorkerResponse {}))
    }

    async fn list_tenants(
        &self,
        _: Request<pb::ListTenantsRequest>,
    ) -> Result<Response<pb::ListTenantsResponse>, Status> {
        let tenants = self.farm.tenants().await?.into_iter().map(Into::into).collect();
        let paused = self.farm.is_paused().await?;
        Ok(Response::new(pb::ListTenantsResponse { tenants, paused }))
    }

    async fn set_tenant(
        &self,
        request: Request<pb::SetTenantRequest>,
    ) -> Result<Response<pb::SetTenantResponse>, Status> {
        let pb::SetTenantRequest { tenant, owner, quota } = request.into_inner();
        let tenant = convert::tenant(&tenant.ok_or_else(|| invalid("tenant", "must be set"))?)?;
        let quota = quota.map(convert::quota).transpose()?;
        let owner = owner.map(convert::owner).transpose()?;
        self.farm
            .set_tenant(&tenant, owner.as_deref(), quota.as_ref())
            .await?;
        Ok(Response::new(pb::SetTenantResponse {}))
    }

    async fn overview(
        &self,
        request: Request<pb::OverviewRequest>,
    ) -> Result<Response<pb::OverviewResponse>, Status> {
        let batches = convert::overview::limit(request.into_inner())?;
        Ok(Response::new(self.farm.overview(batches).await?.into()))
    }

    async fn collect_garbage(
        &self,
        request: Request<pb::CollectGarbageRequest>,
    ) -> Result<Response<pb::CollectGarbageResponse>, Status> {
        let (farm, is_dry_run) = (self.farm.clone(), request.into_inner().dry_run);
        // On its own: a caller that goes away does not interrupt it.
        let collected = tokio::spawn(async move { farm.collect(is_dry_run).await })
            .await
            .map_err(FarmError::from)??;
        Ok(Response::new(collected.into()))
    }
}
