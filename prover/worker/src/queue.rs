//! The coordinator's calls, repeated as long as that can help.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ashlar_proto::{
    Bytes, Digest,
    farm::v1::{
        self as pb, complete_request::Part, complete_response::Outcome,
        work_service_client::WorkServiceClient,
    },
    pieces,
};
use ashlar_traces::{Context, TRACEPARENT};
use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Response, Status, transport::Channel};

use crate::{
    config::{Backend, WorkerConfig},
    error::WorkerError,
    lease::Lease,
    retry::Retry,
    runner::JobOutput,
};

type Client = WorkServiceClient<Channel>;

/// Longest that a call other than `Lease` may take. Delivering includes the coordinator's verification.
const CALL_TIMEOUT: Duration = Duration::from_secs(120);

/// What a call for a job gave.
enum Polled {
    Lease(pb::Lease, Option<Context>),
    Nothing,
    Drained,
}

/// The farm's queue of jobs, as one worker uses it.
#[derive(Debug)]
pub struct Queue {
    config: WorkerConfig,
    client: Client,
    session: Mutex<Option<Bytes>>,
    told: Mutex<Option<Backend>>,
}

impl Queue {
    /// Connects when first used.
    pub fn new(config: WorkerConfig) -> Self {
        let client = WorkServiceClient::new(config.coordinator.channel())
            .max_decoding_message_size(ashlar_proto::MAX_MESSAGE_BYTES);
        Self {
            config,
            client,
            session: Mutex::new(None),
            told: Mutex::new(None),
        }
    }

    /// The next job; `None` once `stop` is requested, or the operator drains this worker. While not `idle` it is asked for
    /// ahead, which must not wait for a job that an idle worker could do. Registers as needed, and waits for a coordinator
    /// that is away.
    pub async fn next(
        self: &Arc<Self>,
        mut idle: watch::Receiver<bool>,
        stop: &CancellationToken,
    ) -> Result<Option<Lease>, WorkerError> {
        let mut retry = Retry::new("lease a job", self.config.retry_delay);
        while !stop.is_cancelled() {
            let known = self.session().clone();
            let changed = *self.told() != Some(self.config.backend.borrow().clone());
            let session = match known {
                Some(session) if !changed => session,
                _ => match stop.run_until_cancelled(self.register(known)).await {
                    Some(Ok(Some(session))) => self.session().insert(session).clone(),
                    Some(Ok(None)) => {
                        self.unknown();
                        continue;
                    }
                    Some(Err(error)) => return Err(error),
                    None => break,
                },
            };
            let ahead = !*idle.borrow();
            let mut call = Box::pin(self.poll(session, ahead));
            let polled = tokio::select! {
                biased;
                polled = &mut call => polled,
                // The coordinator may be silent: stopping does not wait for it. Should it grant a lease at this very moment,
                // that expires, which costs the job nothing but the time.
                () = stop.cancelled() => break,
                // The call that says so ends this one. What this one was given at that very moment goes back.
                _ = idle.wait_for(|idle| *idle), if ahead => {
                    tokio::spawn(self.clone().decline(call));
                    continue;
                }
            };
            match polled {
                Ok(Polled::Nothing) => retry.answered(),
                Ok(Polled::Drained) => {
                    tracing::info!("the operator drains this worker: it ends");
                    break;
                }
                Ok(Polled::Lease(lease, _)) if stop.is_cancelled() => {
                    let lease = Lease::try_from(lease)?;
                    self.release(&lease).await;
                    self.config.metrics.released(lease.kind);
                    break;
                }
                Ok(Polled::Lease(lease, span)) => {
                    retry.answered();
                    let lease = Lease::try_from(lease)?;
                    return Ok(Some(Lease { span, ..lease }));
                }
                Err(status) if status.code() == Code::NotFound || is_transient(&status) => {
                    if status.code() == Code::NotFound {
                        self.unknown();
                    }
                    stop.run_until_cancelled(retry.pause(&status)).await;
                }
                Err(status) => return Err(refused("lease a job", status)),
            }
        }
        Ok(None)
    }

