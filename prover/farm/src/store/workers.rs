//! The registry of workers.

use super::{Db, kind_mask, parse_count, to_db};
use crate::{
    config::KindPolicies,
    error::FarmError,
    model::{Capabilities, WorkerId},
};

/// Adds a worker, or replaces what is known of the one of that name. Kinds that need more memory than it has are
/// left out.
pub async fn register(
    db: &mut Db,
    worker: &Capabilities,
    policies: &KindPolicies,
) -> Result<WorkerId, FarmError> {
    let fits = worker
        .kinds
        .iter()
        .copied()
        .filter(|kind| policies.of(*kind).min_ram_bytes <= worker.ram_bytes);
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO workers (name, circuit_set, kinds, backend, ram_bytes, last_seen_ms)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (name) DO UPDATE
             SET circuit_set = $2, kinds = $3, backend = $4, ram_bytes = $5, last_seen_ms = $6, draining = 0
         RETURNING id",
    )
    .bind(&worker.name)
    .bind(worker.circuit_set.as_ref())
    .bind(kind_mask(fits))
    .bind(&worker.backend)
    .bind(i64::try_from(worker.ram_bytes).unwrap_or(i64::MAX))
    .bind(db.now_ms())
    .fetch_one(db.conn())
    .await?;
    Ok(WorkerId(parse_count(id)?))
}

/// Notes that the worker is alive.
pub async fn seen(db: &mut Db, worker: WorkerId) -> Result<(), FarmError> {
    let now = db.now_ms();
    sqlx::query("UPDATE workers SET last_seen_ms = $2 WHERE id = $1")
        .bind(to_db(worker.0))
        .bind(now)
        .execute(db.conn())
        .await?;
    Ok(())
}

/// Gives a worker no more jobs, or jobs again. Returns false if there is none of that name.
pub async fn drain(db: &mut Db, name: &str, draining: bool) -> Result<bool, FarmError> {
    let found = sqlx::query("UPDATE workers SET draining = $2 WHERE name = $1")
        .bind(name)
        .bind(i64::from(draining))
        .execute(db.conn())
        .await?;
    Ok(found.rows_affected() == 1)
}
