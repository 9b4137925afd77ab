//! The registry of workers.

use ashlar_proto::Digest;
use sqlx::SqliteConnection;

use super::{kind_mask, now_ms, parse_count, to_db};
use crate::{
    config::KindPolicies,
    error::FarmError,
    model::{Capabilities, WorkerId},
};

/// Adds a worker, or replaces what is known of the one of that name. Kinds that need more memory than it has are
/// left out.
pub async fn register(
    conn: &mut SqliteConnection,
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
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (name) DO UPDATE SET circuit_set = ?2, kinds = ?3, backend = ?4, ram_bytes = ?5, last_seen_ms = ?6
         RETURNING id",
    )
    .bind(&worker.name)
    .bind(worker.circuit_set.as_ref())
    .bind(kind_mask(fits))
    .bind(&worker.backend)
    .bind(i64::try_from(worker.ram_bytes).unwrap_or(i64::MAX))
    .bind(now_ms())
    .fetch_one(conn)
    .await?;
    Ok(WorkerId(parse_count(id)?))
}

/// Notes that the worker is alive.
///
/// # Errors
/// [`FarmError::UnknownSession`] for one registered for other circuits: it must register anew, and learn why not.
pub async fn seen(
    conn: &mut SqliteConnection,
    worker: WorkerId,
    circuit_set: Digest,
) -> Result<(), FarmError> {
    let updated = sqlx::query("UPDATE workers SET last_seen_ms = ?3 WHERE id = ?1 AND circuit_set = ?2")
        .bind(to_db(worker.0))
        .bind(circuit_set.as_ref().to_vec())
        .bind(now_ms())
        .execute(conn)
        .await?;
    if updated.rows_affected() == 0 {
        Err(FarmError::UnknownSession)
    } else {
        Ok(())
    }
}