    fn session(&self) -> std::sync::MutexGuard<'_, Option<Bytes>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A lease with its span, if that is told.
    fn poll(
        &self,
        session: Bytes,
        ahead: bool,
    ) -> impl Future<Output = Result<Polled, Status>> + Send + use<> {
        let wait = self.config.lease_wait.min(Duration::from_secs(30));
        let request = pb::LeaseRequest {
            session,
            wait_ms: wait.as_millis() as u32,
            ahead,
        };
        let (mut client, coordinator) = (self.client.clone(), self.config.coordinator.clone());
        async move {
            let polled = answered(wait + Duration::from_secs(10), client.lease(request)).await;
            let response = polled.map_err(|status| coordinator.explain(status))?;
            let span = response.metadata().get(TRACEPARENT);
            let span = span.and_then(|text| Context::parse(text.to_str().ok()?));
            Ok(match response.into_inner() {
                pb::LeaseResponse {
                    lease: Some(lease), ..
                } => Polled::Lease(lease, span),
                pb::LeaseResponse { drained: true, .. } => Polled::Drained,
                pb::LeaseResponse { .. } => Polled::Nothing,
            })
        }
    }

    /// Hands back what a call gives that nobody waits for any more.
    async fn decline(self: Arc<Self>, call: impl Future<Output = Result<Polled, Status>>) {
        if let Ok(Polled::Lease(lease, _)) = call.await
            && let Ok(lease) = Lease::try_from(lease)
        {
            self.release(&lease).await;
            self.config.metrics.released(lease.kind);
        }
    }

    /// What the farm was last told that this worker computes on.
    fn told(&self) -> std::sync::MutexGuard<'_, Option<Backend>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new coordinator, which does not know the session: register again.
    fn unknown(&self) {
        *self.session() = None;
        self.config.metrics.readiness().set(false);
    }

    /// Registers, or says under a session that something changed. None if the session is not known any more.
    async fn register(&self, session: Option<Bytes>) -> Result<Option<Bytes>, WorkerError> {
        let WorkerConfig {
            name,
            circuit_set,
            kinds,
            ram_bytes,
            ..
        } = &self.config;
        let backend = self.config.backend.borrow().clone();
        let renewed = session.is_some();
        let request = pb::RegisterRequest {
            name: name.clone(),
            circuit_set_digest: (*circuit_set).into(),
            kinds: kinds.iter().map(|kind| pb::JobKind::from(*kind) as i32).collect(),
            backend: backend.name.clone(),
            ram_bytes: *ram_bytes,
            device: backend.device.clone(),
            fallback: backend.fallback.clone(),
            session: session.unwrap_or_default(),
        };
        let call = |mut client: Client| {
            let request = request.clone();
            async move { client.register(request).await }
        };
        let response = match self.persist("register", call).await {
            Ok(response) => response,
            Err(status) if renewed && status.code() == Code::NotFound => return Ok(None),
            Err(status) if !renewed && status.code() == Code::FailedPrecondition => {
                return Err(WorkerError::WrongCircuitSet(status.message().to_owned()));
            }
            Err(status) => return Err(refused("register this worker", status)),
        };
        tracing::info!(
            name,
            backend = backend.name,
            fallback = backend.fallback,
            "registered"
        );
        *self.told() = Some(backend);
        self.config.metrics.readiness().set(true);
        Ok(Some(response.session))
    }

    /// The bytes of an artifact, checked against its digest.
    pub async fn fetch(&self, digest: Digest) -> Result<Bytes, Status> {
        let call = |mut client: Client| async move {
            let request = pb::FetchArtifactRequest {
                digest: digest.into(),
            };
            let mut stream = client.fetch_artifact(request).await?.into_inner();
            let mut bytes = Vec::new();
            while let Some(piece) = stream.message().await? {
                bytes.extend_from_slice(&piece.data);
            }
            if Digest::of(&bytes) == digest {
                Ok(Response::new(Bytes::from(bytes)))
            } else {
                Err(Status::unavailable(format!(
                    "artifact {digest} was garbled on the way"
                )))
            }
        };
        self.persist("fetch an artifact", call).await
    }

