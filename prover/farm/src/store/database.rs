//! Which database the job graph is in, and how it is opened.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use sqlx::{
    AnyConnection, AnyPool, Connection, Executor,
    any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers},
    migrate::Migrator,
    postgres::PgListener,
};
use tokio::sync::watch;

use super::CHANNEL;
use crate::error::FarmError;

static SQLITE: Migrator = sqlx::migrate!("./migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("./migrations/postgres");

/// A database that cannot be reached for so long fails the call, which is repeated by whoever made it.
const REACH_LIMIT: Duration = Duration::from_secs(5);
/// Consistent reads at a time.
const READERS: u32 = 4;
/// Names the farm's lock among those of the database's other users: "ashlar" as a number.
const ADVISORY_LOCK: i64 = 0x6173_686c_6172;

/// Where the job graph is kept.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A file of this coordinator's own.
    Sqlite(PathBuf),
    /// A PostgreSQL database, which several coordinators may share: `postgres://user:password@host/name`.
    Postgres(String),
}

impl FromStr for Database {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some(("postgres" | "postgresql", _)) => {
                AnyConnectOptions::from_str(text)
                    .map_err(|error| format!("not a database's address: {error}"))?;
                Ok(Self::Postgres(text.to_owned()))
            }
            Some(("sqlite", path)) if !path.is_empty() => {
                Ok(Self::Sqlite(path.strip_prefix("//").unwrap_or(path).into()))
            }
            _ => Err("must be postgres://USER@HOST/NAME or sqlite:FILE".into()),
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres(_) => f.write_str("Postgres"), // the address may hold a password
        }
    }
}

/// Opens connections to a database.
#[derive(Debug, Clone)]
pub(super) struct Opener {
    pub is_postgres: bool,
    /// Names this coordinator to the others.
    own_name: String,
    write: AnyConnectOptions,
    read: AnyConnectOptions,
}

impl Opener {
    pub fn new(database: &Database, own_name: &str) -> Result<Self, FarmError> {
        install_default_drivers();
        let (is_postgres, write, read) = match database {
            Database::Postgres(url) => (true, url.clone(), url.clone()),
            Database::Sqlite(path) => {
                let path = escaped(path);
                (
                    false,
                    format!("sqlite:{path}?mode=rwc"),
                    format!("sqlite:{path}?mode=ro"),
                )
            }
        };
        Ok(Self {
            is_postgres,
            own_name: own_name.to_owned(),
            write: write.parse()?,
            read: read.parse()?,
        })
    }

    /// Makes or migrates the tables.
    pub async fn migrate(&self) -> Result<(), FarmError> {
        let mut conn = self.connect().await?;
        let migrator = if self.is_postgres { &POSTGRES } else { &SQLITE };
        migrator.run(&mut conn).await?;
        conn.close().await?;
        Ok(())
    }

    /// The connection that changes things.
    pub async fn connect(&self) -> Result<AnyConnection, FarmError> {
        let connecting = AnyConnection::connect_with(&self.write);
        let mut conn = tokio::time::timeout(REACH_LIMIT, connecting)
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)??;
        set_up(&mut conn, self.is_postgres).await?;
        Ok(conn)
    }

    /// Connections that read.
    pub fn readers(&self) -> AnyPool {
        let is_postgres = self.is_postgres;
        AnyPoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(REACH_LIMIT)
            .test_before_acquire(false)
            .after_connect(move |conn, _| {
                Box::pin(async move {
                    if is_postgres {
                        set_up(conn, true).await?;
                    }
                    Ok(())
                })
            })
            .connect_lazy_with(self.read.clone())
    }

    /// Begins a transaction that is the only one to change anything until it ends: in PostgreSQL it waits for those of other
    /// coordinators, and tells the database's time in Unix milliseconds.
    /// They hear of its commit.
    pub async fn begin(&self, conn: &mut AnyConnection) -> Result<Option<i64>, sqlx::Error> {
        if !self.is_postgres {
            conn.execute(sqlx::raw_sql("BEGIN IMMEDIATE")).await?;
            return Ok(None);
        }
        conn.execute(sqlx::raw_sql("BEGIN")).await?;
        let now_ms = sqlx::query_scalar(
            "WITH locked AS MATERIALIZED (SELECT pg_advisory_xact_lock($1)),
                  told AS MATERIALIZED (SELECT pg_notify($2, $3))
             SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) FROM locked, told",
        )
        .bind(ADVISORY_LOCK)
        .bind(CHANNEL)
        .bind(self.own_name.as_str())
        .fetch_one(conn)
        .await?;
        Ok(Some(now_ms))
    }

    /// Begins a consistent read.
    pub const fn begin_read(&self) -> &'static str {
        if self.is_postgres {
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        } else {
            "BEGIN"
        }
    }
}

/// Wakes `changes` for each word on `channel` that is not from `own_name`, until the connection breaks.
pub(super) async fn listen(
    url: &str,
    channel: &str,
    own_name: &str,
    changes: &watch::Sender<()>,
) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect(url).await?;
    listener.listen(channel).await?;
    while let Some(word) = listener.try_recv().await? {
        if word.payload() != own_name {
            changes.send_replace(());
        }
    }
    Ok(())
}

/// A path within a URL.
fn escaped(path: &std::path::Path) -> String {
    let text = path.to_string_lossy();
    text.chars().fold(String::new(), |mut url, char| {
        match char {
            '%' => url.push_str("%25"),
            '?' => url.push_str("%3F"),
            '#' => url.push_str("%23"),
            ' ' => url.push_str("%20"),
            other => url.push(other),
        }
        url
    })
}

async fn set_up(conn: &mut AnyConnection, is_postgres: bool) -> Result<(), sqlx::Error> {
    let settings: &[&'static str] = if is_postgres {
        &[
            // A coordinator that hangs in the middle of a change must not stop the others.
            "SET idle_in_transaction_session_timeout = '10s'",
            "SET lock_timeout = '20s'",
            "SET statement_timeout = '30s'",
            // Every query is by an index: plans that read whole tables come of statistics that lag behind.
            "SET enable_seqscan = off",
            "SET enable_hashjoin = off",
            "SET enable_mergejoin = off",
            "SET jit = off",
            "SET plan_cache_mode = force_generic_plan",
        ]
    } else {
        &[
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL", // an acknowledged change survives power loss
            "PRAGMA foreign_keys = ON",
            "PRAGMA busy_timeout = 10000",
        ]
    };
    for setting in settings {
        conn.execute(sqlx::raw_sql(*setting)).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_which_database() {
        assert_eq!(
            "sqlite:/a b/jobs".parse(),
            Ok(Database::Sqlite("/a b/jobs".into()))
        );
        let postgres = "postgres://me:secret@db/farm";
        let database = postgres.parse::<Database>().expect("an address");
        assert_eq!(database, Database::Postgres(postgres.into()));
        assert_eq!(format!("{database:?}"), "Postgres", "no password in a log");
        for bad in ["jobs.sqlite", "sqlite:", "mysql://db", ""] {
            assert!(bad.parse::<Database>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_path_may_hold_any_character() {
        assert_eq!(escaped("/a b/50%?#".as_ref()), "/a%20b/50%25%3F%23");
    }
}
