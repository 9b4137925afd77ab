//! Submitting a batch, and what its state follows from.

use ashlar_proto::{Digest, JobKind};

use super::{Db, kind_code, leases, parse_count, parse_digest, retirement, tenants, to_db};
use crate::{
    error::FarmError,
    graph,
    model::{Batch, BatchId, BatchKey, BatchRef, BatchState, JobState, LeaseEnding},
};

/// A batch that was submitted before.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Its id.
    pub id: BatchId,
    /// Digest of what was submitted.
    pub content: Digest,
    /// Its jobs and artifacts are gone.
    pub retired: bool,
}

/// The batch of that key, if it was submitted.
pub async fn find(db: &mut Db, key: &BatchKey) -> Result<Option<Known>, FarmError> {
    let found: Option<(i64, Vec<u8>, i64)> = sqlx::query_as(
        "SELECT batches.id, content, retired FROM batches JOIN tenants ON tenants.id = batches.tenant
         WHERE chain_id = $1 AND rollup = $2 AND circuit_set = $3 AND number = $4",
    )
    .bind(to_db(key.tenant.chain_id))
    .bind(key.tenant.rollup.as_slice())
    .bind(key.circuit_set.as_ref())
    .bind(to_db(key.number))
    .fetch_optional(db.conn())
    .await?;
    found
        .map(|(id, content, retired)| {
            Ok(Known {
                id: BatchId(parse_count(id)?),
                content: parse_digest(&content)?,
                retired: retired != 0,
            })
        })
        .transpose()
}

/// The id of a batch that must exist.
pub async fn known(db: &mut Db, key: &BatchKey) -> Result<Known, FarmError> {
    find(db, key).await?.ok_or(FarmError::UnknownBatch(key.number))
}

/// The batches that an operator means, newest first, of those that are kept.
///
/// # Errors
/// [`FarmError::UnknownBatch`] if there is none, [`FarmError::Retired`] if there were some.
pub async fn meant(db: &mut Db, batch: &BatchRef) -> Result<Vec<BatchId>, FarmError> {
    type Row = (i64, i64, Vec<u8>, Vec<u8>, i64);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT batches.id, chain_id, rollup, circuit_set, retired FROM batches JOIN tenants ON tenants.id = batches.tenant
         WHERE number = $1 ORDER BY batches.id DESC",
    )
    .bind(to_db(batch.number))
    .fetch_all(db.conn())
    .await?;
    let meant = rows.into_iter().filter(|(_, chain_id, rollup, circuit_set, _)| {
        batch
            .tenant
            .is_none_or(|tenant| to_db(tenant.chain_id) == *chain_id && tenant.rollup[..] == rollup[..])
            && batch
                .circuit_set
                .is_none_or(|set| set.as_ref() == &circuit_set[..])
    });
    let (kept, retired): (Vec<_>, Vec<_>) = meant.partition(|(.., retired)| *retired == 0);
    if kept.is_empty() {
        return Err(if retired.is_empty() {
            FarmError::UnknownBatch(batch.number)
        } else {
            FarmError::Retired(batch.number)
        });
    }
    kept.into_iter()
        .map(|(id, ..)| parse_count(id).map(BatchId))
        .collect()
}

/// Writes a new batch of tenant number `tenant` with its job graph.
pub async fn insert(db: &mut Db, tenant: i64, batch: &Batch) -> Result<(), FarmError> {
    let number = to_db(batch.key.number);
    let now_ms = db.now_ms();
    let batch_id: i64 = sqlx::query_scalar(
        "INSERT INTO batches (tenant, circuit_set, number, content, state, submitted_ms)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
    )
    .bind(tenant)
    .bind(batch.key.circuit_set.as_ref())
    .bind(number)
    .bind(batch.content().as_ref().to_vec())
    .bind(BatchState::Running.code())
    .bind(now_ms)
    .fetch_one(db.conn())
    .await?;
    plan(db, tenant, batch_id, batch).await
}

