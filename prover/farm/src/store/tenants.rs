//! Whose batches there are, what each may have, and who may submit for it.

use ashlar_proto::JobKind;

use super::{Db, corrupt, kind_code, parse_count, parse_u32, to_db};
use crate::{
    error::FarmError,
    model::{BatchState, Cost, Quota, SettledSum, Tenant, TenantView},
};

/// The batches of a database of an earlier version are this tenant's.
const NOBODY: Tenant = Tenant {
    chain_id: 0,
    rollup: [0; 20],
};

/// The number of that tenant, if there is one.
pub async fn find(db: &mut Db, tenant: &Tenant) -> Result<Option<i64>, FarmError> {
    Ok(
        sqlx::query_scalar("SELECT id FROM tenants WHERE chain_id = $1 AND rollup = $2")
            .bind(to_db(tenant.chain_id))
            .bind(tenant.rollup.as_slice())
            .fetch_optional(db.conn())
            .await?,
    )
}

/// The number of the tenant that has the batches of an earlier version.
pub async fn nobody(db: &mut Db) -> Result<Option<i64>, FarmError> {
    find(db, &NOBODY).await
}

/// The number of the tenant that `caller` submits for. A tenant that is seen for the first time belongs to the
/// certificate it is seen with, where there is one.
///
/// # Errors
/// [`FarmError::NotYours`] if it is another's, [`FarmError::UnknownTenant`] if it is new and `admits_new` does not hold.
pub async fn admit(
    db: &mut Db,
    tenant: &Tenant,
    caller: Option<&str>,
    admits_new: bool,
) -> Result<i64, FarmError> {
    check_owner(db, tenant, caller).await?;
    if let Some(id) = find(db, tenant).await? {
        return Ok(id);
    }
    if !admits_new {
        return Err(FarmError::UnknownTenant(*tenant));
    }
    let id =
        sqlx::query_scalar("INSERT INTO tenants (chain_id, rollup, owner) VALUES ($1, $2, $3) RETURNING id")
            .bind(to_db(tenant.chain_id))
            .bind(tenant.rollup.as_slice())
            .bind(caller.unwrap_or(""))
            .fetch_one(db.conn())
            .await?;
    tracing::info!(%tenant, owner = caller, "new tenant");
    Ok(id)
}

