//! Reading the graph for people and for the sequencer.

use std::{collections::HashMap, time::Duration};

use ashlar_proto::JobKind;

use super::{
    Db, batches, corrupt, kind_code, millis, parse_count, parse_digest, parse_kind, parse_u32, tenants, to_db,
};
use crate::{
    error::FarmError,
    metrics::Snapshot,
    model::{
        BatchId, BatchKey, BatchState, BatchView, Device, FencingToken, JobFilter, JobId, JobState, JobView,
        LeaseEnding, LeaseView, Quarantine, StepTiming, WorkerId, WorkerView,
    },
};

#[derive(sqlx::FromRow)]
struct JobRow {
    id: i64,
    number: i64,
    circuit_set: Vec<u8>,
    chain_id: i64,
    rollup: Vec<u8>,
    kind: i64,
    state: i64,
    ordinal: i64,
    failed_attempts: i64,
    machine_faults: i64,
    not_before_ms: i64,
    last_error: String,
    worker: String,
    output: Option<Vec<u8>>,
    output_bytes: i64,
    fallback: String,
}

impl JobRow {
    fn view(self, steps: Vec<StepTiming>) -> Result<JobView, FarmError> {
        Ok(JobView {
            id: JobId(parse_count(self.id)?),
            batch: key(self.chain_id, &self.rollup, &self.circuit_set, self.number)?,
            kind: parse_kind(self.kind)?,
            state: JobState::from_code(self.state).ok_or_else(|| corrupt("job state", self.state))?,
            ordinal: parse_u32(self.ordinal)?,
            failed_attempts: parse_u32(self.failed_attempts)?,
            machine_faults: parse_u32(self.machine_faults)?,
            not_before_ms: parse_count(self.not_before_ms)?,
            last_error: self.last_error,
            worker: self.worker,
            steps,
            output: self.output.as_deref().map(parse_digest).transpose()?,
            output_bytes: parse_count(self.output_bytes)?,
            fallback: self.fallback,
        })
    }
}

fn key(chain_id: i64, rollup: &[u8], circuit_set: &[u8], number: i64) -> Result<BatchKey, FarmError> {
    Ok(BatchKey {
        tenant: tenants::parse(chain_id, rollup)?,
        circuit_set: parse_digest(circuit_set)?,
        number: parse_count(number)?,
    })
}

/// Jobs of a filter: newest batch first, then by id.
pub async fn jobs(db: &mut Db, filter: &JobFilter) -> Result<Vec<JobView>, FarmError> {
    let Some(batch) = &filter.batch else {
        return select(db, None, None, filter).await;
    };
    let mut jobs = Vec::new();
    for id in batches::meant(db, batch).await? {
        let rest = JobFilter {
            limit: filter
                .limit
                .saturating_sub(u32::try_from(jobs.len()).unwrap_or(u32::MAX)),
            ..filter.clone()
        };
        jobs.extend(select(db, None, Some(id), &rest).await?);
    }
    Ok(jobs)
}

/// One job.
pub async fn job(db: &mut Db, id: JobId) -> Result<JobView, FarmError> {
    let filter = JobFilter {
        limit: 1,
        ..JobFilter::default()
    };
    select(db, Some(id), None, &filter)
        .await?
        .pop()
        .ok_or(FarmError::UnknownJob(id))
}

async fn select(
    db: &mut Db,
    id: Option<JobId>,
    batch: Option<BatchId>,
    filter: &JobFilter,
) -> Result<Vec<JobView>, FarmError> {
    let states = filter
        .states
        .iter()
        .fold(0i64, |mask, state| mask | 1 << state.code());
    let rows: Vec<JobRow> = sqlx::query_as(
        "SELECT jobs.id, jobs.number, circuit_set, chain_id, rollup, kind, jobs.state, ordinal, failed_attempts,
             machine_faults, not_before_ms, last_error, output, output_bytes, fallback,
             COALESCE((SELECT name FROM workers WHERE id =
                 (SELECT worker FROM leases WHERE job = jobs.id
                  ORDER BY CASE WHEN ending = $5 THEN 1 ELSE 0 END DESC, token DESC LIMIT 1)), '') AS worker
         FROM jobs JOIN batches ON batches.id = jobs.batch JOIN tenants ON tenants.id = jobs.tenant
         WHERE ($1 IS NULL OR jobs.id = $1) AND ($2 IS NULL OR jobs.batch = $2)
           AND ($3 = 0 OR ($3 >> CAST(jobs.state AS INTEGER)) & 1 = 1)
         ORDER BY jobs.batch DESC, jobs.id LIMIT $4",
    )
    .bind(id.map(|id| to_db(id.0)))
    .bind(batch.map(|batch| to_db(batch.0)))
    .bind(states)
    .bind(i64::from(filter.limit))
    .bind(LeaseEnding::Completed.code())
    .fetch_all(db.conn())
    .await?;
    let mut views = Vec::with_capacity(rows.len());
    let mut steps = HashMap::new();
    if let (Some(first), Some(last)) = (
        rows.iter().map(|row| row.id).min(),
        rows.iter().map(|row| row.id).max(),
    ) {
        steps = steps_between(db, first, last).await?;
    }
    for row in rows {
        let own = steps.remove(&row.id).unwrap_or_default();
        views.push(row.view(own)?);
    }
    Ok(views)
}

