//! Leases after they are granted: renewed, looked up, ended.

use ashlar_proto::{Digest, JobKind};
use sqlx::AssertSqlSafe;

use super::{Db, kind_code, many, millis, parse_count, parse_digest, parse_kind, to_db};
use crate::{
    config::{FarmConfig, KindPolicies},
    error::FarmError,
    model::{FencingToken, JobId, JobState, LeaseClaim, LeaseEnding, LeaseKey, WorkerId},
};

/// The lease that a caller claims, whatever became of it.
///
/// # Errors
/// [`FarmError::UnknownLease`], or [`FarmError::NotYours`] if another worker holds it or held it.
pub async fn claimed(db: &mut Db, claim: &LeaseClaim) -> Result<LeaseKey, FarmError> {
    let found: Option<(i64, String)> = sqlx::query_as(
        "SELECT token, workers.name FROM leases JOIN workers ON workers.id = leases.worker
         WHERE job = $1 AND secret = $2",
    )
    .bind(to_db(claim.job.0))
    .bind(claim.secret.as_bytes().as_slice())
    .fetch_optional(db.conn())
    .await?;
    let (token, owner) = found.ok_or(FarmError::UnknownLease(claim.job))?;
    key_of(claim, token, &owner)
}

/// The lease of this token, if the caller may speak for its `owner`.
pub fn key_of(claim: &LeaseClaim, token: i64, owner: &str) -> Result<LeaseKey, FarmError> {
    match &claim.caller {
        Some(caller) if caller != owner => Err(FarmError::NotYours {
            owner: owner.to_owned(),
            caller: caller.clone(),
        }),
        Some(_) | None => Ok(LeaseKey {
            job: claim.job,
            token: FencingToken(parse_count(token)?),
        }),
    }
}

/// The inputs of a job that exist, in order.
pub async fn inputs(db: &mut Db, job: JobId) -> Result<Vec<Digest>, FarmError> {
    type Row = (Option<Vec<u8>>, Option<Vec<u8>>);
    let inputs: Vec<Row> = sqlx::query_as(
        "SELECT artifact, (SELECT output FROM jobs WHERE id = producer) FROM job_inputs WHERE job = $1 ORDER BY position",
    )
    .bind(to_db(job.0))
    .fetch_all(db.conn())
    .await?;
    let existing = inputs
        .into_iter()
        .filter_map(|(artifact, output)| artifact.or(output));
    existing.map(|bytes| parse_digest(&bytes)).collect()
}

/// What a worker learns when it renews.
#[derive(Debug, Clone, Copy)]
pub struct Renewed {
    /// Until the lease expires now.
    pub expires_in_ms: u64,
    /// The worker gets no more jobs.
    pub draining: bool,
}

/// Moves the deadline of a current lease. A lease that is overdue but not yet taken away can still be saved.
pub async fn renew(db: &mut Db, key: LeaseKey, policies: &KindPolicies) -> Result<Renewed, FarmError> {
    let kind: Option<i64> = sqlx::query_scalar(
        "SELECT jobs.kind FROM leases JOIN jobs ON jobs.id = leases.job
         WHERE leases.token = $1 AND leases.job = $2 AND leases.ended_ms IS NULL",
    )
    .bind(to_db(key.token.0))
    .bind(to_db(key.job.0))
    .fetch_optional(db.conn())
    .await?;
    let kind = parse_kind(kind.ok_or(FarmError::LeaseNotCurrent(key))?)?;
    let (now, term_ms) = (db.now_ms(), millis(policies.of(kind).lease));
    sqlx::query("UPDATE leases SET deadline_ms = $2, prolonged = 0 WHERE token = $1")
        .bind(to_db(key.token.0))
        .bind(now.saturating_add(term_ms))
        .execute(db.conn())
        .await?;
    let draining: i64 = sqlx::query_scalar(
        "UPDATE workers SET last_seen_ms = $2 WHERE id = (SELECT worker FROM leases WHERE token = $1)
         RETURNING draining",
    )
    .bind(to_db(key.token.0))
    .bind(now)
    .fetch_one(db.conn())
    .await?;
    Ok(Renewed {
        expires_in_ms: parse_count(term_ms)?,
        draining: draining != 0,
    })
}

/// Current leases whose deadline has passed, with the worker's name.
pub async fn expired(db: &mut Db) -> Result<Vec<(LeaseKey, String)>, FarmError> {
    let rows: Vec<(i64, i64, String)> = sqlx::query_as(
        "SELECT leases.job, leases.token, workers.name FROM leases JOIN workers ON workers.id = leases.worker
         WHERE ended_ms IS NULL AND deadline_ms <= $1 ORDER BY token",
    )
    .bind(db.now_ms())
    .fetch_all(db.conn())
    .await?;
    rows.into_iter()
        .map(|(job, token, worker)| {
            let key = LeaseKey {
                job: JobId(parse_count(job)?),
                token: FencingToken(parse_count(token)?),
            };
            Ok((key, worker))
        })
        .collect()
}

