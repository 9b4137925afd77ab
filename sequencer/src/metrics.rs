//! What a sequencer counts.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ashlar_metrics::{Counter, Gauge, Label, Readiness, Reading, Registry, Source, names};
use ashlar_proto::sequencer::v1::refusal::Code;
use ashlar_report::Chain;
use ashlar_statement::Application;
use tokio_util::sync::CancellationToken;

use crate::{
    changes::Changes,
    executor::ExecutorHandle,
    exit_mode::{ExitMode, Outlook},
    store::{BatchStatus, Store, StoreError},
};

/// Pause between two looks at what is pending, though no batch moves.
const INTERVAL: Duration = Duration::from_secs(2);

/// Why a transaction was refused: one for each code of the API.
const fn reason(code: Code) -> &'static str {
    match code {
        Code::Unspecified => "other",
        Code::Encoding => "encoding",
        Code::Signature => "signature",
        Code::Owner => "owner",
        Code::Nonce => "nonce",
        Code::Balance => "balance",
        Code::Amount => "amount",
        Code::UnknownAccount => "unknown_account",
        Code::TooLarge => "too_large",
        Code::Fee => "fee",
        Code::MempoolFull => "mempool_full",
        Code::Busy => "busy",
        Code::Replaced => "replaced",
        Code::Payee => "payee",
        Code::Policy => "policy",
        Code::Expired => "expired",
        Code::ExitMode => "exit_mode",
    }
}

/// All codes: numbers of the wire are small.
fn codes() -> impl Iterator<Item = Code> {
    (0..64).filter_map(|number| Code::try_from(number).ok())
}

/// When the newest L1 block was made that was seen, in seconds since 1970; unknown before the first.
#[derive(Debug, Clone, Default)]
pub struct HeadTime(Arc<AtomicU64>);

impl HeadTime {
    /// A block of this time was the newest when L1 was asked last.
    pub fn set(&self, time: u64) {
        self.0.store(time, Ordering::Relaxed);
    }

    /// Seconds since then; none for a block of the future, as a devnet may make them.
    fn age(&self) -> Option<f64> {
        let time = Some(self.0.load(Ordering::Relaxed)).filter(|time| *time > 0)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Some(now.saturating_sub(Duration::from_secs(time)).as_secs_f64())
    }
}

/// The instruments of a sequencer; all clones are one.
#[derive(Debug, Clone)]
pub struct SequencerMetrics {
    accepted: Counter,
    refused: Counter<1>,
    batches: Gauge<1>,
    pending: Gauge,
    head: HeadTime,
    exit_mode: ExitMode,
    health: Readiness,
}

impl Default for SequencerMetrics {
    fn default() -> Self {
        Self {
            accepted: Counter::new(names::SEQUENCER_TRANSACTIONS, [[]]),
            refused: Counter::new(
                names::SEQUENCER_TRANSACTIONS_REFUSED,
                codes().map(|code| [reason(code)]),
            ),
            batches: Gauge::new(names::SEQUENCER_BATCHES),
            pending: Gauge::new(names::SEQUENCER_PENDING_TRANSACTIONS),
            head: HeadTime::default(),
            exit_mode: ExitMode::default(),
            health: Readiness::default(),
        }
    }
}

impl SequencerMetrics {
    /// Ready is a sequencer whose parts all work, as the health service says.
    pub const fn health(&self) -> &Readiness {
        &self.health
    }

    /// Where L1's newest block is noted.
    pub const fn head(&self) -> &HeadTime {
        &self.head
    }

    /// Where it is noted whether the rollup is in exit mode, and how far from it.
    pub const fn exit_mode(&self) -> &ExitMode {
        &self.exit_mode
    }

    /// A transaction was acknowledged.
    pub(crate) fn accepted(&self) {
        self.accepted.count([]);
    }

    /// A transaction was refused.
    pub(crate) fn refused(&self, code: Code) {
        self.refused.count([reason(code)]);
    }

