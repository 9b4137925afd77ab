//! Granting, renewing and ending leases.

use ashlar_proto::{Digest, JobKind};
use sqlx::SqliteConnection;

use super::{kind_code, millis, now_ms, parse_count, parse_digest, parse_kind, to_db};
use crate::{
    config::{FarmConfig, KindPolicies},
    error::FarmError,
    model::{
        BatchState, FencingToken, JobId, JobState, Lease, LeaseClaim, LeaseEnding, LeaseKey, Secret, WorkerId,
    },
};

/// A job that could be leased.
#[derive(Debug, Clone, Copy)]
pub struct Candidate {
    job: i64,
    batch: i64,
    kind: JobKind,
}

/// The next job for `worker`: oldest batch, then latest stage. None of a kind that it is quarantined from. A job that
/// failed on this worker is left for another one, if one was heard of within `worker_ttl`, takes the kind, is not
/// quarantined from it and has not failed at the job. One that it found impossible it gets again after `confirm_pause`
/// only, so that a moment's fault does not confirm itself.
pub async fn next(
    conn: &mut SqliteConnection,
    worker: WorkerId,
    config: &FarmConfig,
) -> Result<Option<Candidate>, FarmError> {
    let now = now_ms();
    let next: Option<(i64, i64, i64)> = sqlx::query_as(
        "SELECT jobs.id, jobs.batch, jobs.kind
         FROM jobs JOIN batches ON batches.number = jobs.batch JOIN workers AS me ON me.id = ?1
         WHERE jobs.state = ?2 AND batches.state = ?3 AND batches.circuit_set = ?4 AND (me.kinds >> jobs.kind) & 1
           AND jobs.not_before_ms <= ?6
           AND NOT EXISTS (SELECT 1 FROM quarantines WHERE worker = me.id AND kind = jobs.kind AND until_ms > ?6)
           AND NOT EXISTS (
             SELECT 1 FROM leases
             WHERE job = jobs.id AND worker = me.id AND ending = ?8 AND token >= jobs.judged_from AND ended_ms > ?9)
           AND NOT (
             EXISTS (SELECT 1 FROM leases WHERE job = jobs.id AND worker = me.id AND (?5 >> ending) & 1)
             AND EXISTS (
               SELECT 1 FROM workers AS other
               WHERE other.id <> me.id AND other.circuit_set = ?4 AND (other.kinds >> jobs.kind) & 1
                 AND other.last_seen_ms >= ?7
                 AND NOT EXISTS (SELECT 1 FROM quarantines WHERE worker = other.id AND kind = jobs.kind AND until_ms > ?6)
                 AND NOT EXISTS (SELECT 1 FROM leases WHERE job = jobs.id AND worker = other.id AND (?5 >> ending) & 1)))
         ORDER BY jobs.batch, jobs.stage DESC, jobs.ordinal
         LIMIT 1",
    )
    .bind(to_db(worker.0))
    .bind(JobState::Ready.code())
    .bind(BatchState::Running.code())
    .bind(config.circuit_set.as_ref().to_vec())
    .bind(LeaseEnding::BAD.iter().fold(0, |mask, ending| mask | 1 << ending.code()))
    .bind(now)
    .bind(now.saturating_sub(millis(config.worker_ttl)))
    .bind(LeaseEnding::Condemned.code())
    .bind(now.saturating_sub(millis(config.confirm_pause)))
    .fetch_optional(conn)
    .await?;
    next.map(|(job, batch, kind)| {
        Ok(Candidate {
            job,
            batch,
            kind: parse_kind(kind)?,
        })
    })
    .transpose()
}

/// Leases a job that [`next`] gave in the same transaction.
pub async fn grant(
    conn: &mut SqliteConnection,
    worker: WorkerId,
    Candidate { job, batch, kind }: Candidate,
    policies: &KindPolicies,
) -> Result<Lease, FarmError> {
    let (now, term_ms) = (now_ms(), millis(policies.of(kind).lease));
    let secret = Secret::random();
    let token: i64 = sqlx::query_scalar(
        "INSERT INTO leases (job, worker, granted_ms, deadline_ms, secret) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING token",
    )
    .bind(job)
    .bind(to_db(worker.0))
    .bind(now)
    .bind(now.saturating_add(term_ms))
    .bind(secret.as_bytes().as_slice())
    .fetch_one(&mut *conn)
    .await?;
    sqlx::query("UPDATE jobs SET state = ?2 WHERE id = ?1")
        .bind(job)
        .bind(JobState::Leased.code())
        .execute(&mut *conn)
        .await?;
    let job = JobId(parse_count(job)?);
    Ok(Lease {
        key: LeaseKey {
            job,
            token: FencingToken(parse_count(token)?),
        },
        secret,
        batch: parse_count(batch)?,
        kind,
        inputs: inputs(conn, job).await?,
        expires_in_ms: parse_count(term_ms)?,
    })
}

