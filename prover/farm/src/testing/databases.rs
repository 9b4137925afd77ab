//! Which database a test's coordinator has.

use std::path::Path;

use ashlar_proto::Digest;
use sqlx::{Connection, PgConnection};

use crate::Database;

/// The server of `scripts/with-postgres`.
fn server() -> Option<String> {
    std::env::var("ASHLAR_TEST_POSTGRES").ok()
}

/// Whether the tests run on PostgreSQL.
pub fn on_postgres() -> bool {
    server().is_some()
}

/// The database that belongs to a data directory: the same one for the same directory.
pub fn database(dir: &Path) -> Database {
    match server() {
        None => Database::Sqlite(dir.join("jobs.sqlite")),
        Some(server) => {
            let name = Digest::of(dir.to_string_lossy().as_bytes()).to_string();
            Database::Postgres(format!("{server}/farm_{}", &name[..16]))
        }
    }
}

/// Makes the database if it is one of a server and not there.
pub async fn make_database(database: &Database) {
    let Database::Postgres(url) = database else {
        return;
    };
    let (server, name) = url
        .rsplit_once('/')
        .expect("an address ends in the database's name");
    let mut conn = PgConnection::connect(&format!("{server}/postgres"))
        .await
        .expect("the server answers");
    let known: Option<i32> = sqlx::query_scalar("SELECT 1 FROM pg_database WHERE datname = $1")
        .bind(name)
        .fetch_optional(&mut conn)
        .await
        .expect("a list of databases");
    if known.is_none() {
        let make = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::query(make)
            .execute(&mut conn)
            .await
            .expect("a new database");
    }
}