async fn steps_between(
    db: &mut Db,
    first: i64,
    last: i64,
) -> Result<HashMap<i64, Vec<StepTiming>>, FarmError> {
    let rows: Vec<(i64, String, f64, i64, f64, f64)> = sqlx::query_as(
        "SELECT job, name, seconds, peak_rss_bytes, cpu_seconds, device_seconds FROM job_steps WHERE job BETWEEN $1 AND $2 ORDER BY job, position",
    )
    .bind(first)
    .bind(last)
    .fetch_all(db.conn())
    .await?;
    let mut steps: HashMap<i64, Vec<StepTiming>> = HashMap::new();
    for (job, name, seconds, peak, cpu_seconds, device_seconds) in rows {
        steps.entry(job).or_default().push(StepTiming {
            name,
            seconds,
            peak_rss_bytes: parse_count(peak)?,
            cpu_seconds,
            device_seconds,
        });
    }
    Ok(steps)
}

/// A batch with all its jobs.
pub async fn batch(db: &mut Db, key: &BatchKey) -> Result<BatchView, FarmError> {
    let known = batches::known(db, key).await?;
    if known.retired {
        return Err(FarmError::Retired(key.number));
    }
    let (state, failure_reason): (i64, String) =
        sqlx::query_as("SELECT state, failure_reason FROM batches WHERE id = $1")
            .bind(to_db(known.id.0))
            .fetch_one(db.conn())
            .await?;
    let filter = JobFilter {
        limit: u32::MAX,
        ..JobFilter::default()
    };
    Ok(BatchView {
        key: *key,
        state: BatchState::from_code(state).ok_or_else(|| corrupt("batch state", state))?,
        failure_reason,
        jobs: select(db, None, Some(known.id), &filter).await?,
    })
}

/// The leases of a job, oldest first.
pub async fn leases(db: &mut Db, job: JobId) -> Result<Vec<LeaseView>, FarmError> {
    type Row = (i64, String, i64, i64, Option<i64>, i64, String);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT token, workers.name, granted_ms, deadline_ms, ended_ms, ending, outcome
         FROM leases JOIN workers ON workers.id = leases.worker WHERE job = $1 ORDER BY token",
    )
    .bind(to_db(job.0))
    .fetch_all(db.conn())
    .await?;
    rows.into_iter()
        .map(|(token, worker, granted, deadline, ended, ending, outcome)| {
            let ended = ended
                .map(|ended| {
                    let how =
                        LeaseEnding::from_code(ending).ok_or_else(|| corrupt("lease ending", ending))?;
                    Ok::<_, FarmError>((parse_count(ended)?, how))
                })
                .transpose()?;
            Ok(LeaseView {
                token: FencingToken(parse_count(token)?),
                worker,
                granted_ms: parse_count(granted)?,
                deadline_ms: parse_count(deadline)?,
                ended,
                outcome,
            })
        })
        .collect()
}

