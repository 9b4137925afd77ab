//! Which job is whose next.
//!
//! A [`Queue`] lives for one transaction. What is asked of the database again and again, it asks once, in pages: the ready
//! jobs of a tenant, a circuit set and a kind in their order, each by one walk along an index.

use std::collections::{HashMap, HashSet};

use ashlar_proto::{Digest, JobKind};
use sqlx::AssertSqlSafe;

use super::{
    Db, kind_code, many, millis, parse_count, parse_digest,
    ready::{Candidate, PAGE, Page, read_page},
    tenants, to_db,
    turns::Turns,
};
use crate::{
    config::FarmConfig,
    error::FarmError,
    fleet::Outlook,
    model::{BatchState, LeaseEnding, Tenant, WorkerId},
};

#[derive(Debug, Clone, Copy)]
struct Waiting {
    id: i64,
    tenant: Tenant,
    priority: i64,
    weight: i64,
    leased: i64,
    /// Of its ready jobs, as bits.
    kinds: i64,
}

/// What a worker takes.
#[derive(Debug, Clone)]
struct Taker {
    circuit_set: Digest,
    kinds: i64,
    draining: bool,
    last_seen_ms: i64,
}

impl Taker {
    fn takes(&self, kind: JobKind) -> bool {
        !self.draining && (self.kinds >> kind_code(kind)) & 1 == 1
    }
}

/// The tenants that have jobs for workers, in the order in which they are served: higher priority first; among those of one,
/// who has the fewest leased jobs for its weight, and of several who was served least for it.
#[derive(Debug)]
pub struct Queue {
    tenants: Vec<Waiting>,
    pages: HashMap<(i64, Digest, JobKind), Page>,
    takers: HashMap<WorkerId, Taker>,
    all_takers: bool,
    quarantined: HashSet<(i64, i64)>,
    /// Jobs that are promised, and still ready in the database.
    taken: HashMap<i64, (Digest, JobKind)>,
    /// Ready jobs beyond one for each live worker that takes the kind.
    spare: HashMap<(Digest, JobKind), i64>,
    turns: Turns,
}

