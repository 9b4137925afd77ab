//! Submitting a batch, and what its state follows from.

use ashlar_proto::{Digest, JobKind};
use sqlx::SqliteConnection;

use super::{kind_code, now_ms, parse_digest, to_db};
use crate::{
    error::FarmError,
    graph,
    model::{Batch, BatchState, JobState},
};

/// Content digest of a batch, if it was submitted.
pub async fn content(conn: &mut SqliteConnection, number: u64) -> Result<Option<Digest>, FarmError> {
    sqlx::query_scalar::<_, Vec<u8>>("SELECT content FROM batches WHERE number = ?1")
        .bind(to_db(number))
        .fetch_optional(conn)
        .await?
        .map(|bytes| parse_digest(&bytes))
        .transpose()
}

/// Writes a new batch with its job graph.
pub async fn insert(conn: &mut SqliteConnection, batch: &Batch) -> Result<(), FarmError> {
    let number = to_db(batch.number);
    sqlx::query(
        "INSERT INTO batches (number, circuit_set, content, state, submitted_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
    )
    .bind(number)
    .bind(batch.circuit_set.as_ref())
    .bind(batch.content().as_ref().to_vec())
    .bind(BatchState::Running.code())
    .bind(now_ms())
    .execute(&mut *conn)
    .await?;
    let chunks = u32::try_from(batch.witnesses.len()).unwrap_or(u32::MAX);
    let mut ids: Vec<i64> = Vec::new();
    for (i, job) in graph::plan(chunks).into_iter().enumerate() {
        let state = if job.producers.is_empty() {
            JobState::Ready
        } else {
            JobState::Blocked
        };
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO jobs (batch, kind, stage, ordinal, state) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id",
        )
        .bind(number)
        .bind(kind_code(job.kind))
        .bind(job.stage)
        .bind(job.ordinal)
        .bind(state.code())
        .fetch_one(&mut *conn)
        .await?;
        ids.push(id);
        if job.kind == JobKind::Chunk {
            sqlx::query("INSERT INTO job_inputs (job, position, artifact) VALUES (?1, 0, ?2)")
                .bind(id)
                .bind(batch.witnesses[i].as_ref())
                .execute(&mut *conn)
                .await?;
        }
        for (producer, position) in job.producers.into_iter().zip(0i64..) {
            sqlx::query("INSERT INTO job_inputs (job, position, producer) VALUES (?1, ?2, ?3)")
                .bind(id)
                .bind(position)
                .bind(ids[producer])
                .execute(&mut *conn)
                .await?;
        }
    }
    Ok(())
}

/// Marks a batch failed; the first reason stays.
pub async fn fail(conn: &mut SqliteConnection, number: i64, reason: &str) -> Result<(), FarmError> {
    sqlx::query("UPDATE batches SET state = ?2, failure_reason = ?3 WHERE number = ?1 AND state = ?4")
        .bind(number)
        .bind(BatchState::Failed.code())
        .bind(reason)
        .bind(BatchState::Running.code())
        .execute(conn)
        .await?;
    Ok(())
}

/// Sets the state that follows from the jobs: done with the wrap, failed while a job is poisoned, else running.
pub async fn settle_state(conn: &mut SqliteConnection, number: i64) -> Result<BatchState, FarmError> {
    let (wrapped, poisoned): (bool, bool) = sqlx::query_as(
        "SELECT EXISTS (SELECT 1 FROM jobs WHERE batch = ?1 AND kind = ?2 AND state = ?3),
                EXISTS (SELECT 1 FROM jobs WHERE batch = ?1 AND state = ?4)",
    )
    .bind(number)
    .bind(kind_code(JobKind::Wrap))
    .bind(JobState::Done.code())
    .bind(JobState::Poisoned.code())
    .fetch_one(&mut *conn)
    .await?;
    let state = match (wrapped, poisoned) {
        (true, _) => BatchState::Done,
        (false, true) => BatchState::Failed,
        (false, false) => BatchState::Running,
    };
    sqlx::query(
        "UPDATE batches SET state = ?2, failure_reason = CASE ?2 WHEN ?3 THEN failure_reason ELSE '' END
         WHERE number = ?1",
    )
    .bind(number)
    .bind(state.code())
    .bind(BatchState::Failed.code())
    .execute(conn)
    .await?;
    Ok(state)
}