/// The lease that a caller claims, whatever became of it.
///
/// # Errors
/// [`FarmError::UnknownLease`], or [`FarmError::NotYours`] if another worker holds it or held it.
pub async fn claimed(conn: &mut SqliteConnection, claim: &LeaseClaim) -> Result<LeaseKey, FarmError> {
    let found: Option<(i64, String)> = sqlx::query_as(
        "SELECT token, workers.name FROM leases JOIN workers ON workers.id = leases.worker
         WHERE job = ?1 AND secret = ?2",
    )
    .bind(to_db(claim.job.0))
    .bind(claim.secret.as_bytes().as_slice())
    .fetch_optional(conn)
    .await?;
    let (token, owner) = found.ok_or(FarmError::UnknownLease(claim.job))?;
    match &claim.caller {
        Some(caller) if *caller != owner => Err(FarmError::NotYours {
            owner,
            caller: caller.clone(),
        }),
        Some(_) | None => Ok(LeaseKey {
            job: claim.job,
            token: FencingToken(parse_count(token)?),
        }),
    }
}

/// The inputs of a job that exist, in order.
pub async fn inputs(conn: &mut SqliteConnection, job: JobId) -> Result<Vec<Digest>, FarmError> {
    sqlx::query_scalar::<_, Vec<u8>>(
        "SELECT COALESCE(job_inputs.artifact, jobs.output)
         FROM job_inputs LEFT JOIN jobs ON jobs.id = job_inputs.producer
         WHERE job_inputs.job = ?1 AND COALESCE(job_inputs.artifact, jobs.output) IS NOT NULL
         ORDER BY position",
    )
    .bind(to_db(job.0))
    .fetch_all(conn)
    .await?
    .iter()
    .map(|bytes| parse_digest(bytes))
    .collect()
}

/// Moves the deadline of a current lease. A lease that is overdue but not yet taken away can still be saved.
pub async fn renew(
    conn: &mut SqliteConnection,
    key: LeaseKey,
    policies: &KindPolicies,
) -> Result<u64, FarmError> {
    let kind: Option<i64> = sqlx::query_scalar(
        "SELECT jobs.kind FROM leases JOIN jobs ON jobs.id = leases.job
         WHERE leases.token = ?1 AND leases.job = ?2 AND leases.ended_ms IS NULL",
    )
    .bind(to_db(key.token.0))
    .bind(to_db(key.job.0))
    .fetch_optional(&mut *conn)
    .await?;
    let kind = parse_kind(kind.ok_or(FarmError::LeaseNotCurrent(key))?)?;
    let (now, term_ms) = (now_ms(), millis(policies.of(kind).lease));
    sqlx::query("UPDATE leases SET deadline_ms = ?2, prolonged = 0 WHERE token = ?1")
        .bind(to_db(key.token.0))
        .bind(now.saturating_add(term_ms))
        .execute(&mut *conn)
        .await?;
    sqlx::query(
        "UPDATE workers SET last_seen_ms = ?2 WHERE id = (SELECT worker FROM leases WHERE token = ?1)",
    )
    .bind(to_db(key.token.0))
    .bind(now)
    .execute(conn)
    .await?;
    parse_count(term_ms)
}

/// Current leases whose deadline has passed, with the worker's name.
pub async fn expired(conn: &mut SqliteConnection) -> Result<Vec<(LeaseKey, String)>, FarmError> {
    let rows: Vec<(i64, i64, String)> = sqlx::query_as(
        "SELECT leases.job, leases.token, workers.name FROM leases JOIN workers ON workers.id = leases.worker
         WHERE ended_ms IS NULL AND deadline_ms <= ?1 ORDER BY token",
    )
    .bind(now_ms())
    .fetch_all(conn)
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
pub async fn is_overdue(conn: &mut SqliteConnection, key: LeaseKey) -> Result<bool, FarmError> {
    let overdue = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM leases WHERE token = ?1 AND ended_ms IS NULL AND deadline_ms <= ?2)",
    )
    .bind(to_db(key.token.0))
    .bind(now_ms())
    .fetch_one(conn)
    .await?;
    Ok(overdue)
}

