//! One collection at a time, among all coordinators on a database.

use std::sync::Arc;

use sqlx::{AnyConnection, Connection};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::Store;
use crate::error::FarmError;

/// Names that lock among those of the database's other users: "garbage" as a number.
const ADVISORY_LOCK: i64 = 0x67_6172_6261_6765;

/// Whose turn it is within this coordinator.
pub(super) type Own = Arc<Mutex<()>>;

/// The right to collect. In PostgreSQL it is a lock of a connection's own, and ends with that.
#[derive(Debug)]
pub(crate) struct Turn {
    _own: OwnedMutexGuard<()>,
    conn: Option<AnyConnection>,
}

impl Store {
    /// The right to collect, unless somebody has it.
    pub(crate) async fn try_turn(&self) -> Result<Option<Turn>, FarmError> {
        let Ok(own) = self.turn.clone().try_lock_owned() else {
            return Ok(None);
        };
        let mut conn = None;
        if self.opener.is_postgres {
            let mut locking = self.opener.connect().await?;
            let locked: i64 =
                sqlx::query_scalar("SELECT CASE WHEN pg_try_advisory_lock($1) THEN 1 ELSE 0 END")
                    .bind(ADVISORY_LOCK)
                    .fetch_one(&mut locking)
                    .await?;
            if locked == 0 {
                return Ok(None);
            }
            conn = Some(locking);
        }
        Ok(Some(Turn { _own: own, conn }))
    }
}

impl Turn {
    /// That it is still ours.
    ///
    /// # Errors
    /// [`FarmError::Database`] if the connection is gone, and the lock with it.
    pub async fn check(&mut self) -> Result<(), FarmError> {
        if let Some(conn) = &mut self.conn {
            conn.ping().await?;
        }
        Ok(())
    }

    /// Lets others have it. Dropped, it ends a little later.
    pub async fn end(self) {
        if let Some(mut conn) = self.conn {
            let unlocked = sqlx::query("SELECT CASE WHEN pg_advisory_unlock($1) THEN 1 ELSE 0 END")
                .bind(ADVISORY_LOCK)
                .execute(&mut conn)
                .await;
            if unlocked.is_ok() {
                conn.close().await.ok();
            }
        }
    }
}
