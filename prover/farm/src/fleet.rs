//! The workers, how fast they are, and what they are busy with: what decides who should get a job where more than one could.
//!
//! Speeds are what workers report of the proofs that were accepted. One that reports too little gets jobs sooner, and loses
//! them sooner: nothing that is decided here makes a proof good or a job lost.

use std::collections::{HashMap, HashSet};

use ashlar_proto::{Digest, JobKind};

use crate::model::{LeaseKey, WorkerId};

/// A lease that takes so many times as long as expected is one of a straggler.
const STRAGGLES: f64 = 3.0;
/// Before anything is known of a kind: so many times the shortest limit.
const UNKNOWN: f64 = 10.0;
/// A worker waits for a faster one, or gets its job, only if that is so many times as fast.
const MUCH_FASTER: f64 = 2.0;
/// Less than this, in seconds, is not worth a lease.
const GAIN: f64 = 1.0;

/// A worker that was heard of lately and is not drained.
#[derive(Debug, Clone)]
pub struct Member {
    /// The circuits it has.
    pub circuit_set: Digest,
    /// What it takes and is not quarantined from.
    pub takes: HashSet<JobKind>,
    /// Seconds that it takes for a job of a kind, where it has done some.
    pub seconds: HashMap<JobKind, f64>,
}

/// A current lease.
#[derive(Debug, Clone, Copy)]
pub struct Busy {
    /// The lease.
    pub key: LeaseKey,
    /// Whose.
    pub worker: WorkerId,
    /// What it is for.
    pub kind: JobKind,
    /// Since when, Unix milliseconds.
    pub since_ms: i64,
}

/// All workers at a moment.
#[derive(Debug, Default)]
pub struct Fleet {
    members: HashMap<WorkerId, Member>,
    busy: Vec<Busy>,
    /// Median and least seconds of a kind.
    pace: HashMap<(Digest, JobKind), Pace>,
}

#[derive(Debug, Clone, Copy)]
struct Pace {
    typical: f64,
    fastest: f64,
}

impl Fleet {
    /// `busy` has the oldest leases first.
    pub fn new(members: HashMap<WorkerId, Member>, busy: Vec<Busy>) -> Self {
        let mut seconds: HashMap<_, Vec<f64>> = HashMap::new();
        for member in members.values() {
            for (&kind, &taken) in &member.seconds {
                seconds.entry((member.circuit_set, kind)).or_default().push(taken);
            }
        }
        let pace = seconds.into_iter().filter_map(|(key, mut seconds)| {
            seconds.sort_by(f64::total_cmp);
            let (typical, fastest) = (*seconds.get(seconds.len() / 2)?, *seconds.first()?);
            Some((key, Pace { typical, fastest }))
        });
        Self {
            pace: pace.collect(),
            members,
            busy,
        }
    }

    /// Orders workers: the faster first, those of about the same speed alike, and one that is not known yet in the middle.
    pub fn rank(&self, worker: WorkerId) -> i32 {
        let Some(member) = self.members.get(&worker) else {
            return 0;
        };
        let ratios = member.seconds.iter().filter_map(|(&kind, &seconds)| {
            let typical = self.pace.get(&(member.circuit_set, kind))?.typical;
            (typical > 0.0 && seconds > 0.0).then(|| (seconds / typical).log2())
        });
        let ratios: Vec<f64> = ratios.collect();
        if ratios.is_empty() {
            return 0;
        }
        (2.0 * ratios.iter().sum::<f64>() / ratios.len() as f64).round() as i32
    }

    /// The lease that an idle worker had better take over: of a straggler, or of one so slow that this worker is done sooner
    /// even if it begins now. None that is younger than `shortest`, in seconds, counts as a straggler's.
    pub fn to_overtake(
        &self,
        idle: WorkerId,
        now_ms: i64,
        shortest: f64,
        promised: &HashSet<LeaseKey>,
    ) -> Option<Busy> {
        let member = self.members.get(&idle)?;
        let found = self.busy.iter().find(|busy| {
            let fits = busy.worker != idle
                && member.takes.contains(&busy.kind)
                && !promised.contains(&busy.key)
                && self
                    .members
                    .get(&busy.worker)
                    .is_none_or(|other| other.circuit_set == member.circuit_set);
            let expected = self.expected(busy.worker, busy.kind);
            fits && (self.straggles(busy, member.circuit_set, now_ms, shortest)
                || expected
                    .zip(member.seconds.get(&busy.kind))
                    .is_some_and(|(expected, mine)| {
                        let remaining = expected - age(busy, now_ms);
                        remaining > MUCH_FASTER * mine && remaining - mine > GAIN
                    }))
        });
        found.copied()
    }

