//! A connection in a transaction, to either database.

use sqlx::{Any, AnyConnection, Transaction, pool::PoolConnection};

/// What queries run on. Their text is the same for SQLite and PostgreSQL: `$1` for parameters, integers for truth values.
#[derive(Debug)]
pub struct Db {
    held: Held,
    now_ms: i64,
}

#[derive(Debug)]
enum Held {
    Own(Box<AnyConnection>),
    Read(Transaction<'static, Any>),
    Glance(PoolConnection<Any>),
}

impl Db {
    pub(super) fn own(conn: AnyConnection, now_ms: i64) -> Self {
        let held = Held::Own(Box::new(conn));
        Self { held, now_ms }
    }

    pub(super) const fn read(tx: Transaction<'static, Any>, now_ms: i64) -> Self {
        let held = Held::Read(tx);
        Self { held, now_ms }
    }

    pub(super) const fn glance(conn: PoolConnection<Any>, now_ms: i64) -> Self {
        let held = Held::Glance(conn);
        Self { held, now_ms }
    }

    /// The writer's connection, to be used again.
    pub(super) fn into_own(self) -> Option<AnyConnection> {
        match self.held {
            Held::Own(conn) => Some(*conn),
            Held::Read(_) | Held::Glance(_) => None,
        }
    }

    /// The connection, for one query.
    pub fn conn(&mut self) -> &mut AnyConnection {
        match &mut self.held {
            Held::Own(conn) => conn,
            Held::Read(tx) => tx,
            Held::Glance(conn) => conn,
        }
    }

    /// The time of this transaction, Unix milliseconds.
    pub const fn now_ms(&self) -> i64 {
        self.now_ms
    }

    pub(super) const fn set_now(&mut self, now_ms: i64) {
        self.now_ms = now_ms;
    }
}