/// Whether the lease is current and its deadline has passed.
pub async fn is_overdue(db: &mut Db, key: LeaseKey) -> Result<bool, FarmError> {
    let overdue: Option<i64> = sqlx::query_scalar(
        "SELECT token FROM leases WHERE token = $1 AND ended_ms IS NULL AND deadline_ms <= $2",
    )
    .bind(to_db(key.token.0))
    .bind(db.now_ms())
    .fetch_optional(db.conn())
    .await?;
    Ok(overdue.is_some())
}

/// Ends a lease if it is current. Returns whether it was. The job's own state is the caller's to change.
pub async fn end(db: &mut Db, key: LeaseKey, ending: LeaseEnding, outcome: &str) -> Result<bool, FarmError> {
    let now = db.now_ms();
    let ended = sqlx::query(
        "UPDATE leases SET ended_ms = $3, ending = $4, outcome = $5 WHERE token = $1 AND job = $2 AND ended_ms IS NULL",
    )
    .bind(to_db(key.token.0))
    .bind(to_db(key.job.0))
    .bind(now)
    .bind(ending.code())
    .bind(outcome)
    .execute(db.conn())
    .await?;
    if ended.rows_affected() == 0 {
        return Ok(false);
    }
    if LeaseEnding::BAD.contains(&ending) {
        sqlx::query("UPDATE jobs SET troubled = 1 WHERE id = $1")
            .bind(to_db(key.job.0))
            .execute(db.conn())
            .await?;
    }
    Ok(true)
}

/// Notes that a proof made under this lease does not verify. Returns false if that was noted before.
pub async fn note_rejected(db: &mut Db, key: LeaseKey) -> Result<bool, FarmError> {
    let noted = sqlx::query("UPDATE leases SET rejected = 1 WHERE token = $1 AND job = $2 AND rejected = 0")
        .bind(to_db(key.token.0))
        .bind(to_db(key.job.0))
        .execute(db.conn())
        .await?;
    Ok(noted.rows_affected() == 1)
}

/// Notes that its worker is quarantined for this lease. Returns false if that was noted before.
pub async fn note_struck(db: &mut Db, key: LeaseKey) -> Result<bool, FarmError> {
    let noted = sqlx::query("UPDATE leases SET struck = 1 WHERE token = $1 AND job = $2 AND struck = 0")
        .bind(to_db(key.token.0))
        .bind(to_db(key.job.0))
        .execute(db.conn())
        .await?;
    Ok(noted.rows_affected() == 1)
}

/// Whether a worker other than this lease's is alive that takes the job's kind, is not quarantined from it and has not
/// found the job impossible itself.
pub async fn another_could_judge(db: &mut Db, key: LeaseKey, config: &FarmConfig) -> Result<bool, FarmError> {
    let now = db.now_ms();
    let another: Option<i64> = sqlx::query_scalar(
        "SELECT other.id FROM leases AS mine
             JOIN jobs ON jobs.id = mine.job JOIN batches ON batches.id = jobs.batch JOIN workers AS other ON other.id <> mine.worker
         WHERE mine.token = $1 AND other.circuit_set = batches.circuit_set AND other.draining = 0
           AND (other.kinds >> CAST(jobs.kind AS INTEGER)) & 1 = 1 AND other.last_seen_ms >= $2
           AND NOT EXISTS (SELECT 1 FROM quarantines WHERE worker = other.id AND kind = jobs.kind AND until_ms > $3)
           AND NOT EXISTS (
             SELECT 1 FROM leases
             WHERE job = jobs.id AND worker = other.id AND ending = $4 AND token >= jobs.judged_from)
         LIMIT 1",
    )
    .bind(to_db(key.token.0))
    .bind(now.saturating_sub(millis(config.worker_ttl)))
    .bind(now)
    .bind(LeaseEnding::Condemned.code())
    .fetch_optional(db.conn())
    .await?;
    Ok(another.is_some())
}

/// Notes that the proofs made under these leases were accepted, also if a lease had ended before; any other current
/// lease of their jobs ends too.
pub async fn complete(db: &mut Db, keys: &[LeaseKey]) -> Result<(), FarmError> {
    let now = db.now_ms();
    for portion in many::portions(keys) {
        let count = portion.len();
        let (jobs, tokens) = (many::list(4, count), many::list(4 + count, count));
        let text = format!(
            "UPDATE leases SET ended_ms = COALESCE(ended_ms, $1), ending = CASE WHEN token IN {tokens} THEN $2 ELSE $3 END,
                 outcome = CASE WHEN token NOT IN {tokens} THEN 'another worker completed the job'
                                WHEN ended_ms IS NULL THEN 'completed' ELSE 'completed late, after: ' || outcome END
             WHERE job IN {jobs} AND (token IN {tokens} OR ended_ms IS NULL)"
        );
        let mut query = sqlx::query(AssertSqlSafe(text))
            .bind(now)
            .bind(LeaseEnding::Completed.code())
            .bind(LeaseEnding::HandedBack.code());
        for key in portion {
            query = query.bind(to_db(key.job.0));
        }
        for key in portion {
            query = query.bind(to_db(key.token.0));
        }
        query.execute(db.conn()).await?;
    }
    Ok(())
}

