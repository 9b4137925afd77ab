//! The job database. Each submodule holds the queries of one subject; every change of state is one transaction.

pub mod batches;
pub mod faults;
pub mod leases;
pub mod outcomes;
pub mod recovery;
pub mod sessions;
pub mod views;
pub mod workers;

use std::{
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ashlar_proto::{Digest, JobKind, farm::v1 as pb};
use sqlx::{
    Sqlite, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::error::FarmError;

/// A connection to the SQLite file.
#[derive(Debug, Clone)]
pub struct Store {
    // SQLite has one writer at a time: queueing for the connection is fairer than for the file lock.
    writer: SqlitePool,
    reader: SqlitePool,
}

impl Store {
    /// Opens the database, making or migrating it as needed.
    ///
    /// # Errors
    /// [`FarmError::Database`] or [`FarmError::Migrate`].
    pub async fn open(path: &Path) -> Result<Self, FarmError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full) // an acknowledged change survives power loss
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await?;
        sqlx::migrate!("./migrations").run(&writer).await?;
        let reader = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options.read_only(true))
            .await?;
        Ok(Self { writer, reader })
    }

    /// Starts a change. Dropping it undoes it.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, FarmError> {
        // Taking the write lock at once: a read that is later upgraded could fail halfway.
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Starts a consistent read.
    pub(crate) async fn read(&self) -> Result<Transaction<'static, Sqlite>, FarmError> {
        Ok(self.reader.begin().await?)
    }

    /// Closes the file, folding the log back into it.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

/// Now, in Unix milliseconds.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Database code of a kind: its number on the wire.
pub(crate) fn kind_code(kind: JobKind) -> i64 {
    i64::from(pb::JobKind::from(kind) as i32)
}

/// Bit set of kinds: bit `kind_code`.
pub(crate) fn kind_mask(kinds: impl IntoIterator<Item = JobKind>) -> i64 {
    kinds
        .into_iter()
        .fold(0, |mask, kind| mask | 1 << kind_code(kind))
}

pub(crate) fn parse_kind(code: i64) -> Result<JobKind, FarmError> {
    i32::try_from(code)
        .ok()
        .and_then(|code| ashlar_proto::job_kind(code).ok())
        .ok_or_else(|| corrupt("job kind", code))
}

pub(crate) fn parse_digest(bytes: &[u8]) -> Result<Digest, FarmError> {
    Digest::try_from(bytes).map_err(|error| corrupt("digest", error))
}

/// Ids, times, lengths and counts are never negative in the database.
pub(crate) fn parse_count(value: i64) -> Result<u64, FarmError> {
    u64::try_from(value).map_err(|_| corrupt("count", value))
}

pub(crate) fn parse_u32(value: i64) -> Result<u32, FarmError> {
    u32::try_from(value).map_err(|_| corrupt("count", value))
}

pub(crate) fn corrupt(what: &'static str, value: impl std::fmt::Display) -> FarmError {
    FarmError::CorruptDatabase {
        what,
        value: value.to_string(),
    }
}

/// Numbers from outside that the database could never have handed out map to one that it never does.
pub(crate) fn to_db(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(-1)
}

#[cfg(test)]
mod tests {
    use sqlx::{ConnectOptions, migrate::Migrator};

    use super::*;
    use crate::model::{JobId, JobState};

    /// A database of the first version, with a finished job, is migrated and keeps it.
    #[tokio::test]
    async fn an_old_database_is_migrated() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("farm.sqlite");
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true);
        let mut old = options.connect().await.unwrap();
        let mut first = Migrator::DEFAULT;
        first.migrations = sqlx::migrate!("./migrations").migrations[..1].to_vec().into();
        first.run(&mut old).await.unwrap();
        sqlx::raw_sql(
            "INSERT INTO batches (number, circuit_set, content, state, submitted_ms)
                 VALUES (7, zeroblob(32), zeroblob(32), 2, 0);
             INSERT INTO jobs (id, batch, kind, stage, ordinal, state, output, output_bytes)
                 VALUES (3, 7, 4, 2, 0, 4, zeroblob(32), 10);",
        )
        .execute(&mut old)
        .await
        .unwrap();
        drop(old);

        let store = Store::open(&path).await.unwrap();
        let job = views::job(&mut store.read().await.unwrap(), JobId(3))
            .await
            .unwrap();
        assert_eq!(
            (job.batch, job.state, job.output_bytes, job.fallback),
            (7, JobState::Done, 10, String::new())
        );
        store.close().await;
    }
}
