use std::{pin::Pin, sync::Arc, time::Duration};

use ashlar_proto::{
    Bytes, Digest,
    farm::v1::{self as pb, complete_request::Part, work_service_server},
    pieces,
};
use ashlar_traces::TRACEPARENT;
use futures::{Stream, stream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use super::{body::Body, caller_id, caller_name};
use crate::{
    budget::Held,
    convert::{self, MAX_LEASE_WAIT, invalid},
    error::FarmError,
    farm::{Farm, Granted},
    model::Completion,
};

pub struct WorkService {
    pub farm: Arc<Farm>,
    pub shutdown: CancellationToken,
}

impl WorkService {
    async fn receive(
        &self,
        request: Request<Streaming<pb::CompleteRequest>>,
    ) -> Result<(Completion, Held), Status> {
        let held = self.farm.budget().body(caller_name(request.extensions())?);
        let caller = caller(&request)?;
        let mut parts = request.into_inner();
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
        let claim = convert::claim(header.job_id, &header.token, caller)?;
        let (steps, fallback) = (convert::steps(header.steps)?, header.fallback);
        let mut body = Body::new("proof", header.size_bytes, held);
        while let Some(part) = parts.message().await? {
            let Some(Part::Data(data)) = part.part else {
                return Err(invalid("part", "after the header only data may follow").into());
            };
            body.push(&data)?;
        }
        let (proof, held) = body.finish();
        if Digest::of(&proof) != digest {
            let reason = format!("{} bytes arrived, which do not have this digest", proof.len());
            return Err(invalid("digest", reason).into());
        }
        let completion = Completion {
            claim,
            proof,
            steps,
            fallback,
        };
        Ok((completion, held))
    }
}

/// The worker that calls, where its certificate says so.
fn caller<T>(request: &Request<T>) -> Result<Option<String>, Status> {
    caller_id(request.extensions())
}

#[tonic::async_trait]
impl work_service_server::WorkService for WorkService {
    async fn register(
        &self,
        request: Request<pb::RegisterRequest>,
    ) -> Result<Response<pb::RegisterResponse>, Status> {
        let worker = convert::capabilities(caller(&request)?, request.into_inner())?;
        let session = self.farm.register(&worker).await?;
        let session = Bytes::copy_from_slice(session.as_bytes());
        Ok(Response::new(pb::RegisterResponse { session }))
    }

    async fn lease(&self, request: Request<pb::LeaseRequest>) -> Result<Response<pb::LeaseResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let session = convert::secret("session", &request.session)?;
        let wait = Duration::from_millis(request.wait_ms.into()).min(MAX_LEASE_WAIT);
        let granted = self
            .farm
            .lease(session, caller.as_deref(), (wait, request.ahead), &self.shutdown)
            .await?;
        let span = match &granted {
            Granted::Lease(lease) => Some(Farm::span_of(lease)),
            Granted::Nothing | Granted::Drained => None,
        };
        let (lease, drained) = match granted {
            Granted::Lease(lease) => (Some((*lease).try_into()?), false),
            Granted::Nothing => (None, false),
            Granted::Drained => (None, true),
        };
        let mut response = Response::new(pb::LeaseResponse { lease, drained });
        if let Some(text) = span.and_then(|span| span.traceparent().parse().ok()) {
            response.metadata_mut().insert(TRACEPARENT, text);
        }
        Ok(response)
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
        let caller = caller(&request)?;
        let pb::RenewRequest { job_id, token } = request.into_inner();
        let renewed = self.farm.renew(&convert::claim(job_id, &token, caller)?).await?;
        Ok(Response::new(pb::RenewResponse {
            expires_in_ms: renewed.expires_in_ms,
            drained: renewed.draining,
        }))
    }

    async fn complete(
        &self,
        request: Request<Streaming<pb::CompleteRequest>>,
    ) -> Result<Response<pb::CompleteResponse>, Status> {
        let (completion, _held) = self.receive(request).await?; // counted until it is verified and stored
        let outcome = self.farm.complete(completion).await?;
        Ok(Response::new(outcome.into()))
    }

    async fn fail(&self, request: Request<pb::FailRequest>) -> Result<Response<pb::FailResponse>, Status> {
        let caller = caller(&request)?;
        let pb::FailRequest {
            job_id,
            token,
            reason,
            retryable,
        } = request.into_inner();
        let counted = self
            .farm
            .fail(&convert::claim(job_id, &token, caller)?, reason, retryable)
            .await?;
        Ok(Response::new(pb::FailResponse { counted }))
    }

    async fn release(
        &self,
        request: Request<pb::ReleaseRequest>,
    ) -> Result<Response<pb::ReleaseResponse>, Status> {
        let caller = caller(&request)?;
        let pb::ReleaseRequest { job_id, token } = request.into_inner();
        let released = self
            .farm
            .release(&convert::claim(job_id, &token, caller)?)
            .await?;
        Ok(Response::new(pb::ReleaseResponse { released }))
    }
}
