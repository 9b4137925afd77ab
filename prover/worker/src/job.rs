//! One job from its beginning to its delivery, and what becomes of its lease.

use std::time::Duration;

use tokio_util::sync::DropGuard;
use tonic::Status;

use crate::{
    ahead::Ready,
    begun::Begun,
    lease::Lease,
    metrics::JobResult,
    renewal::Renewal,
    runner::{JobOutput, RunError, run_on_thread},
    worker::Worker,
};

impl Worker {
    /// Does one job and sees to its lease. Drops `proving` when the job has no thread any more.
    pub async fn work(self, job: Ready, begun: Begun, proving: DropGuard) {
        let Ready {
            lease,
            inputs,
            renewal,
        } = job;
        let (id, kind) = (lease.job_id, lease.kind);
        tracing::info!(batch = lease.batch, job = id, %kind, "proving");
        let mut counted = self.config.metrics.begin(kind);
        let mut span = lease.span.map(|span| self.config.traces.span("prove", span));
        let mut thread = Box::pin(run_on_thread(self.runner.clone(), kind, inputs, begun.clone()));
        let proved = tokio::select! {
            biased;
            () = self.give_up.cancelled() => None,
            proved = &mut thread => Some(proved),
            () = begun.is_withdrawn() => {
                tracing::info!(job = id, "its lease goes back before its turn");
                drop((counted, span));
                self.hand_back(&lease, renewal).await;
                // What it has made ready is in memory until its turn comes.
                self.give_up.run_until_cancelled(thread).await;
                return;
            }
        };
        counted.proving_ended();
        drop(proving);
        let Some(proved) = proved else {
            tracing::warn!(job = id, "told to stop: handing the lease back");
            return self.hand_back(&lease, renewal).await;
        };
        match &proved {
            Ok(output) if output.waited > Duration::ZERO => {
                counted.waited(output.waited);
                span = span.map(|span| span.with("waited_ms", output.waited.as_millis() as u64));
            }
            Ok(_) => {}
            Err(error) => span.iter_mut().for_each(|span| span.fail(&error.message)),
        }
        drop(span);
        let delivered = self.deliver(&lease, proved);
        match self.give_up.run_until_cancelled(delivered).await {
            Some(Ok(result)) => counted.end(result),
            Some(Err(status)) => {
                tracing::error!(job = id, %status, "the coordinator does not take the result");
                self.queue.release(&lease).await;
            }
            None => {
                tracing::warn!(job = id, "told to stop: handing the lease back");
                self.hand_back(&lease, renewal).await;
            }
        }
    }

    async fn hand_back(&self, lease: &Lease, renewal: Renewal) {
        let is_lost = renewal.lost().is_cancelled();
        drop(renewal); // or it would find the lease lost
        if !is_lost {
            self.queue.release(lease).await;
        }
    }

    async fn deliver(&self, lease: &Lease, proved: Result<JobOutput, RunError>) -> Result<JobResult, Status> {
        match proved {
            Ok(output) => {
                let _delivering = lease.span.map(|span| self.config.traces.span("deliver", span));
                if output.fallback.is_some() {
                    self.config.metrics.fell_back();
                }
                let is_good = self.queue.complete(lease, output).await?;
                Ok(if is_good {
                    JobResult::Proved
                } else {
                    JobResult::Failed
                })
            }
            Err(error) => {
                tracing::error!(
                    job = lease.job_id,
                    retryable = error.retryable,
                    error = error.message,
                    "proving failed"
                );
                self.queue.fail(lease, &error.message, error.retryable).await?;
                Ok(JobResult::Failed)
            }
        }
    }
}
