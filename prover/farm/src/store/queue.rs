//! Which job is whose next.

use ashlar_proto::JobKind;

use super::{Db, leases, millis, parse_count, parse_digest, parse_kind, tenants, to_db};
use crate::{
    config::{FarmConfig, KindPolicies},
    error::FarmError,
    model::{
        BatchKey, BatchState, FencingToken, JobId, JobState, Lease, LeaseEnding, LeaseKey, Secret, WorkerId,
    },
};

/// A job that could be leased.
#[derive(Debug, Clone)]
pub struct Candidate {
    job: i64,
    tenant: usize,
    kind: JobKind,
    batch: BatchKey,
}

/// The tenants that have jobs for workers, in the order in which they are served: higher priority first; among those of one,
/// who has the fewest leased jobs for its weight.
#[derive(Debug)]
pub struct Queue {
    tenants: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    id: i64,
    priority: i64,
    weight: i64,
    leased: i64,
}

impl Queue {
    /// Reads who waits. Empty while the farm is paused.
    pub async fn read(db: &mut Db) -> Result<Self, FarmError> {
        if super::setting(db, super::PAUSED).await? != 0 {
            return Ok(Self { tenants: Vec::new() });
        }
        // The states are in the text, as in the indexes that these queries live by.
        let rows: Vec<(i64, i64, i64, i64)> = sqlx::query_as(
            "SELECT id, priority, weight, (SELECT COUNT(*) FROM jobs WHERE state = 3 AND tenant = tenants.id)
             FROM tenants
             WHERE paused = 0 AND EXISTS (SELECT 1 FROM jobs WHERE state = 2 AND tenant = tenants.id)",
        )
        .fetch_all(db.conn())
        .await?;
        let tenants = rows.into_iter().map(|(id, priority, weight, leased)| Waiting {
            id,
            priority,
            weight: weight.max(1),
            leased,
        });
        let mut queue = Self {
            tenants: tenants.collect(),
        };
        queue.order();
        Ok(queue)
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.tenants.is_empty()
    }

    fn order(&mut self) {
        // Compared as fractions: leased / weight.
        self.tenants.sort_by(|a, b| {
            b.priority
                .cmp(&a.priority)
                .then((a.leased * b.weight).cmp(&(b.leased * a.weight)))
                .then(a.id.cmp(&b.id))
        });
    }

    /// The next job for `worker`: of the tenant whose turn it is, the oldest batch's latest stage. None of a kind that it is
    /// quarantined from. A job that failed on this worker is left for another one, if one was heard of within `worker_ttl`,
    /// takes the kind, is not quarantined from it and has not failed at the job. One that it found impossible it gets again
    /// after `confirm_pause` only, so that a moment's fault does not confirm itself.
    pub async fn next(
        &self,
        db: &mut Db,
        worker: WorkerId,
        config: &FarmConfig,
    ) -> Result<Option<Candidate>, FarmError> {
        for (tenant, waiting) in self.tenants.iter().enumerate() {
            if let Some(found) = next_of(db, waiting.id, worker, config).await? {
                let (job, kind, chain_id, rollup, circuit_set, number) = found;
                let batch = BatchKey {
                    tenant: tenants::parse(chain_id, &rollup)?,
                    circuit_set: parse_digest(&circuit_set)?,
                    number: parse_count(number)?,
                };
                let kind = parse_kind(kind)?;
                return Ok(Some(Candidate {
                    job,
                    tenant,
                    kind,
                    batch,
                }));
            }
        }
        Ok(None)
    }

