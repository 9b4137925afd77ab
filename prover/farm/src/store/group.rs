//! Changes, one after the other, and several in one transaction.
//!
//! A change holds the writer from its first query to its last. What it did is then in the open transaction, and the next
//! one that waits may go on in it. Whoever changed something waits for the writer once more, behind those that waited
//! already, and commits all of them; so under load a commit, which is a write to disk and the most of a change's time,
//! serves many. Nobody is answered before it. Should it fail, or the database go away, each of them fails, and is repeated
//! by its caller: every change may be made twice.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};

use sqlx::{AnyConnection, Executor};
use tokio::{
    runtime::Handle,
    sync::{Mutex, OwnedMutexGuard, watch},
    time::timeout,
};

use super::{clock::Clock, connection::Db, database::Opener};
use crate::error::FarmError;

/// A commit that takes longer has no answer any more.
const COMMIT_LIMIT: Duration = Duration::from_secs(20);

/// A change that is not the first of its transaction can be undone alone. One after the other, they nest: nobody goes back
/// further than to the last, and each is one statement, as several in one text would be answered before they are all done.
const SAVEPOINT: &str = "SAVEPOINT change";
const BACK: &str = "ROLLBACK TO SAVEPOINT change";

/// Who may change something.
#[derive(Debug)]
pub(super) struct Writer {
    opener: Opener,
    clock: Arc<Clock>,
    group: Option<Group>,
    idle: Option<AnyConnection>,
    opened: u64,
    closed: bool,
}

/// A transaction with the changes that were made in it.
#[derive(Debug)]
struct Group {
    number: u64,
    db: Db,
    changes: u64,
    /// The last change was dropped: what it did is to be undone.
    undo: bool,
    outcome: watch::Sender<Option<bool>>,
}

impl Writer {
    pub fn new(opener: Opener, clock: Arc<Clock>) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self {
            opener,
            clock,
            group: None,
            idle: None,
            opened: 0,
            closed: false,
        }))
    }

    async fn open(&mut self) -> Result<Group, FarmError> {
        if self.closed {
            return Err(FarmError::ShuttingDown);
        }
        let mut conn = match self.idle.take() {
            Some(conn) => conn,
            None => self.opener.connect().await?,
        };
        if let Some(now_ms) = self.opener.begin(&mut conn).await? {
            self.clock.set(now_ms);
        }
        let now_ms = self.clock.now_ms();
        self.opened += 1;
        Ok(Group {
            number: self.opened,
            db: Db::own(conn, now_ms),
            changes: 0,
            undo: false,
            outcome: watch::Sender::new(None),
        })
    }

    /// Puts the transaction into the state in which the next change may begin.
    async fn prepare(&mut self) -> Result<(), FarmError> {
        self.undo().await?;
        if let Some(group) = &mut self.group {
            let now_ms = self.clock.now_ms();
            group.db.set_now(now_ms);
            group.db.conn().execute(sqlx::raw_sql(SAVEPOINT)).await?;
            return Ok(());
        }
        let opened = match self.open().await {
            // A connection that was idle may have ended meanwhile: once more with a new one.
            Err(FarmError::Database(_)) => self.open().await?,
            opened => opened?,
        };
        self.group = Some(opened);
        Ok(())
    }

    /// Undoes the change that was dropped, if one was.
    async fn undo(&mut self) -> Result<(), FarmError> {
        let Some(group) = self.group.as_mut().filter(|group| group.undo) else {
            return Ok(());
        };
        if group.changes == 0 {
            // It was the first: nothing else is in the transaction.
            return self.end(false).await;
        }
        group.db.conn().execute(sqlx::raw_sql(BACK)).await?;
        group.undo = false;
        Ok(())
    }

    /// Ends the transaction, and tells those whose changes are in it.
    async fn end(&mut self, is_commit: bool) -> Result<(), FarmError> {
        let Some(mut group) = self.group.take() else {
            return Ok(());
        };
        let statement = if is_commit { "COMMIT" } else { "ROLLBACK" };
        let ending = group.db.conn().execute(sqlx::raw_sql(statement));
        let ended = match timeout(COMMIT_LIMIT, ending).await {
            Ok(ended) => ended.map(drop).map_err(FarmError::from),
            Err(_) => Err(sqlx::Error::PoolTimedOut.into()),
        };
        if ended.is_ok() {
            self.idle = group.db.into_own();
        }
        group.outcome.send_replace(Some(ended.is_ok() && is_commit));
        ended
    }

    /// The transaction cannot be used any more.
    fn break_group(&mut self) {
        if let Some(group) = self.group.take() {
            group.outcome.send_replace(Some(false));
        }
    }
}