/// What is the case, for metrics; the artifacts' size is not in the database.
pub async fn snapshot(db: &mut Db, worker_ttl: Duration) -> Result<Snapshot, FarmError> {
    let now = db.now_ms();
    let mut snapshot = Snapshot::default();
    for state in [
        JobState::Blocked,
        JobState::Ready,
        JobState::Leased,
        JobState::Poisoned,
    ] {
        let kinds: Vec<(i64, i64)> = sqlx::query_as(
            "SELECT kind, COUNT(*) FROM jobs JOIN batches ON batches.id = jobs.batch
             WHERE jobs.state = $1 AND batches.state IN ($2, $3) GROUP BY kind",
        )
        .bind(state.code())
        .bind(BatchState::Running.code())
        .bind(BatchState::Failed.code())
        .fetch_all(db.conn())
        .await?;
        for (kind, count) in kinds {
            snapshot
                .jobs
                .push((state, parse_kind(kind)?, parse_count(count)?));
        }
    }
    let batches: Vec<(i64, i64, Vec<u8>, i64)> = sqlx::query_as(
        "SELECT state, chain_id, rollup, COUNT(*) FROM batches JOIN tenants ON tenants.id = batches.tenant
         WHERE retired = 0 GROUP BY state, chain_id, rollup",
    )
    .fetch_all(db.conn())
    .await?;
    for (state, chain_id, rollup, count) in batches {
        let state = BatchState::from_code(state).ok_or_else(|| corrupt("batch state", state))?;
        let tenant = tenants::parse(chain_id, &rollup)?.to_string();
        snapshot.batches.push((state, tenant, parse_count(count)?));
    }
    let oldest: Option<i64> = sqlx::query_scalar(
        "SELECT MIN(ready_ms) FROM jobs JOIN batches ON batches.id = jobs.batch
         WHERE jobs.state = 2 AND batches.state = $1",
    )
    .bind(BatchState::Running.code())
    .fetch_one(db.conn())
    .await?;
    let waited = oldest.map(|oldest| parse_count(now.saturating_sub(oldest).max(0)));
    snapshot.oldest_ready = waited.transpose()?.map(Duration::from_millis);
    let paused = super::setting(db, super::PAUSED).await? != 0;
    let alive_from = now.saturating_sub(millis(worker_ttl));
    for worker in workers(db, u32::MAX).await? {
        if to_db(worker.last_seen_ms) >= alive_from {
            snapshot.workers.live += 1;
            snapshot.workers.quarantined += u64::from(!worker.quarantines.is_empty());
            snapshot.workers.paused += u64::from(paused);
            snapshot.workers.draining += u64::from(worker.draining);
        }
    }
    Ok(snapshot)
}

/// Workers by id, each with the quarantines that have not ended: of more than `limit`, those last heard of.
pub async fn workers(db: &mut Db, limit: u32) -> Result<Vec<WorkerView>, FarmError> {
    type Row = (i64, i64, i64, i64, String, Option<i64>);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT worker, kind, strikes, until_ms, reason, job FROM quarantines WHERE until_ms > $1 ORDER BY kind",
    )
    .bind(db.now_ms())
    .fetch_all(db.conn())
    .await?;
    let mut quarantines: HashMap<i64, Vec<Quarantine>> = HashMap::new();
    for (worker, kind, strikes, until_ms, reason, job) in rows {
        quarantines.entry(worker).or_default().push(Quarantine {
            kind: parse_kind(kind)?,
            strikes: parse_u32(strikes)?,
            until_ms: parse_count(until_ms)?,
            reason,
            job: job.map(parse_count).transpose()?.map(JobId),
        });
    }
    let rows: Vec<WorkerRow> = sqlx::query_as(
        "SELECT id, name, backend, kinds, last_seen_ms, draining, circuit_set, ram_bytes, fallback,
             device, device_bytes, device_free_bytes, device_msm, device_ntt,
             (SELECT job FROM leases WHERE worker = workers.id AND ended_ms IS NULL ORDER BY token LIMIT 1) AS job
         FROM workers WHERE id IN (SELECT id FROM workers ORDER BY last_seen_ms DESC, id LIMIT $1) ORDER BY id",
    )
    .bind(i64::from(limit))
    .fetch_all(db.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let own = quarantines.remove(&row.id).unwrap_or_default();
            row.view(own)
        })
        .collect()
}

#[derive(sqlx::FromRow)]
struct WorkerRow {
    id: i64,
    name: String,
    backend: String,
    kinds: i64,
    last_seen_ms: i64,
    draining: i64,
    circuit_set: Vec<u8>,
    ram_bytes: i64,
    fallback: String,
    device: String,
    device_bytes: i64,
    device_free_bytes: i64,
    device_msm: f64,
    device_ntt: f64,
    job: Option<i64>,
}

impl WorkerRow {
    fn view(self, quarantines: Vec<Quarantine>) -> Result<WorkerView, FarmError> {
        let device = (!self.device.is_empty()).then(|| {
            Ok::<_, FarmError>(Device {
                name: self.device,
                memory_total_bytes: parse_count(self.device_bytes)?,
                memory_free_bytes: parse_count(self.device_free_bytes)?,
                msm_scalars_per_second: self.device_msm,
                ntt_elements_per_second: self.device_ntt,
            })
        });
        Ok(WorkerView {
            id: WorkerId(parse_count(self.id)?),
            name: self.name,
            backend: self.backend,
            kinds: JobKind::ALL
                .into_iter()
                .filter(|kind| (self.kinds >> kind_code(*kind)) & 1 == 1)
                .collect(),
            last_seen_ms: parse_count(self.last_seen_ms)?,
            draining: self.draining != 0,
            circuit_set: parse_digest(&self.circuit_set)?,
            job: self.job.map(parse_count).transpose()?.map(JobId),
            quarantines,
            device: device.transpose()?,
            fallback: self.fallback,
            ram_bytes: parse_count(self.ram_bytes)?,
        })
    }
}
