//! The worker's loop: one job is proved, the next is made ready, and what is proved is delivered, all at the same time.

use std::{
    collections::VecDeque,
    future::{pending, poll_fn},
    pin::Pin,
    sync::Arc,
    task::Poll,
};

use ashlar_proto::Bytes;
use tokio::{sync::watch, task::JoinSet, time::sleep};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::Status;

use crate::{
    ahead::{self, Ready},
    config::WorkerConfig,
    error::WorkerError,
    lease::Lease,
    metrics::{Job, JobResult},
    queue::Queue,
    runner::{JobRunner, run_on_thread},
};

/// Works until `stop` is requested, on at most one job more than [`WorkerConfig::prefetch`] at a time, delivery included.
/// Then no further job is taken and what was not begun is handed back; the present job gets `drain_timeout` to finish and is handed back after
/// that. Its proving thread cannot be interrupted and ends with the process.
///
/// # Errors
/// [`WorkerError`] if the coordinator refuses this worker. One that is away is waited for.
pub async fn run(
    config: WorkerConfig,
    runner: Arc<dyn JobRunner>,
    stop: CancellationToken,
) -> Result<(), WorkerError> {
    let worker = Worker {
        queue: Arc::new(Queue::new(config.clone())),
        config,
        runner,
        give_up: CancellationToken::new(),
    };
    worker.run(stop).await
}

type Taking = Pin<Box<dyn Future<Output = Result<Option<Ready>, WorkerError>> + Send>>;

#[derive(Clone)]
struct Worker {
    config: WorkerConfig,
    queue: Arc<Queue>,
    runner: Arc<dyn JobRunner>,
    /// What is not finished is handed back.
    give_up: CancellationToken,
}

impl Worker {
    async fn run(self, stop: CancellationToken) -> Result<(), WorkerError> {
        let over = stop.child_token(); // takes no more jobs
        let (idle, is_idle) = watch::channel(true);
        let mut taking: Option<Taking> = None;
        let mut ready: VecDeque<Ready> = VecDeque::new();
        let mut proving: Option<CancellationToken> = None; // until it is cancelled
        let mut begun = JoinSet::new();
        let mut failure = None;
        let mut patience = Box::pin(async {
            stop.cancelled().await;
            sleep(self.config.drain_timeout).await;
        });
        loop {
            if over.is_cancelled() {
                for Ready { lease, renewal, .. } in ready.drain(..) {
                    tracing::info!(
                        job = lease.job_id,
                        "no more jobs: handing back one that was not begun"
                    );
                    drop(renewal);
                    ahead::hand_back(&self.queue, &self.config, &lease).await;
                }
            }
            ready.retain(|job| {
                let lost = job.renewal.lost().is_cancelled();
                if lost {
                    self.config.metrics.released(job.lease.kind);
                }
                !lost
            });
            if proving.is_none()
                && let Some(job) = ready.pop_front()
            {
                let until = CancellationToken::new();
                begun.spawn(self.clone().work(job, until.clone().drop_guard()));
                proving = Some(until);
            }
            idle.send_replace(proving.is_none());
            if taking.is_none() && !over.is_cancelled() && ready.len() + begun.len() <= self.config.prefetch {
                let (queue, config) = (self.queue.clone(), self.config.clone());
                taking = Some(Box::pin(ahead::take(
                    queue,
                    config,
                    is_idle.clone(),
                    over.clone(),
                )));
            }
            if taking.is_none() && begun.is_empty() && over.is_cancelled() {
                return failure.map_or(Ok(()), Err);
            }
            let lost = ready.iter().map(|job| Box::pin(job.renewal.lost().cancelled()));
            let mut proved = proving.clone().map(|until| Box::pin(until.cancelled_owned()));
            tokio::select! {
                taken = present(&mut taking) => {
                    taking = None;
                    match taken {
                        Ok(job) => ready.extend(job),
                        Err(error) => {
                            failure = Some(error); // told when the present job is delivered
                            over.cancel();
                        }
                    }
                }
                () = present(&mut proved) => proving = None,
                Some(_) = begun.join_next() => {}
                () = any(lost.collect()) => {}
                () = over.cancelled(), if !ready.is_empty() => {}
                () = &mut patience, if !self.give_up.is_cancelled() => self.give_up.cancel(),
            }
        }
    }

    /// Does one job and sees to its lease. Drops `proving` when the next can begin.
    async fn work(self, job: Ready, proving: DropGuard) {
        let Ready {
            lease,
            inputs,
            renewal,
        } = job;
        let (id, kind) = (lease.job_id, lease.kind);
        tracing::info!(batch = lease.batch, job = id, %kind, "proving");
        let mut counted = self.config.metrics.begin(kind);
        let done = self.prove_and_deliver(&lease, inputs, proving, &mut counted);
        let Some(done) = self.give_up.run_until_cancelled(done).await else {
            tracing::warn!(job = id, "told to stop: handing the lease back");
            drop(renewal);
            return self.queue.release(&lease).await;
        };
        match done {
            Ok(result) => counted.end(result),
            Err(status) => {
                tracing::error!(job = id, %status, "the coordinator does not take the result");
                self.queue.release(&lease).await;
            }
        }
    }

    async fn prove_and_deliver(
        &self,
        lease: &Lease,
        inputs: Vec<Bytes>,
        until_proved: DropGuard,
        counted: &mut Job,
    ) -> Result<JobResult, Status> {
        let span = |name| Some(self.config.traces.span(name, lease.span?));
        let mut proving = span("prove");
        let proved = run_on_thread(self.runner.clone(), lease.kind, inputs).await;
        counted.proving_ended();
        drop(until_proved);
        match proved {
            Ok(output) => {
                drop(proving);
                let _delivering = span("deliver");
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
                if let Some(mut proving) = proving.take() {
                    proving.fail(&error.message);
                }
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

/// What is awaited, if anything is.
async fn present<F: Future + Unpin>(awaited: &mut Option<F>) -> F::Output {
    match awaited {
        Some(awaited) => awaited.await,
        None => pending().await,
    }
}

/// Ready when the first of these is.
async fn any<F: Future<Output = ()> + Unpin>(mut these: Vec<F>) {
    poll_fn(|context| {
        let ready = these.iter_mut().any(|one| Pin::new(one).poll(context).is_ready());
        if ready { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
