//! Proofs that were verified, taken as the results of their jobs.

use std::collections::{HashMap, HashSet};

use ashlar_proto::{Digest, JobKind};
use sqlx::AssertSqlSafe;

use super::{Db, batches, faults, fleet, garbage, leases, many, parse_kind, tenants, to_db};
use crate::{
    config::FarmConfig,
    error::FarmError,
    model::{Cost, JobState, LeaseKey, StepTiming},
};

/// A proof that was verified.
#[derive(Debug)]
pub struct Accepted {
    /// The lease it was made under.
    pub key: LeaseKey,
    /// The stored proof.
    pub output: Digest,
    /// Its length.
    pub output_bytes: u64,
    /// What it cost.
    pub steps: Vec<StepTiming>,
    /// Why it was not made where the worker meant to make it; empty if it was.
    pub fallback: String,
}

/// What is known of a job that is done now.
struct Done {
    batch: i64,
    tenant: i64,
    kind: JobKind,
    troubled: bool,
}

/// Marks the jobs done, whatever became of the leases, and frees the jobs that waited for them. Says of each proof whether
/// it was taken: of several for a job the first is, and none, with nothing changed, if it is done already.
///
/// # Errors
/// [`FarmError::ArtifactGoes`] for a proof that nobody needed before, and that is deleted at this moment; the others are not
/// concerned.
pub async fn accept(
    db: &mut Db,
    proofs: &[Accepted],
    config: &FarmConfig,
) -> Result<Vec<Result<bool, FarmError>>, FarmError> {
    let outputs: Vec<Digest> = proofs.iter().map(|proof| proof.output).collect();
    let going = garbage::spare_all(db, &outputs).await?;
    let mut seen = HashSet::new();
    let first: Vec<&Accepted> = (proofs.iter())
        .filter(|proof| !going.contains(&proof.output) && seen.insert(proof.key.job))
        .collect();
    let done = mark(db, &first).await?;
    let taken: Vec<&Accepted> = first
        .into_iter()
        .filter(|proof| done.contains_key(&to_db(proof.key.job.0)))
        .collect();
    let keys: Vec<LeaseKey> = taken.iter().map(|proof| proof.key).collect();
    faults::vindicated(db, &keys).await?;
    for key in &keys {
        let Done { troubled, .. } = done[&to_db(key.job.0)];
        if troubled {
            faults::refuted(db, *key, config).await?;
        }
    }
    leases::complete(db, &keys).await?;
    note_steps(db, &taken).await?;
    let mut costs: HashMap<_, Cost> = HashMap::new();
    for proof in &taken {
        let Done { tenant, kind, .. } = done[&to_db(proof.key.job.0)];
        *costs.entry((tenant, kind)).or_default() += Cost::of(&proof.steps);
    }
    for ((tenant, kind), cost) in costs {
        tenants::charge(db, tenant, kind, cost).await?;
    }
    fleet::learn(db, &taken).await?;
    leases::unblock_consumers(db, &keys.iter().map(|key| to_db(key.job.0)).collect::<Vec<_>>()).await?;
    for job in done.values() {
        // Only what was in trouble can have been poisoned, and have failed its batch.
        if job.kind == JobKind::Wrap || job.troubled {
            batches::settle_after_proof(db, job.batch, job.kind).await?;
        }
    }
    let taken: HashSet<_> = keys.into_iter().collect();
    // The second of two proofs under one lease was not taken either.
    let mut told = HashSet::new();
    Ok(proofs
        .iter()
        .map(|proof| match going.contains(&proof.output) {
            true => Err(FarmError::ArtifactGoes(proof.output)),
            false => Ok(taken.contains(&proof.key) && told.insert(proof.key)),
        })
        .collect())
}

/// Gives the jobs that were not done before.
async fn mark(db: &mut Db, proofs: &[&Accepted]) -> Result<HashMap<i64, Done>, FarmError> {
    let mut done = HashMap::new();
    for portion in many::portions(proofs) {
        let state = JobState::Done.code();
        let text = format!(
            "UPDATE jobs SET state = {state}, output = proof.column2, output_bytes = proof.column3, fallback = proof.column4,
                 witness_lost = 0
             FROM (VALUES {}) AS proof WHERE id = proof.column1 AND state <> {state}
             RETURNING id, batch, tenant, kind, troubled",
            many::rows(portion.len(), 4)
        );
        let mut query = sqlx::query_as(AssertSqlSafe(text));
        for proof in portion {
            query = query
                .bind(to_db(proof.key.job.0))
                .bind(proof.output.as_ref().to_vec())
                .bind(to_db(proof.output_bytes))
                .bind(proof.fallback.clone());
        }
        let rows: Vec<(i64, i64, i64, i64, i64)> = query.fetch_all(db.conn()).await?;
        for (id, batch, tenant, kind, troubled) in rows {
            let (kind, troubled) = (parse_kind(kind)?, troubled != 0);
            done.insert(
                id,
                Done {
                    batch,
                    tenant,
                    kind,
                    troubled,
                },
            );
        }
    }
    Ok(done)
}

async fn note_steps(db: &mut Db, proofs: &[&Accepted]) -> Result<(), FarmError> {
    let steps: Vec<(i64, i64, &StepTiming)> = (proofs.iter())
        .flat_map(|proof| {
            let job = to_db(proof.key.job.0);
            (proof.steps.iter().zip(0i64..)).map(move |(step, position)| (job, position, step))
        })
        .collect();
    for portion in many::portions(&steps) {
        let text = format!(
            "INSERT INTO job_steps (job, position, name, seconds, peak_rss_bytes, cpu_seconds, device_seconds) VALUES {}",
            many::rows(portion.len(), 7)
        );
        let mut query = sqlx::query(AssertSqlSafe(text));
        for (job, position, step) in portion {
            query = query
                .bind(job)
                .bind(position)
                .bind(step.name.clone())
                .bind(step.seconds)
                .bind(i64::try_from(step.peak_rss_bytes).unwrap_or(i64::MAX))
                .bind(step.cpu_seconds)
                .bind(step.device_seconds);
        }
        query.execute(db.conn()).await?;
    }
    Ok(())
}
