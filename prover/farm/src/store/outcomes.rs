//! What a job's attempt ends in: done, or back in the queue. What went wrong is in [`faults`].

use std::time::Duration;

use ashlar_proto::{Digest, JobKind};

use super::{Db, batches, faults, leases, parse_count, parse_digest, parse_kind, tenants, to_db};
use crate::{
    error::FarmError,
    model::{BatchId, JobId, JobState, LeaseClaim, LeaseEnding, LeaseKey, Requeued, Tenant},
};

/// What is told of a lease.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The lease.
    pub key: LeaseKey,
    /// What the job does.
    pub kind: JobKind,
    /// Name of its worker.
    pub worker: String,
    /// Since when it has the job.
    pub age: Duration,
    /// Number of the batch.
    pub batch: u64,
    /// Digest of all that was submitted of it.
    pub content: Digest,
}

/// What is told of a lease that ends.
pub async fn attempt(db: &mut Db, key: LeaseKey) -> Result<Attempt, FarmError> {
    let (kind, worker, granted_ms, number, content): (i64, String, i64, i64, Vec<u8>) = sqlx::query_as(
        "SELECT jobs.kind, workers.name, leases.granted_ms, jobs.number, batches.content
         FROM leases JOIN workers ON workers.id = leases.worker JOIN jobs ON jobs.id = leases.job
              JOIN batches ON batches.id = jobs.batch
         WHERE leases.token = $1",
    )
    .bind(to_db(key.token.0))
    .fetch_one(db.conn())
    .await?;
    let age_ms = db.now_ms().saturating_sub(granted_ms).max(0);
    Ok(Attempt {
        key,
        kind: parse_kind(kind)?,
        worker,
        age: Duration::from_millis(parse_count(age_ms)?),
        batch: parse_count(number)?,
        content: parse_digest(&content)?,
    })
}

/// What is needed to judge a delivered proof.
#[derive(Debug, Clone)]
pub struct JobUnderReview {
    /// The lease it was made under.
    pub key: LeaseKey,
    /// What is told of that.
    pub attempt: Attempt,
    /// What it does.
    pub kind: JobKind,
    /// Whose it is.
    pub tenant: Tenant,
    /// The circuits of its batch.
    pub circuit_set: Digest,
    /// Whether it is done.
    pub done: bool,
    /// Its inputs that exist, in order.
    pub inputs: Vec<Digest>,
    /// Not all of them do: one was lost after the job was leased.
    pub inputs_missing: bool,
}

/// Loads the job a proof was delivered for.
///
/// # Errors
/// As [`leases::claimed`].
pub async fn review(db: &mut Db, claim: &LeaseClaim) -> Result<JobUnderReview, FarmError> {
    type Row = (
        i64,
        String,
        i64,
        i64,
        i64,
        Vec<u8>,
        i64,
        Vec<u8>,
        i64,
        i64,
        Vec<u8>,
    );
    let found: Option<Row> = sqlx::query_as(
        "SELECT token, workers.name, jobs.kind, jobs.state, (SELECT COUNT(*) FROM job_inputs WHERE job = jobs.id),
             batches.circuit_set, leases.granted_ms, batches.content, jobs.number, chain_id, rollup
         FROM leases JOIN workers ON workers.id = leases.worker JOIN jobs ON jobs.id = leases.job
              JOIN batches ON batches.id = jobs.batch JOIN tenants ON tenants.id = jobs.tenant
         WHERE leases.job = $1 AND secret = $2",
    )
    .bind(to_db(claim.job.0))
    .bind(claim.secret.as_bytes().as_slice())
    .fetch_optional(db.conn())
    .await?;
    let (token, owner, kind, state, expected, circuit_set, granted_ms, content, number, chain_id, rollup) =
        found.ok_or(FarmError::UnknownLease(claim.job))?;
    let key = leases::key_of(claim, token, &owner)?;
    let inputs = leases::inputs(db, key.job).await?;
    let age_ms = db.now_ms().saturating_sub(granted_ms).max(0);
    Ok(JobUnderReview {
        key,
        attempt: Attempt {
            key,
            kind: parse_kind(kind)?,
            worker: owner,
            age: Duration::from_millis(parse_count(age_ms)?),
            batch: parse_count(number)?,
            content: parse_digest(&content)?,
        },
        kind: parse_kind(kind)?,
        tenant: tenants::parse(chain_id, &rollup)?,
        circuit_set: parse_digest(&circuit_set)?,
        done: state == JobState::Done.code(),
        inputs_missing: inputs.len() as i64 != expected,
        inputs,
    })
}

/// Marks a job poisoned. Its batch is the caller's to fail, with the reason.
pub async fn poison(db: &mut Db, job: i64) -> Result<(), FarmError> {
    sqlx::query("UPDATE jobs SET state = $2, troubled = 1 WHERE id = $1")
        .bind(job)
        .bind(JobState::Poisoned.code())
        .execute(db.conn())
        .await?;
    Ok(())
}

/// Hands a lease back without counting an attempt. Returns false and changes nothing if it is not current.
pub async fn hand_back(db: &mut Db, key: LeaseKey) -> Result<bool, FarmError> {
    let current = leases::end(db, key, LeaseEnding::HandedBack, "handed back").await?;
    if current {
        leases::put_back(db, to_db(key.job.0)).await?;
    }
    Ok(current)
}

/// Gives poisoned jobs new attempts, ends the pause of those that wait in one, and lifts the quarantines that came from
/// any of the jobs. A batch that was given up runs again.
pub async fn requeue(db: &mut Db, job: Option<JobId>, batch: Option<BatchId>) -> Result<Requeued, FarmError> {
    let (job, batch) = (job.map(|job| to_db(job.0)), batch.map(|batch| to_db(batch.0)));
    if let Some(batch) = batch {
        batches::revive(db, batch).await?;
        batches::settle_state(db, batch).await?;
    }
    let jobs: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT id, batch FROM jobs
         WHERE (state = $3 OR state = $4 AND not_before_ms > $5) AND (id = $1 OR batch = $2) AND witness_lost = 0
         ORDER BY id",
    )
    .bind(job)
    .bind(batch)
    .bind(JobState::Poisoned.code())
    .bind(JobState::Ready.code())
    .bind(db.now_ms())
    .fetch_all(db.conn())
    .await?;
    for &(job, batch) in &jobs {
        absolve(db, job).await?;
        leases::put_back(db, job).await?;
        batches::settle_state(db, batch).await?;
    }
    Ok(Requeued {
        jobs: jobs.len() as u64,
        quarantines: faults::pardon(db, job, batch).await?,
    })
}

/// Forgets what spoke against a job, and what went wrong with it.
pub async fn absolve(db: &mut Db, job: i64) -> Result<(), FarmError> {
    sqlx::query(
        "UPDATE jobs SET failed_attempts = 0, machine_faults = 0, not_before_ms = 0,
             judged_from = (SELECT COALESCE(MAX(token), 0) + 1 FROM leases)
         WHERE id = $1",
    )
    .bind(job)
    .execute(db.conn())
    .await?;
    Ok(())
}
