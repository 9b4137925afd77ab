//! What a coordinator counts.
//!
//! Counters and times are recorded where something happens. What is the case now is in the store, which several
//! coordinators may share, and is shown as it was found at the last look: a [`Snapshot`].

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use ashlar_metrics::{Counter, Gauge, Histogram, Label, Registry, Source, Sum, names};
use ashlar_proto::JobKind;

use crate::model::{BatchState, Cost, JobState, LeaseEnding, SettledBatch, Tenant, collected::Collected};

/// States of jobs that are shown: those that are done are counted as they come.
const JOB_STATES: [(JobState, &str); 4] = [
    (JobState::Blocked, "blocked"),
    (JobState::Ready, "ready"),
    (JobState::Leased, "leased"),
    (JobState::Poisoned, "poisoned"),
];

const fn batch_state(state: BatchState) -> &'static str {
    match state {
        BatchState::Running => "running",
        BatchState::Failed => "failed",
        BatchState::Done => "done",
        BatchState::Cancelled => "cancelled",
    }
}

const ENDINGS: [LeaseEnding; 8] = [
    LeaseEnding::Completed,
    LeaseEnding::Failed,
    LeaseEnding::Expired,
    LeaseEnding::HandedBack,
    LeaseEnding::Rejected,
    LeaseEnding::Condemned,
    LeaseEnding::Superseded,
    LeaseEnding::Overtaken,
];

const fn ending_name(ending: LeaseEnding) -> &'static str {
    match ending {
        LeaseEnding::Completed => "completed",
        LeaseEnding::Failed => "failed",
        LeaseEnding::Expired => "expired",
        LeaseEnding::HandedBack => "handed_back",
        LeaseEnding::Rejected => "rejected",
        LeaseEnding::Condemned => "condemned",
        LeaseEnding::Superseded => "superseded",
        LeaseEnding::Overtaken => "overtaken",
    }
}

/// What the store is asked for, as its time is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A batch is written down.
    Submit,
    /// A worker registers.
    Register,
    /// A job is looked for and leased.
    Lease,
    /// A lease's deadline is moved.
    Renew,
    /// A proof is taken.
    Accept,
    /// An attempt ends without a proof.
    Fail,
    /// A lease is handed back.
    Release,
    /// Overdue leases end.
    Expire,
}

impl Operation {
    const ALL: [Self; 8] = [
        Self::Submit,
        Self::Register,
        Self::Lease,
        Self::Renew,
        Self::Accept,
        Self::Fail,
        Self::Release,
        Self::Expire,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Register => "register",
            Self::Lease => "lease",
            Self::Renew => "renew",
            Self::Accept => "accept",
            Self::Fail => "fail",
            Self::Release => "release",
            Self::Expire => "expire",
        }
    }
}

/// What is the case in the store.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// How many jobs of running batches there are of each state and kind; those that are done are left out.
    pub jobs: Vec<(JobState, JobKind, u64)>,
    /// How many batches of each state and tenant.
    pub batches: Vec<(BatchState, String, u64)>,
    /// How long the oldest job that could be leased has waited; `None` if there is none.
    pub oldest_ready: Option<Duration>,
    /// The workers.
    pub workers: Workers,
    /// Bytes of all stored witnesses and proofs.
    pub artifact_bytes: u64,
}

/// How many workers there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Workers {
    /// Heard of within `worker_ttl`.
    pub live: u64,
    /// Of these, kept from jobs of some kind.
    pub quarantined: u64,
    /// Of these, given no jobs by the operator's will.
    pub paused: u64,
    /// Of these, finishing what they have.
    pub draining: u64,
}

/// The instruments of a coordinator; all clones are one.
#[derive(Debug, Clone)]
pub struct FarmMetrics {
    jobs: Gauge<2>,
    done: Counter<1>,
    batches: Gauge<2>,
    queue: Gauge,
    workers: Gauge<1>,
    lease_seconds: Histogram,
    job_seconds: Histogram<1>,
    cpu_seconds: Sum<2>,
    device_seconds: Sum<2>,
    settled_transactions: Sum<1>,
    l1_gas: Sum<1>,
    attempts: Counter<2>,
    store: Histogram<1>,
    artifact_bytes: Gauge,
    collections: Counter<1>,
    retired: Counter,
    deleted_bytes: Counter,
    shown: Arc<AtomicBool>,
}