    /// Delivers a proof. What became of it is the coordinator's business: accepted, ignored and rejected alike
    /// leave nothing more to do. Gives whether it was good.
    pub async fn complete(&self, lease: &Lease, output: JobOutput) -> Result<bool, Status> {
        let steps = output.steps.into_iter().map(|step| pb::StepTiming {
            name: step.name,
            seconds: step.seconds,
            peak_rss_bytes: step.peak_rss_bytes.unwrap_or(0),
            cpu_seconds: step.cpu_seconds,
            device_seconds: step.device_seconds,
        });
        let header = pb::CompletionHeader {
            job_id: lease.job_id,
            token: lease.token.clone(),
            digest: Digest::of(&output.bytes).into(),
            size_bytes: output.bytes.len() as u64,
            steps: steps.collect(),
            fallback: output.fallback.unwrap_or_default(),
        };
        let call = |mut client: Client| {
            let header = pb::CompleteRequest {
                part: Some(Part::Header(header.clone())),
            };
            let data = pieces(output.bytes.clone()).map(|data| pb::CompleteRequest {
                part: Some(Part::Data(data)),
            });
            let parts = tokio_stream::iter(std::iter::once(header).chain(data));
            async move { client.complete(parts).await }
        };
        let response = self.persist("deliver a proof", call).await?;
        let outcome = response.outcome();
        match outcome {
            Outcome::Accepted => tracing::info!(job = lease.job_id, "proof accepted"),
            Outcome::Rejected => {
                tracing::error!(job = lease.job_id, reason = response.reason, "proof rejected")
            }
            Outcome::Ignored | Outcome::Unspecified => {
                tracing::info!(job = lease.job_id, "job was done already")
            }
        }
        Ok(outcome != Outcome::Rejected)
    }

    /// Reports a failed attempt.
    pub async fn fail(&self, lease: &Lease, reason: &str, retryable: bool) -> Result<(), Status> {
        let call = |mut client: Client| {
            let request = pb::FailRequest {
                job_id: lease.job_id,
                token: lease.token.clone(),
                reason: reason.to_owned(),
                retryable,
            };
            async move { client.fail(request).await }
        };
        self.persist("report a failure", call).await?;
        Ok(())
    }

    /// Hands a lease back. One attempt: if it is lost, the lease expires by itself.
    pub async fn release(&self, lease: &Lease) {
        let request = pb::ReleaseRequest {
            job_id: lease.job_id,
            token: lease.token.clone(),
        };
        let mut client = self.client.clone();
        if let Err(status) = within(Duration::from_secs(5), client.release(request)).await {
            tracing::warn!(job = lease.job_id, %status, "lease not handed back; it will expire");
        }
    }

    /// Repeats a call until it is answered. The caller bounds the time by dropping it.
    async fn persist<T, Fut>(&self, action: &'static str, call: impl Fn(Client) -> Fut) -> Result<T, Status>
    where
        Fut: Future<Output = Result<Response<T>, Status>>,
    {
        let mut retry = Retry::new(action, self.config.retry_delay);
        loop {
            let answer = within(CALL_TIMEOUT, call(self.client.clone())).await;
            match answer.map_err(|status| self.config.coordinator.explain(status)) {
                Err(status) if is_transient(&status) => retry.pause(&status).await,
                result => {
                    retry.answered();
                    return result;
                }
            }
        }
    }
}

async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<T, Status> {
    answered(limit, call).await.map(Response::into_inner)
}

async fn answered<T>(
    limit: Duration,
    call: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<Response<T>, Status> {
    match timeout(limit, call).await {
        Ok(result) => result,
        Err(_) => Err(Status::deadline_exceeded(format!(
            "no answer within {} s",
            limit.as_secs()
        ))),
    }
}

fn refused(action: &'static str, status: Status) -> WorkerError {
    WorkerError::Refused {
        action,
        source: Box::new(status),
    }
}

/// Whether the same call may succeed later: the coordinator is away, overtaxed or in trouble, or the connection
/// broke (which tonic reports with several codes).
fn is_transient(status: &Status) -> bool {
    match status.code() {
        Code::Unavailable
        | Code::DeadlineExceeded
        | Code::Cancelled
        | Code::Unknown
        | Code::Aborted
        | Code::Internal => true,
        Code::Ok
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::DataLoss
        | Code::Unauthenticated => false,
    }
}
