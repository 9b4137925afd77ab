//! What the farm has still to do for each batch that is there, and how long it may take.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use ashlar_protocol::Step;
use tokio::sync::watch;

/// The steps that are told: a chunk's job proves and lifts, which counts as one.
pub const STEPS: [Step; 4] = [Step::ProveChunk, Step::Fold, Step::Compress, Step::Wrap];
const KINDS: usize = STEPS.len();
/// The mean of a kind's times follows this many of its latest jobs.
const REMEMBERED: f64 = 32.0;

/// The jobs of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Jobs {
    /// Finished.
    pub done: u32,
    /// All of them.
    pub total: u32,
    /// A worker has them.
    pub running: u32,
}

/// The jobs of a batch, by [`STEPS`].
pub type BatchJobs = [Jobs; KINDS];

/// What is known of the batches at the farm, shared.
#[derive(Clone, Debug)]
pub struct Progress {
    state: Arc<Mutex<State>>,
    news: Arc<watch::Sender<u64>>,
}

#[derive(Debug, Default)]
struct State {
    batches: BTreeMap<u64, BatchJobs>,
    /// Mean seconds of a job, and how many it is of.
    measured: [Option<(f64, f64)>; KINDS],
    /// When the jobs were counted last.
    counted: Option<Instant>,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            state: Arc::default(),
            news: Arc::new(watch::Sender::new(0)),
        }
    }
}

impl Progress {
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn notify(&self) {
        self.news.send_modify(|count| *count += 1);
    }

    /// Hears of later changes.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// Notes a batch's jobs, as the farm tells them.
    pub fn note(&self, batch: u64, jobs: BatchJobs) {
        let is_news = self.with(|state| {
            state.counted = Some(Instant::now());
            state.batches.insert(batch, jobs) != Some(jobs)
        });
        if is_news {
            self.notify();
        }
    }

    /// The batch is not at the farm any more.
    pub fn forget(&self, batch: u64) {
        if self.with(|state| state.batches.remove(&batch)).is_some() {
            self.notify();
        }
    }

    /// Notes how long a job of a step (of [`STEPS`]) took.
    pub fn measured(&self, step: Step, seconds: f64) {
        let Some(kind) = STEPS.iter().position(|of| *of == step) else {
            return;
        };
        self.with(|state| {
            let (mean, count) = state.measured[kind].unwrap_or((0.0, 0.0));
            let count = (count + 1.0).min(REMEMBERED);
            state.measured[kind] = Some((mean + (seconds - mean) / count, count));
        });
    }

    /// The batch's jobs, while it is at the farm.
    pub fn jobs(&self, batch: u64) -> Option<BatchJobs> {
        self.with(|state| state.batches.get(&batch).copied())
    }

    /// Seconds until the farm is through with the batch, by the measured times of its kinds of jobs; `None` if it is not
    /// there, or a kind that is left was never measured.
    pub fn seconds_left(&self, batch: u64) -> Option<f64> {
        self.with(|state| {
            let counted = state.counted.filter(|_| state.batches.contains_key(&batch))?;
            let left = state.estimate(batch)?;
            Some((left - counted.elapsed().as_secs_f64()).max(0.0))
        })
    }
}

impl State {
    /// From when the jobs were counted.
    fn estimate(&self, batch: u64) -> Option<f64> {
        // The farm takes the oldest batch first.
        let ahead: Vec<_> = self.batches.range(..=batch).map(|(_, jobs)| jobs).collect();
        let running: u32 = self.batches.values().flatten().map(|jobs| jobs.running).sum();
        let mut seconds = 0.0;
        for (kind, step) in STEPS.iter().enumerate() {
            let left: u32 = ahead
                .iter()
                .map(|jobs| jobs[kind].total.saturating_sub(jobs[kind].done))
                .sum();
            if left == 0 {
                continue;
            }
            let (mean, _) = self.measured[kind]?;
            // Compress and wrap of one batch have nothing of it beside them.
            let side_by_side = match step {
                Step::ProveChunk | Step::Fold => running.max(1),
                _ => 1,
            };
            seconds += mean * f64::from(left) / f64::from(side_by_side);
        }
        Some(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs(done: [u32; KINDS], total: [u32; KINDS], running: u32) -> BatchJobs {
        let mut jobs: BatchJobs = std::array::from_fn(|kind| Jobs {
            done: done[kind],
            total: total[kind],
            running: 0,
        });
        jobs[0].running = running;
        jobs
    }

    #[test]
    fn the_time_left_is_unknown_until_every_kind_that_is_left_was_measured() {
        let progress = Progress::default();
        progress.note(1, jobs([1, 0, 0, 0], [4, 3, 1, 1], 2));
        for (step, seconds) in [(Step::ProveChunk, 10.0), (Step::Fold, 4.0), (Step::Compress, 3.0)] {
            progress.measured(step, seconds);
            assert_eq!(progress.seconds_left(1), None);
        }
        progress.measured(Step::Wrap, 20.0);
        let left = progress.seconds_left(1).expect("all are measured");
        assert!((43.0..=44.0).contains(&left), "{left}"); // 3 * 10 / 2 + 3 * 4 / 2 + 3 + 20
        assert_eq!(progress.seconds_left(2), None);
    }

    #[test]
    fn a_batch_waits_for_those_before_it_and_is_forgotten_when_it_is_done() {
        let progress = Progress::default();
        for step in STEPS {
            progress.measured(step, 5.0);
            progress.measured(step, 15.0);
        }
        let mut news = progress.subscribe();
        progress.note(1, jobs([1, 0, 0, 0], [1, 0, 1, 1], 0));
        assert!(news.has_changed().expect("alive"));
        news.mark_unchanged();
        progress.note(1, jobs([1, 0, 0, 0], [1, 0, 1, 1], 0));
        assert!(!news.has_changed().expect("alive"), "the same is no news");
        progress.note(2, jobs([0, 0, 0, 0], [1, 0, 1, 1], 1));
        let of = |batch| progress.seconds_left(batch).expect("measured").round();
        assert_eq!((of(1), of(2)), (20.0, 50.0));
        progress.forget(1);
        assert_eq!((progress.jobs(1), of(2)), (None, 30.0));
    }
}