    fn straggles(&self, busy: &Busy, circuit_set: Digest, now_ms: i64, shortest: f64) -> bool {
        let typical = self.pace.get(&(circuit_set, busy.kind)).map(|pace| pace.typical);
        let expected = self.expected(busy.worker, busy.kind);
        let limit = match (typical, expected) {
            (None, None) => UNKNOWN * shortest,
            (typical, expected) => STRAGGLES * typical.unwrap_or(0.0).max(expected.unwrap_or(0.0)),
        };
        age(busy, now_ms) > limit.max(shortest)
    }

    fn expected(&self, worker: WorkerId, kind: JobKind) -> Option<f64> {
        self.members.get(&worker)?.seconds.get(&kind).copied()
    }

    /// Seconds until a busy worker is free; `None` if it is idle or nobody can tell.
    fn free_in(&self, worker: WorkerId, now_ms: i64) -> Option<f64> {
        let mut jobs = self.busy.iter().filter(|busy| busy.worker == worker).peekable();
        jobs.peek()?;
        jobs.try_fold(0.0, |sum, busy| {
            let expected = self.expected(worker, busy.kind)?;
            let age = age(busy, now_ms);
            (age <= STRAGGLES * expected).then(|| sum + (expected - age).max(0.0))
        })
    }
}

fn age(busy: &Busy, now_ms: i64) -> f64 {
    now_ms.saturating_sub(busy.since_ms).max(0) as f64 / 1e3
}

/// What faster workers are kept for, in one look at the line.
#[derive(Debug)]
pub struct Outlook<'a> {
    fleet: &'a Fleet,
    now_ms: i64,
    kept: HashSet<i64>,
    /// Seconds of work that a worker is kept for.
    promised: HashMap<WorkerId, f64>,
}

impl<'a> Outlook<'a> {
    /// Nothing is kept yet.
    pub fn new(fleet: &'a Fleet, now_ms: i64) -> Self {
        Self {
            fleet,
            now_ms,
            kept: HashSet::new(),
            promised: HashMap::new(),
        }
    }

    /// Whether a ready job is done sooner by a worker that is much faster and still busy. It is not kept longer than `worker`
    /// would have taken for it.
    pub fn keeps(&mut self, job: i64, kind: JobKind, ready_ms: i64, worker: WorkerId) -> bool {
        let (fleet, now_ms) = (self.fleet, self.now_ms);
        let Some((member, mine)) = fleet.members.get(&worker).zip(fleet.expected(worker, kind)) else {
            return false;
        };
        let pace = fleet.pace.get(&(member.circuit_set, kind));
        let waited = now_ms.saturating_sub(ready_ms).max(0) as f64 / 1e3;
        if pace.is_none_or(|pace| MUCH_FASTER * pace.fastest > mine) || waited >= mine {
            return false;
        }
        if self.kept.contains(&job) {
            return true;
        }
        let soonest = fleet.members.iter().filter_map(|(&other, candidate)| {
            let seconds = candidate.seconds.get(&kind).copied()?;
            let fits = candidate.circuit_set == member.circuit_set && candidate.takes.contains(&kind);
            let promised = self.promised.get(&other).copied().unwrap_or(0.0);
            let done_in = fleet.free_in(other, now_ms)? + promised + seconds;
            (fits && MUCH_FASTER * seconds <= mine && done_in + GAIN <= mine)
                .then_some((other, seconds, done_in))
        });
        let Some((other, seconds, _)) = soonest.min_by(|a, b| a.2.total_cmp(&b.2)) else {
            return false;
        };
        *self.promised.entry(other).or_default() += seconds;
        self.kept.insert(job);
        true
    }
}

#[cfg(test)]
mod tests {
    use ashlar_proto::JobKind::{Chunk, Fold, Wrap};

    use super::*;
    use crate::model::{FencingToken, JobId};

    const NOW: i64 = 1_000_000;
    const CARD: WorkerId = WorkerId(1);
    const SLOW: WorkerId = WorkerId(2);
    const NEW: WorkerId = WorkerId(3);

    fn member(seconds: &[(JobKind, f64)]) -> Member {
        Member {
            circuit_set: Digest([1; 32]),
            takes: HashSet::from([Chunk, Fold, Wrap]),
            seconds: seconds.iter().copied().collect(),
        }
    }

    fn busy(worker: WorkerId, kind: JobKind, age_ms: i64) -> Busy {
        Busy {
            key: LeaseKey {
                job: JobId(worker.0 * 100),
                token: FencingToken(worker.0),
            },
            worker,
            kind,
            since_ms: NOW - age_ms,
        }
    }

