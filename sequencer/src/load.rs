//! How far proving lags behind sealing, and what it costs: what admission goes by.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ashlar_protocol::Step;
use ashlar_report::Chain;
use tokio_util::sync::CancellationToken;

use crate::{
    changes::Changes,
    store::{BatchRecord, Store, StoreError},
};

/// Proven batches that the cost of proving is taken from.
const MEASURED_BATCHES: u64 = 8;
/// Pause between two looks though nothing is heard of.
const INTERVAL: Duration = Duration::from_secs(10);

/// What was found at the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    /// Sealed batches without a proof on L1.
    pub unproven: u64,
    /// Seconds that provers needed for an operation, over the latest proven batches.
    pub seconds_per_operation: Option<f64>,
}

/// The latest measurement, shared.
#[derive(Clone, Debug, Default)]
pub struct Load(Arc<Mutex<Measured>>);

impl Load {
    /// The latest measurement.
    pub fn now(&self) -> Measured {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks again whenever a batch moves, until `shutdown`.
    pub async fn follow(self, store: Arc<Store>, changes: Changes, shutdown: CancellationToken) {
        let mut news = changes.subscribe();
        loop {
            match measure(&store) {
                Ok(found) => *self.0.lock().unwrap_or_else(PoisonError::into_inner) = found,
                Err(error) => tracing::error!(error = %Chain(&error), "load: state database"),
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = news.changed() => {}
                () = tokio::time::sleep(INTERVAL) => {}
            }
        }
    }
}

fn measure(store: &Store) -> Result<Measured, StoreError> {
    let (first_unproven, next) = (store.first_unproven()?, store.next_batch()?);
    let (mut seconds, mut operations) = (0.0, 0);
    for number in first_unproven.saturating_sub(MEASURED_BATCHES).max(1)..first_unproven {
        // One that was rebuilt from L1 was measured elsewhere.
        if let Some(batch) = store.batch(number)?.filter(|batch| !batch.steps.is_empty()) {
            seconds += proving_seconds(&batch);
            operations += batch.transactions.len();
        }
    }
    Ok(Measured {
        unproven: next - first_unproven,
        seconds_per_operation: (operations > 0).then(|| seconds / operations as f64),
    })
}

/// Prover seconds of a batch, all jobs together.
fn proving_seconds(batch: &BatchRecord) -> f64 {
    let is_proving = |name: &str| match Step::from_name(name) {
        Some(
            Step::ProveChunk
            | Step::Lift
            | Step::Fold
            | Step::Link
            | Step::Join
            | Step::Compress
            | Step::Wrap,
        ) => true,
        Some(Step::Admit | Step::Order | Step::Execute | Step::Seal | Step::Commit | Step::Settle) | None => {
            false
        }
    };
    let proving = batch.steps.iter().filter(|step| is_proving(&step.name));
    proving.map(|step| step.micros as f64 / 1e6).sum()
}
