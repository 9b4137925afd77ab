use std::{pin::Pin, sync::Arc, time::Duration};

use ashlar_proto::{
    Digest,
    farm::v1::{self as pb, complete_request::Part, work_service_server},
    pieces,
};
use futures::{Stream, stream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use super::body::Body;
use crate::{
    convert::{self, MAX_LEASE_WAIT, invalid},
    error::FarmError,
    farm::Farm,
    model::{Capabilities, Completion, WorkerId},
};

pub struct WorkService {
    pub farm: Arc<Farm>,
    pub shutdown: CancellationToken,
}

impl WorkService {
    async fn receive(&self, mut parts: Streaming<pb::CompleteRequest>) -> Result<Completion, Status> {
        let Some(pb::CompleteRequest {
            part: Some(Part::Header(header)),
        }) = parts.message().await?
        else {
            return Err(invalid("header", "must be the first message").into());
        };
        let limit_bytes = self.farm.config().max_artifact_bytes;
        if header.size_bytes > limit_bytes {
            return Err(FarmError::TooLarge {
                what: "proof",
                limit_bytes,
            }
            .into());
        }
        let digest = convert::digest("digest", &header.digest)?;
        let key = convert::lease_key(header.job_id, header.fencing_token);
        let (steps, fallback) = (convert::steps(header.steps)?, header.fallback);
        let mut body = Body::new("proof", header.size_bytes);
        while let Some(part) = parts.message().await? {
            let Some(Part::Data(data)) = part.part else {
                return Err(invalid("part", "after the header only data may follow").into());
            };
            body.push(&data)?;
        }
        let proof = body.take();
        if Digest::of(&proof) != digest {
            let reason = format!("{} bytes arrived, which do not have this digest", proof.len());
            return Err(invalid("digest", reason).into());
        }
        Ok(Completion {
            key,
            proof,
            steps,
            fallback,
        })
    }
}

#[tonic::async_trait]
impl work_service_server::WorkService for WorkService {
    async fn register(
        &self,
        request: Request<pb::RegisterRequest>,
    ) -> Result<Response<pb::RegisterResponse>, Status> {
        let worker = Capabilities::try_from(request.into_inner())?;
        let id = self.farm.register(&worker).await?;
        Ok(Response::new(pb::RegisterResponse { worker_id: id.0 }))
    }

    async fn lease(&self, request: Request<pb::LeaseRequest>) -> Result<Response<pb::LeaseResponse>, Status> {
        let request = request.into_inner();
        let wait = Duration::from_millis(request.wait_ms.into()).min(MAX_LEASE_WAIT);
        let lease = self
            .farm
            .lease(WorkerId(request.worker_id), wait, &self.shutdown)
            .await?;
        Ok(Response::new(pb::LeaseResponse {
            lease: lease.map(TryInto::try_into).transpose()?,
        }))
    }

    type FetchArtifactStream = Pin<Box<dyn Stream<Item = Result<pb::ArtifactPiece, Status>> + Send>>;

    async fn fetch_artifact(
        &self,
        request: Request<pb::FetchArtifactRequest>,
    ) -> Result<Response<Self::FetchArtifactStream>, Status> {
        let digest = convert::digest("digest", &request.into_inner().digest)?;
        let bytes = self.farm.artifact(digest).await?;
        let stream = stream::iter(pieces(bytes).map(|data| Ok(pb::ArtifactPiece { data })));
        Ok(Response::new(Box::pin(stream)))
    }

    async fn renew(&self, request: Request<pb::RenewRequest>) -> Result<Response<pb::RenewResponse>, Status> {
        let pb::RenewRequest {
            job_id,
            fencing_token,
        } = request.into_inner();
        let expires_in_ms = self.farm.renew(convert::lease_key(job_id, fencing_token)).await?;
        Ok(Response::new(pb::RenewResponse { expires_in_ms }))
    }

    async fn complete(
        &self,
        request: Request<Streaming<pb::CompleteRequest>>,
    ) -> Result<Response<pb::CompleteResponse>, Status> {
        let completion = self.receive(request.into_inner()).await?;
        let outcome = self.farm.complete(completion).await?;
        Ok(Response::new(outcome.into()))
    }

    async fn fail(&self, request: Request<pb::FailRequest>) -> Result<Response<pb::FailResponse>, Status> {
        let pb::FailRequest {
            job_id,
            fencing_token,
            reason,
            retryable,
        } = request.into_inner();
        let counted = self
            .farm
            .fail(convert::lease_key(job_id, fencing_token), reason, retryable)
            .await?;
        Ok(Response::new(pb::FailResponse { counted }))
    }

    async fn release(
        &self,
        request: Request<pb::ReleaseRequest>,
    ) -> Result<Response<pb::ReleaseResponse>, Status> {
        let pb::ReleaseRequest {
            job_id,
            fencing_token,
        } = request.into_inner();
        let released = self
            .farm
            .release(convert::lease_key(job_id, fencing_token))
            .await?;
        Ok(Response::new(pb::ReleaseResponse { released }))
    }
}
