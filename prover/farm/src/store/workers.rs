//! The registry of workers.

use super::{Db, kind_mask, parse_count, to_db};
use crate::{
    config::KindPolicies,
    error::FarmError,
    model::{Capabilities, Device, WorkerId},
};

/// Adds a worker, or replaces what is known of the one of that name. Kinds that need more memory than it has are
/// left out. `anew` is a new process, which gets jobs though its predecessor was drained.
pub async fn register(
    db: &mut Db,
    worker: &Capabilities,
    policies: &KindPolicies,
    anew: bool,
) -> Result<WorkerId, FarmError> {
    let fits = worker
        .kinds
        .iter()
        .copied()
        .filter(|kind| policies.of(*kind).min_ram_bytes <= worker.ram_bytes);
    let (now, device) = (db.now_ms(), worker.device.as_ref());
    let bytes = |of: fn(&Device) -> u64| i64::try_from(device.map_or(0, of)).unwrap_or(i64::MAX);
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO workers (name, circuit_set, kinds, backend, ram_bytes, last_seen_ms,
             device, device_bytes, device_free_bytes, device_msm, device_ntt, fallback)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (name) DO UPDATE
             SET circuit_set = $2, kinds = $3, backend = $4, ram_bytes = $5, last_seen_ms = $6,
                 device = $7, device_bytes = $8, device_free_bytes = $9, device_msm = $10, device_ntt = $11,
                 fallback = $12, draining = CASE WHEN $13 = 1 THEN 0 ELSE workers.draining END
         RETURNING id",
    )
    .bind(&worker.name)
    .bind(worker.circuit_set.as_ref())
    .bind(kind_mask(fits))
    .bind(&worker.backend)
    .bind(i64::try_from(worker.ram_bytes).unwrap_or(i64::MAX))
    .bind(now)
    .bind(device.map_or("", |device| &device.name))
    .bind(bytes(|device| device.memory_total_bytes))
    .bind(bytes(|device| device.memory_free_bytes))
    .bind(device.map_or(0.0, |device| device.msm_scalars_per_second))
    .bind(device.map_or(0.0, |device| device.ntt_elements_per_second))
    .bind(&worker.fallback)
    .bind(i64::from(anew))
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
