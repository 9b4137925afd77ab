//! The worker's loop: one job is proved, the next is made ready, and what is proved is delivered, all at the same time.

use std::{
    collections::VecDeque,
    future::{pending, poll_fn},
    pin::Pin,
    sync::Arc,
    task::Poll,
};

use ashlar_proto::JobKind;
use tokio::{sync::watch, task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::{
    ahead::{self, Ready},
    begun::Begun,
    config::WorkerConfig,
    error::WorkerError,
    queue::Queue,
    runner::JobRunner,
};

/// Works until `stop` is requested, on at most one job more than [`WorkerConfig::prefetch`] at a time, delivery included.
/// While the present job has its turn on the cores, as the runner says, the next is begun, so that it is ready for its own.
/// On `stop` no further job is taken, and what was not begun, or waits for its first turn behind another, is handed back;
/// the others get `drain_timeout` to finish and are handed back after that. Their proving threads cannot be interrupted and
/// end with the process.
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
pub(crate) struct Worker {
    pub config: WorkerConfig,
    pub queue: Arc<Queue>,
    pub runner: Arc<dyn JobRunner>,
    /// What is not finished is handed back.
    pub give_up: CancellationToken,
}

/// A job that is begun and not proved yet.
struct UnderWay {
    begun: Begun,
    /// Cancelled when its lease is.
    lost: CancellationToken,
    /// Cancelled when it is proved.
    until: CancellationToken,
}

impl UnderWay {
    /// Ready when it is proved, or does not wait any more.
    async fn goes_on(&self) {
        tokio::select! {
            () = self.until.cancelled() => {}
            () = self.begun.has_left(), if self.begun.waits() => {}
        }
    }
}

/// Whether a job of this kind is begun now: alone, or beside one that has had its turn. Not so a wrap: it takes long, and
/// who has had only some of his turns would wait for all of it.
fn begins(kind: JobKind, under_way: &[UnderWay]) -> bool {
    match under_way {
        [] => true,
        [present] => kind != JobKind::Wrap && present.begun.has_entered(),
        _ => false,
    }
}

impl Worker {
    async fn run(self, stop: CancellationToken) -> Result<(), WorkerError> {
        let over = stop.child_token(); // takes no more jobs
        let (idle, is_idle) = watch::channel(true);
        let mut taking: Option<Taking> = None;
        let mut ready: VecDeque<Ready> = VecDeque::new();
        let mut under_way: Vec<UnderWay> = Vec::new(); // the present job, and one that is made ready
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
            under_way.retain(|job| !job.until.is_cancelled());
            for behind in under_way.iter().skip(1) {
                if over.is_cancelled() || behind.lost.is_cancelled() {
                    behind.begun.withdraw();
                }
            }
            if let Some(job) = ready.pop_front_if(|job| begins(job.lease.kind, &under_way)) {
                let next = UnderWay {
                    begun: Begun::default(),
                    lost: job.renewal.lost().clone(),
                    until: CancellationToken::new(),
                };
                begun.spawn(
                    self.clone()
                        .work(job, next.begun.clone(), next.until.clone().drop_guard()),
                );
                under_way.push(next);
            }
            idle.send_replace(under_way.is_empty());
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
            let behind = under_way.iter().skip(1).filter(|job| job.begun.waits());
            let can_be_lost = ready.iter().map(|job| job.renewal.lost());
            let can_be_lost: Vec<_> = can_be_lost.chain(behind.map(|job| &job.lost)).collect();
            let lost = can_be_lost.iter().map(|lost| Box::pin(lost.cancelled()));
            let goes_on = under_way.iter().map(|job| Box::pin(job.goes_on()));
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
                () = any(goes_on.collect()) => {}
                Some(_) = begun.join_next() => {}
                () = any(lost.collect()) => {}
                () = over.cancelled(), if !can_be_lost.is_empty() => {}
                () = &mut patience, if !self.give_up.is_cancelled() => self.give_up.cancel(),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn under_way(has_entered: bool) -> UnderWay {
        let begun = Begun::default();
        assert!(!has_entered || begun.enters());
        UnderWay {
            begun,
            lost: CancellationToken::new(),
            until: CancellationToken::new(),
        }
    }

    #[test]
    fn a_job_is_begun_alone_or_beside_one_in_its_turn_and_a_wrap_alone() {
        let two = [under_way(true), under_way(true)];
        for kind in JobKind::ALL {
            assert!(begins(kind, &[]), "{kind}");
            assert!(!begins(kind, &[under_way(false)]), "{kind}");
            assert_eq!(begins(kind, &two[..1]), kind != JobKind::Wrap, "{kind}");
            assert!(!begins(kind, &two), "{kind}");
        }
    }
}
