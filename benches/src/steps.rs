//! Times of the steps of a proof, from the spans that our plonky2 prover enters.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use tracing::{
    Event, Metadata, Subscriber,
    span::{Attributes, Id, Record},
    subscriber::DefaultGuard,
};

use crate::cpu_time;

/// Time of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Name of its span.
    pub name: String,
    /// CPU time over all threads, as a mean over the proofs that were watched.
    pub cpu_seconds: f64,
    /// Time from start to end, likewise; reports of before it was measured have none.
    #[serde(default)]
    pub seconds: f64,
}

/// Hears of steps on this thread while it lives.
pub struct Watch {
    steps: Arc<Mutex<Steps>>,
    _guard: DefaultGuard,
}

#[derive(Default)]
struct Steps {
    /// Name and time of each, in the order in which they were first entered.
    done: Vec<(&'static str, Spent)>,
    /// Names by number, from one on.
    names: Vec<&'static str>,
    entered: Vec<(u64, Spent)>,
}

/// Time since whenever.
#[derive(Clone, Copy)]
struct Spent {
    cpu: Duration,
    wall: Duration,
}

impl Spent {
    fn so_far(start: Instant) -> Self {
        Self {
            cpu: cpu_time(),
            wall: start.elapsed(),
        }
    }
}

struct Listener {
    steps: Arc<Mutex<Steps>>,
    start: Instant,
}

impl Watch {
    /// Begins.
    pub fn start() -> Self {
        let steps = Arc::new(Mutex::new(Steps::default()));
        let listener = Listener {
            steps: steps.clone(),
            start: Instant::now(),
        };
        Self {
            _guard: tracing::subscriber::set_default(listener),
            steps,
        }
    }

    /// Steps of `proofs` proofs, as means.
    pub fn finish(self, proofs: usize) -> Vec<Step> {
        let steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        let means = steps.done.iter().map(|(name, time)| Step {
            name: (*name).to_owned(),
            cpu_seconds: time.cpu.as_secs_f64() / proofs as f64,
            seconds: time.wall.as_secs_f64() / proofs as f64,
        });
        means.collect()
    }
}

impl Listener {
    fn with<T>(&self, act: impl FnOnce(&mut Steps) -> T) -> T {
        act(&mut self.steps.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.target() == ashlar_plonky2::STEPS
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.with(|steps| {
            steps.names.push(span.metadata().name());
            Id::from_u64(steps.names.len() as u64)
        })
    }

    fn enter(&self, span: &Id) {
        let now = Spent::so_far(self.start);
        self.with(|steps| steps.entered.push((span.into_u64(), now)));
    }

    fn exit(&self, span: &Id) {
        let now = Spent::so_far(self.start);
        self.with(|steps| {
            let Some(place) = steps.entered.iter().rposition(|(id, _)| *id == span.into_u64()) else {
                return;
            };
            let (id, start) = steps.entered.remove(place);
            let name = steps.names[id as usize - 1];
            let time = Spent {
                cpu: now.cpu - start.cpu,
                wall: now.wall - start.wall,
            };
            match steps.done.iter_mut().find(|(done, _)| *done == name) {
                Some((_, sum)) => {
                    sum.cpu += time.cpu;
                    sum.wall += time.wall;
                }
                None => steps.done.push((name, time)),
            }
        });
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}
}