    /// Shows how far batches are and what is pending, until `shutdown`.
    pub async fn follow<A: Application>(
        self,
        store: Arc<Store>,
        executor: ExecutorHandle<A>,
        changes: Changes,
        shutdown: CancellationToken,
    ) {
        let mut news = changes.subscribe();
        let mut moved = true;
        loop {
            if moved && let Err(error) = self.show_batches(&store) {
                tracing::error!(error = %Chain(&error), "metrics: state database");
            }
            self.pending.be(executor.pending() as f64);
            tokio::select! {
                () = shutdown.cancelled() => return,
                changed = news.changed() => moved = changed.is_ok(),
                () = tokio::time::sleep(INTERVAL) => moved = false,
            }
        }
    }

    fn show_batches(&self, store: &Store) -> Result<(), StoreError> {
        let (sealed, proven) = (store.next_batch()? - 1, store.first_unproven()? - 1);
        let mut committed = sealed;
        while committed > proven
            && store
                .batch(committed)?
                .is_none_or(|batch| batch.status < BatchStatus::Committed)
        {
            committed -= 1;
        }
        let newest = [("sealed", sealed), ("committed", committed), ("proven", proven)];
        self.batches
            .replace(newest.map(|(status, number)| ([Label::from(status)], number as f64)));
        Ok(())
    }
}

impl Source for SequencerMetrics {
    fn register(&self, registry: &mut Registry) {
        self.accepted.register(registry);
        self.refused.register(registry);
        self.batches.register(registry);
        self.pending.register(registry);
        let head = self.head.clone();
        Reading::new(names::SEQUENCER_L1_HEAD_AGE, move || head.age()).register(registry);
        let exit_mode = |read: fn(Outlook) -> Option<f64>| {
            let exit_mode = self.exit_mode.clone();
            move || read(exit_mode.now())
        };
        let entered = exit_mode(|outlook| match outlook {
            Outlook::Unknown => None,
            Outlook::Open { .. } => Some(0.0),
            Outlook::Entered { .. } => Some(1.0),
        });
        Reading::new(names::SEQUENCER_EXIT_MODE, entered).register(registry);
        let left = exit_mode(|outlook| outlook.oldest().map(|oldest| oldest.seconds_left()));
        Reading::new(names::SEQUENCER_OLDEST_OPERATION_EXPIRY, left).register(registry);
        let deadline = exit_mode(|outlook| outlook.oldest().map(|oldest| oldest.deadline_secs as f64));
        Reading::new(names::SEQUENCER_EXIT_DEADLINE, deadline).register(registry);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ashlar_metrics::{Build, testing::Exposition};

    use super::*;

    fn read(metrics: &SequencerMetrics) -> Exposition {
        let build = Build {
            version: "0",
            commit: None,
            role: "sequencer",
        };
        Exposition::of(&Registry::new(build).with(metrics))
    }

    #[test]
    fn every_code_has_a_reason_of_its_own_that_is_there_from_the_start() {
        let codes: Vec<_> = codes().collect();
        let reasons: BTreeSet<_> = codes.iter().map(|code| reason(*code)).collect();
        assert_eq!((codes.len(), reasons.len()), (17, 17));
        let metrics = SequencerMetrics::default();
        metrics.refused(Code::Fee);
        let shown = read(&metrics);
        for of in reasons {
            let count = shown.get("ashlar_sequencer_transactions_refused_total", &[("reason", of)]);
            assert_eq!(count, Some(if of == "fee" { 1.0 } else { 0.0 }), "{of}");
        }
    }

    #[test]
    fn the_head_s_age_grows_by_itself_and_is_unknown_at_first() {
        let metrics = SequencerMetrics::default();
        let age = || read(&metrics).get("ashlar_sequencer_l1_head_age_seconds", &[]);
        assert_eq!(age(), None);
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970")
            .as_secs();
        metrics.head().set(now - 100);
        assert!((100.0..160.0).contains(&age().expect("known")));
        metrics.head().set(now + 1000);
        assert_eq!(age(), Some(0.0));
    }

    #[test]
    fn a_sequencer_shows_what_is_declared_of_sequencers() {
        let shown = read(&SequencerMetrics::default());
        let declared = names::ALL.iter().map(|metric| metric.name);
        let declared = declared
            .filter(|name| name.starts_with("ashlar_sequencer_"))
            .collect();
        assert_eq!(shown.own_names(), declared);
    }
}
