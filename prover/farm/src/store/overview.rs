//! Reading the whole farm, within bounds: a fixed number of queries, each over an index.

use std::collections::HashMap;

use ashlar_proto::JobKind;

use super::{Db, corrupt, millis, parse_count, parse_digest, parse_kind, tenants, to_db, views};
use crate::{
    config::FarmConfig,
    error::FarmError,
    model::{
        BatchId, BatchKey, BatchState, Cost, JobId, JobState, LeaseEnding, SettledBatch, WorkerView,
        overview::{
            BatchOverview, FailedAttempt, Fleet, KindOverview, MINUTES, Minute, Overview, Present,
            WorkerOverview,
        },
    },
};

/// Most workers in one.
const WORKERS: u32 = 256;
/// Most failed attempts in one.
const FAILURES: i64 = 20;
const MINUTE_MS: i64 = 60_000;

/// Reads it, with so many of the newest batches.
pub async fn read(db: &mut Db, config: &FarmConfig, batches: u32) -> Result<Overview, FarmError> {
    let alive_from = db.now_ms().saturating_sub(millis(config.worker_ttl));
    Ok(Overview {
        at_ms: parse_count(db.now_ms())?,
        paused: super::setting(db, super::PAUSED).await? != 0,
        batch_counts: batch_counts(db).await?,
        running: running(db).await?,
        oldest_ready_ms: oldest_ready(db).await?,
        fleet: fleet(db, alive_from).await?,
        batches: newest(db, batches).await?,
        workers: workers(db, alive_from).await?,
        tenants: tenants::all(db).await?,
        minutes: minutes(db).await?,
        failures: failures(db).await?,
    })
}

fn since(db: &Db) -> i64 {
    db.now_ms().saturating_sub(MINUTES as i64 * MINUTE_MS)
}

async fn batch_counts(db: &mut Db) -> Result<Vec<(BatchState, u64)>, FarmError> {
    let rows: Vec<(i64, i64)> =
        sqlx::query_as("SELECT state, COUNT(*) FROM batches GROUP BY state ORDER BY state")
            .fetch_all(db.conn())
            .await?;
    rows.into_iter()
        .map(|(state, count)| Ok((batch_state(state)?, parse_count(count)?)))
        .collect()
}

async fn running(db: &mut Db) -> Result<Vec<KindOverview>, FarmError> {
    let rows: Vec<(i64, i64, i64)> = sqlx::query_as(
        "SELECT jobs.kind, jobs.state, COUNT(*) FROM jobs JOIN batches ON batches.id = jobs.batch
         WHERE batches.state = $1 GROUP BY jobs.kind, jobs.state",
    )
    .bind(BatchState::Running.code())
    .fetch_all(db.conn())
    .await?;
    let mut kinds = Kinds::default();
    for (kind, state, count) in rows {
        kinds
            .of(parse_kind(kind)?)
            .add(job_state(state)?, parse_count(count)?);
    }
    Ok(kinds.in_order())
}

async fn oldest_ready(db: &mut Db) -> Result<Option<u64>, FarmError> {
    // The job's state is in the text, as in the index.
    let oldest: Option<i64> = sqlx::query_scalar(
        "SELECT MIN(jobs.ready_ms) FROM jobs JOIN batches ON batches.id = jobs.batch
         WHERE jobs.state = 2 AND batches.state = $1",
    )
    .bind(BatchState::Running.code())
    .fetch_one(db.conn())
    .await?;
    oldest.map(parse_count).transpose()
}

async fn fleet(db: &mut Db, alive_from: i64) -> Result<Fleet, FarmError> {
    let now = db.now_ms();
    let (known, live, draining, quarantined): (i64, i64, i64, i64) = sqlx::query_as(
        "SELECT COUNT(*),
             COUNT(CASE WHEN last_seen_ms >= $1 THEN 1 END),
             COUNT(CASE WHEN last_seen_ms >= $1 AND draining <> 0 THEN 1 END),
             COUNT(CASE WHEN last_seen_ms >= $1 AND EXISTS
                 (SELECT 1 FROM quarantines WHERE worker = workers.id AND until_ms > $2) THEN 1 END)
         FROM workers",
    )
    .bind(alive_from)
    .bind(now)
    .fetch_one(db.conn())
    .await?;
    Ok(Fleet {
        known: parse_count(known)?,
        live: parse_count(live)?,
        draining: parse_count(draining)?,
        quarantined: parse_count(quarantined)?,
    })
}

#[derive(sqlx::FromRow)]
struct BatchRow {
    id: i64,
    chain_id: i64,
    rollup: Vec<u8>,
    circuit_set: Vec<u8>,
    number: i64,
    state: i64,
    failure_reason: String,
    submitted_ms: i64,
    transactions: Option<i64>,
    l1_gas: Option<i64>,
}

