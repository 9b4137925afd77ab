//! The job database, in SQLite or PostgreSQL. Each submodule holds the queries of one subject; every change of state is one
//! transaction.

pub mod acceptance;
pub mod batches;
mod clock;
mod collector;
mod connection;
mod database;
pub mod faults;
pub mod fleet;
pub mod garbage;
pub mod granting;
mod group;
pub mod leases;
mod many;
pub mod outcomes;
pub mod overtaking;
pub mod overview;
pub mod queue;
mod ready;
pub mod recovery;
pub mod retirement;
pub mod sessions;
pub mod settlement;
pub mod tenants;
pub mod turns;
pub mod views;
pub mod workers;

use std::{sync::Arc, time::Duration};

use ashlar_proto::{Digest, JobKind, farm::v1 as pb};
use rand::Rng;
use sqlx::AnyPool;
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;

use self::{clock::Clock, database::Opener, group::Writer};
pub use self::{
    clock::{WallClock, wall_ms},
    connection::Db,
    database::Database,
};
pub(crate) use self::{collector::Turn, group::Change};
use crate::error::FarmError;

/// Where coordinators on one PostgreSQL tell each other of changes.
const CHANNEL: &str = "ashlar_farm";
/// A broken connection to that is made anew after so long.
const LISTEN_PAUSE: Duration = Duration::from_secs(1);

/// The connections to the database.
#[derive(Clone)]
pub struct Store {
    opener: Opener,
    writer: Arc<Mutex<Writer>>,
    readers: AnyPool,
    clock: Arc<Clock>,
    /// Names this coordinator to the others.
    own_name: String,
    turn: collector::Own,
}

impl Store {
    /// Opens the database, making or migrating its tables as needed.
    ///
    /// # Errors
    /// [`FarmError::Database`] or [`FarmError::Migrate`].
    pub async fn open(database: &Database, wall: WallClock) -> Result<Self, FarmError> {
        let own_name = format!("{:016x}", rand::rngs::OsRng.r#gen::<u64>());
        let opener = Opener::new(database, &own_name)?;
        opener.migrate().await?;
        let clock = Arc::new(Clock::new(wall));
        Ok(Self {
            writer: Writer::new(opener.clone(), clock.clone()),
            readers: opener.readers(),
            opener,
            clock,
            own_name,
            turn: collector::Own::default(),
        })
    }

    /// Starts a change. Dropping it undoes it.
    pub(crate) async fn begin(&self) -> Result<Change, FarmError> {
        Change::begin(&self.writer).await
    }

    /// Starts a consistent read.
    pub(crate) async fn read(&self) -> Result<Db, FarmError> {
        let (readers, begin) = (self.readers.clone(), self.opener.begin_read());
        // On its own: should the caller go away while it begins, the pool would keep a connection within a transaction, which
        // shows whoever gets it next the past.
        let tx = tokio::spawn(async move { readers.begin_with(begin).await }).await??;
        Ok(Db::read(tx, self.clock.now_ms()))
    }

    /// A connection for queries that need not agree with each other: no transaction is begun for them.
    pub(crate) async fn glance(&self) -> Result<Db, FarmError> {
        let conn = self.readers.acquire().await?;
        Ok(Db::glance(conn, self.clock.now_ms()))
    }

    /// Wakes `changes` for what other coordinators on the database change, until `stop`.
    pub async fn listen(&self, database: &Database, changes: &watch::Sender<()>, stop: &CancellationToken) {
        let Database::Postgres(url) = database else {
            return stop.cancelled().await;
        };
        let listening = async {
            loop {
                if let Err(error) = database::listen(url, CHANNEL, &self.own_name, changes).await {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "not told of other coordinators' changes"
                    );
                }
                tokio::time::sleep(LISTEN_PAUSE).await;
                changes.send_replace(()); // of what happened meanwhile
            }
        };
        stop.run_until_cancelled(listening).await;
    }

    /// The time by which leases are judged, Unix milliseconds.
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Closes the connections.
    pub async fn close(&self) {
        self.readers.close().await;
        group::close(&self.writer).await;
    }
}

/// No job is leased while this is not zero.
pub(crate) const PAUSED: &str = "paused";

/// A number that the operator set; zero if never.
pub(crate) async fn setting(db: &mut Db, name: &str) -> Result<i64, FarmError> {
    let value = sqlx::query_scalar("SELECT value FROM settings WHERE name = $1")
        .bind(name)
        .fetch_optional(db.conn())
        .await?;
    Ok(value.unwrap_or(0))
}

/// Sets it.
pub(crate) async fn set_setting(db: &mut Db, name: &str, value: i64) -> Result<(), FarmError> {
    sqlx::query(
        "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2",
    )
    .bind(name)
    .bind(value)
    .execute(db.conn())
    .await?;
    Ok(())
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
    use sqlx::{ConnectOptions, migrate::Migrator, sqlite::SqliteConnectOptions};

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
        first.migrations = sqlx::migrate!("./migrations/sqlite").migrations[..1]
            .to_vec()
            .into();
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

        let store = Store::open(&Database::Sqlite(path), wall_ms).await.unwrap();
        let job = views::job(&mut store.read().await.unwrap(), JobId(3))
            .await
            .unwrap();
        assert_eq!(
            (job.batch.number, job.state, job.output_bytes, job.fallback),
            (7, JobState::Done, 10, String::new())
        );
        store.close().await;
    }
}
