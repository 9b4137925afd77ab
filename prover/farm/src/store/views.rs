//! Reading the graph for people and for the sequencer.

use std::collections::HashMap;

use ashlar_proto::JobKind;
use sqlx::SqliteConnection;

use super::{corrupt, kind_code, now_ms, parse_count, parse_digest, parse_kind, parse_u32, to_db};
use crate::{
    error::FarmError,
    model::{
        BatchState, BatchView, FencingToken, JobFilter, JobId, JobState, JobView, LeaseEnding, LeaseView,
        Quarantine, StepTiming, WorkerId, WorkerView,
    },
};

#[derive(sqlx::FromRow)]
struct JobRow {
    id: i64,
    batch: i64,
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
            batch: parse_count(self.batch)?,
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

/// Jobs of a filter: newest batch first, then by id.
pub async fn jobs(conn: &mut SqliteConnection, filter: &JobFilter) -> Result<Vec<JobView>, FarmError> {
    select(conn, None, filter).await
}

/// One job.
pub async fn job(conn: &mut SqliteConnection, id: JobId) -> Result<JobView, FarmError> {
    let filter = JobFilter {
        limit: 1,
        ..JobFilter::default()
    };
    select(conn, Some(id), &filter)
        .await?
        .pop()
        .ok_or(FarmError::UnknownJob(id))
}

async fn select(
    conn: &mut SqliteConnection,
    id: Option<JobId>,
    filter: &JobFilter,
) -> Result<Vec<JobView>, FarmError> {
    let states = filter
        .states
        .iter()
        .fold(0i64, |mask, state| mask | 1 << state.code());
    let rows: Vec<JobRow> = sqlx::query_as(
        "SELECT id, batch, kind, state, ordinal, failed_attempts, machine_faults, not_before_ms, last_error, output, output_bytes, fallback,
             COALESCE((SELECT name FROM workers WHERE id =
                 (SELECT worker FROM leases WHERE job = jobs.id
                  ORDER BY ending = ?5 DESC, token DESC LIMIT 1)), '') AS worker
         FROM jobs
         WHERE (?1 IS NULL OR id = ?1) AND (?2 IS NULL OR batch = ?2) AND (?3 = 0 OR (?3 >> state) & 1)
         ORDER BY batch DESC, id LIMIT ?4",
    )
    .bind(id.map(|id| to_db(id.0)))
    .bind(filter.batch.map(to_db))
    .bind(states)
    .bind(filter.limit)
    .bind(LeaseEnding::Completed.code())
    .fetch_all(&mut *conn)
    .await?;
    let mut views = Vec::with_capacity(rows.len());
    let mut steps = HashMap::new();
    if let (Some(first), Some(last)) = (
        rows.iter().map(|row| row.id).min(),
        rows.iter().map(|row| row.id).max(),
    ) {
        steps = steps_between(conn, first, last).await?;
    }
    for row in rows {
        let own = steps.remove(&row.id).unwrap_or_default();
        views.push(row.view(own)?);
    }
    Ok(views)
}

async fn steps_between(
    conn: &mut SqliteConnection,
    first: i64,
    last: i64,
) -> Result<HashMap<i64, Vec<StepTiming>>, FarmError> {
    let rows: Vec<(i64, String, f64, i64)> = sqlx::query_as(
        "SELECT job, name, seconds, peak_rss_bytes FROM job_steps WHERE job BETWEEN ?1 AND ?2 ORDER BY job, position",
    )
    .bind(first)
    .bind(last)
    .fetch_all(conn)
    .await?;
    let mut steps: HashMap<i64, Vec<StepTiming>> = HashMap::new();
    for (job, name, seconds, peak) in rows {
        steps.entry(job).or_default().push(StepTiming {
            name,
            seconds,
            peak_rss_bytes: parse_count(peak)?,
        });
    }
    Ok(steps)
}

/// A batch with all its jobs.
pub async fn batch(conn: &mut SqliteConnection, number: u64) -> Result<BatchView, FarmError> {
    let row: Option<(i64, String)> =
        sqlx::query_as("SELECT state, failure_reason FROM batches WHERE number = ?1")
            .bind(to_db(number))
            .fetch_optional(&mut *conn)
            .await?;
    let (state, failure_reason) = row.ok_or(FarmError::UnknownBatch(number))?;
    let state = BatchState::from_code(state).ok_or_else(|| corrupt("batch state", state))?;
    let filter = JobFilter {
        batch: Some(number),
        limit: u32::MAX,
        ..JobFilter::default()
    };
    Ok(BatchView {
        number,
        state,
        failure_reason,
        jobs: jobs(conn, &filter).await?,
    })
}

/// The leases of a job, oldest first.
pub async fn leases(conn: &mut SqliteConnection, job: JobId) -> Result<Vec<LeaseView>, FarmError> {
    type Row = (i64, String, i64, i64, Option<i64>, i64, String);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT token, workers.name, granted_ms, deadline_ms, ended_ms, ending, outcome
         FROM leases JOIN workers ON workers.id = leases.worker WHERE job = ?1 ORDER BY token",
    )
    .bind(to_db(job.0))
    .fetch_all(conn)
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

/// All workers, by id, each with the quarantines that have not ended.
pub async fn workers(conn: &mut SqliteConnection) -> Result<Vec<WorkerView>, FarmError> {
    type Row = (i64, i64, i64, i64, String, Option<i64>);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT worker, kind, strikes, until_ms, reason, job FROM quarantines WHERE until_ms > ?1 ORDER BY kind",
    )
    .bind(now_ms())
    .fetch_all(&mut *conn)
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
    let rows: Vec<(i64, String, String, i64, i64)> =
        sqlx::query_as("SELECT id, name, backend, kinds, last_seen_ms FROM workers ORDER BY id")
            .fetch_all(conn)
            .await?;
    rows.into_iter()
        .map(|(id, name, backend, kinds, last_seen_ms)| {
            Ok(WorkerView {
                id: WorkerId(parse_count(id)?),
                name,
                backend,
                kinds: JobKind::ALL
                    .into_iter()
                    .filter(|kind| (kinds >> kind_code(*kind)) & 1 == 1)
                    .collect(),
                last_seen_ms: parse_count(last_seen_ms)?,
                quarantines: quarantines.remove(&id).unwrap_or_default(),
            })
        })
        .collect()
}
