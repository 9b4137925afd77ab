//! Has every sealed batch proven by the farm.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, SystemTime},
};

use ashlar_blob::stream::job_input;
use ashlar_identity::grpc::Link;
use ashlar_proto::farm::v1::{BatchStatus, JobKind, JobState};
use ashlar_protocol::Step;
use ashlar_report::{Chain, chain};
use ashlar_traces::{Context, Traces};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{accounting, update, wait};
use crate::{
    changes::Changes,
    demand::Demand,
    exit_mode::ExitMode,
    farm::{Account, FarmClient, FarmError},
    progress::{BatchJobs, Progress, STEPS},
    retry::Retry,
    store::{Store, StoreError},
};

/// Batches that are at the farm at once; the rest waits in the database.
const MAX_BATCHES_AT_FARM: usize = 8;
/// Longest pause before a farm that is away is asked again.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What proving needs.
#[derive(Clone, Debug)]
pub struct Proving {
    /// Batches, witnesses and SNARKs.
    pub store: Arc<Store>,
    /// Who hears of it.
    pub changes: Changes,
    /// What is still to do.
    pub progress: Progress,
    /// The coordinator.
    pub farm: Link,
    /// Whose batches they are there, and which circuits prove them.
    pub account: Account,
    /// Pause before a farm that is away is asked again.
    pub interval: Duration,
    /// Where it is told how long each batch was at the farm.
    pub traces: Traces,
    /// Batches that are to be proven.
    pub demand: Demand,
    /// In exit mode no further batch is given to the farm: its proof would be good for nothing.
    pub exit_mode: ExitMode,
}

#[derive(Debug, thiserror::Error)]
enum ProvingError {
    #[error(transparent)]
    Farm(#[from] FarmError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Proving {
    /// Runs until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut changes = self.changes.subscribe();
        let mut at_farm = BTreeSet::new();
        let mut tasks = JoinSet::new();
        let mut told = 0;
        loop {
            if let Err(error) = self.tell(&mut told).await {
                tracing::debug!(error = %Chain(&error), "the farm keeps settled batches until it hears of them");
            }
            match self.waiting(&at_farm) {
                Ok(numbers) => {
                    for number in numbers {
                        at_farm.insert(number);
                        let (proving, shutdown) = (self.clone(), shutdown.clone());
                        tasks.spawn(async move {
                            proving.prove(number, shutdown).await;
                            number
                        });
                    }
                }
                Err(error) => tracing::error!(error = %Chain(&error), "proving: state database"),
            }
            tokio::select! {
                more = wait(&mut changes, self.interval, &shutdown) => if !more { break },
                Some(done) = tasks.join_next(), if !tasks.is_empty() => {
                    if let Ok(number) = done {
                        at_farm.remove(&number);
                    }
                }
            }
        }
        tasks.shutdown().await;
    }

    /// Tells the farm which batches are proven on L1, and what they came to, if there is more than it was `told`.
    async fn tell(&self, told: &mut u64) -> Result<(), ProvingError> {
        let through = self.store.first_unproven()?.saturating_sub(1);
        let mut news = accounting::news(&self.store, through)?;
        while through > *told || !news.is_empty() {
            let last = news.last().map(|batch| batch.number);
            let mut farm = FarmClient::connect(&self.farm, self.account.clone()).await?;
            farm.settle(through, news).await?;
            *told = through;
            if let Some(last) = last {
                self.store.set_accounted(last)?;
            }
            news = accounting::news(&self.store, through)?;
        }
        Ok(())
    }

    /// Sealed batches without a SNARK that are wanted and not at the farm, oldest first; none in exit mode.
    fn waiting(&self, at_farm: &BTreeSet<u64>) -> Result<Vec<u64>, StoreError> {
        if self.exit_mode.is_entered() {
            return Ok(Vec::new());
        }
        let free = MAX_BATCHES_AT_FARM.saturating_sub(at_farm.len());
        let mut numbers = Vec::new();
        for number in self.store.first_unproven()?..self.store.next_batch()? {
            if numbers.len() == free {
                break;
            }
            if self.demand.wants(number) && !at_farm.contains(&number) && self.store.snark(number)?.is_none()
            {
                numbers.push(number);
            }
        }
        Ok(numbers)
    }