    /// Leases a job that [`Self::next`] gave in the same transaction.
    pub async fn grant(
        &mut self,
        db: &mut Db,
        worker: WorkerId,
        candidate: Candidate,
        policies: &KindPolicies,
    ) -> Result<Lease, FarmError> {
        let Candidate {
            job,
            tenant,
            kind,
            batch,
        } = candidate;
        if let Some(waiting) = self.tenants.get_mut(tenant) {
            waiting.leased += 1;
        }
        self.order();
        let (now, term_ms) = (db.now_ms(), millis(policies.of(kind).lease));
        let secret = Secret::random();
        let token: i64 = sqlx::query_scalar(
            "INSERT INTO leases (job, worker, granted_ms, deadline_ms, secret) VALUES ($1, $2, $3, $4, $5)
             RETURNING token",
        )
        .bind(job)
        .bind(to_db(worker.0))
        .bind(now)
        .bind(now.saturating_add(term_ms))
        .bind(secret.as_bytes().as_slice())
        .fetch_one(db.conn())
        .await?;
        sqlx::query("UPDATE jobs SET state = $2 WHERE id = $1")
            .bind(job)
            .bind(JobState::Leased.code())
            .execute(db.conn())
            .await?;
        let job = JobId(parse_count(job)?);
        Ok(Lease {
            key: LeaseKey {
                job,
                token: FencingToken(parse_count(token)?),
            },
            secret,
            batch,
            kind,
            inputs: leases::inputs(db, job).await?,
            expires_in_ms: parse_count(term_ms)?,
        })
    }
}

type Found = (i64, i64, i64, Vec<u8>, Vec<u8>, i64);

async fn next_of(
    db: &mut Db,
    tenant: i64,
    worker: WorkerId,
    config: &FarmConfig,
) -> Result<Option<Found>, FarmError> {
    let now = db.now_ms();
    let [failed, expired, rejected, condemned, superseded] = LeaseEnding::BAD.map(LeaseEnding::code);
    Ok(sqlx::query_as(
        "SELECT jobs.id, jobs.kind, tenants.chain_id, tenants.rollup, batches.circuit_set, jobs.number
         FROM jobs JOIN batches ON batches.id = jobs.batch JOIN tenants ON tenants.id = jobs.tenant
              JOIN workers AS me ON me.id = $1
         WHERE jobs.state = 2 AND jobs.tenant = $2 AND batches.state = $3 AND batches.circuit_set = me.circuit_set
           AND (me.kinds >> CAST(jobs.kind AS INTEGER)) & 1 = 1 AND me.draining = 0
           AND jobs.not_before_ms <= $4
           AND NOT EXISTS (SELECT 1 FROM quarantines WHERE worker = me.id AND kind = jobs.kind AND until_ms > $4)
           AND NOT EXISTS (
             SELECT 1 FROM leases
             WHERE job = jobs.id AND worker = me.id AND ending = $9 AND token >= jobs.judged_from AND ended_ms > $6)
           AND NOT (
             EXISTS (SELECT 1 FROM leases
                     WHERE job = jobs.id AND worker = me.id AND ending IN ($7, $8, $9, $10, $11))
             AND EXISTS (
               SELECT 1 FROM workers AS other
               WHERE other.id <> me.id AND other.circuit_set = me.circuit_set
                 AND (other.kinds >> CAST(jobs.kind AS INTEGER)) & 1 = 1
                 AND other.draining = 0 AND other.last_seen_ms >= $5
                 AND NOT EXISTS (SELECT 1 FROM quarantines WHERE worker = other.id AND kind = jobs.kind AND until_ms > $4)
                 AND NOT EXISTS (SELECT 1 FROM leases
                                 WHERE job = jobs.id AND worker = other.id AND ending IN ($7, $8, $9, $10, $11))))
         ORDER BY jobs.number, jobs.stage DESC, jobs.ordinal, jobs.id
         LIMIT 1",
    )
    .bind(to_db(worker.0))
    .bind(tenant)
    .bind(BatchState::Running.code())
    .bind(now)
    .bind(now.saturating_sub(millis(config.worker_ttl)))
    .bind(now.saturating_sub(millis(config.confirm_pause)))
    .bind(failed)
    .bind(expired)
    .bind(condemned)
    .bind(rejected)
    .bind(superseded)
    .fetch_optional(db.conn())
    .await?)
}
