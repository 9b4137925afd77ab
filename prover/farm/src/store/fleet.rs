//! How fast workers are, as learnt from accepted proofs, and what they have.

use std::collections::HashMap;

use sqlx::AssertSqlSafe;

use super::{
    Db, acceptance::Accepted, many, millis, parse_count, parse_digest, parse_kind, queue::takes, to_db,
};
use crate::{
    config::FarmConfig,
    error::FarmError,
    fleet::{Busy, Fleet, Member},
    model::{FencingToken, JobId, LeaseKey, WorkerId},
};

/// Takes the times of accepted proofs into their workers' means: a quarter of each new one.
pub async fn learn(db: &mut Db, proofs: &[&Accepted]) -> Result<(), FarmError> {
    for portion in many::portions(proofs) {
        let text = format!(
            "INSERT INTO speeds (worker, kind, seconds)
             SELECT leases.worker, jobs.kind, AVG(proof.column2)
             FROM (VALUES {}) AS proof JOIN leases ON leases.token = proof.column1 JOIN jobs ON jobs.id = leases.job
             GROUP BY leases.worker, jobs.kind
             ON CONFLICT (worker, kind) DO UPDATE SET seconds = speeds.seconds + (excluded.seconds - speeds.seconds) / 4",
            many::rows(portion.len(), 2)
        );
        let mut query = sqlx::query(AssertSqlSafe(text));
        for proof in portion {
            let seconds: f64 = proof.steps.iter().map(|step| step.seconds).sum();
            query = query.bind(to_db(proof.key.token.0)).bind(seconds);
        }
        query.execute(db.conn()).await?;
    }
    Ok(())
}

/// The workers that were heard of lately, and all current leases. These are as old as this coordinator is at most, which is
/// there since `opened_ms`: while none was, nobody could deliver, and the clock may have been set.
pub async fn read(db: &mut Db, config: &FarmConfig, opened_ms: i64) -> Result<Fleet, FarmError> {
    let now = db.now_ms();
    type Row = (i64, Vec<u8>, i64, Option<i64>, Option<f64>);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT workers.id, workers.circuit_set, workers.kinds, speeds.kind, speeds.seconds
         FROM workers LEFT JOIN speeds ON speeds.worker = workers.id
         WHERE workers.last_seen_ms >= $1 AND workers.draining = 0",
    )
    .bind(now.saturating_sub(millis(config.worker_ttl)))
    .fetch_all(db.conn())
    .await?;
    let mut members: HashMap<WorkerId, Member> = HashMap::new();
    for (id, circuit_set, kinds, kind, seconds) in rows {
        let id = WorkerId(parse_count(id)?);
        let member = members.entry(id).or_insert(Member {
            circuit_set: parse_digest(&circuit_set)?,
            takes: takes(kinds).collect(),
            seconds: HashMap::new(),
        });
        if let (Some(kind), Some(seconds)) = (kind, seconds) {
            member.seconds.insert(parse_kind(kind)?, seconds);
        }
    }
    let quarantined: Vec<(i64, i64)> =
        sqlx::query_as("SELECT worker, kind FROM quarantines WHERE until_ms > $1")
            .bind(now)
            .fetch_all(db.conn())
            .await?;
    for (worker, kind) in quarantined {
        if let Some(member) = members.get_mut(&WorkerId(parse_count(worker)?)) {
            member.takes.remove(&parse_kind(kind)?);
        }
    }
    let leases: Vec<(i64, i64, i64, i64, i64)> = sqlx::query_as(
        "SELECT leases.job, leases.token, leases.worker, jobs.kind, leases.granted_ms
         FROM leases JOIN jobs ON jobs.id = leases.job WHERE leases.ended_ms IS NULL ORDER BY leases.granted_ms",
    )
    .fetch_all(db.conn())
    .await?;
    let busy = leases.into_iter().map(|(job, token, worker, kind, since_ms)| {
        Ok::<_, FarmError>(Busy {
            key: LeaseKey {
                job: JobId(parse_count(job)?),
                token: FencingToken(parse_count(token)?),
            },
            worker: WorkerId(parse_count(worker)?),
            kind: parse_kind(kind)?,
            since_ms: since_ms.max(opened_ms),
        })
    });
    Ok(Fleet::new(members, busy.collect::<Result<_, _>>()?))
}
