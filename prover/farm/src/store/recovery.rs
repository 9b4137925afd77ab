//! Artifacts that are lost: what made them runs again, and one that the sequencer sent waits for the batch to be sent again.

use ashlar_proto::{Digest, JobKind};

use super::{Db, batches, kind_code, leases, outcomes, parse_kind, to_db};
use crate::{
    error::FarmError,
    model::{BatchId, JobState, LeaseEnding},
};

/// Puts the graph right after `digest` was found missing or damaged. Only outputs that somebody still needs are
/// made again; the snark always is. Returns the number of jobs affected.
pub async fn artifact_lost(db: &mut Db, digest: Digest) -> Result<usize, FarmError> {
    let producers: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT id, batch FROM jobs
         WHERE output = $1 AND state = $2 AND (kind = $3 OR EXISTS (
             SELECT 1 FROM job_inputs JOIN jobs AS consumers ON consumers.id = job_inputs.job
             WHERE job_inputs.producer = jobs.id AND consumers.state <> $2))",
    )
    .bind(digest.as_ref().to_vec())
    .bind(JobState::Done.code())
    .bind(kind_code(JobKind::Wrap))
    .fetch_all(db.conn())
    .await?;
    for &(job, batch) in &producers {
        tracing::warn!(job, batch, %digest, "output lost: the job runs again");
        sqlx::query(
            "UPDATE jobs SET output = NULL, output_bytes = 0, state = $2, last_error = $3 WHERE id = $1",
        )
        .bind(job)
        .bind(JobState::Ready.code())
        .bind(format!("output {digest} was lost"))
        .execute(db.conn())
        .await?;
        sqlx::query("DELETE FROM job_steps WHERE job = $1")
            .bind(job)
            .execute(db.conn())
            .await?;
        leases::put_back(db, job).await?;
        sqlx::query(
            "UPDATE jobs SET state = $2 WHERE state = $3 AND id IN (SELECT job FROM job_inputs WHERE producer = $1)",
        )
        .bind(job)
        .bind(JobState::Blocked.code())
        .bind(JobState::Ready.code())
        .execute(db.conn())
        .await?;
        batches::settle_state(db, batch).await?;
    }
    Ok(producers.len() + sent_lost(db, digest).await?)
}

/// Of what the sequencer sent: a witness, or the stream in a blob.
async fn sent_lost(db: &mut Db, digest: Digest) -> Result<usize, FarmError> {
    let consumers: Vec<(i64, i64, i64, i64)> = sqlx::query_as(
        "SELECT jobs.id, jobs.batch, jobs.kind, jobs.ordinal FROM job_inputs JOIN jobs ON jobs.id = job_inputs.job
         WHERE job_inputs.artifact = $1 AND jobs.state <> $2",
    )
    .bind(digest.as_ref().to_vec())
    .bind(JobState::Done.code())
    .fetch_all(db.conn())
    .await?;
    for &(job, batch, kind, ordinal) in &consumers {
        let what = match parse_kind(kind)? {
            JobKind::Compress => "stream in the blob".to_owned(),
            _ => format!("witness of chunk {ordinal}"),
        };
        let reason = format!("the {what} was lost ({digest}): submit the batch again");
        tracing::error!(job, batch, reason, "job poisoned");
        leases::end_any(db, job, LeaseEnding::HandedBack, &reason).await?;
        outcomes::poison(db, job).await?;
        sqlx::query("UPDATE jobs SET witness_lost = 1, last_error = $2 WHERE id = $1")
            .bind(job)
            .bind(&reason)
            .execute(db.conn())
            .await?;
        batches::fail(db, batch, &reason).await?;
    }
    Ok(consumers.len())
}

/// After the batch was sent again: jobs whose witness or stream had been lost run again. Returns how many.
pub async fn witnesses_restored(db: &mut Db, batch: BatchId) -> Result<usize, FarmError> {
    let batch = to_db(batch.0);
    let jobs: Vec<i64> = sqlx::query_scalar(
        "UPDATE jobs SET witness_lost = 0 WHERE batch = $1 AND witness_lost = 1 RETURNING id",
    )
    .bind(batch)
    .fetch_all(db.conn())
    .await?;
    for job in &jobs {
        outcomes::absolve(db, *job).await?;
        leases::put_back(db, *job).await?;
    }
    if !jobs.is_empty() {
        batches::settle_state(db, batch).await?;
    }
    Ok(jobs.len())
}
