//! Attempts that ended without an accepted proof, and whose fault that was.
//!
//! A machine's fault (a lost lease, a failure it calls its own, a proof that does not verify) sends the job to another
//! attempt, after a pause that grows, and never fails it. Only verdicts on the job itself do: two workers that found it
//! impossible, the only worker that found it so twice, or proofs of three workers that all do not verify.

use std::time::Duration;

use ashlar_proto::JobKind;
use sqlx::AssertSqlSafe;

use super::{Db, batches, kind_code, leases, many, millis, outcomes::poison, parse_kind, to_db};
use crate::{
    config::FarmConfig,
    error::FarmError,
    model::{FencingToken, JobId, JobState, LeaseEnding, LeaseKey, WorkerId},
};

/// An attempt that went wrong, by its lease.
#[derive(Debug, Clone, Copy)]
pub struct Fault<'a> {
    /// The lease of the attempt.
    pub key: LeaseKey,
    /// For people.
    pub reason: &'a str,
}

/// The lease's worker went silent. Returns false and changes nothing if the lease is not current.
pub async fn expired(db: &mut Db, fault: Fault<'_>, config: &FarmConfig) -> Result<bool, FarmError> {
    let current = leases::end(db, fault.key, LeaseEnding::Expired, fault.reason).await?;
    if current {
        try_again(db, fault, config).await?;
    }
    Ok(current)
}

/// The worker reports a fault of its own; it gets no job of the kind for a moment. Returns false and changes nothing if
/// the lease is not current.
pub async fn failed(db: &mut Db, fault: Fault<'_>, config: &FarmConfig) -> Result<bool, FarmError> {
    let current = leases::end(db, fault.key, LeaseEnding::Failed, fault.reason).await?;
    if current {
        try_again(db, fault, config).await?;
        strike(db, fault, config.fault_pause, config).await?;
    }
    Ok(current)
}

/// The worker delivered a proof that does not verify: it is quarantined from the kind, also if the lease had ended, but
/// once for each lease, as a delivery may be repeated. Proofs of [`FarmConfig::max_rejected_workers`] workers that all do
/// not verify speak against the job, unless somebody has it at this moment or proved it. Returns whether the lease was
/// current.
pub async fn rejected(db: &mut Db, fault: Fault<'_>, config: &FarmConfig) -> Result<bool, FarmError> {
    if !leases::note_rejected(db, fault.key).await? {
        return Ok(false);
    }
    strike(db, fault, config.quarantine, config).await?;
    let current = leases::end(db, fault.key, LeaseEnding::Rejected, fault.reason).await?;
    if current {
        try_again(db, fault, config).await?;
    }
    let liars: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT workers.name FROM leases JOIN workers ON workers.id = leases.worker JOIN jobs ON jobs.id = leases.job
         WHERE leases.job = $1 AND leases.rejected = 1 AND leases.token >= jobs.judged_from AND jobs.state IN ($2, $3)
         ORDER BY workers.name",
    )
    .bind(to_db(fault.key.job.0))
    .bind(JobState::Ready.code())
    .bind(JobState::Blocked.code())
    .fetch_all(db.conn())
    .await?;
    if liars.len() >= config.max_rejected_workers as usize {
        let names = liars.join(", ");
        let reason = format!(
            "proofs of {} workers do not verify ({names}): {}",
            liars.len(),
            fault.reason
        );
        condemn(db, fault.key.job, &reason).await?;
    }
    Ok(current)
}

/// The worker found that the job cannot be proved. One machine may be wrong: [`KindPolicy::max_attempts`] workers must
/// agree. While no other is alive that could take the job, its own verdicts count, each after
/// [`FarmConfig::confirm_pause`], which [`leases::next`] sees to. Returns false and changes nothing if the lease is not
/// current.
///
/// [`KindPolicy::max_attempts`]: crate::config::KindPolicy::max_attempts
pub async fn condemned(db: &mut Db, fault: Fault<'_>, config: &FarmConfig) -> Result<bool, FarmError> {
    if !leases::end(db, fault.key, LeaseEnding::Condemned, fault.reason).await? {
        return Ok(false);
    }
    let job = to_db(fault.key.job.0);
    let attempts: i64 = sqlx::query_scalar(
        "UPDATE jobs SET failed_attempts = failed_attempts + 1, last_error = $2 WHERE id = $1 RETURNING failed_attempts",
    )
    .bind(job)
    .bind(fault.reason)
    .fetch_one(db.conn())
    .await?;
    let judges: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT workers.name FROM leases JOIN workers ON workers.id = leases.worker JOIN jobs ON jobs.id = leases.job
         WHERE leases.job = $1 AND leases.ending = $2 AND leases.token >= jobs.judged_from ORDER BY workers.name",
    )
    .bind(job)
    .bind(LeaseEnding::Condemned.code())
    .fetch_all(db.conn())
    .await?;
    let enough = config.policies.of(kind(db, fault.key.job).await?).max_attempts;
    let agreed = judges.len() >= enough as usize;
    let names = judges.join(", ");
    let reason = if agreed {
        format!("found impossible by {names}: {}", fault.reason)
    } else {
        format!(
            "found impossible {attempts} times by {names}, and nobody else could try: {}",
            fault.reason
        )
    };
    let confirmed =
        attempts >= i64::from(enough) && !leases::another_could_judge(db, fault.key, config).await?;
    if agreed || confirmed {
        condemn(db, fault.key.job, &reason).await?;
    } else {
        leases::put_back(db, job).await?;
    }
    Ok(true)
}

