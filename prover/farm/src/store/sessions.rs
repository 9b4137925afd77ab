//! Registrations that last: which process speaks for a worker.

use ashlar_proto::Digest;

use super::{Db, parse_count, parse_digest, to_db};
use crate::{
    error::FarmError,
    model::{Secret, WorkerId},
};

/// A process that lost its name is told so for as long as this.
const REMEMBERED_MS: i64 = 7 * 86_400_000;

/// Opens a session for a worker, and ends those that it had.
pub async fn open(db: &mut Db, worker: WorkerId) -> Result<Secret, FarmError> {
    let (session, now) = (Secret::random(), db.now_ms());
    sqlx::query("DELETE FROM sessions WHERE superseded_ms < $1")
        .bind(now.saturating_sub(REMEMBERED_MS))
        .execute(db.conn())
        .await?;
    sqlx::query("UPDATE sessions SET superseded_ms = $2 WHERE worker = $1 AND superseded_ms IS NULL")
        .bind(to_db(worker.0))
        .bind(now)
        .execute(db.conn())
        .await?;
    sqlx::query("INSERT INTO sessions (session, worker) VALUES ($1, $2)")
        .bind(session.as_bytes().as_slice())
        .bind(to_db(worker.0))
        .execute(db.conn())
        .await?;
    Ok(session)
}

/// What a lease call needs to know of who calls.
#[derive(Debug, Clone)]
pub struct Present {
    /// The worker.
    pub worker: WorkerId,
    /// Its name.
    pub name: String,
    /// The circuits it has.
    pub circuit_set: Digest,
    /// When it was last heard of.
    pub last_seen_ms: i64,
    /// It gets no more jobs.
    pub draining: bool,
}

/// The worker that a session is of.
///
/// # Errors
/// [`FarmError::UnknownSession`], or [`FarmError::Superseded`] if another process has the name by now.
pub async fn present(db: &mut Db, session: Secret) -> Result<Present, FarmError> {
    type Row = (i64, String, Option<i64>, Vec<u8>, i64, i64);
    let found: Option<Row> = sqlx::query_as(
        "SELECT workers.id, workers.name, superseded_ms, circuit_set, last_seen_ms, draining
         FROM sessions JOIN workers ON workers.id = sessions.worker WHERE session = $1",
    )
    .bind(session.as_bytes().as_slice())
    .fetch_optional(db.conn())
    .await?;
    let (id, name, superseded_ms, circuit_set, last_seen_ms, draining) =
        found.ok_or(FarmError::UnknownSession)?;
    if superseded_ms.is_some() {
        return Err(FarmError::Superseded(name));
    }
    Ok(Present {
        worker: WorkerId(parse_count(id)?),
        name,
        circuit_set: parse_digest(&circuit_set)?,
        last_seen_ms,
        draining: draining != 0,
    })
}
