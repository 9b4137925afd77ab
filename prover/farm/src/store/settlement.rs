//! What became of batches on their chain.

use super::{Db, to_db};
use crate::{
    error::FarmError,
    model::{BatchState, SettledBatch},
};

/// Notes that the chain of a tenant has its batches through a number. Returns of how many that is news.
pub async fn note(db: &mut Db, tenant: i64, through: u64) -> Result<u64, FarmError> {
    let now_ms = db.now_ms();
    let settled = sqlx::query(
        "UPDATE batches SET settled_ms = $3 WHERE tenant = $1 AND number <= $2 AND settled_ms IS NULL",
    )
    .bind(tenant)
    .bind(i64::try_from(through).unwrap_or(i64::MAX))
    .bind(now_ms)
    .execute(db.conn())
    .await?;
    Ok(settled.rows_affected())
}

/// Writes down what a batch came to, with what its proofs cost so far, for itself and in the sum of its tenant. Returns
/// whether that was news: the first that is told of a batch counts, and nothing of one whose jobs are gone.
///
/// Two circuit sets may each have a batch of one number, while a rollup changes from one to the other. L1 has taken one of
/// them, and its gas is charged once: to the one that is done, or the newer.
pub async fn charge(db: &mut Db, tenant: i64, told: &SettledBatch) -> Result<bool, FarmError> {
    let found: Option<(i64, i64, i64)> = sqlx::query_as(
        "SELECT id, CASE WHEN l1_gas IS NULL THEN 0 ELSE 1 END, retired FROM batches WHERE tenant = $1 AND number = $2
         ORDER BY CASE WHEN l1_gas IS NOT NULL THEN 0 WHEN state = $3 THEN 1 ELSE 2 END, id DESC LIMIT 1",
    )
    .bind(tenant)
    .bind(to_db(told.number))
    .bind(BatchState::Done.code())
    .fetch_optional(db.conn())
    .await?;
    let Some((batch, 0, 0)) = found else {
        return Ok(false);
    };
    let (transactions, l1_gas) = (to_db(told.transactions), to_db(told.l1_gas));
    // Another coordinator may have been told at the same time.
    let noted =
        sqlx::query("UPDATE batches SET transactions = $2, l1_gas = $3 WHERE id = $1 AND l1_gas IS NULL")
            .bind(batch)
            .bind(transactions)
            .bind(l1_gas)
            .execute(db.conn())
            .await?;
    if noted.rows_affected() == 0 {
        return Ok(false);
    }
    let (seconds, cpu_seconds, device_seconds): (f64, f64, f64) = sqlx::query_as(
        "SELECT COALESCE(SUM(job_steps.seconds), 0.0), COALESCE(SUM(job_steps.cpu_seconds), 0.0),
             COALESCE(SUM(job_steps.device_seconds), 0.0)
         FROM jobs JOIN job_steps ON job_steps.job = jobs.id WHERE jobs.batch = $1",
    )
    .bind(batch)
    .fetch_one(db.conn())
    .await?;
    sqlx::query(
        "INSERT INTO tenant_settled (tenant, batches, transactions, l1_gas, seconds, cpu_seconds, device_seconds)
         VALUES ($1, 1, $2, $3, $4, $5, $6)
         ON CONFLICT (tenant) DO UPDATE SET batches = tenant_settled.batches + 1,
             transactions = tenant_settled.transactions + $2, l1_gas = tenant_settled.l1_gas + $3,
             seconds = tenant_settled.seconds + $4, cpu_seconds = tenant_settled.cpu_seconds + $5,
             device_seconds = tenant_settled.device_seconds + $6",
    )
    .bind(tenant)
    .bind(transactions)
    .bind(l1_gas)
    .bind(seconds)
    .bind(cpu_seconds)
    .bind(device_seconds)
    .execute(db.conn())
    .await?;
    Ok(true)
}
