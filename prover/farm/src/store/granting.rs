//! Leases as they are granted.

use std::collections::HashMap;

use ashlar_proto::Digest;
use sqlx::AssertSqlSafe;

use super::{Db, many, millis, parse_count, parse_digest, ready::Candidate, to_db};
use crate::{
    config::KindPolicies,
    error::FarmError,
    model::{FencingToken, JobId, JobState, Lease, LeaseKey, Secret, WorkerId},
};

/// Leases jobs to workers, in their order. Each is ready, and there once.
pub async fn grant(
    db: &mut Db,
    grants: &[(WorkerId, Candidate)],
    policies: &KindPolicies,
) -> Result<Vec<Lease>, FarmError> {
    let secrets: Vec<Secret> = grants.iter().map(|_| Secret::random()).collect();
    let rows: Vec<_> = grants.iter().zip(&secrets).collect();
    let tokens = insert(db, &rows, policies).await?;
    let jobs: Vec<i64> = grants.iter().map(|(_, candidate)| candidate.job).collect();
    for portion in many::portions(&jobs) {
        let text = format!(
            "UPDATE jobs SET state = $1 WHERE id IN {}",
            many::list(2, portion.len())
        );
        let query = sqlx::query(AssertSqlSafe(text)).bind(JobState::Leased.code());
        let query = portion.iter().fold(query, |query, job| query.bind(job));
        query.execute(db.conn()).await?;
    }
    let mut inputs = inputs(db, &jobs).await?;
    let now = db.now_ms();
    let leases = rows.into_iter().map(|((_, candidate), secret)| {
        let token = tokens.get(&candidate.job).copied().ok_or(FarmError::ChangeLost)?;
        Ok(Lease {
            key: LeaseKey {
                job: JobId(parse_count(candidate.job)?),
                token: FencingToken(parse_count(token)?),
            },
            secret: *secret,
            batch: candidate.batch,
            content: candidate.content,
            waited_ms: parse_count(now.saturating_sub(candidate.ready_ms).max(0))?,
            kind: candidate.kind,
            inputs: inputs.remove(&candidate.job).unwrap_or_default(),
            expires_in_ms: parse_count(millis(policies.of(candidate.kind).lease))?,
        })
    });
    leases.collect()
}

/// Gives each job's token.
async fn insert(
    db: &mut Db,
    grants: &[(&(WorkerId, Candidate), &Secret)],
    policies: &KindPolicies,
) -> Result<HashMap<i64, i64>, FarmError> {
    let (now, mut tokens) = (db.now_ms(), HashMap::new());
    for portion in many::portions(grants) {
        let text = format!(
            "INSERT INTO leases (job, worker, granted_ms, deadline_ms, secret) VALUES {} RETURNING job, token",
            many::rows(portion.len(), 5)
        );
        let mut query = sqlx::query_as(AssertSqlSafe(text));
        for ((worker, candidate), secret) in portion {
            query = query
                .bind(candidate.job)
                .bind(to_db(worker.0))
                .bind(now)
                .bind(now.saturating_add(millis(policies.of(candidate.kind).lease)))
                .bind(secret.as_bytes().to_vec());
        }
        let rows: Vec<(i64, i64)> = query.fetch_all(db.conn()).await?;
        tokens.extend(rows);
    }
    Ok(tokens)
}

/// The inputs of each job, in order.
async fn inputs(db: &mut Db, jobs: &[i64]) -> Result<HashMap<i64, Vec<Digest>>, FarmError> {
    let mut inputs: HashMap<i64, Vec<Digest>> = HashMap::new();
    for portion in many::portions(jobs) {
        let text = format!(
            "SELECT job, artifact, (SELECT output FROM jobs WHERE id = producer) FROM job_inputs
             WHERE job IN {} ORDER BY job, position",
            many::list(1, portion.len())
        );
        let query = sqlx::query_as(AssertSqlSafe(text));
        let query = portion.iter().fold(query, |query, job| query.bind(job));
        type Row = (i64, Option<Vec<u8>>, Option<Vec<u8>>);
        let rows: Vec<Row> = query.fetch_all(db.conn()).await?;
        for (job, artifact, output) in rows {
            if let Some(bytes) = artifact.or(output) {
                inputs.entry(job).or_default().push(parse_digest(&bytes)?);
            }
        }
    }
    Ok(inputs)
}
