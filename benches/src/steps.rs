//! CPU time of the steps of a proof, from the spans that our plonky2 prover enters.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tracing::{
    Event, Metadata, Subscriber,
    span::{Attributes, Id, Record},
    subscriber::DefaultGuard,
};

use crate::cpu_time;

/// CPU time of a step, over all threads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Name of its span.
    pub name: String,
    /// Mean over the proofs that were watched.
    pub cpu_seconds: f64,
}

/// Hears of steps on this thread while it lives.
pub struct Watch {
    steps: Arc<Mutex<Steps>>,
    _guard: DefaultGuard,
}

#[derive(Default)]
struct Steps {
    /// Name and time of each, in the order in which they were first entered.
    done: Vec<(&'static str, Duration)>,
    /// Names by number, from one on.
    names: Vec<&'static str>,
    entered: Vec<(u64, Duration)>,
}

struct Listener(Arc<Mutex<Steps>>);

impl Watch {
    /// Begins.
    pub fn start() -> Self {
        let steps = Arc::new(Mutex::new(Steps::default()));
        Self {
            _guard: tracing::subscriber::set_default(Listener(steps.clone())),
            steps,
        }
    }

    /// Steps of `proofs` proofs, as means.
    pub fn finish(self, proofs: usize) -> Vec<Step> {
        let steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        let means = steps.done.iter().map(|(name, time)| Step {
            name: (*name).to_owned(),
            cpu_seconds: time.as_secs_f64() / proofs as f64,
        });
        means.collect()
    }
}

impl Listener {
    fn with<T>(&self, act: impl FnOnce(&mut Steps) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
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
        self.with(|steps| steps.entered.push((span.into_u64(), cpu_time())));
    }

    fn exit(&self, span: &Id) {
        let now = cpu_time();
        self.with(|steps| {
            let Some(place) = steps.entered.iter().rposition(|(id, _)| *id == span.into_u64()) else {
                return;
            };
            let (id, start) = steps.entered.remove(place);
            let name = steps.names[id as usize - 1];
            let time = now - start;
            match steps.done.iter_mut().find(|(done, _)| *done == name) {
                Some((_, sum)) => *sum += time,
                None => steps.done.push((name, time)),
            }
        });
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}
}
