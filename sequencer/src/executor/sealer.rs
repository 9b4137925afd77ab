//! Seals closed batches on a thread of its own, so that nobody waits for it.
//!
//! A crash loses nothing: the log holds what the batches were made of, and where they were closed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc as blocking,
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use ashlar_contracts::DataMode;
use ashlar_protocol::Step;
use ashlar_statement::{
    Application, ClosedBatch, application::WitnessOf, hash::F, state::StateChanges, witness_to_bytes,
};
use plonky2::field::types::PrimeField64;
use tokio::sync::mpsc;

use super::{
    ExecutorError,
    open_batch::{Counts, Steps},
    unsealed::Unsealed,
};
use crate::{
    changes::Changes,
    store::{BatchRecord, BatchStatus, NewBatch, Operation, Place, ReceiptRecord, StepRecord, Store},
};

/// Batches that are closed and not stored, at most: each holds its witnesses, some 3 KiB an operation.
pub(super) const MAX_CLOSED: usize = 4;

/// Who answers users goes first: sealing has until the prover is free.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// A batch on its way to the store.
pub(super) struct Job<A: Application> {
    pub number: u64,
    pub closed: ClosedBatch<WitnessOf<A>>,
    pub changes: Arc<StateChanges>,
    pub receipts: Vec<([u8; 32], ReceiptRecord)>,
    pub operations: Vec<(Place, Operation)>,
    pub counts: Counts,
    /// Minutes since 1970.
    pub time: u32,
    pub sealed_to: u64,
    pub steps: Steps,
}

/// The sealing thread, as the executor sees it.
pub(super) struct Sealer<A: Application> {
    jobs: Option<blocking::SyncSender<Job<A>>>,
    stored: mpsc::Receiver<Result<u64, ExecutorError>>,
    in_flight: usize,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl<A: Application> Sealer<A> {
    /// Starts the thread.
    pub fn start(
        store: Arc<Store>,
        unsealed: Arc<Unsealed>,
        changes: Changes,
        data: DataMode,
    ) -> Result<Self, ExecutorError> {
        let (jobs, queue) = blocking::sync_channel::<Job<A>>(MAX_CLOSED);
        let (results, stored) = mpsc::channel(MAX_CLOSED);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let work = move || {
            step_back();
            while let Ok(job) = queue.recv() {
                if stopped.load(Ordering::Relaxed) {
                    return; // the log has it
                }
                let outcome = seal(job, data, &store, &unsealed);
                let ended = outcome.is_err();
                changes.notify();
                if results.blocking_send(outcome).is_err() || ended {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("sealer".into()).spawn(work);
        Ok(Self {
            jobs: Some(jobs),
            stored,
            in_flight: 0,
            stop,
            thread: Some(thread.map_err(ExecutorError::Thread)?),
        })
    }

    /// Whether another batch may be closed.
    pub fn has_room(&self) -> bool {
        self.in_flight < MAX_CLOSED
    }

    /// Batches that are closed and not stored.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Hands over a closed batch; the caller has seen that there is room.
    pub fn push(&mut self, job: Job<A>) {
        self.in_flight += 1;
        if let Some(jobs) = &self.jobs {
            // If the thread has ended, its error waits in `stored`.
            let _ = jobs.try_send(job);
        }
    }

    /// The next batch that was stored, or why none is.
    pub async fn stored(&mut self) -> Result<u64, ExecutorError> {
        let outcome = self
            .stored
            .recv()
            .await
            .unwrap_or(Err(ExecutorError::SealerPanicked));
        self.in_flight = self.in_flight.saturating_sub(1);
        outcome
    }
}

impl<A: Application> Drop for Sealer<A> {
    /// Waits for the batch in hand, and leaves the others to the next start.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.jobs = None;
        self.stored.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // a panic was reported where it happened
        }
    }
}

/// Lowers this thread's priority, which Linux keeps by thread.
fn step_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "sealing at the usual priority");
    }
}

fn seal<A: Application>(
    job: Job<A>,
    data: DataMode,
    store: &Store,
    unsealed: &Unsealed,
) -> Result<u64, ExecutorError> {
    let (start, number, steps) = (Instant::now(), job.number, &job.steps);
    let failed = |source| ExecutorError::Seal { number, source };
    let sealed = match data {
        DataMode::Calldata => job
            .closed
            .seal(number, job.time)
            .map_err(|error| failed(error.into())),
        DataMode::Blob => {
            ashlar_publication::seal(job.closed, number, job.time).map_err(|error| failed(error.into()))
        }
        DataMode::Validium => {
            ashlar_committee::seal(job.closed, number, job.time).map_err(|error| failed(error.into()))
        }
    }?;
    let chunks: Vec<_> = sealed.chunks.iter().map(witness_to_bytes).collect();
    let peak_rss_bytes = ashlar_report::memory::peak_bytes().unwrap_or(0);
    let step = |step: Step, time: Duration| StepRecord {
        name: step.name().to_owned(),
        micros: time.as_micros() as u64,
        peak_rss_bytes,
    };
    let record = BatchRecord {
        number,
        status: BatchStatus::Sealed,
        public_inputs: sealed
            .public_inputs
            .to_vec()
            .iter()
            .map(F::to_canonical_u64)
            .collect(),
        bridge: sealed.bridge,
        rollup: sealed.rollup,
        chunks: chunks.len() as u32,
        transactions: job.receipts.iter().map(|(id, _)| *id).collect(),
        l1_operations: job.counts.l1_operations,
        first_l1_operation: job.counts.first_l1_operation,
        withdrawals: job.counts.withdrawals,
        transfers: job.counts.transfers,
        header: None,
        commit: None,
        prove: None,
        snark_bytes: 0,
        proven_seen_at: None,
        failure: None,
        steps: vec![
            step(Step::Admit, steps.admit),
            step(Step::Order, steps.order),
            step(Step::Execute, steps.execute),
            step(Step::Seal, start.elapsed()),
        ],
    };
    let batch = NewBatch {
        record,
        chunks,
        receipts: job.receipts,
        operations: job.operations,
        changes: &job.changes,
        sealed_to: job.sealed_to,
    };
    store.seal(&batch)?;
    unsealed.remove(batch.receipts.iter().map(|(id, _)| id));
    tracing::info!(batch = number, operations = batch.receipts.len(), "sealed");
    Ok(number)
}