impl Default for FarmMetrics {
    fn default() -> Self {
        let kinds = JobKind::ALL.map(|kind| [kind.name()]);
        let attempts = JobKind::ALL
            .into_iter()
            .flat_map(|kind| ENDINGS.map(|ending| [kind.name(), ending_name(ending)]));
        Self {
            jobs: Gauge::new(names::FARM_JOBS),
            done: Counter::new(names::FARM_JOBS_DONE, kinds),
            batches: Gauge::new(names::FARM_BATCHES),
            queue: Gauge::new(names::FARM_QUEUE_SECONDS),
            workers: Gauge::new(names::FARM_WORKERS),
            lease_seconds: Histogram::new(names::FARM_LEASE_SECONDS, [[]]),
            job_seconds: Histogram::new(names::FARM_JOB_SECONDS, kinds),
            cpu_seconds: Sum::new(names::FARM_CPU_SECONDS),
            device_seconds: Sum::new(names::FARM_DEVICE_SECONDS),
            settled_transactions: Sum::new(names::FARM_SETTLED_TRANSACTIONS),
            l1_gas: Sum::new(names::FARM_L1_GAS),
            attempts: Counter::new(names::FARM_ATTEMPTS, attempts),
            store: Histogram::new(
                names::FARM_STORE_SECONDS,
                Operation::ALL.map(|operation| [operation.name()]),
            ),
            artifact_bytes: Gauge::new(names::FARM_ARTIFACT_BYTES),
            collections: Counter::new(names::FARM_COLLECTIONS, [["done"], ["failed"]]),
            retired: Counter::new(names::FARM_BATCHES_RETIRED, [[]]),
            deleted_bytes: Counter::new(names::FARM_DELETED_BYTES, [[]]),
            shown: Arc::default(),
        }
    }
}

impl FarmMetrics {
    /// A job was leased that could have been for so long.
    pub fn leased(&self, waited: Duration) {
        self.lease_seconds.observe([], waited);
    }

    /// A proof was accepted, so long after its lease. That lease's ending is another matter: it may have ended before.
    pub fn accepted(&self, kind: JobKind, after_lease: Duration) {
        self.done.count([kind.name()]);
        self.job_seconds.observe([kind.name()], after_lease);
    }

    /// What the accepted attempt at a job of this tenant cost.
    pub fn cost(&self, tenant: &Tenant, kind: JobKind, cost: Cost) {
        let labels = || [Label::from(tenant.to_string()), kind.name().into()];
        self.cpu_seconds.add(labels(), cost.cpu_seconds);
        self.device_seconds.add(labels(), cost.device_seconds);
    }

    /// A batch of this tenant is proven on its chain, as was told for the first time.
    pub fn settled(&self, tenant: &Tenant, batch: &SettledBatch) {
        let labels = || [Label::from(tenant.to_string())];
        self.settled_transactions.add(labels(), batch.transactions as f64);
        self.l1_gas.add(labels(), batch.l1_gas as f64);
    }

    /// A lease ended so.
    pub fn ended(&self, kind: JobKind, ending: LeaseEnding) {
        self.attempts.count([kind.name(), ending_name(ending)]);
    }

    /// A collection came to this, or failed.
    pub fn collected(&self, collected: Option<&Collected>) {
        let Some(collected) = collected else {
            self.collections.count(["failed"]);
            return;
        };
        self.collections.count(["done"]);
        self.retired.add([], collected.batches_retired);
        self.deleted_bytes.add([], collected.deleted.bytes);
    }

    /// The store is asked, until what this gives is dropped.
    pub fn time(&self, operation: Operation) -> StoreTime<'_> {
        StoreTime {
            metrics: self,
            operation,
            start: Instant::now(),
        }
    }

    /// Whether anybody reads them: what is the case need not be looked up for nobody.
    pub fn is_shown(&self) -> bool {
        self.shown.load(Ordering::Relaxed)
    }

    /// This is the case now. What is not in it is at zero, and batches of tenants without any are gone.
    pub fn show(&self, now: &Snapshot) {
        let mut jobs = BTreeMap::new();
        for (state, name) in JOB_STATES {
            for kind in JobKind::ALL {
                let found = now
                    .jobs
                    .iter()
                    .filter(|(of, kinds, _)| (*of, *kinds) == (state, kind));
                jobs.insert([name, kind.name()], found.map(|(.., count)| count).sum::<u64>());
            }
        }
        self.jobs.replace(
            jobs.into_iter()
                .map(|(values, count)| (values.map(Label::from), count as f64)),
        );
        let batches = now.batches.iter();
        self.batches.replace(batches.map(|(state, tenant, count)| {
            ([batch_state(*state).into(), tenant.clone().into()], *count as f64)
        }));
        self.queue
            .be(now.oldest_ready.map_or(0.0, |waited| waited.as_secs_f64()));
        let Workers {
            live,
            quarantined,
            paused,
            draining,
        } = now.workers;
        let workers = [
            ("live", live),
            ("quarantined", quarantined),
            ("paused", paused),
            ("draining", draining),
        ];
        self.workers
            .replace(workers.map(|(state, count)| ([state.into()], count as f64)));
        self.artifact_bytes.be(now.artifact_bytes as f64);
    }
}

impl Source for FarmMetrics {
    fn register(&self, registry: &mut Registry) {
        self.shown.store(true, Ordering::Relaxed);
        self.jobs.register(registry);
        self.done.register(registry);
        self.batches.register(registry);
        self.queue.register(registry);
        self.workers.register(registry);
        self.lease_seconds.register(registry);
        self.job_seconds.register(registry);
        self.cpu_seconds.register(registry);
        self.device_seconds.register(registry);
        self.settled_transactions.register(registry);
        self.l1_gas.register(registry);
        self.attempts.register(registry);
        self.store.register(registry);
        self.artifact_bytes.register(registry);
        self.collections.register(registry);
        self.retired.register(registry);
        self.deleted_bytes.register(registry);
    }
}

