//! Whose batches are meant.

use ashlar_proto::{Bytes, farm::v1 as pb};

use super::{checked_name, digest, invalid};
use crate::{
    error::FarmError,
    model::{BatchKey, BatchRef, Quota, Tenant, TenantView},
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
        }
    }
}
