//! Registrations that last: which process speaks for a worker.

use super::{Db, parse_count, to_db};
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

/// The worker that a session is of, with its name.
///
/// # Errors
/// [`FarmError::UnknownSession`], or [`FarmError::Superseded`] if another process has the name by now.
pub async fn worker(db: &mut Db, session: Secret) -> Result<(WorkerId, String), FarmError> {
    let found: Option<(i64, String, Option<i64>)> = sqlx::query_as(
        "SELECT workers.id, workers.name, superseded_ms FROM sessions JOIN workers ON workers.id = sessions.worker
         WHERE session = $1",
    )
    .bind(session.as_bytes().as_slice())
    .fetch_optional(db.conn())
    .await?;
    match found {
        None => Err(FarmError::UnknownSession),
        Some((_, name, Some(_))) => Err(FarmError::Superseded(name)),
        Some((id, name, None)) => Ok((WorkerId(parse_count(id)?), name)),
    }
}
