//! Artifacts that are lost: what made them runs again, and a lost witness waits for the batch to be sent again.

use ashlar_proto::{Digest, JobKind};
use sqlx::SqliteConnection;

use super::{batches, kind_code, leases, outcomes, to_db};
use crate::{
    error::FarmError,
    model::{JobState, LeaseEnding},
};

/// Puts the graph right after `digest` was found missing or damaged. Only outputs that somebody still needs are
/// made again; the snark always is. Returns the number of jobs affected.
pub async fn artifact_lost(conn: &mut SqliteConnection, digest: Digest) -> Result<usize, FarmError> {
    let producers: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT id, batch FROM jobs
         WHERE output = ?1 AND state = ?2 AND (kind = ?3 OR EXISTS (
             SELECT 1 FROM job_inputs JOIN jobs AS consumers ON consumers.id = job_inputs.job
             WHERE job_inputs.producer = jobs.id AND consumers.state <> ?2))",
    )
    .bind(digest.as_ref().to_vec())
    .bind(JobState::Done.code())
    .bind(kind_code(JobKind::Wrap))
    .fetch_all(&mut *conn)
    .await?;
    for &(job, batch) in &producers {
        tracing::warn!(job, batch, %digest, "output lost: the job runs again");
        sqlx::query(
            "UPDATE jobs SET output = NULL, output_bytes = 0, state = ?2, last_error = ?3 WHERE id = ?1",
        )
        .bind(job)
        .bind(JobState::Ready.code())
        .bind(format!("output {digest} was lost"))
        .execute(&mut *conn)
        .await?;
        leases::put_back(conn, job).await?;
        sqlx::query(
            "UPDATE jobs SET state = ?2 WHERE state = ?3 AND id IN (SELECT job FROM job_inputs WHERE producer = ?1)",
        )
        .bind(job)
        .bind(JobState::Blocked.code())
        .bind(JobState::Ready.code())
        .execute(&mut *conn)
        .await?;
        batches::settle_state(conn, batch).await?;
    }
    Ok(producers.len() + witness_lost(conn, digest).await?)
}

async fn witness_lost(conn: &mut SqliteConnection, digest: Digest) -> Result<usize, FarmError> {
    let consumers: Vec<(i64, i64, i64)> = sqlx::query_as(
        "SELECT jobs.id, jobs.batch, jobs.ordinal FROM job_inputs JOIN jobs ON jobs.id = job_inputs.job
         WHERE job_inputs.artifact = ?1 AND jobs.state <> ?2",
    )
    .bind(digest.as_ref().to_vec())
    .bind(JobState::Done.code())
    .fetch_all(&mut *conn)
    .await?;
    for &(job, batch, chunk) in &consumers {
        let reason = format!("the witness of chunk {chunk} was lost ({digest}): submit the batch again");
        tracing::error!(job, batch, reason, "job poisoned");
        leases::end_any(conn, job, LeaseEnding::HandedBack, &reason).await?;
        outcomes::poison(conn, job).await?;
        sqlx::query("UPDATE jobs SET witness_lost = 1, last_error = ?2 WHERE id = ?1")
            .bind(job)
            .bind(&reason)
            .execute(&mut *conn)
            .await?;
        batches::fail(conn, batch, &reason).await?;
    }
    Ok(consumers.len())
}

/// After the batch was sent again: jobs whose witness had been lost run again. Returns how many.
pub async fn witnesses_restored(conn: &mut SqliteConnection, batch: u64) -> Result<usize, FarmError> {
    let batch = to_db(batch);
    let jobs: Vec<i64> = sqlx::query_scalar(
        "UPDATE jobs SET witness_lost = 0 WHERE batch = ?1 AND witness_lost = 1 RETURNING id",
    )
    .bind(batch)
    .fetch_all(&mut *conn)
    .await?;
    for job in &jobs {
        outcomes::absolve(conn, *job).await?;
        leases::put_back(conn, *job).await?;
    }
    if !jobs.is_empty() {
        batches::settle_state(conn, batch).await?;
    }
    Ok(jobs.len())
}
