//! The lease loop.

use std::sync::Arc;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use crate::{
    config::WorkerConfig,
    error::WorkerError,
    lease::Lease,
    metrics::JobResult,
    queue::Queue,
    renewal::Renewal,
    runner::{JobRunner, run_on_thread},
};

/// Works until `stop` is requested. Then no further job is taken; the present one gets `drain_timeout` to finish
/// and is handed back after that. Its proving thread cannot be interrupted and ends with the process.
///
/// # Errors
/// [`WorkerError`] if the coordinator refuses this worker. One that is away is waited for.
pub async fn run(
    config: WorkerConfig,
    runner: Arc<dyn JobRunner>,
    stop: CancellationToken,
) -> Result<(), WorkerError> {
    let mut queue = Queue::new(config.clone());
    while let Some(lease) = queue.next(&stop).await? {
        tracing::info!(batch = lease.batch, job = lease.job_id, kind = %lease.kind, "proving");
        let job = config.metrics.begin(lease.kind);
        let _renewal = Renewal::start(&config.coordinator, &lease).map_err(WorkerError::RenewalThread)?;
        let patience = async {
            stop.cancelled().await;
            sleep(config.drain_timeout).await;
        };
        tokio::select! {
            result = work(&queue, &lease, runner.clone(), &config) => match result {
                Ok(result) => job.end(result),
                Err(status) => {
                    tracing::error!(job = lease.job_id, %status, "the coordinator does not take the result");
                    queue.release(&lease).await;
                }
            },
            () = patience => {
                tracing::warn!(job = lease.job_id, "told to stop: handing the lease back");
                queue.release(&lease).await;
            }
        }
    }
    Ok(())
}

/// Does one job and reports how it went.
async fn work(
    queue: &Queue,
    lease: &Lease,
    runner: Arc<dyn JobRunner>,
    config: &WorkerConfig,
) -> Result<JobResult, Status> {
    let span = |name| Some(config.traces.span(name, lease.span?));
    let fetching = span("fetch");
    let mut inputs = Vec::with_capacity(lease.inputs.len());
    for digest in &lease.inputs {
        match queue.fetch(*digest).await {
            Ok(bytes) => inputs.push(bytes),
            Err(status) if matches!(status.code(), Code::DataLoss | Code::NotFound) => {
                tracing::warn!(job = lease.job_id, %status, "an input is lost: handing the lease back");
                queue.release(lease).await;
                return Ok(JobResult::Released);
            }
            Err(status) => return Err(status),
        }
    }
    drop(fetching);
    let mut proving = span("prove");
    match run_on_thread(runner, lease.kind, inputs).await {
        Ok(output) => {
            drop(proving);
            let _delivering = span("deliver");
            if output.fallback.is_some() {
                config.metrics.fell_back();
            }
            let is_good = queue.complete(lease, output).await?;
            Ok(if is_good {
                JobResult::Proved
            } else {
                JobResult::Failed
            })
        }
        Err(error) => {
            if let Some(mut proving) = proving.take() {
                proving.fail(&error.message);
            }
            tracing::error!(
                job = lease.job_id,
                retryable = error.retryable,
                error = error.message,
                "proving failed"
            );
            queue.fail(lease, &error.message, error.retryable).await?;
            Ok(JobResult::Failed)
        }
    }
}