/// The right to change things, in a transaction. Dropped, it leaves no trace; [`Self::commit`] makes it last.
pub(crate) struct Change {
    writer: OwnedMutexGuard<Writer>,
    shared: Arc<Mutex<Writer>>,
    kept: bool,
}

impl Change {
    pub(super) async fn begin(shared: &Arc<Mutex<Writer>>) -> Result<Self, FarmError> {
        let mut writer = shared.clone().lock_owned().await;
        if let Err(error) = writer.prepare().await {
            writer.break_group();
            return Err(error);
        }
        Ok(Self {
            writer,
            shared: shared.clone(),
            kept: false,
        })
    }

    /// Makes the change last, with those of others that waited. It is on disk when this returns.
    pub async fn commit(mut self) -> Result<(), FarmError> {
        let kept = keep(&mut self.writer).await;
        if kept.is_err() {
            self.writer.break_group();
        }
        let (number, mut outcome) = kept?;
        self.kept = true;
        let shared = self.shared.clone();
        drop(self); // lets those go first that wait
        // On its own: a caller that goes away must not leave the transaction open.
        let finished = tokio::spawn(finish(shared, number)).await?;
        let ended = outcome.wait_for(Option::is_some).await;
        if ended.is_ok_and(|ended| *ended == Some(true)) {
            return Ok(());
        }
        Err(finished.err().unwrap_or(FarmError::ChangeLost))
    }

    fn group(&self) -> &Group {
        self.writer.group.as_ref().expect(OPEN)
    }
}

const OPEN: &str = "a change has its transaction until it ends";

impl Drop for Change {
    fn drop(&mut self) {
        let Some(group) = self.writer.group.as_mut().filter(|_| !self.kept) else {
            return;
        };
        group.undo = true;
        let number = group.number;
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(finish(self.shared.clone(), number)); // once this one has let go
        }
    }
}

impl Deref for Change {
    type Target = Db;
    fn deref(&self) -> &Db {
        &self.group().db
    }
}

impl DerefMut for Change {
    fn deref_mut(&mut self) -> &mut Db {
        &mut self.writer.group.as_mut().expect(OPEN).db
    }
}

/// Takes the present change into the transaction.
async fn keep(writer: &mut Writer) -> Result<(u64, watch::Receiver<Option<bool>>), FarmError> {
    let Some(group) = &mut writer.group else {
        return Err(FarmError::ChangeLost);
    };
    group.changes += 1;
    Ok((group.number, group.outcome.subscribe()))
}

/// Ends transaction `number` unless somebody has by now.
async fn finish(shared: Arc<Mutex<Writer>>, number: u64) -> Result<(), FarmError> {
    let mut writer = shared.lock().await;
    if writer.group.as_ref().is_none_or(|group| group.number != number) {
        return Ok(());
    }
    if let Err(error) = writer.undo().await {
        writer.break_group();
        return Err(error);
    }
    writer.end(true).await
}

/// Lets no further change begin, and closes the connection.
pub(super) async fn close(shared: &Arc<Mutex<Writer>>) {
    let mut writer = shared.lock().await;
    writer.closed = true;
    let ended = writer.undo().await;
    if ended.is_err() || writer.end(true).await.is_err() {
        writer.break_group();
    }
    if let Some(conn) = writer.idle.take() {
        sqlx::Connection::close(conn).await.ok();
    }
}