/// Deadlines are absolute, but while the coordinator was down nobody could renew: each current lease has a third of its
/// term left, the time in which a living worker renews. A worker that does not is dead, and however often the coordinator
/// starts again, its lease is prolonged once. None has more than its term, should the clock have been set back.
pub async fn allow_for_restart(db: &mut Db, policies: &KindPolicies) -> Result<(), FarmError> {
    for kind in JobKind::ALL {
        let (now, term) = (db.now_ms(), policies.of(kind).lease);
        sqlx::query(
            "UPDATE leases SET deadline_ms = $2, prolonged = 1
             WHERE ended_ms IS NULL AND prolonged = 0 AND deadline_ms < $2
               AND (SELECT kind FROM jobs WHERE id = leases.job) = $1",
        )
        .bind(kind_code(kind))
        .bind(now.saturating_add(millis(term / 3)))
        .execute(db.conn())
        .await?;
        sqlx::query(
            "UPDATE leases SET deadline_ms = $2
             WHERE ended_ms IS NULL AND deadline_ms > $2 AND (SELECT kind FROM jobs WHERE id = leases.job) = $1",
        )
        .bind(kind_code(kind))
        .bind(now.saturating_add(millis(term)))
        .execute(db.conn())
        .await?;
    }
    Ok(())
}

/// The current leases of a worker.
pub async fn held_by(db: &mut Db, worker: WorkerId) -> Result<Vec<LeaseKey>, FarmError> {
    let rows: Vec<(i64, i64)> =
        sqlx::query_as("SELECT job, token FROM leases WHERE worker = $1 AND ended_ms IS NULL ORDER BY token")
            .bind(to_db(worker.0))
            .fetch_all(db.conn())
            .await?;
    rows.into_iter()
        .map(|(job, token)| {
            Ok(LeaseKey {
                job: JobId(parse_count(job)?),
                token: FencingToken(parse_count(token)?),
            })
        })
        .collect()
}

/// Ends whatever lease the job has.
pub async fn end_any(db: &mut Db, job: i64, ending: LeaseEnding, outcome: &str) -> Result<(), FarmError> {
    sqlx::query(
        "UPDATE leases SET ended_ms = $2, ending = $3, outcome = $4 WHERE job = $1 AND ended_ms IS NULL",
    )
    .bind(job)
    .bind(db.now_ms())
    .bind(ending.code())
    .bind(outcome)
    .execute(db.conn())
    .await?;
    Ok(())
}

/// Puts a job back in the queue: ready, or blocked if an input is missing by now.
pub async fn put_back(db: &mut Db, job: i64) -> Result<(), FarmError> {
    let state = if lacks_input(db, job).await? {
        JobState::Blocked
    } else {
        JobState::Ready
    };
    let now = db.now_ms();
    sqlx::query("UPDATE jobs SET ready_ms = $3, state = $2 WHERE id = $1")
        .bind(job)
        .bind(state.code())
        .bind(now)
        .execute(db.conn())
        .await?;
    Ok(())
}

/// Makes the jobs that take the output of these, and have all their inputs by now, ready.
pub async fn unblock_consumers(db: &mut Db, jobs: &[i64]) -> Result<(), FarmError> {
    let now = db.now_ms();
    for portion in many::portions(jobs) {
        let text = format!(
            "UPDATE jobs SET ready_ms = $4, state = $2
             WHERE state = $1 AND id IN (SELECT job FROM job_inputs WHERE producer IN {})
               AND NOT EXISTS (
                 SELECT 1 FROM job_inputs WHERE job_inputs.job = jobs.id
                   AND (SELECT producers.state FROM jobs AS producers WHERE producers.id = job_inputs.producer) <> $3)",
            many::list(5, portion.len())
        );
        let mut query = sqlx::query(AssertSqlSafe(text))
            .bind(JobState::Blocked.code())
            .bind(JobState::Ready.code())
            .bind(JobState::Done.code())
            .bind(now);
        for job in portion {
            query = query.bind(job);
        }
        query.execute(db.conn()).await?;
    }
    Ok(())
}

async fn lacks_input(db: &mut Db, job: i64) -> Result<bool, FarmError> {
    let states: Vec<Option<i64>> = sqlx::query_scalar(
        "SELECT (SELECT state FROM jobs WHERE id = producer) FROM job_inputs WHERE job = $1 AND producer IS NOT NULL",
    )
    .bind(job)
    .fetch_all(db.conn())
    .await?;
    Ok(states.iter().any(|state| *state != Some(JobState::Done.code())))
}
