//! Whose batches are meant.

use ashlar_proto::{Bytes, farm::v1 as pb};

use super::{checked_name, digest, invalid};
use crate::{
    error::FarmError,
    model::{BatchKey, BatchRef, Quota, SettledBatch, SettledSum, Tenant, TenantView},
};

/// A batch's name, complete.
pub fn batch_key(
    number: u64,
    owner: Option<&pb::Tenant>,
    circuit_set: &Bytes,
) -> Result<BatchKey, FarmError> {
    if i64::try_from(number).is_err() {
        return Err(invalid("number", "must be below 2^63"));
    }
    Ok(BatchKey {
        tenant: tenant(owner.ok_or_else(|| invalid("tenant", "must be set"))?)?,
        circuit_set: digest("circuit_set_digest", circuit_set)?,
        number,
    })
}

/// A rollup on a chain.
pub fn tenant(tenant: &pb::Tenant) -> Result<Tenant, FarmError> {
    if i64::try_from(tenant.chain_id).is_err() || tenant.chain_id == 0 {
        return Err(invalid("tenant.chain_id", "must be 1 to 2^63 - 1"));
    }
    let rollup = tenant.rollup[..].try_into();
    let bytes = tenant.rollup.len();
    Ok(Tenant {
        chain_id: tenant.chain_id,
        rollup: rollup.map_err(|_| invalid("tenant.rollup", format!("must have 20 bytes, has {bytes}")))?,
    })
}

/// The batches that an operator means.
pub fn batch_ref(batch: pb::BatchRef) -> Result<BatchRef, FarmError> {
    let circuit_set = (!batch.circuit_set_digest.is_empty())
        .then(|| digest("batch.circuit_set_digest", &batch.circuit_set_digest))
        .transpose()?;
    Ok(BatchRef {
        number: batch.number,
        tenant: batch.tenant.as_ref().map(tenant).transpose()?,
        circuit_set,
    })
}

impl From<Tenant> for pb::Tenant {
    fn from(tenant: Tenant) -> Self {
        Self {
            chain_id: tenant.chain_id,
            rollup: Bytes::copy_from_slice(&tenant.rollup),
        }
    }
}

/// The name of a sequencer, or of any.
pub fn owner(name: String) -> Result<String, FarmError> {
    if name.is_empty() {
        Ok(name)
    } else {
        checked_name("owner", name)
    }
}

/// What a tenant may have.
pub fn quota(quota: pb::Quota) -> Result<Quota, FarmError> {
    if quota.weight == 0 {
        return Err(invalid("quota.weight", "must be at least 1"));
    }
    Ok(Quota {
        priority: quota.priority,
        weight: quota.weight,
        max_batches: quota.max_batches,
    })
}

/// Most of them in one call.
const MAX_SETTLED: usize = 256;
/// What no batch holds.
const TRANSACTIONS_END: u64 = 1 << 32;
/// What no block takes. Sums of less stay within 63 bits.
const GAS_END: u64 = 1 << 36;

/// What is told of batches through a number.
pub fn settled(batches: Vec<pb::SettledBatch>, through: u64) -> Result<Vec<SettledBatch>, FarmError> {
    if batches.len() > MAX_SETTLED {
        let reason = format!("at most {MAX_SETTLED}, not {}", batches.len());
        return Err(invalid("batches", reason));
    }
    let below = |field, value, end: u64| {
        (value < end)
            .then_some(value)
            .ok_or_else(|| invalid(field, format!("must be less than {end}, is {value}")))
    };
    let check = |of: pb::SettledBatch| {
        if of.number > through {
            let reason = format!("must be at most through_number {through}, is {}", of.number);
            return Err(invalid("batches.number", reason));
        }
        Ok(SettledBatch {
            number: below("batches.number", of.number, 1 << 63)?,
            transactions: below("batches.transactions", of.transactions, TRANSACTIONS_END)?,
            l1_gas: below("batches.l1_gas", of.l1_gas, GAS_END)?,
        })
    };
    batches.into_iter().map(check).collect()
}

impl From<SettledBatch> for pb::SettledBatch {
    fn from(of: SettledBatch) -> Self {
        Self {
            number: of.number,
            transactions: of.transactions,
            l1_gas: of.l1_gas,
        }
    }
}

impl From<SettledSum> for pb::SettledSum {
    fn from(sum: SettledSum) -> Self {
        Self {
            batches: sum.batches,
            transactions: sum.transactions,
            l1_gas: sum.l1_gas,
            cost: Some(sum.cost.into()),
        }
    }
}

impl From<TenantView> for pb::TenantStatus {
    fn from(view: TenantView) -> Self {
        let Quota {
            priority,
            weight,
            max_batches,
        } = view.quota;
        Self {
            tenant: Some(view.tenant.into()),
            owner: view.owner,
            quota: Some(pb::Quota {
                priority,
                weight,
                max_batches,
            }),
            paused: view.paused,
            running_batches: view.running_batches,
            leased_jobs: view.leased_jobs,
            ready_jobs: view.ready_jobs,
            cost: Some(view.cost.into()),
            settled: Some(view.settled.into()),
        }
    }
}
