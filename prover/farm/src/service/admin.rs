use std::sync::Arc;

use ashlar_proto::farm::v1::{self as pb, admin_service_server};
use tonic::{Request, Response, Status};

use crate::{
    convert,
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
}
