//! Batches that are no longer kept: their jobs go, a small row stays.

use super::{Db, batches, parse_count, to_db};
use crate::{
    error::FarmError,
    model::{BatchId, BatchState},
};

/// Jobs that go in one transaction: others wait for their turn meanwhile.
const PIECE: i64 = 64;
/// Batches that are looked up at a time.
const PAGE: i64 = 64;

const SETTLED: &str = "settled on its chain before it was proved here";

/// A page of the batches to retire: those that were settled before `until_ms`, in whatever state, and those that the operator
/// gave up before. One that failed stays until it is settled or given up: the operator may mend the cause.
pub async fn due(db: &mut Db, until_ms: i64) -> Result<Vec<BatchId>, FarmError> {
    let settled: Vec<i64> = sqlx::query_scalar(
        "SELECT id FROM batches WHERE retired = 0 AND settled_ms IS NOT NULL AND settled_ms <= $1
         ORDER BY settled_ms LIMIT $2",
    )
    .bind(until_ms)
    .bind(PAGE)
    .fetch_all(db.conn())
    .await?;
    let cancelled: Vec<i64> = sqlx::query_scalar(
        "SELECT id FROM batches WHERE retired = 0 AND cancelled_ms IS NOT NULL AND cancelled_ms <= $1 AND state = $2
         ORDER BY cancelled_ms LIMIT $3",
    )
    .bind(until_ms)
    .bind(BatchState::Cancelled.code())
    .bind(PAGE)
    .fetch_all(db.conn())
    .await?;
    let mut due: Vec<i64> = [settled, cancelled].concat();
    due.sort_unstable();
    due.dedup();
    due.into_iter().map(|id| parse_count(id).map(BatchId)).collect()
}

/// How many are due.
pub async fn count_due(db: &mut Db, until_ms: i64) -> Result<u64, FarmError> {
    let (settled, cancelled): (i64, i64) = sqlx::query_as(
        "SELECT
             (SELECT COUNT(*) FROM batches WHERE retired = 0 AND settled_ms IS NOT NULL AND settled_ms <= $1),
             (SELECT COUNT(*) FROM batches WHERE retired = 0 AND cancelled_ms IS NOT NULL AND cancelled_ms <= $1
                AND state = $2 AND (settled_ms IS NULL OR settled_ms > $1))",
    )
    .bind(until_ms)
    .bind(BatchState::Cancelled.code())
    .fetch_one(db.conn())
    .await?;
    Ok(parse_count(settled)? + parse_count(cancelled)?)
}

/// Retires a batch that is still due. What ran or had failed is given up by that: its chain has it proven. Its jobs are
/// there until [`drop_piece`] says that none is left. Returns false and changes nothing if it is not due any more.
pub async fn retire(db: &mut Db, id: BatchId, until_ms: i64) -> Result<bool, FarmError> {
    let due: Option<i64> = sqlx::query_scalar(
        "SELECT id FROM batches WHERE id = $1 AND retired = 0
           AND (settled_ms <= $2 OR state = $3 AND cancelled_ms <= $2)",
    )
    .bind(to_db(id.0))
    .bind(until_ms)
    .bind(BatchState::Cancelled.code())
    .fetch_optional(db.conn())
    .await?;
    if due.is_none() {
        return Ok(false);
    }
    if batches::cancel(db, id, SETTLED).await? {
        // Not by the operator: should it be submitted again, it runs.
        sqlx::query("UPDATE batches SET cancelled_ms = NULL WHERE id = $1")
            .bind(to_db(id.0))
            .execute(db.conn())
            .await?;
    }
    sqlx::query("UPDATE batches SET retired = 2 WHERE id = $1")
        .bind(to_db(id.0))
        .execute(db.conn())
        .await?;
    Ok(true)
}

/// A page of the batches whose jobs are not all gone yet.
pub async fn retiring(db: &mut Db) -> Result<Vec<BatchId>, FarmError> {
    let ids: Vec<i64> = sqlx::query_scalar("SELECT id FROM batches WHERE retired = 2 ORDER BY id LIMIT $1")
        .bind(PAGE)
        .fetch_all(db.conn())
        .await?;
    ids.into_iter().map(|id| parse_count(id).map(BatchId)).collect()
}

/// Deletes the last jobs of a batch that retires, with their inputs, steps and leases. Returns whether there are more.
pub async fn drop_piece(db: &mut Db, id: BatchId) -> Result<bool, FarmError> {
    let id = to_db(id.0);
    // A job comes after those whose outputs it takes: from the end, none is left without its producer.
    let piece: Vec<i64> = sqlx::query_scalar(
        "SELECT jobs.id FROM jobs JOIN batches ON batches.id = jobs.batch
         WHERE jobs.batch = $1 AND batches.retired = 2 ORDER BY jobs.id DESC LIMIT $2",
    )
    .bind(id)
    .bind(PIECE)
    .fetch_all(db.conn())
    .await?;
    let Some(&first) = piece.last() else {
        sqlx::query("UPDATE batches SET retired = 1 WHERE id = $1 AND retired = 2")
            .bind(id)
            .execute(db.conn())
            .await?;
        return Ok(false);
    };
    for text in [
        "DELETE FROM job_steps WHERE job IN (SELECT id FROM jobs WHERE batch = $1 AND id >= $2)",
        "DELETE FROM job_inputs WHERE job IN (SELECT id FROM jobs WHERE batch = $1 AND id >= $2)",
        "DELETE FROM leases WHERE job IN (SELECT id FROM jobs WHERE batch = $1 AND id >= $2)",
        "UPDATE quarantines SET job = NULL WHERE job IN (SELECT id FROM jobs WHERE batch = $1 AND id >= $2)",
        "DELETE FROM jobs WHERE batch = $1 AND id >= $2",
    ] {
        sqlx::query(text).bind(id).bind(first).execute(db.conn()).await?;
    }
    Ok(true)
}
