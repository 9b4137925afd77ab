//! What a coordinator has stored, past the coordinator: to look at, to make older, and to leave as a crash would.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use ashlar_proto::Digest;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, any::install_default_drivers};

use crate::{ArtifactsAt, Database, FarmConfig};

/// The database and the artifacts of a coordinator.
#[derive(Debug, Clone)]
pub struct Records {
    database: Database,
    folder: Option<PathBuf>,
}

impl Records {
    pub fn of(config: &FarmConfig) -> Self {
        let folder = match &config.artifacts {
            ArtifactsAt::Folder(folder) => Some(folder.clone()),
            ArtifactsAt::S3(_) => None,
        };
        Self {
            database: config.database.clone(),
            folder,
        }
    }

    pub async fn connect(&self) -> AnyConnection {
        install_default_drivers();
        let url = match &self.database {
            Database::Sqlite(path) => format!("sqlite:{}", path.display()),
            Database::Postgres(url) => url.clone(),
        };
        AnyConnection::connect(&url).await.expect("a database")
    }

    /// Executes a statement. Returns how many rows it changed.
    pub async fn execute(&self, text: &str) -> u64 {
        let mut conn = self.connect().await;
        let done = sqlx::query(AssertSqlSafe(text)).execute(&mut conn).await;
        let rows = done.expect("a statement").rows_affected();
        conn.close().await.expect("an end");
        rows
    }

    /// The number that a query gives.
    pub async fn number(&self, text: &str) -> i64 {
        let mut conn = self.connect().await;
        let found = sqlx::query_scalar(AssertSqlSafe(text)).fetch_one(&mut conn).await;
        conn.close().await.expect("an end");
        found.expect("a number")
    }

    async fn digests(&self, text: &str) -> BTreeSet<Digest> {
        let mut conn = self.connect().await;
        let found: Vec<Vec<u8>> = sqlx::query_scalar(AssertSqlSafe(text))
            .fetch_all(&mut conn)
            .await
            .expect("digests");
        conn.close().await.expect("an end");
        let digests = found.iter().map(|digest| Digest::try_from(&digest[..]));
        digests.collect::<Result<_, _>>().expect("32 bytes each")
    }

    /// The artifacts that jobs of batches name which are kept.
    pub async fn needed(&self) -> BTreeSet<Digest> {
        let kept = "JOIN batches ON batches.id = jobs.batch WHERE batches.retired = 0";
        self.digests(&format!(
            "SELECT output FROM jobs {kept} AND output IS NOT NULL
             UNION SELECT artifact FROM job_inputs JOIN jobs ON jobs.id = job_inputs.job {kept} AND artifact IS NOT NULL"
        ))
        .await
    }

    /// The artifacts that jobs of the batches of that number name.
    pub async fn needed_by(&self, number: u64) -> BTreeSet<Digest> {
        self.digests(&format!(
            "SELECT output FROM jobs WHERE number = {number} AND output IS NOT NULL
             UNION SELECT artifact FROM job_inputs JOIN jobs ON jobs.id = job_inputs.job
                 WHERE number = {number} AND artifact IS NOT NULL"
        ))
        .await
    }

    /// The artifacts that are noted as needed by nobody; or of these, the ones that are being deleted.
    pub async fn doomed(&self, deleting: bool) -> BTreeSet<Digest> {
        let marked = if deleting { "WHERE deleting = 1" } else { "" };
        self.digests(&format!("SELECT artifact FROM doomed {marked}"))
            .await
    }

    /// Those that nobody needs and that have been noted for the grace.
    pub async fn due(&self, grace: Duration) -> BTreeSet<Digest> {
        let until = crate::store::wall_ms() - crate::store::millis(grace);
        self.digests(&format!(
            "SELECT artifact FROM doomed WHERE deleting = 0 AND since_ms <= {until}
               AND artifact NOT IN (SELECT output FROM jobs WHERE output IS NOT NULL)
               AND artifact NOT IN (SELECT artifact FROM job_inputs WHERE artifact IS NOT NULL)"
        ))
        .await
    }

    /// Leaves the mark of a collection that crashed before it had deleted these artifacts, so long ago.
    pub async fn mark(&self, digests: impl IntoIterator<Item = Digest>, ago: Duration) {
        let now = crate::store::wall_ms();
        for digest in digests {
            let bytes = match &self.database {
                Database::Sqlite(_) => format!("x'{digest}'"),
                Database::Postgres(_) => format!("'\\x{digest}'::bytea"),
            };
            let since = now - crate::store::millis(ago);
            self.execute(&format!(
                "INSERT INTO doomed (artifact, since_ms, deleting) VALUES ({bytes}, {since}, 1)
                 ON CONFLICT (artifact) DO UPDATE SET since_ms = {since}, deleting = 1"
            ))
            .await;
        }
    }

    /// Lets time pass for what is kept and what is collected: all of that becomes so much older.
    pub async fn age(&self, by: Duration) {
        let ms = crate::store::millis(by);
        for text in [
            format!("UPDATE doomed SET since_ms = since_ms - {ms}"),
            format!("UPDATE batches SET settled_ms = settled_ms - {ms} WHERE settled_ms IS NOT NULL"),
            format!("UPDATE batches SET cancelled_ms = cancelled_ms - {ms} WHERE cancelled_ms IS NOT NULL"),
        ] {
            self.execute(&text).await;
        }
        let Some(folder) = &self.folder else {
            return;
        };
        for entry in std::fs::read_dir(folder).expect("artifacts").flatten() {
            // One that is written at this moment may be whole by now, under another name.
            let Ok(file) = std::fs::File::options().write(true).open(entry.path()) else {
                continue;
            };
            let modified = file.metadata().and_then(|metadata| metadata.modified());
            let modified: SystemTime = modified.expect("a time") - by;
            file.set_modified(modified).expect("a time");
        }
    }
}
