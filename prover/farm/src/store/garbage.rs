//! Artifacts that nobody needs.
//!
//! One that no job names is noted in `doomed`. If that is still so after the grace, it is marked, in a transaction that
//! looks once more whether a job names it; then it is deleted, and its row after it. Whoever wants one takes its row away:
//! before storing it ([`doomed`]), and in the transaction that names it ([`spare`]). A mark is never taken back: the
//! deletion may be on its way, and would take what was stored meanwhile. So who comes after the mark waits until the row is
//! gone, and stores the artifact again.

use std::collections::{HashMap, HashSet};

use ashlar_proto::Digest;
use sqlx::AssertSqlSafe;

use super::{Db, many, parse_digest};
use crate::error::FarmError;

/// Artifacts in one query, and marked in one transaction.
pub const PAGE: usize = 64;

/// What is noted of an artifact that nobody needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doomed {
    /// Since when; of one that is marked, when it was.
    pub since_ms: i64,
    /// It is deleted now.
    pub deleting: bool,
}

/// `$1` to `$PAGE`. The same text for every page, so that it is prepared once.
fn places() -> String {
    let places: Vec<String> = (1..=PAGE).map(|place| format!("${place}")).collect();
    places.join(", ")
}

/// As many as there are places: the last one fills up.
fn filled(digests: &[Digest]) -> impl Iterator<Item = Vec<u8>> {
    let last = digests.last().copied();
    let fill = std::iter::repeat_n(last, PAGE.saturating_sub(digests.len())).flatten();
    digests
        .iter()
        .copied()
        .chain(fill)
        .map(|digest| digest.as_ref().to_vec())
}

/// Those of a page that a job names. Jobs of a batch that is being retired count until they are gone.
pub async fn named(db: &mut Db, digests: &[Digest]) -> Result<HashSet<Digest>, FarmError> {
    if digests.is_empty() {
        return Ok(HashSet::new());
    }
    let places = places();
    let text = format!(
        "SELECT output FROM jobs WHERE output IS NOT NULL AND output IN ({places})
         UNION SELECT artifact FROM job_inputs WHERE artifact IS NOT NULL AND artifact IN ({places})"
    );
    let mut query = sqlx::query_scalar(AssertSqlSafe(text));
    for digest in filled(digests) {
        query = query.bind(digest);
    }
    let found: Vec<Vec<u8>> = query.fetch_all(db.conn()).await?;
    found.iter().map(|digest| parse_digest(digest)).collect()
}

/// Those of a page that are noted.
pub async fn noted(db: &mut Db, digests: &[Digest]) -> Result<HashMap<Digest, Doomed>, FarmError> {
    if digests.is_empty() {
        return Ok(HashMap::new());
    }
    let text = format!(
        "SELECT artifact, since_ms, deleting FROM doomed WHERE artifact IN ({})",
        places()
    );
    let mut query = sqlx::query_as(AssertSqlSafe(text));
    for digest in filled(digests) {
        query = query.bind(digest);
    }
    let found: Vec<(Vec<u8>, i64, i64)> = query.fetch_all(db.conn()).await?;
    found
        .into_iter()
        .map(|(digest, since_ms, deleting)| {
            let deleting = deleting != 0;
            Ok((parse_digest(&digest)?, Doomed { since_ms, deleting }))
        })
        .collect()
}

/// What is noted of one.
pub async fn doomed(db: &mut Db, digest: Digest) -> Result<Option<Doomed>, FarmError> {
    let found: Option<(i64, i64)> =
        sqlx::query_as("SELECT since_ms, deleting FROM doomed WHERE artifact = $1")
            .bind(digest.as_ref().to_vec())
            .fetch_optional(db.conn())
            .await?;
    Ok(found.map(|(since_ms, deleting)| Doomed {
        since_ms,
        deleting: deleting != 0,
    }))
}