/// Ends a lease if it is current. Returns whether it was. The job's own state is the caller's to change.
pub async fn end(
    conn: &mut SqliteConnection,
    key: LeaseKey,
    ending: LeaseEnding,
    outcome: &str,
) -> Result<bool, FarmError> {
    let ended = sqlx::query(
        "UPDATE leases SET ended_ms = ?3, ending = ?4, outcome = ?5 WHERE token = ?1 AND job = ?2 AND ended_ms IS NULL",
    )
    .bind(to_db(key.token.0))
    .bind(to_db(key.job.0))
    .bind(now_ms())
    .bind(ending.code())
    .bind(outcome)
    .execute(conn)
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Notes that a proof made under this lease does not verify. Returns false if that was noted before.
pub async fn note_rejected(conn: &mut SqliteConnection, key: LeaseKey) -> Result<bool, FarmError> {
    let noted = sqlx::query("UPDATE leases SET rejected = 1 WHERE token = ?1 AND job = ?2 AND NOT rejected")
        .bind(to_db(key.token.0))
        .bind(to_db(key.job.0))
        .execute(conn)
        .await?;
    Ok(noted.rows_affected() == 1)
}

/// Notes that its worker is quarantined for this lease. Returns false if that was noted before.
pub async fn note_struck(conn: &mut SqliteConnection, key: LeaseKey) -> Result<bool, FarmError> {
    let noted = sqlx::query("UPDATE leases SET struck = 1 WHERE token = ?1 AND job = ?2 AND NOT struck")
        .bind(to_db(key.token.0))
        .bind(to_db(key.job.0))
        .execute(conn)
        .await?;
    Ok(noted.rows_affected() == 1)
}

/// Whether a worker other than this lease's is alive that takes the job's kind, is not quarantined from it and has not
/// found the job impossible itself.
pub async fn another_could_judge(
    conn: &mut SqliteConnection,
    key: LeaseKey,
    config: &FarmConfig,
) -> Result<bool, FarmError> {
    let now = now_ms();
    let another = sqlx::query_scalar(
        "SELECT EXISTS (
           SELECT 1 FROM leases AS mine JOIN jobs ON jobs.id = mine.job JOIN workers AS other ON other.id <> mine.worker
           WHERE mine.token = ?1 AND other.circuit_set = ?2 AND (other.kinds >> jobs.kind) & 1 AND other.last_seen_ms >= ?3
             AND NOT EXISTS (SELECT 1 FROM quarantines WHERE worker = other.id AND kind = jobs.kind AND until_ms > ?4)
             AND NOT EXISTS (
               SELECT 1 FROM leases
               WHERE job = jobs.id AND worker = other.id AND ending = ?5 AND token >= jobs.judged_from))",
    )
    .bind(to_db(key.token.0))
    .bind(config.circuit_set.as_ref().to_vec())
    .bind(now.saturating_sub(millis(config.worker_ttl)))
    .bind(now)
    .bind(LeaseEnding::Condemned.code())
    .fetch_one(conn)
    .await?;
    Ok(another)
}

/// Notes that the proof made under this lease was accepted, also if the lease had ended before; any other current
/// lease of the job ends too.
pub async fn complete(conn: &mut SqliteConnection, key: LeaseKey) -> Result<(), FarmError> {
    sqlx::query(
        "UPDATE leases SET ending = ?3, ended_ms = COALESCE(ended_ms, ?4),
             outcome = CASE WHEN ended_ms IS NULL THEN 'completed' ELSE 'completed late, after: ' || outcome END
         WHERE token = ?1 AND job = ?2",
    )
    .bind(to_db(key.token.0))
    .bind(to_db(key.job.0))
    .bind(LeaseEnding::Completed.code())
    .bind(now_ms())
    .execute(&mut *conn)
    .await?;
    end_any(
        conn,
        to_db(key.job.0),
        LeaseEnding::HandedBack,
        "another worker completed the job",
    )
    .await
}

/// Deadlines are absolute, but while the coordinator was down nobody could renew: each current lease has a third of its
/// term left, the time in which a living worker renews. A worker that does not is dead, and however often the coordinator
/// starts again, its lease is prolonged once.
pub async fn allow_for_restart(
    conn: &mut SqliteConnection,
    policies: &KindPolicies,
) -> Result<(), FarmError> {
    for kind in JobKind::ALL {
        sqlx::query(
            "UPDATE leases SET deadline_ms = ?2, prolonged = 1
             WHERE ended_ms IS NULL AND prolonged = 0 AND deadline_ms < ?2
               AND (SELECT kind FROM jobs WHERE id = leases.job) = ?1",
        )
        .bind(kind_code(kind))
        .bind(now_ms().saturating_add(millis(policies.of(kind).lease / 3)))
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// The current leases of a worker.
pub async fn held_by(conn: &mut SqliteConnection, worker: WorkerId) -> Result<Vec<LeaseKey>, FarmError> {
    let rows: Vec<(i64, i64)> =
        sqlx::query_as("SELECT job, token FROM leases WHERE worker = ?1 AND ended_ms IS NULL ORDER BY token")
            .bind(to_db(worker.0))
            .fetch_all(conn)
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
pub async fn end_any(
    conn: &mut SqliteConnection,
    job: i64,
    ending: LeaseEnding,
    outcome: &str,
) -> Result<(), FarmError> {
    sqlx::query(
        "UPDATE leases SET ended_ms = ?2, ending = ?3, outcome = ?4 WHERE job = ?1 AND ended_ms IS NULL",
    )
    .bind(job)
    .bind(now_ms())
    .bind(ending.code())
    .bind(outcome)
    .execute(conn)
    .await?;
    Ok(())
}

/// Puts a job back in the queue: ready, or blocked if an input is missing by now.
pub async fn put_back(conn: &mut SqliteConnection, job: i64) -> Result<(), FarmError> {
    sqlx::query(
        "UPDATE jobs SET state = CASE WHEN EXISTS (
             SELECT 1 FROM job_inputs JOIN jobs AS producers ON producers.id = job_inputs.producer
             WHERE job_inputs.job = jobs.id AND producers.state <> ?2) THEN ?3 ELSE ?4 END
         WHERE id = ?1",
    )
    .bind(job)
    .bind(JobState::Done.code())
    .bind(JobState::Blocked.code())
    .bind(JobState::Ready.code())
    .execute(conn)
    .await?;
    Ok(())
}
