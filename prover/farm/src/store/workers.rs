//! The registry of workers.

use ashlar_proto::Digest;

use super::{Db, kind_mask, parse_count, parse_digest, to_db};
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

/// What a lease call needs to know of its worker.
#[derive(Debug, Clone, Copy)]
pub struct Present {
    /// The circuits it has.
    pub circuit_set: Digest,
    /// When it was last heard of.
    pub last_seen_ms: i64,
    /// It gets no more jobs.
    pub draining: bool,
}

/// Looks at a worker.
pub async fn present(db: &mut Db, worker: WorkerId) -> Result<Present, FarmError> {
    let (circuit_set, last_seen_ms, draining): (Vec<u8>, i64, i64) =
        sqlx::query_as("SELECT circuit_set, last_seen_ms, draining FROM workers WHERE id = $1")
            .bind(to_db(worker.0))
            .fetch_one(db.conn())
            .await?;
    Ok(Present {
        circuit_set: parse_digest(&circuit_set)?,
        last_seen_ms,
        draining: draining != 0,
    })
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