/// Somebody needs it.
///
/// # Errors
/// [`FarmError::ArtifactGoes`] if it is marked: the change must not be committed, and its caller stores it again.
pub async fn spare(db: &mut Db, digest: Digest) -> Result<(), FarmError> {
    let deleting: Option<i64> =
        sqlx::query_scalar("DELETE FROM doomed WHERE artifact = $1 RETURNING deleting")
            .bind(digest.as_ref().to_vec())
            .fetch_optional(db.conn())
            .await?;
    match deleting {
        Some(1) => Err(FarmError::ArtifactGoes(digest)),
        _ => Ok(()),
    }
}

/// Somebody needs these. Gives those that are marked: no change may name them, and whoever does stores them again.
pub async fn spare_all(db: &mut Db, digests: &[Digest]) -> Result<HashSet<Digest>, FarmError> {
    let mut going = HashSet::new();
    for portion in many::portions(digests) {
        let text = format!(
            "SELECT artifact, deleting FROM doomed WHERE artifact IN {}",
            many::list(1, portion.len())
        );
        let query = sqlx::query_as(AssertSqlSafe(text));
        let query = (portion.iter()).fold(query, |query, digest| query.bind(digest.as_ref().to_vec()));
        let noted: Vec<(Vec<u8>, i64)> = query.fetch_all(db.conn()).await?;
        for (digest, deleting) in noted {
            let digest = parse_digest(&digest)?;
            if deleting == 0 {
                spare(db, digest).await?;
            } else {
                going.insert(digest);
            }
        }
    }
    Ok(going)
}

/// Notes that nobody needs it, unless that is noted.
pub async fn note(db: &mut Db, digest: Digest) -> Result<(), FarmError> {
    let now = db.now_ms();
    sqlx::query("INSERT INTO doomed (artifact, since_ms) VALUES ($1, $2) ON CONFLICT (artifact) DO NOTHING")
        .bind(digest.as_ref().to_vec())
        .bind(now)
        .execute(db.conn())
        .await?;
    Ok(())
}

/// Marks it, if it has been noted since before `until_ms` and no job names it. Returns whether it is to be deleted now.
pub async fn mark(db: &mut Db, digest: Digest, until_ms: i64) -> Result<bool, FarmError> {
    let now = db.now_ms();
    let marked = sqlx::query(
        "UPDATE doomed SET deleting = 1, since_ms = $2
         WHERE artifact = $1 AND deleting = 0 AND since_ms <= $3
           AND NOT EXISTS (SELECT 1 FROM jobs WHERE output = $1)
           AND NOT EXISTS (SELECT 1 FROM job_inputs WHERE artifact = $1)",
    )
    .bind(digest.as_ref().to_vec())
    .bind(now)
    .bind(until_ms)
    .execute(db.conn())
    .await?;
    Ok(marked.rows_affected() == 1)
}

/// Takes over a page of those that were marked before `until_ms` and are not deleted yet.
pub async fn take_over(db: &mut Db, until_ms: i64) -> Result<Vec<Digest>, FarmError> {
    let now = db.now_ms();
    let left: Vec<Vec<u8>> = sqlx::query_scalar(
        "UPDATE doomed SET since_ms = $1 WHERE artifact IN
             (SELECT artifact FROM doomed WHERE deleting = 1 AND since_ms <= $2 ORDER BY since_ms LIMIT $3)
         RETURNING artifact",
    )
    .bind(now)
    .bind(until_ms)
    .bind(PAGE as i64)
    .fetch_all(db.conn())
    .await?;
    left.iter().map(|digest| parse_digest(digest)).collect()
}

/// One that was marked is deleted.
pub async fn gone(db: &mut Db, digest: Digest) -> Result<(), FarmError> {
    sqlx::query("DELETE FROM doomed WHERE artifact = $1 AND deleting = 1")
        .bind(digest.as_ref().to_vec())
        .execute(db.conn())
        .await?;
    Ok(())
}

/// Forgets those that have been noted since before `until_ms` and are not marked: they were not in the store any more.
pub async fn forget(db: &mut Db, until_ms: i64) -> Result<(), FarmError> {
    sqlx::query("DELETE FROM doomed WHERE deleting = 0 AND since_ms <= $1")
        .bind(until_ms)
        .execute(db.conn())
        .await?;
    Ok(())
}