async fn newest(db: &mut Db, limit: u32) -> Result<Vec<BatchOverview>, FarmError> {
    let limit = i64::from(limit);
    let rows: Vec<BatchRow> = sqlx::query_as(
        "SELECT batches.id, chain_id, rollup, circuit_set, number, state, failure_reason, submitted_ms, transactions, l1_gas
         FROM batches JOIN tenants ON tenants.id = batches.tenant ORDER BY batches.id DESC LIMIT $1",
    )
    .bind(limit)
    .fetch_all(db.conn())
    .await?;
    let mut jobs = job_counts(db, limit).await?;
    let ends = last_ends(db, limit).await?;
    let now = db.now_ms();
    rows.into_iter()
        .map(|row| {
            let state = batch_state(row.state)?;
            let until_ms = match state {
                BatchState::Running => now,
                BatchState::Done | BatchState::Failed | BatchState::Cancelled => {
                    ends.get(&row.id).copied().unwrap_or(row.submitted_ms)
                }
            };
            let (kinds, machine_faults) = jobs.remove(&row.id).unwrap_or_default();
            Ok(BatchOverview {
                id: BatchId(parse_count(row.id)?),
                key: BatchKey {
                    tenant: tenants::parse(row.chain_id, &row.rollup)?,
                    circuit_set: parse_digest(&row.circuit_set)?,
                    number: parse_count(row.number)?,
                },
                state,
                failure_reason: row.failure_reason,
                submitted_ms: parse_count(row.submitted_ms)?,
                until_ms: parse_count(until_ms)?,
                kinds: kinds.in_order(),
                machine_faults,
                settled: settled(row.number, row.transactions, row.l1_gas)?,
            })
        })
        .collect()
}

/// What was told of a batch, if it was.
fn settled(
    number: i64,
    transactions: Option<i64>,
    l1_gas: Option<i64>,
) -> Result<Option<SettledBatch>, FarmError> {
    let (Some(transactions), Some(l1_gas)) = (transactions, l1_gas) else {
        return Ok(None);
    };
    Ok(Some(SettledBatch {
        number: parse_count(number)?,
        transactions: parse_count(transactions)?,
        l1_gas: parse_count(l1_gas)?,
    }))
}

/// The jobs of the newest batches and what was wrong with machines at them, by batch.
async fn job_counts(db: &mut Db, limit: i64) -> Result<HashMap<i64, (Kinds, u64)>, FarmError> {
    let rows: Vec<(i64, i64, i64, i64, i64)> = sqlx::query_as(
        "SELECT batch, kind, state, COUNT(*), CAST(SUM(machine_faults) AS BIGINT) FROM jobs
         WHERE batch IN (SELECT id FROM batches ORDER BY id DESC LIMIT $1) GROUP BY batch, kind, state",
    )
    .bind(limit)
    .fetch_all(db.conn())
    .await?;
    let mut counts: HashMap<i64, (Kinds, u64)> = HashMap::new();
    for (batch, kind, state, count, faults) in rows {
        let (kinds, machine_faults) = counts.entry(batch).or_default();
        *machine_faults += parse_count(faults)?;
        kinds
            .of(parse_kind(kind)?)
            .add(job_state(state)?, parse_count(count)?);
    }
    let rows: Vec<(i64, i64, f64, f64, f64)> = sqlx::query_as(
        "SELECT jobs.batch, jobs.kind, SUM(job_steps.seconds), SUM(job_steps.cpu_seconds), SUM(job_steps.device_seconds)
         FROM jobs JOIN job_steps ON job_steps.job = jobs.id
         WHERE jobs.batch IN (SELECT id FROM batches ORDER BY id DESC LIMIT $1) GROUP BY jobs.batch, jobs.kind",
    )
    .bind(limit)
    .fetch_all(db.conn())
    .await?;
    for (batch, kind, seconds, cpu_seconds, device_seconds) in rows {
        counts.entry(batch).or_default().0.of(parse_kind(kind)?).cost = Cost {
            seconds,
            cpu_seconds,
            device_seconds,
        };
    }
    Ok(counts)
}

/// When the last attempt at each of the newest batches ended.
async fn last_ends(db: &mut Db, limit: i64) -> Result<HashMap<i64, i64>, FarmError> {
    let rows: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT jobs.batch, MAX(leases.ended_ms) FROM jobs JOIN leases ON leases.job = jobs.id
         WHERE jobs.batch IN (SELECT id FROM batches ORDER BY id DESC LIMIT $1) AND leases.ended_ms IS NOT NULL
         GROUP BY jobs.batch",
    )
    .bind(limit)
    .fetch_all(db.conn())
    .await?;
    Ok(rows.into_iter().collect())
}

