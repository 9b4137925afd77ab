//! What works and what does not, as the standard health service tells it.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ashlar_identity::grpc::Link;
use ashlar_report::Chain;
use tokio_util::sync::CancellationToken;
use tonic::server::NamedService;
use tonic_health::{
    ServingStatus,
    pb::health_server::{Health, HealthServer},
    server::{HealthReporter, HealthService},
};

use crate::{
    exit_mode::{ExitMode, Outlook},
    farm::FarmClient,
    l1::L1Client,
};

/// Free space below which the disk is not ready: some of the largest batches with their witnesses.
const FREE_BYTES: u64 = 512 << 20;
/// Pause between two looks.
const INTERVAL: Duration = Duration::from_secs(5);
/// How long a part may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What `/healthz` says of a sequencer in exit mode.
const READING_ONLY: &str = "ready for reading only: the rollup is in exit mode, and no transaction is taken; see docs/operations.md, Exit mode";

/// What the sequencer needs to take transactions to their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// An L1 node that answers.
    L1,
    /// A farm that answers.
    Farm,
    /// Room on the disk of the databases.
    Disk,
    /// A rollup that takes batches: not in exit mode. It does not count for the whole: what is known can be read all the
    /// same, and a restart would not mend it.
    Settlement,
}

impl Part {
    /// All parts.
    pub const ALL: [Self; 4] = [Self::L1, Self::Farm, Self::Disk, Self::Settlement];

    /// The name it has in the health service.
    pub fn name(self) -> &'static str {
        match self {
            Self::L1 => "l1",
            Self::Farm => "farm",
            Self::Disk => "disk",
            Self::Settlement => "settlement",
        }
    }

    /// Whether the whole does not work without it.
    fn is_vital(self) -> bool {
        self != Self::Settlement
    }
}

/// Says what works. A part that nobody has looked at yet does not.
#[derive(Clone, Debug)]
pub struct Readiness {
    reporter: HealthReporter,
    ready: Arc<Mutex<[bool; Part::ALL.len()]>>,
    health: ashlar_metrics::Readiness,
}

impl Default for Readiness {
    fn default() -> Self {
        Self {
            reporter: HealthReporter::new(),
            ready: Arc::default(),
            health: ashlar_metrics::Readiness::default(),
        }
    }
}

fn status(ready: bool) -> ServingStatus {
    if ready {
        ServingStatus::Serving
    } else {
        ServingStatus::NotServing
    }
}

impl Readiness {
    /// One that tells `health`, too, whether all parts work.
    pub fn telling(health: ashlar_metrics::Readiness) -> Self {
        Self {
            health,
            ..Self::default()
        }
    }

    /// The gRPC service that tells it.
    pub fn service(&self) -> HealthServer<impl Health + use<>> {
        HealthServer::new(HealthService::from_health_reporter(self.reporter.clone()))
    }

    /// A service answers.
    pub async fn serving<S: NamedService>(&self) {
        self.reporter.set_serving::<S>().await;
    }

    /// Notes whether a part works; the whole does when all vital ones do.
    pub async fn set(&self, part: Part, is_ready: bool) {
        let (changed, all) = {
            let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
            let before = std::mem::replace(&mut ready[part as usize], is_ready);
            let mut vital = Part::ALL.into_iter().filter(|part| part.is_vital());
            (before != is_ready, vital.all(|part| ready[part as usize]))
        };
        if changed {
            tracing::info!(part = part.name(), is_ready, "readiness");
        }
        self.reporter
            .set_service_status(part.name(), status(is_ready))
            .await;
        self.reporter.set_service_status("", status(all)).await;
        self.health.set(all);
        if part == Part::Settlement {
            self.health.restrict((!is_ready).then_some(READING_ONLY));
        }
    }

    /// Whether a part works.
    pub fn is_ready(&self, part: Part) -> bool {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)[part as usize]
    }
}

/// Looks at every part, again and again.
#[derive(Debug)]
pub struct Watch {
    /// Who is told.
    pub readiness: Readiness,
    /// L1.
    pub l1: L1Client,
    /// The way to the farm.
    pub farm: Link,
    /// Folder of the databases.
    pub data_dir: PathBuf,
    /// Whether the rollup is in exit mode.
    pub exit_mode: ExitMode,
}

impl Watch {
    /// Runs until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut news = self.exit_mode.subscribe();
        loop {
            let looks = async {
                tokio::join!(
                    self.note(Part::L1, self.l1.head()),
                    self.note(Part::Farm, FarmClient::reach(&self.farm)),
                    self.note(Part::Disk, self.disk()),
                    self.note_exit_mode(),
                )
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = looks => {}
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(INTERVAL) => {}
                Ok(()) = news.changed() => {}
            }
        }
    }

    async fn note<T, E: std::error::Error + 'static>(
        &self,
        part: Part,
        look: impl Future<Output = Result<T, E>>,
    ) {
        let works = match tokio::time::timeout(PATIENCE, look).await {
            Ok(Ok(_)) => true,
            Ok(Err(error)) => {
                tracing::debug!(part = part.name(), error = %Chain(&error), "not ready");
                false
            }
            Err(_) => false,
        };
        self.readiness.set(part, works).await;
    }

    /// Nothing is said before L1 was asked.
    async fn note_exit_mode(&self) {
        let settles = match self.exit_mode.now() {
            Outlook::Unknown => return,
            Outlook::Open { .. } => true,
            Outlook::Entered { .. } => false,
        };
        self.readiness.set(Part::Settlement, settles).await;
    }

    async fn disk(&self) -> Result<(), DiskError> {
        let space = rustix::fs::statvfs(&self.data_dir).map_err(std::io::Error::from)?;
        let free = space.f_bavail.saturating_mul(space.f_frsize);
        if free < FREE_BYTES {
            return Err(DiskError::Full { free });
        }
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
enum DiskError {
    #[error("the data folder's file system does not answer")]
    Unreadable(#[from] std::io::Error),
    #[error("{free} bytes are free, {FREE_BYTES} are needed")]
    Full { free: u64 },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_part_is_ready_once_somebody_saw_it_work() {
        let health = ashlar_metrics::Readiness::default();
        let readiness = Readiness::telling(health.clone());
        for part in [Part::L1, Part::Farm, Part::Disk] {
            assert!(!readiness.is_ready(part) && !health.get());
            readiness.set(part, true).await;
        }
        assert!(health.get(), "all of them work");
        for settles in [false, true] {
            readiness.set(Part::Settlement, settles).await;
            assert!(health.get(), "what is known can be read");
            let text = health.restriction().unwrap_or_default();
            assert_eq!(text.contains("exit mode"), !settles, "{text}");
        }
        readiness.set(Part::Farm, false).await;
        assert!(!health.get());
        assert_eq!(
            Part::ALL.map(|part| readiness.is_ready(part)),
            [true, false, true, true]
        );
    }
}
