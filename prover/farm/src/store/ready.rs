//! Ready jobs, read in pages along an index.

use std::collections::VecDeque;

use ashlar_proto::{Digest, JobKind};

use super::{Db, kind_code, parse_count, parse_digest};
use crate::{
    error::FarmError,
    model::{BatchKey, BatchState, Tenant},
};

/// Jobs that are read at first; more if these do not do.
pub const PAGE: i64 = 32;

/// A job that could be leased.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub(super) job: i64,
    pub(super) number: i64,
    pub(super) stage: i64,
    pub(super) ordinal: i64,
    /// Leases before this one no longer count as verdicts.
    pub(super) judged_from: i64,
    /// A lease of it ended badly.
    pub(super) troubled: bool,
    pub(super) kind: JobKind,
    pub(super) batch: BatchKey,
    pub(super) content: Digest,
    pub(super) ready_ms: i64,
}

impl Candidate {
    /// Oldest batch first, then later stage first.
    pub(super) fn order(&self) -> (i64, i64, i64, i64) {
        (self.number, -self.stage, self.ordinal, self.job)
    }
}

/// The first ready jobs of a tenant, a circuit set and a kind.
#[derive(Debug, Default)]
pub struct Page {
    pub jobs: VecDeque<Candidate>,
    /// Of the query that read it; zero if none did.
    pub limit: i64,
    /// There may be more.
    pub full: bool,
}

/// Reads as many of them.
pub async fn read_page(
    db: &mut Db,
    (id, circuit_set, kind): (i64, Digest, JobKind),
    tenant: Tenant,
    limit: i64,
) -> Result<Page, FarmError> {
    let now = db.now_ms();
    type Row = (i64, i64, i64, i64, i64, i64, i64, Vec<u8>);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT jobs.id, jobs.number, jobs.stage, jobs.ordinal, jobs.judged_from, jobs.troubled, jobs.ready_ms,
             batches.content
         FROM jobs JOIN batches ON batches.id = jobs.batch
         WHERE jobs.state = 2 AND jobs.tenant = $1 AND jobs.kind = $2 AND jobs.not_before_ms <= $3
           AND batches.state = $4 AND batches.circuit_set = $5
         ORDER BY jobs.number, jobs.stage DESC, jobs.ordinal, jobs.id LIMIT $6",
    )
    .bind(id)
    .bind(kind_code(kind))
    .bind(now)
    .bind(BatchState::Running.code())
    .bind(circuit_set.as_ref().to_vec())
    .bind(limit)
    .fetch_all(db.conn())
    .await?;
    let full = rows.len() as i64 == limit;
    let jobs = rows.into_iter().map(
        |(job, number, stage, ordinal, judged_from, troubled, ready_ms, content)| {
            Ok::<_, FarmError>(Candidate {
                job,
                number,
                stage,
                ordinal,
                judged_from,
                troubled: troubled != 0,
                kind,
                content: parse_digest(&content)?,
                ready_ms,
                batch: BatchKey {
                    tenant,
                    circuit_set,
                    number: parse_count(number)?,
                },
            })
        },
    );
    Ok(Page {
        jobs: jobs.collect::<Result<_, _>>()?,
        limit,
        full,
    })
}