/// A question to the store that is not answered yet.
#[derive(Debug)]
pub struct StoreTime<'a> {
    metrics: &'a FarmMetrics,
    operation: Operation,
    start: Instant,
}

impl Drop for StoreTime<'_> {
    fn drop(&mut self) {
        self.metrics
            .store
            .observe([self.operation.name()], self.start.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use ashlar_metrics::{Build, testing::Exposition};

    use super::*;

    fn read(metrics: &FarmMetrics) -> Exposition {
        let build = Build {
            version: "0",
            commit: None,
            role: "farm",
        };
        Exposition::of(&Registry::new(build).with(metrics))
    }

    #[test]
    fn a_snapshot_is_shown_and_nothing_of_the_one_before() {
        let metrics = FarmMetrics::default();
        let tenant = |name: &str| vec![(BatchState::Running, name.to_owned(), 2)];
        metrics.show(&Snapshot {
            jobs: vec![
                (JobState::Ready, JobKind::Chunk, 4),
                (JobState::Poisoned, JobKind::Wrap, 1),
            ],
            batches: tenant("a"),
            oldest_ready: Some(Duration::from_millis(1500)),
            workers: Workers {
                live: 4,
                quarantined: 1,
                paused: 2,
                draining: 3,
            },
            artifact_bytes: 12,
        });
        let shown = read(&metrics);
        let jobs = |shown: &Exposition, state, kind| {
            shown.get("ashlar_farm_jobs", &[("state", state), ("kind", kind)])
        };
        assert_eq!(jobs(&shown, "ready", "chunk"), Some(4.0));
        assert_eq!(jobs(&shown, "poisoned", "wrap"), Some(1.0));
        assert_eq!(jobs(&shown, "leased", "fold"), Some(0.0));
        let batches = |shown: &Exposition, tenant| {
            shown.get("ashlar_farm_batches", &[("state", "running"), ("tenant", tenant)])
        };
        assert_eq!(batches(&shown, "a"), Some(2.0));
        assert_eq!(shown.get("ashlar_farm_queue_seconds", &[]), Some(1.5));
        let workers = ["live", "quarantined", "paused", "draining"].map(|state| {
            shown
                .get("ashlar_farm_workers", &[("state", state)])
                .expect("all are shown")
        });
        assert_eq!(workers, [4.0, 1.0, 2.0, 3.0]);
        assert_eq!(shown.get("ashlar_farm_artifact_bytes", &[]), Some(12.0));

        metrics.show(&Snapshot {
            batches: tenant("b"),
            ..Snapshot::default()
        });
        let shown = read(&metrics);
        assert_eq!(jobs(&shown, "ready", "chunk"), Some(0.0));
        assert_eq!([batches(&shown, "a"), batches(&shown, "b")], [None, Some(2.0)]);
        assert_eq!(
            shown.get("ashlar_farm_queue_seconds", &[]),
            Some(0.0),
            "nobody waits"
        );
    }

    #[test]
    fn times_and_endings_are_counted_by_what_they_are_of() {
        let metrics = FarmMetrics::default();
        metrics.leased(Duration::from_millis(3));
        metrics.accepted(JobKind::Fold, Duration::from_secs(2));
        for ending in ENDINGS {
            metrics.ended(JobKind::Wrap, ending);
        }
        drop(metrics.time(Operation::Lease));
        let shown = read(&metrics);
        let bucket = |le| shown.get("ashlar_farm_lease_seconds_bucket", &[("le", le)]);
        assert_eq!([bucket("0.0025"), bucket("0.005")], [Some(0.0), Some(1.0)]);
        assert_eq!(
            shown.get("ashlar_farm_job_seconds_sum", &[("kind", "fold")]),
            Some(2.0)
        );
        assert_eq!(
            shown.get("ashlar_farm_jobs_done_total", &[("kind", "fold")]),
            Some(1.0)
        );
        for ending in ENDINGS {
            let labels = [("kind", "wrap"), ("ending", ending_name(ending))];
            assert_eq!(
                shown.get("ashlar_farm_attempts_total", &labels),
                Some(1.0),
                "{ending:?}"
            );
        }
        let store = |operation| shown.get("ashlar_farm_store_seconds_count", &[("operation", operation)]);
        assert_eq!([store("lease"), store("submit")], [Some(1.0), Some(0.0)]);
    }

    #[test]
    fn a_coordinator_shows_what_is_declared_of_farms() {
        let metrics = FarmMetrics::default();
        metrics.show(&Snapshot::default());
        let tenant = Tenant {
            chain_id: 1,
            rollup: [0; 20],
        };
        metrics.cost(&tenant, JobKind::Chunk, Cost::default()); // of a tenant that nobody knows there is nothing to show
        let batch = SettledBatch {
            number: 1,
            transactions: 2,
            l1_gas: 3,
        };
        metrics.settled(&tenant, &batch);
        let shown = read(&metrics);
        let declared = names::ALL.iter().map(|metric| metric.name);
        let declared = declared.filter(|name| name.starts_with("ashlar_farm_")).collect();
        assert_eq!(shown.own_names(), declared);
    }
}