/// Keeps a retired batch again, which was submitted anew with the same content: all its jobs are to be done once more, since
/// whoever sends it wants its SNARK, whatever was said of its chain. One that the operator gave up stays given up, until it is
/// requeued.
pub async fn run_again(db: &mut Db, tenant: i64, id: BatchId, batch: &Batch) -> Result<(), FarmError> {
    while retirement::drop_piece(db, id).await? {}
    let now_ms = db.now_ms();
    sqlx::query(
        "UPDATE batches SET retired = 0, settled_ms = NULL, submitted_ms = $2,
             state = CASE WHEN state = $3 AND cancelled_ms IS NOT NULL THEN state ELSE $4 END,
             failure_reason = CASE WHEN state = $3 AND cancelled_ms IS NOT NULL THEN failure_reason ELSE '' END,
             cancelled_ms = CASE WHEN state = $3 AND cancelled_ms IS NOT NULL THEN $2 END
         WHERE id = $1",
    )
    .bind(to_db(id.0))
    .bind(now_ms)
    .bind(BatchState::Cancelled.code())
    .bind(BatchState::Running.code())
    .execute(db.conn())
    .await?;
    plan(db, tenant, to_db(id.0), batch).await
}

/// Writes a batch's job graph.
async fn plan(db: &mut Db, tenant: i64, batch_id: i64, batch: &Batch) -> Result<(), FarmError> {
    let (number, now_ms) = (to_db(batch.key.number), db.now_ms());
    let chunks = u32::try_from(batch.witnesses.len()).unwrap_or(u32::MAX);
    let mut ids: Vec<i64> = Vec::new();
    for (i, job) in graph::plan(chunks).into_iter().enumerate() {
        let state = if job.producers.is_empty() {
            JobState::Ready
        } else {
            JobState::Blocked
        };
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO jobs (batch, tenant, number, kind, stage, ordinal, state, ready_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
        )
        .bind(batch_id)
        .bind(tenant)
        .bind(number)
        .bind(kind_code(job.kind))
        .bind(i64::from(job.stage))
        .bind(i64::from(job.ordinal))
        .bind(state.code())
        .bind(now_ms)
        .fetch_one(db.conn())
        .await?;
        ids.push(id);
        let artifact = match job.kind {
            JobKind::Chunk => Some((0i64, batch.witnesses[i])),
            JobKind::Compress => batch.blob.map(|blob| (1, blob)),
            JobKind::Fold | JobKind::Wrap => None,
        };
        if let Some((position, artifact)) = artifact {
            sqlx::query("INSERT INTO job_inputs (job, position, artifact) VALUES ($1, $2, $3)")
                .bind(id)
                .bind(position)
                .bind(artifact.as_ref())
                .execute(db.conn())
                .await?;
        }
        for (producer, position) in job.producers.into_iter().zip(0i64..) {
            sqlx::query("INSERT INTO job_inputs (job, position, producer) VALUES ($1, $2, $3)")
                .bind(id)
                .bind(position)
                .bind(ids[producer])
                .execute(db.conn())
                .await?;
        }
    }
    Ok(())
}

/// Takes over a batch of an earlier version, which knew no tenants, if it is this one. Returns whether it was.
pub async fn adopt(db: &mut Db, tenant: i64, batch: &Batch) -> Result<bool, FarmError> {
    let Some(nobody) = tenants::nobody(db).await? else {
        return Ok(false);
    };
    let adopted: Option<i64> = sqlx::query_scalar(
        "UPDATE batches SET tenant = $1 WHERE tenant = $2 AND circuit_set = $3 AND number = $4 AND content = $5
         RETURNING id",
    )
    .bind(tenant)
    .bind(nobody)
    .bind(batch.key.circuit_set.as_ref())
    .bind(to_db(batch.key.number))
    .bind(batch.content().as_ref().to_vec())
    .fetch_optional(db.conn())
    .await?;
    let Some(id) = adopted else {
        return Ok(false);
    };
    sqlx::query("UPDATE jobs SET tenant = $2 WHERE batch = $1")
        .bind(id)
        .bind(tenant)
        .execute(db.conn())
        .await?;
    Ok(true)
}