    /// A card that wraps in 2 s and a processor that needs 20 s; a third worker has done nothing yet.
    fn fleet(busy: Vec<Busy>) -> Fleet {
        let members = HashMap::from([
            (CARD, member(&[(Wrap, 2.0), (Chunk, 3.0)])),
            (SLOW, member(&[(Wrap, 20.0), (Chunk, 4.0)])),
            (NEW, member(&[])),
        ]);
        Fleet::new(members, busy)
    }

    #[test]
    fn the_faster_come_first_and_the_unknown_in_the_middle() {
        let members = HashMap::from([
            (CARD, member(&[(Chunk, 1.0)])),
            (SLOW, member(&[(Chunk, 9.0)])),
            (WorkerId(4), member(&[(Chunk, 3.0)])),
            (WorkerId(5), member(&[(Chunk, 3.2)])),
            (NEW, member(&[])),
        ]);
        let fleet = Fleet::new(members, vec![]);
        let mut workers = [SLOW, WorkerId(5), NEW, WorkerId(4), CARD];
        workers.sort_by_key(|worker| fleet.rank(*worker));
        assert_eq!(workers, [CARD, WorkerId(5), NEW, WorkerId(4), SLOW]);
    }

    #[test]
    fn a_job_is_kept_for_a_much_faster_worker_that_is_soon_free() {
        let fleet = fleet(vec![busy(CARD, Chunk, 1_000)]);
        let mut outlook = Outlook::new(&fleet, NOW);
        assert!(outlook.keeps(7, Wrap, NOW, SLOW));
        assert!(outlook.keeps(7, Wrap, NOW, SLOW), "and stays kept");
        assert!(!outlook.keeps(7, Wrap, NOW, CARD), "not from itself");
        assert!(!outlook.keeps(7, Wrap, NOW - 20_000, SLOW), "not for ever");
        assert!(
            !outlook.keeps(8, Chunk, NOW, SLOW),
            "a card is hardly faster there"
        );
        assert!(!outlook.keeps(9, Wrap, NOW, NEW), "nobody knows how slow it is");
    }

    #[test]
    fn a_faster_worker_is_not_kept_for_more_than_it_can_do_sooner() {
        let fleet = fleet(vec![busy(CARD, Chunk, 1_000)]);
        let mut outlook = Outlook::new(&fleet, NOW);
        // Free in 2 s, then 2 s for each: the eighth is done in 18 s, the ninth would be in 20 s.
        let kept = (0..20).filter(|job| outlook.keeps(*job, Wrap, NOW, SLOW)).count();
        assert_eq!(kept, 8);
    }

    #[test]
    fn no_job_is_kept_for_a_worker_that_is_idle_or_hangs() {
        for busy in [vec![], vec![busy(CARD, Chunk, 10_000)]] {
            let fleet = fleet(busy);
            assert!(!Outlook::new(&fleet, NOW).keeps(7, Wrap, NOW, SLOW));
        }
    }

    #[test]
    fn a_straggler_is_overtaken_once_it_takes_three_times_as_long_as_expected() {
        let none = HashSet::new();
        let after = |age_ms, shortest| {
            fleet(vec![busy(CARD, Chunk, age_ms)])
                .to_overtake(NEW, NOW, shortest, &none)
                .map(|busy| busy.worker)
        };
        assert_eq!(after(11_000, 1.0), None);
        assert_eq!(after(12_001, 1.0), Some(CARD), "three times what is typical");
        assert_eq!(after(12_001, 30.0), None, "not before the shortest limit");
        assert_eq!(after(30_001, 30.0), Some(CARD));
    }

    #[test]
    fn of_a_kind_that_nobody_has_done_the_limit_is_ten_times_the_shortest() {
        let none = HashSet::new();
        for (age_ms, overtaken) in [(299_000, false), (301_000, true)] {
            let fleet = fleet(vec![busy(CARD, Fold, age_ms)]);
            let found = fleet.to_overtake(NEW, NOW, 30.0, &none);
            assert_eq!(found.is_some(), overtaken, "{age_ms}");
        }
    }

    #[test]
    fn a_much_faster_idle_worker_takes_over_what_a_slow_one_has_begun() {
        let none = HashSet::new();
        let after = |age_ms, idle| {
            let fleet = fleet(vec![busy(SLOW, Wrap, age_ms)]);
            fleet.to_overtake(idle, NOW, 30.0, &none).is_some()
        };
        assert!(after(1_000, CARD));
        assert!(!after(17_000, CARD), "3 s remain, it would take 2");
        assert!(!after(1_000, NEW), "nobody knows whether it is faster");
        let taken = HashSet::from([busy(SLOW, Wrap, 0).key]);
        let fleet = fleet(vec![busy(SLOW, Wrap, 1_000)]);
        assert!(
            fleet.to_overtake(CARD, NOW, 30.0, &taken).is_none(),
            "by one only"
        );
    }
}