async fn workers(db: &mut Db, alive_from: i64) -> Result<Vec<WorkerOverview>, FarmError> {
    let known: Vec<WorkerView> = views::workers(db, WORKERS).await?;
    let rows: Vec<(i64, i64, i64, i64)> = sqlx::query_as(
        "SELECT jobs.id, jobs.kind, jobs.number, leases.granted_ms
         FROM leases JOIN jobs ON jobs.id = leases.job WHERE leases.ended_ms IS NULL",
    )
    .fetch_all(db.conn())
    .await?;
    let mut leased = HashMap::new();
    for (job, kind, number, granted) in rows {
        let job = JobId(parse_count(job)?);
        let present = Present {
            job,
            kind: parse_kind(kind)?,
            batch: parse_count(number)?,
            since_ms: parse_count(granted)?,
        };
        leased.insert(job, present);
    }
    let since = since(db);
    let rows: Vec<(i64, i64, f64)> = sqlx::query_as(
        "SELECT worker, COUNT(*), COALESCE(SUM((SELECT SUM(seconds) FROM job_steps WHERE job = leases.job)), 0.0)
         FROM leases WHERE ended_ms > $1 AND ending = $2 GROUP BY worker",
    )
    .bind(since)
    .bind(LeaseEnding::Completed.code())
    .fetch_all(db.conn())
    .await?;
    let done: HashMap<i64, (i64, f64)> = rows
        .into_iter()
        .map(|(worker, jobs, seconds)| (worker, (jobs, seconds)))
        .collect();
    let alive_from = parse_count(alive_from.max(0))?;
    known
        .into_iter()
        .map(|worker| {
            let id = to_db(worker.id.0);
            let (jobs, seconds) = done.get(&id).copied().unwrap_or_default();
            Ok(WorkerOverview {
                live: worker.last_seen_ms >= alive_from,
                present: worker.job.and_then(|job| leased.get(&job).copied()),
                jobs_done: parse_count(jobs)?,
                seconds,
                worker,
            })
        })
        .collect()
}

async fn minutes(db: &mut Db) -> Result<[Minute; MINUTES], FarmError> {
    let (now, since) = (db.now_ms(), since(db));
    let rows: Vec<(i64, i64, i64)> = sqlx::query_as(
        "SELECT ($1 - ended_ms) / 60000, ending, COUNT(*) FROM leases WHERE ended_ms > $2 GROUP BY 1, 2",
    )
    .bind(now)
    .bind(since)
    .fetch_all(db.conn())
    .await?;
    let mut minutes = [Minute::default(); MINUTES];
    for (ago, ending, count) in rows {
        // Another coordinator's transaction may be a little ahead of this one.
        let ago = usize::try_from(ago).unwrap_or(0);
        let ending = LeaseEnding::from_code(ending).ok_or_else(|| corrupt("lease ending", ending))?;
        let Some(minute) = minutes.get_mut(ago) else {
            continue;
        };
        if ending == LeaseEnding::Completed {
            minute.accepted += parse_count(count)?;
        } else if LeaseEnding::BAD.contains(&ending) {
            minute.failed += parse_count(count)?;
        }
    }
    Ok(minutes)
}

async fn failures(db: &mut Db) -> Result<Vec<FailedAttempt>, FarmError> {
    let since = since(db);
    let [a, b, c, d, e] = LeaseEnding::BAD.map(LeaseEnding::code);
    let rows: Vec<(i64, i64, i64, String, i64, String)> = sqlx::query_as(
        "SELECT jobs.id, jobs.kind, jobs.number, workers.name, leases.ended_ms, leases.outcome
         FROM leases JOIN jobs ON jobs.id = leases.job JOIN workers ON workers.id = leases.worker
         WHERE leases.ended_ms > $1 AND leases.ending IN ($2, $3, $4, $5, $6)
         ORDER BY leases.ended_ms DESC, leases.token DESC LIMIT $7",
    )
    .bind(since)
    .bind(a)
    .bind(b)
    .bind(c)
    .bind(d)
    .bind(e)
    .bind(FAILURES)
    .fetch_all(db.conn())
    .await?;
    rows.into_iter()
        .map(|(job, kind, number, worker, ended, reason)| {
            Ok(FailedAttempt {
                job: JobId(parse_count(job)?),
                kind: parse_kind(kind)?,
                batch: parse_count(number)?,
                worker,
                ended_ms: parse_count(ended)?,
                reason,
            })
        })
        .collect()
}

/// Counts by kind.
#[derive(Default)]
struct Kinds(Vec<KindOverview>);

impl Kinds {
    fn of(&mut self, kind: JobKind) -> &mut KindOverview {
        let place = self.0.iter().position(|counts| counts.kind == kind);
        let place = place.unwrap_or_else(|| {
            self.0.push(KindOverview::new(kind));
            self.0.len() - 1
        });
        &mut self.0[place]
    }

    fn in_order(mut self) -> Vec<KindOverview> {
        self.0.sort_by_key(|counts| super::kind_code(counts.kind));
        self.0
    }
}

fn batch_state(code: i64) -> Result<BatchState, FarmError> {
    BatchState::from_code(code).ok_or_else(|| corrupt("batch state", code))
}

fn job_state(code: i64) -> Result<JobState, FarmError> {
    JobState::from_code(code).ok_or_else(|| corrupt("job state", code))
}
