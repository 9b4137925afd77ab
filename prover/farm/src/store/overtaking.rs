//! A job that is leased, for another worker.

use super::{Db, parse_count, parse_digest, parse_kind, ready::Candidate, tenants, to_db};
use crate::{
    error::FarmError,
    model::{BatchKey, BatchState, LeaseEnding, LeaseKey, WorkerId},
};

/// The job under a lease, if that is current, the job was not overtaken before, its batch runs, nobody paused it, and the
/// worker may have it.
pub async fn find(db: &mut Db, key: LeaseKey, worker: WorkerId) -> Result<Option<Candidate>, FarmError> {
    type Row = (i64, i64, i64, i64, i64, i64, i64, Vec<u8>, Vec<u8>, i64, Vec<u8>);
    let now = db.now_ms();
    let found: Option<Row> = sqlx::query_as(
        "SELECT jobs.number, jobs.stage, jobs.ordinal, jobs.judged_from, jobs.troubled, jobs.ready_ms, jobs.kind,
             batches.content, batches.circuit_set, tenants.chain_id, tenants.rollup
         FROM leases JOIN jobs ON jobs.id = leases.job JOIN batches ON batches.id = jobs.batch
              JOIN tenants ON tenants.id = jobs.tenant JOIN workers ON workers.id = $3
         WHERE leases.token = $1 AND leases.job = $2 AND leases.ended_ms IS NULL AND batches.state = $4
           AND tenants.paused = 0 AND NOT EXISTS (SELECT 1 FROM settings WHERE name = 'paused' AND value <> 0)
           AND NOT EXISTS (SELECT 1 FROM leases AS before WHERE before.job = jobs.id AND before.ending = $5)
           AND NOT EXISTS (SELECT 1 FROM leases AS tried
                           WHERE tried.job = jobs.id AND tried.worker = workers.id AND tried.ended_ms IS NOT NULL)
           AND workers.draining = 0 AND workers.circuit_set = batches.circuit_set
           AND (workers.kinds >> CAST(jobs.kind AS INTEGER)) & 1 = 1
           AND NOT EXISTS (SELECT 1 FROM quarantines WHERE worker = workers.id AND kind = jobs.kind AND until_ms > $6)",
    )
    .bind(to_db(key.token.0))
    .bind(to_db(key.job.0))
    .bind(to_db(worker.0))
    .bind(BatchState::Running.code())
    .bind(LeaseEnding::Overtaken.code())
    .bind(now)
    .fetch_optional(db.conn())
    .await?;
    let Some((number, stage, ordinal, judged_from, troubled, ready_ms, kind, content, set, chain_id, rollup)) =
        found
    else {
        return Ok(None);
    };
    Ok(Some(Candidate {
        job: to_db(key.job.0),
        number,
        stage,
        ordinal,
        judged_from,
        troubled: troubled != 0,
        kind: parse_kind(kind)?,
        content: parse_digest(&content)?,
        ready_ms,
        batch: BatchKey {
            tenant: tenants::parse(chain_id, &rollup)?,
            circuit_set: parse_digest(&set)?,
            number: parse_count(number)?,
        },
    }))
}