/// Marks a batch failed; the first reason stays.
pub async fn fail(db: &mut Db, id: i64, reason: &str) -> Result<(), FarmError> {
    sqlx::query("UPDATE batches SET state = $2, failure_reason = $3 WHERE id = $1 AND state = $4")
        .bind(id)
        .bind(BatchState::Failed.code())
        .bind(reason)
        .bind(BatchState::Running.code())
        .execute(db.conn())
        .await?;
    Ok(())
}

/// Gives a batch up: its leases end, and none is granted until it is requeued. Returns false and changes nothing if it is
/// done, or given up already.
pub async fn cancel(db: &mut Db, id: BatchId, reason: &str) -> Result<bool, FarmError> {
    let now_ms = db.now_ms();
    let cancelled = sqlx::query(
        "UPDATE batches SET state = $2, failure_reason = $3, cancelled_ms = $6 WHERE id = $1 AND state IN ($4, $5)",
    )
    .bind(to_db(id.0))
    .bind(BatchState::Cancelled.code())
    .bind(reason)
    .bind(BatchState::Running.code())
    .bind(BatchState::Failed.code())
    .bind(now_ms)
    .execute(db.conn())
    .await?;
    if cancelled.rows_affected() == 0 {
        return Ok(false);
    }
    let leased: Vec<i64> = sqlx::query_scalar("SELECT id FROM jobs WHERE batch = $1 AND state = $2")
        .bind(to_db(id.0))
        .bind(JobState::Leased.code())
        .fetch_all(db.conn())
        .await?;
    for job in leased {
        leases::end_any(db, job, LeaseEnding::HandedBack, reason).await?;
        leases::put_back(db, job).await?;
    }
    Ok(true)
}

/// Lets a batch that was given up run again.
pub async fn revive(db: &mut Db, id: i64) -> Result<(), FarmError> {
    sqlx::query(
        "UPDATE batches SET state = $2, failure_reason = '', cancelled_ms = NULL WHERE id = $1 AND state = $3",
    )
        .bind(id)
        .bind(BatchState::Running.code())
        .bind(BatchState::Cancelled.code())
        .execute(db.conn())
        .await?;
    Ok(())
}

/// Sets the state that follows from the jobs: done with the wrap, failed while a job is poisoned, else running. A batch that
/// was given up stays so, unless it is done; one that retires stays as it is.
pub async fn settle_state(db: &mut Db, id: i64) -> Result<BatchState, FarmError> {
    let (wrapped, poisoned): (i64, i64) = sqlx::query_as(
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM jobs WHERE batch = $1 AND kind = $2 AND state = $3) THEN 1 ELSE 0 END,
                CASE WHEN EXISTS (SELECT 1 FROM jobs WHERE batch = $1 AND state = $4) THEN 1 ELSE 0 END",
    )
    .bind(id)
    .bind(kind_code(JobKind::Wrap))
    .bind(JobState::Done.code())
    .bind(JobState::Poisoned.code())
    .fetch_one(db.conn())
    .await?;
    let state = match (wrapped, poisoned) {
        (1, _) => BatchState::Done,
        (_, 1) => BatchState::Failed,
        _ => BatchState::Running,
    };
    sqlx::query(
        "UPDATE batches SET state = $2, failure_reason = CASE WHEN $2 = $3 THEN failure_reason ELSE '' END
         WHERE id = $1 AND state <> $2 AND (state <> $4 OR $2 = $5) AND retired = 0",
    )
    .bind(id)
    .bind(state.code())
    .bind(BatchState::Failed.code())
    .bind(BatchState::Cancelled.code())
    .bind(BatchState::Done.code())
    .execute(db.conn())
    .await?;
    Ok(state)
}

/// After a job of `kind` was proved: the batch is done with its wrap, and runs again if a poisoned job was proved after all.
/// One that was given up stays so until its wrap.
pub async fn settle_after_proof(db: &mut Db, id: i64, kind: JobKind) -> Result<(), FarmError> {
    let failed: Option<i64> = sqlx::query_scalar("SELECT id FROM batches WHERE id = $1 AND state = $2")
        .bind(id)
        .bind(BatchState::Failed.code())
        .fetch_optional(db.conn())
        .await?;
    if kind == JobKind::Wrap || failed.is_some() {
        settle_state(db, id).await?;
    }
    Ok(())
}