/// Refuses who may not speak for the tenant.
pub async fn check_owner(db: &mut Db, tenant: &Tenant, caller: Option<&str>) -> Result<(), FarmError> {
    let owner: Option<String> =
        sqlx::query_scalar("SELECT owner FROM tenants WHERE chain_id = $1 AND rollup = $2")
            .bind(to_db(tenant.chain_id))
            .bind(tenant.rollup.as_slice())
            .fetch_optional(db.conn())
            .await?;
    match (owner, caller) {
        (Some(owner), Some(caller)) if !owner.is_empty() && owner != caller => Err(FarmError::NotYours {
            owner: format!("the tenant {tenant} of sequencer {owner}"),
            caller: caller.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Refuses a batch beyond those that may run at a time.
pub async fn check_quota(db: &mut Db, id: i64, default_batches: u32) -> Result<(), FarmError> {
    let (most, running): (i64, i64) = sqlx::query_as(
        "SELECT max_batches, (SELECT COUNT(*) FROM batches WHERE tenant = $1 AND state = $2)
         FROM tenants WHERE id = $1",
    )
    .bind(id)
    .bind(BatchState::Running.code())
    .fetch_one(db.conn())
    .await?;
    let most = if most == 0 {
        i64::from(default_batches)
    } else {
        most
    };
    if running >= most {
        return Err(FarmError::QuotaReached { running, most });
    }
    Ok(())
}

/// Makes the tenant if it is new, and sets what is given.
pub async fn set(
    db: &mut Db,
    tenant: &Tenant,
    owner: Option<&str>,
    quota: Option<&Quota>,
    paused: Option<bool>,
) -> Result<(), FarmError> {
    let id = match find(db, tenant).await? {
        Some(id) => id,
        None => admit(db, tenant, None, true).await?,
    };
    if let Some(owner) = owner {
        sqlx::query("UPDATE tenants SET owner = $2 WHERE id = $1")
            .bind(id)
            .bind(owner)
            .execute(db.conn())
            .await?;
    }
    if let Some(quota) = quota {
        sqlx::query("UPDATE tenants SET priority = $2, weight = $3, max_batches = $4 WHERE id = $1")
            .bind(id)
            .bind(i64::from(quota.priority))
            .bind(i64::from(quota.weight.max(1)))
            .bind(i64::from(quota.max_batches))
            .execute(db.conn())
            .await?;
    }
    if let Some(paused) = paused {
        sqlx::query("UPDATE tenants SET paused = $2 WHERE id = $1")
            .bind(id)
            .bind(i64::from(paused))
            .execute(db.conn())
            .await?;
    }
    Ok(())
}

/// Adds what an accepted attempt at a job of the tenant cost. Kept when the job is gone.
pub async fn charge(db: &mut Db, tenant: i64, kind: JobKind, cost: Cost) -> Result<(), FarmError> {
    sqlx::query(
        "INSERT INTO tenant_costs (tenant, kind, seconds, cpu_seconds, device_seconds) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant, kind) DO UPDATE SET seconds = tenant_costs.seconds + $3,
             cpu_seconds = tenant_costs.cpu_seconds + $4, device_seconds = tenant_costs.device_seconds + $5",
    )
    .bind(tenant)
    .bind(kind_code(kind))
    .bind(cost.seconds)
    .bind(cost.cpu_seconds)
    .bind(cost.device_seconds)
    .execute(db.conn())
    .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    chain_id: i64,
    rollup: Vec<u8>,
    owner: String,
    priority: i64,
    weight: i64,
    max_batches: i64,
    paused: i64,
    running: i64,
    leased: i64,
    ready: i64,
    seconds: f64,
    cpu_seconds: f64,
    device_seconds: f64,
    settled_batches: Option<i64>,
    settled_transactions: Option<i64>,
    settled_l1_gas: Option<i64>,
    settled_seconds: Option<f64>,
    settled_cpu_seconds: Option<f64>,
    settled_device_seconds: Option<f64>,
}

/// All tenants, in the order in which they were first seen.
pub async fn all(db: &mut Db) -> Result<Vec<TenantView>, FarmError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT chain_id, rollup, owner, priority, weight, max_batches, paused,
             (SELECT COUNT(*) FROM batches WHERE tenant = tenants.id AND state = $1) AS running,
             (SELECT COUNT(*) FROM jobs WHERE state = 3 AND tenant = tenants.id) AS leased,
             (SELECT COUNT(*) FROM jobs WHERE state = 2 AND tenant = tenants.id) AS ready,
             COALESCE((SELECT SUM(seconds) FROM tenant_costs WHERE tenant = tenants.id), 0.0) AS seconds,
             COALESCE((SELECT SUM(cpu_seconds) FROM tenant_costs WHERE tenant = tenants.id), 0.0) AS cpu_seconds,
             COALESCE((SELECT SUM(device_seconds) FROM tenant_costs WHERE tenant = tenants.id), 0.0) AS device_seconds,
             tenant_settled.batches AS settled_batches, tenant_settled.transactions AS settled_transactions,
             tenant_settled.l1_gas AS settled_l1_gas, tenant_settled.seconds AS settled_seconds,
             tenant_settled.cpu_seconds AS settled_cpu_seconds, tenant_settled.device_seconds AS settled_device_seconds
         FROM tenants LEFT JOIN tenant_settled ON tenant_settled.tenant = tenants.id ORDER BY id",
    )
    .bind(BatchState::Running.code())
    .fetch_all(db.conn())
    .await?;
    rows.into_iter().map(Row::view).collect()
}

impl Row {
    fn view(self) -> Result<TenantView, FarmError> {
        Ok(TenantView {
            tenant: parse(self.chain_id, &self.rollup)?,
            owner: self.owner,
            quota: Quota {
                priority: i32::try_from(self.priority).map_err(|_| corrupt("priority", self.priority))?,
                weight: parse_u32(self.weight)?,
                max_batches: parse_u32(self.max_batches)?,
            },
            paused: self.paused != 0,
            running_batches: parse_count(self.running)?,
            leased_jobs: parse_count(self.leased)?,
            ready_jobs: parse_count(self.ready)?,
            cost: Cost {
                seconds: self.seconds,
                cpu_seconds: self.cpu_seconds,
                device_seconds: self.device_seconds,
            },
            settled: SettledSum {
                batches: parse_count(self.settled_batches.unwrap_or(0))?,
                transactions: parse_count(self.settled_transactions.unwrap_or(0))?,
                l1_gas: parse_count(self.settled_l1_gas.unwrap_or(0))?,
                cost: Cost {
                    seconds: self.settled_seconds.unwrap_or(0.0),
                    cpu_seconds: self.settled_cpu_seconds.unwrap_or(0.0),
                    device_seconds: self.settled_device_seconds.unwrap_or(0.0),
                },
            },
        })
    }
}

pub(super) fn parse(chain_id: i64, rollup: &[u8]) -> Result<Tenant, FarmError> {
    Ok(Tenant {
        chain_id: parse_count(chain_id)?,
        rollup: rollup
            .try_into()
            .map_err(|_| corrupt("length of an address", rollup.len()))?,
    })
}
