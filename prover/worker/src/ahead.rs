//! A job before it is begun: leased, kept alive, its inputs fetched.

use std::sync::Arc;

use ashlar_proto::Bytes;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use crate::{config::WorkerConfig, error::WorkerError, lease::Lease, queue::Queue, renewal::Renewal};

/// A job that can be begun at once.
#[derive(Debug)]
pub struct Ready {
    pub lease: Lease,
    pub inputs: Vec<Bytes>,
    /// Keeps the lease until the job is delivered.
    pub renewal: Renewal,
}

/// Takes the next job and fetches what it needs. None if there will be no more, which cancels `over`; or if nothing came of
/// it, in which case the lease was handed back or lost, and another may be asked for.
pub async fn take(
    queue: Arc<Queue>,
    config: WorkerConfig,
    idle: watch::Receiver<bool>,
    over: CancellationToken,
) -> Result<Option<Ready>, WorkerError> {
    let Some(lease) = queue.next(idle, &over).await? else {
        over.cancel();
        return Ok(None);
    };
    let renewal = match Renewal::start(&config.coordinator, &lease, over.clone()) {
        Ok(renewal) => renewal,
        Err(error) => {
            hand_back(&queue, &config, &lease).await;
            return Err(WorkerError::RenewalThread(error));
        }
    };
    let fetched = tokio::select! {
        fetched = fetch(&queue, &config, &lease) => Some(fetched),
        () = over.cancelled() => None,
        () = renewal.lost().cancelled() => {
            config.metrics.released(lease.kind);
            return Ok(None);
        }
    };
    match fetched {
        Some(Ok(inputs)) => {
            return Ok(Some(Ready {
                lease,
                inputs,
                renewal,
            }));
        }
        Some(Err(status)) if matches!(status.code(), Code::DataLoss | Code::NotFound) => {
            tracing::warn!(job = lease.job_id, %status, "an input is lost: handing the lease back");
        }
        Some(Err(status)) => {
            tracing::error!(job = lease.job_id, %status, "the coordinator does not give an input");
        }
        None => {}
    }
    drop(renewal); // or it would find the lease lost
    hand_back(&queue, &config, &lease).await;
    Ok(None)
}

/// Gives up a job that was not begun.
pub async fn hand_back(queue: &Queue, config: &WorkerConfig, lease: &Lease) {
    queue.release(lease).await;
    config.metrics.released(lease.kind);
}

async fn fetch(queue: &Queue, config: &WorkerConfig, lease: &Lease) -> Result<Vec<Bytes>, Status> {
    let _fetching = lease.span.map(|span| config.traces.span("fetch", span));
    let mut inputs = Vec::with_capacity(lease.inputs.len());
    for digest in &lease.inputs {
        inputs.push(queue.fetch(*digest).await?);
    }
    Ok(inputs)
}