/// The worker registered anew: it knows nothing of the leases it had, and what it got wrong before is forgiven. Returns
/// the leases that ended.
pub async fn superseded(
    db: &mut Db,
    worker: WorkerId,
    name: &str,
    config: &FarmConfig,
) -> Result<Vec<LeaseKey>, FarmError> {
    sqlx::query("DELETE FROM quarantines WHERE worker = $1")
        .bind(to_db(worker.0))
        .execute(db.conn())
        .await?;
    let held = leases::held_by(db, worker).await?;
    for &key in &held {
        let reason = format!("lease {} ended: worker {name} registered anew", key.token.0);
        leases::end(db, key, LeaseEnding::Superseded, &reason).await?;
        let reason = &reason;
        try_again(db, Fault { key, reason }, config).await?;
    }
    Ok(held)
}

/// The workers' proofs of their kinds were accepted: their faults were not lasting.
pub async fn vindicated(db: &mut Db, keys: &[LeaseKey]) -> Result<(), FarmError> {
    for portion in many::portions(keys) {
        let text = format!(
            "DELETE FROM quarantines WHERE EXISTS (
                 SELECT 1 FROM leases JOIN jobs ON jobs.id = leases.job
                 WHERE leases.token IN {} AND leases.worker = quarantines.worker AND jobs.kind = quarantines.kind)",
            many::list(1, portion.len())
        );
        let mut query = sqlx::query(AssertSqlSafe(text));
        for key in portion {
            query = query.bind(to_db(key.token.0));
        }
        query.execute(db.conn()).await?;
    }
    Ok(())
}

/// The job under this lease was proved. Others that had found it impossible were wrong; only of a job in trouble there are
/// any.
pub async fn refuted(db: &mut Db, key: LeaseKey, config: &FarmConfig) -> Result<(), FarmError> {
    let worker = worker(db, key).await?;
    let wrong: Vec<i64> = sqlx::query_scalar(
        "SELECT MAX(leases.token) FROM leases JOIN jobs ON jobs.id = leases.job
         WHERE leases.job = $1 AND leases.ending = $2 AND leases.token >= jobs.judged_from AND leases.worker <> $3
         GROUP BY leases.worker",
    )
    .bind(to_db(key.job.0))
    .bind(LeaseEnding::Condemned.code())
    .bind(to_db(worker.0))
    .fetch_all(db.conn())
    .await?;
    let reason = &format!("found job {} impossible, which another worker proved", key.job.0);
    for token in wrong {
        let token = FencingToken(super::parse_count(token)?);
        let key = LeaseKey { token, ..key };
        strike(db, Fault { key, reason }, config.quarantine, config).await?;
    }
    Ok(())
}

/// Lifts the quarantines whose last fault was over this job, or over a job of this batch: the operator, who tries again,
/// has mended the cause. Returns how many.
pub async fn pardon(db: &mut Db, job: Option<i64>, batch: Option<i64>) -> Result<u64, FarmError> {
    let now = db.now_ms();
    let lifted = sqlx::query(
        "DELETE FROM quarantines
         WHERE until_ms > $3 AND (job = $1 OR job IN (SELECT id FROM jobs WHERE batch = $2))",
    )
    .bind(job)
    .bind(batch)
    .bind(now)
    .execute(db.conn())
    .await?;
    Ok(lifted.rows_affected())
}

/// Pauses that a clock set back has made longer than any may be end at their longest.
pub async fn allow_for_restart(db: &mut Db, config: &FarmConfig) -> Result<(), FarmError> {
    let now = db.now_ms();
    sqlx::query("UPDATE quarantines SET until_ms = $1 WHERE until_ms > $1")
        .bind(now.saturating_add(millis(config.max_quarantine)))
        .execute(db.conn())
        .await?;
    sqlx::query("UPDATE jobs SET not_before_ms = $1 WHERE not_before_ms > $1")
        .bind(now.saturating_add(millis(config.max_job_pause)))
        .execute(db.conn())
        .await?;
    Ok(())
}