impl Queue {
    /// Reads who waits. Empty while the farm is paused.
    pub async fn read(db: &mut Db, turns: Turns) -> Result<Self, FarmError> {
        let mut queue = Self {
            tenants: Vec::new(),
            pages: HashMap::new(),
            takers: HashMap::new(),
            all_takers: false,
            quarantined: HashSet::new(),
            taken: HashMap::new(),
            spare: HashMap::new(),
            turns,
        };
        // The states are in the text, as in the indexes that these queries live by.
        type Row = (i64, i64, Vec<u8>, i64, i64, i64, i64);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT id, chain_id, rollup, priority, weight,
                 (SELECT COUNT(*) FROM jobs WHERE state = 3 AND tenant = tenants.id),
                 CASE WHEN EXISTS (SELECT 1 FROM jobs WHERE state = 2 AND tenant = tenants.id AND kind = 1) THEN 2 ELSE 0 END
                 + CASE WHEN EXISTS (SELECT 1 FROM jobs WHERE state = 2 AND tenant = tenants.id AND kind = 2) THEN 4 ELSE 0 END
                 + CASE WHEN EXISTS (SELECT 1 FROM jobs WHERE state = 2 AND tenant = tenants.id AND kind = 3) THEN 8 ELSE 0 END
                 + CASE WHEN EXISTS (SELECT 1 FROM jobs WHERE state = 2 AND tenant = tenants.id AND kind = 4) THEN 16 ELSE 0 END
             FROM tenants
             WHERE paused = 0 AND EXISTS (SELECT 1 FROM jobs WHERE state = 2 AND tenant = tenants.id)
               AND NOT EXISTS (SELECT 1 FROM settings WHERE name = 'paused' AND value <> 0)",
        )
        .fetch_all(db.conn())
        .await?;
        for (id, chain_id, rollup, priority, weight, leased, kinds) in rows {
            queue.tenants.push(Waiting {
                id,
                tenant: tenants::parse(chain_id, &rollup)?,
                priority,
                weight: weight.max(1),
                leased,
                kinds,
            });
        }
        queue.order();
        if !queue.is_empty() {
            let now = db.now_ms();
            let quarantined = sqlx::query_as("SELECT worker, kind FROM quarantines WHERE until_ms > $1")
                .bind(now)
                .fetch_all(db.conn());
            queue.quarantined = quarantined.await?.into_iter().collect();
        }
        Ok(queue)
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.tenants.is_empty()
    }

    fn order(&mut self) {
        // Compared as fractions: leased / weight.
        self.tenants.sort_by(|a, b| {
            let shares = (a.leased * b.weight).cmp(&(b.leased * a.weight));
            let standing = |of: &Waiting| (self.turns.standing(of.priority, of.id), of.id);
            let turn = standing(a).cmp(&standing(b));
            b.priority.cmp(&a.priority).then(shares).then(turn)
        });
    }

    /// The next job for `worker`: of the tenant whose turn it is, the oldest batch's latest stage. None of a kind that it is
    /// quarantined from. A job that failed on this worker is left for another one, if one was heard of within `worker_ttl`,
    /// takes the kind, is not quarantined from it and has not failed at the job. One that it found impossible it gets again
    /// after `confirm_pause` only, so that a moment's fault does not confirm itself. A job that a much faster worker would
    /// have done sooner is kept for that.
    pub async fn next(
        &mut self,
        db: &mut Db,
        worker: WorkerId,
        config: &FarmConfig,
        outlook: &mut Outlook<'_>,
    ) -> Result<Option<Candidate>, FarmError> {
        let Some((circuit_set, kinds)) = self.taken_by(worker) else {
            return Ok(None);
        };
        self.first(db, worker, (circuit_set, &kinds), config, outlook)
            .await
    }

    /// The next job for a `worker` that is busy: none of a kind of which no more are ready than other workers are alive that
    /// take it. Each of those can then have one the moment it wants it, so none is idle for what lies here.
    pub async fn next_ahead(
        &mut self,
        db: &mut Db,
        worker: WorkerId,
        config: &FarmConfig,
        outlook: &mut Outlook<'_>,
    ) -> Result<Option<Candidate>, FarmError> {
        let Some((circuit_set, mut kinds)) = self.taken_by(worker) else {
            return Ok(None);
        };
        self.read_takers(db).await?;
        let alive_from = db.now_ms().saturating_sub(millis(config.worker_ttl));
        let own = self.takers.get(&worker);
        let own = i64::from(own.is_some_and(|own| own.last_seen_ms >= alive_from)); // none is left for itself
        let mut spare = HashSet::new();
        for &kind in &kinds {
            if self.spare(db, circuit_set, kind, config).await? + own > 0 {
                spare.insert(kind);
            }
        }
        kinds.retain(|kind| spare.contains(kind));
        self.first(db, worker, (circuit_set, &kinds), config, outlook)
            .await
    }

    /// The circuits that a worker has, and the kinds that it takes and is not quarantined from.
    fn taken_by(&self, worker: WorkerId) -> Option<(Digest, Vec<JobKind>)> {
        let taker = self.takers.get(&worker)?;
        let kinds = JobKind::ALL.into_iter();
        let kinds = kinds.filter(|kind| taker.takes(*kind) && !self.is_quarantined(worker, *kind));
        Some((taker.circuit_set, kinds.collect()))
    }

    /// Ready jobs of a kind beyond one for each live worker that takes it.
    async fn spare(
        &mut self,
        db: &mut Db,
        circuit_set: Digest,
        kind: JobKind,
        config: &FarmConfig,
    ) -> Result<i64, FarmError> {
        if let Some(spare) = self.spare.get(&(circuit_set, kind)) {
            return Ok(*spare);
        }
        self.read_takers(db).await?;
        let now = db.now_ms();
        let alive_from = now.saturating_sub(millis(config.worker_ttl));
        let takers = self.takers.values().filter(|taker| {
            taker.circuit_set == circuit_set && taker.takes(kind) && taker.last_seen_ms >= alive_from
        });
        let takers = takers.count() as i64;
        let of_kind = |promised: &&(Digest, JobKind)| **promised == (circuit_set, kind);
        let promised = self.taken.values().filter(of_kind).count() as i64;
        // One for each of them to have now, and one to have ahead: no more are asked for.
        let enough = promised + 2 * takers + 1;
        let mut ready = 0;
        // Of paused tenants none: they are not among those that wait.
        for waiting in &self.tenants {
            if (waiting.kinds >> kind_code(kind)) & 1 == 0 || ready >= enough {
                continue;
            }
            ready += sqlx::query_scalar::<_, i64>(
                "SELECT COUNT(*) FROM (
                     SELECT jobs.id FROM jobs JOIN batches ON batches.id = jobs.batch
                     WHERE jobs.state = 2 AND jobs.tenant = $1 AND jobs.kind = $2 AND jobs.not_before_ms <= $3
                       AND batches.state = $4 AND batches.circuit_set = $5 LIMIT $6) AS counted",
            )
            .bind(waiting.id)
            .bind(kind_code(kind))
            .bind(now)
            .bind(BatchState::Running.code())
            .bind(circuit_set.as_ref().to_vec())
            .bind(enough)
            .fetch_one(db.conn())
            .await?;
        }
        let spare = ready - promised - takers;
        self.spare.insert((circuit_set, kind), spare);
        Ok(spare)
    }

    /// Of the tenant whose turn it is, the first job of these kinds that the worker may have.
    async fn first(
        &mut self,
        db: &mut Db,
        worker: WorkerId,
        (circuit_set, kinds): (Digest, &[JobKind]),
        config: &FarmConfig,
        outlook: &mut Outlook<'_>,
    ) -> Result<Option<Candidate>, FarmError> {
        for place in 0..self.tenants.len() {
            let Waiting {
                id,
                tenant,
                kinds: ready,
                ..
            } = self.tenants[place];
            let mut best: Option<(Candidate, JobKind)> = None;
            for &kind in kinds {
                if (ready >> kind_code(kind)) & 1 == 0 {
                    continue;
                }
                let found = self
                    .next_of((id, tenant), (circuit_set, kind), worker, config, outlook, db)
                    .await?;
                if let Some(found) = found
                    && best.as_ref().is_none_or(|(best, _)| found.order() < best.order())
                {
                    best = Some((found, kind));
                }
            }
            if let Some((found, _)) = best {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The first job of a page that the worker may have.
    async fn next_of(
        &mut self,
        (id, tenant): (i64, Tenant),
        (circuit_set, kind): (Digest, JobKind),
        worker: WorkerId,
        config: &FarmConfig,
        outlook: &mut Outlook<'_>,
        db: &mut Db,
    ) -> Result<Option<Candidate>, FarmError> {
        let key = (id, circuit_set, kind);
        let mut place = 0;
        loop {
            let page = self.pages.entry(key).or_default();
            if let Some(candidate) = page.jobs.get(place).cloned() {
                let may = !candidate.troubled || self.may_try(db, worker, &candidate, config).await?;
                if may && !outlook.keeps(candidate.job, kind, candidate.ready_ms, worker) {
                    return Ok(Some(candidate));
                }
                place += 1;
            } else if page.limit == 0 || page.full {
                let limit = (2 * page.limit).max(PAGE);
                let mut page = read_page(db, key, tenant, limit).await?;
                page.jobs.retain(|job| !self.taken.contains_key(&job.job));
                self.pages.insert(key, page);
                place = 0;
            } else {
                return Ok(None);
            }
        }
    }

    /// Whether the worker may have a job at which somebody failed.
    async fn may_try(
        &mut self,
        db: &mut Db,
        worker: WorkerId,
        candidate: &Candidate,
        config: &FarmConfig,
    ) -> Result<bool, FarmError> {
        let leases: Vec<(i64, i64, i64, Option<i64>)> =
            sqlx::query_as("SELECT token, worker, ending, ended_ms FROM leases WHERE job = $1")
                .bind(candidate.job)
                .fetch_all(db.conn())
                .await?;
        let now = db.now_ms();
        let me = to_db(worker.0);
        let confirmed_from = now.saturating_sub(millis(config.confirm_pause));
        let judged_lately = leases.iter().any(|&(token, worker, ending, ended_ms)| {
            worker == me
                && ending == LeaseEnding::Condemned.code()
                && token >= candidate.judged_from
                && ended_ms.is_some_and(|ended| ended > confirmed_from)
        });
        if judged_lately {
            return Ok(false);
        }
        let is_bad = |ending| LeaseEnding::BAD.iter().any(|bad| bad.code() == ending);
        let failed: HashSet<i64> = leases
            .iter()
            .filter(|(_, _, ending, _)| is_bad(*ending))
            .map(|(_, worker, ..)| *worker)
            .collect();
        if !failed.contains(&me) {
            return Ok(true);
        }
        self.read_takers(db).await?;
        let alive_from = now.saturating_sub(millis(config.worker_ttl));
        let another = self.takers.iter().any(|(&other, taker)| {
            other != worker
                && taker.circuit_set == candidate.batch.circuit_set
                && taker.takes(candidate.kind)
                && taker.last_seen_ms >= alive_from
                && !self.is_quarantined(other, candidate.kind)
                && !failed.contains(&to_db(other.0))
        });
        Ok(!another)
    }

    fn is_quarantined(&self, worker: WorkerId, kind: JobKind) -> bool {
        self.quarantined.contains(&(to_db(worker.0), kind_code(kind)))
    }

    /// Reads what these workers take: [`Self::next`] is for one of them only.
    pub async fn meet(&mut self, db: &mut Db, workers: &[WorkerId]) -> Result<(), FarmError> {
        for portion in many::portions(workers) {
            let text = format!(
                "SELECT id, circuit_set, kinds, draining, last_seen_ms FROM workers WHERE id IN {}",
                many::list(1, portion.len())
            );
            let query = sqlx::query_as(AssertSqlSafe(text));
            let query = portion
                .iter()
                .fold(query, |query, worker| query.bind(to_db(worker.0)));
            let rows: Vec<Row> = query.fetch_all(db.conn()).await?;
            for row in rows {
                let (worker, taker) = parse_taker(row)?;
                self.takers.insert(worker, taker);
            }
        }
        Ok(())
    }

    async fn read_takers(&mut self, db: &mut Db) -> Result<(), FarmError> {
        if !self.all_takers {
            let rows: Vec<Row> =
                sqlx::query_as("SELECT id, circuit_set, kinds, draining, last_seen_ms FROM workers")
                    .fetch_all(db.conn())
                    .await?;
            self.takers = rows.into_iter().map(parse_taker).collect::<Result<_, _>>()?;
            self.all_takers = true;
        }
        Ok(())
    }

    /// Whose turn it is after what was taken.
    pub fn turns(self) -> Turns {
        self.turns
    }

    /// Takes a job that [`Self::next`] gave out of the queue.
    pub fn take(&mut self, candidate: &Candidate) {
        let promised = (candidate.batch.circuit_set, candidate.kind);
        self.taken.insert(candidate.job, promised);
        for page in self.pages.values_mut() {
            page.jobs.retain(|other| other.job != candidate.job);
        }
        let tenant = candidate.batch.tenant;
        if let Some(waiting) = self.tenants.iter_mut().find(|waiting| waiting.tenant == tenant) {
            waiting.leased += 1;
            self.turns.serve(waiting.priority, waiting.id, waiting.weight);
        }
        self.order();
        if let Some(spare) = self.spare.get_mut(&promised) {
            *spare -= 1;
        }
    }
}

/// The kinds of a bit set.
pub(super) fn takes(kinds: i64) -> impl Iterator<Item = JobKind> {
    JobKind::ALL
        .into_iter()
        .filter(move |kind| (kinds >> kind_code(*kind)) & 1 == 1)
}

type Row = (i64, Vec<u8>, i64, i64, i64);

fn parse_taker(
    (id, circuit_set, kinds, draining, last_seen_ms): Row,
) -> Result<(WorkerId, Taker), FarmError> {
    let taker = Taker {
        circuit_set: parse_digest(&circuit_set)?,
        kinds,
        draining: draining != 0,
        last_seen_ms,
    };
    Ok((WorkerId(parse_count(id)?), taker))
}

/// Whether there is anything to lease, at a glance.
pub async fn has_ready(db: &mut Db) -> Result<bool, FarmError> {
    let now = db.now_ms();
    let ready: Option<i64> =
        sqlx::query_scalar("SELECT id FROM jobs WHERE state = 2 AND not_before_ms <= $1 LIMIT 1")
            .bind(now)
            .fetch_optional(db.conn())
            .await?;
    Ok(ready.is_some())
}