    /// Keeps asking until the batch has its SNARK.
    async fn prove(&self, number: u64, shutdown: CancellationToken) {
        let mut retry = Retry::new("proving", (self.interval, LONGEST_PAUSE.max(self.interval)));
        let start = SystemTime::now();
        while !shutdown.is_cancelled() {
            let attempt = tokio::select! {
                () = shutdown.cancelled() => return,
                attempt = self.attempt(number, start) => attempt,
            };
            let error = match attempt {
                Ok(()) => return,
                Err(error) => error,
            };
            let reason = chain(&error);
            let pause = retry.failed(&format!("batch {number}: {reason}"));
            let lasting = matches!(&error, ProvingError::Farm(farm) if !farm.is_transient());
            if lasting && let Err(error) = self.note_failure(number, reason) {
                tracing::error!(error = %Chain(&error), "proving: state database");
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Writes down why a batch is not proven, unless that stands there already.
    fn note_failure(&self, number: u64, reason: String) -> Result<(), StoreError> {
        let noted = self.store.batch(number)?.and_then(|batch| batch.failure);
        if noted.as_ref() != Some(&reason) {
            update(&self.store, &self.changes, number, |batch| {
                batch.failure = Some(reason)
            })?;
        }
        Ok(())
    }

    async fn attempt(&self, number: u64, start: SystemTime) -> Result<(), ProvingError> {
        let mut farm = FarmClient::connect(&self.farm, self.account.clone()).await?;
        let content = farm
            .submit(number, self.store.chunks(number)?, self.blob(number)?)
            .await?;
        // Jobs that were done before this call are measured too, each once.
        let mut measured = BTreeSet::new();
        let proven = farm
            .follow(number, |status| self.hear(status, &mut measured))
            .await;
        self.progress.forget(number);
        let proven = proven?;
        if let Ok(content) = content[..].try_into() {
            // The root: what farm and workers tell of the batch lies below it.
            let root = self.traces.begin("batch", Context::root(content), None);
            drop(root.since(start).with("batch", number));
        }
        self.store.put_snark(number, &proven.snark)?;
        update(&self.store, &self.changes, number, |batch| {
            batch.failure = None;
            batch.snark_bytes = proven.snark.len() as u64;
            // A SNARK that is fetched again brings the same runs again.
            batch
                .steps
                .retain(|step| !proven.steps.iter().any(|run| run.name == step.name));
            batch.steps.extend(proven.steps);
        })?;
        tracing::info!(
            batch = number,
            bytes = proven.snark.len(),
            "batch proven by the farm"
        );
        Ok(())
    }

    /// The rollup stream of a batch that is linked to a blob, as the farm takes it.
    fn blob(&self, number: u64) -> Result<Option<Vec<u8>>, StoreError> {
        match self.store.batch(number)? {
            Some(batch) if batch.public_inputs()?.is_linked() => Ok(Some(job_input(&batch.rollup))),
            _ => Ok(None),
        }
    }

    fn hear(&self, status: &BatchStatus, measured: &mut BTreeSet<u64>) {
        let mut jobs = BatchJobs::default();
        for job in &status.jobs {
            let Some((kind, step)) = step(job.kind()) else {
                continue; // of a later version
            };
            jobs[kind].total += 1;
            match job.state() {
                JobState::Done => {
                    jobs[kind].done += 1;
                    if measured.insert(job.job_id) && !job.steps.is_empty() {
                        self.progress
                            .measured(step, job.steps.iter().map(|step| step.seconds).sum());
                    }
                }
                JobState::Leased => jobs[kind].running += 1,
                JobState::Unspecified | JobState::Blocked | JobState::Ready | JobState::Poisoned => {}
            }
        }
        self.progress.note(status.number, jobs);
    }
}

/// The step of a kind of job, and its place in [`STEPS`].
fn step(kind: JobKind) -> Option<(usize, Step)> {
    let step = match kind {
        JobKind::Unspecified => return None,
        JobKind::Chunk => Step::ProveChunk,
        JobKind::Fold => Step::Fold,
        JobKind::Compress => Step::Compress,
        JobKind::Wrap => Step::Wrap,
    };
    STEPS.iter().position(|of| *of == step).map(|kind| (kind, step))
}