/// Counts a machine's fault and puts the job back, after a pause from the second one on: a job that fells every machine
/// must not keep them all busy with it.
async fn try_again(db: &mut Db, fault: Fault<'_>, config: &FarmConfig) -> Result<(), FarmError> {
    let job = to_db(fault.key.job.0);
    let faults: i64 = sqlx::query_scalar(
        "UPDATE jobs SET machine_faults = machine_faults + 1, last_error = $2 WHERE id = $1 RETURNING machine_faults",
    )
    .bind(job)
    .bind(fault.reason)
    .fetch_one(db.conn())
    .await?;
    if faults > 1 {
        let pause = doubled(config.job_pause, faults - 2, config.max_job_pause);
        sqlx::query("UPDATE jobs SET not_before_ms = $2 WHERE id = $1")
            .bind(job)
            .bind(db.now_ms().saturating_add(millis(pause)))
            .execute(db.conn())
            .await?;
    }
    leases::put_back(db, job).await
}

/// Keeps the worker from jobs of the kind for a while; once for each lease.
async fn strike(
    db: &mut Db,
    Fault { key, reason }: Fault<'_>,
    first_pause: Duration,
    config: &FarmConfig,
) -> Result<(), FarmError> {
    if !leases::note_struck(db, key).await? {
        return Ok(());
    }
    let (worker, kind) = (worker(db, key).await?, kind(db, key.job).await?);
    let before: Option<i64> =
        sqlx::query_scalar("SELECT strikes FROM quarantines WHERE worker = $1 AND kind = $2")
            .bind(to_db(worker.0))
            .bind(kind_code(kind))
            .fetch_optional(db.conn())
            .await?;
    let before = before.unwrap_or(0);
    let pause = doubled(first_pause, before, config.max_quarantine);
    tracing::warn!(worker = worker.0, %kind, pause_secs = pause.as_secs_f64(), reason, "worker gets no job of this kind for a while");
    sqlx::query(
        "INSERT INTO quarantines (worker, kind, strikes, until_ms, reason, job) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (worker, kind) DO UPDATE SET strikes = $3, reason = $5, job = $6,
             until_ms = CASE WHEN quarantines.until_ms > $4 THEN quarantines.until_ms ELSE $4 END",
    )
    .bind(to_db(worker.0))
    .bind(kind_code(kind))
    .bind(before + 1)
    .bind(db.now_ms().saturating_add(millis(pause)))
    .bind(reason)
    .bind(to_db(key.job.0))
    .execute(db.conn())
    .await?;
    Ok(())
}

/// `first` times two to the power of `times`, `most` at most.
fn doubled(first: Duration, times: i64, most: Duration) -> Duration {
    let factor = u32::try_from(times)
        .ok()
        .and_then(|times| 1u32.checked_shl(times))
        .unwrap_or(u32::MAX);
    first.saturating_mul(factor).min(most)
}

async fn condemn(db: &mut Db, job: JobId, reason: &str) -> Result<(), FarmError> {
    let (id, kind) = (to_db(job.0), kind(db, job).await?);
    let (batch, ordinal): (i64, i64) = sqlx::query_as("SELECT batch, ordinal FROM jobs WHERE id = $1")
        .bind(id)
        .fetch_one(db.conn())
        .await?;
    tracing::error!(batch, job = id, %kind, reason, "job poisoned");
    poison(db, id).await?;
    batches::fail(
        db,
        batch,
        &format!("{kind} {ordinal} (job {id}) failed: {reason}"),
    )
    .await
}

async fn worker(db: &mut Db, key: LeaseKey) -> Result<WorkerId, FarmError> {
    let worker: i64 = sqlx::query_scalar("SELECT worker FROM leases WHERE token = $1")
        .bind(to_db(key.token.0))
        .fetch_one(db.conn())
        .await?;
    Ok(WorkerId(super::parse_count(worker)?))
}

async fn kind(db: &mut Db, job: JobId) -> Result<JobKind, FarmError> {
    let kind: i64 = sqlx::query_scalar("SELECT kind FROM jobs WHERE id = $1")
        .bind(to_db(job.0))
        .fetch_one(db.conn())
        .await?;
    parse_kind(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let (first, most) = (Duration::from_secs(1), Duration::from_secs(60));
        let secs = |times| doubled(first, times, most).as_secs();
        assert_eq!(
            [0, 1, 5, 6, 31, 32, 1 << 40].map(secs),
            [1, 2, 32, 60, 60, 60, 60]
        );
    }
}
