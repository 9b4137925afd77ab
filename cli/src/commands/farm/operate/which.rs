//! How a command says whose batches it means.

use alloy::primitives::Address;
use ashlar_proto::farm::v1 as pb;
use clap::value_parser;

/// A tenant, or all of them.
#[derive(Debug, clap::Args)]
pub struct AnyTenant {
    /// Chain of the one tenant that is meant.
    #[arg(long, value_name = "NUMBER", requires = "rollup", value_parser = value_parser!(u64).range(1..))]
    chain_id: Option<u64>,
    /// Its rollup contract there.
    #[arg(long, value_name = "ADDRESS", requires = "chain_id")]
    rollup: Option<Address>,
}

impl AnyTenant {
    /// The one, if one is meant.
    pub fn tenant(&self) -> Option<pb::Tenant> {
        tenant(self.chain_id, self.rollup)
    }
}

/// Whose batch of the number that `--batch` says.
#[derive(Debug, clap::Args)]
pub struct Whose {
    /// Chain of the tenant whose batch is meant, where several have one of that number.
    #[arg(long, value_name = "NUMBER", requires_all = ["rollup", "batch"], value_parser = value_parser!(u64).range(1..))]
    chain_id: Option<u64>,
    /// That tenant's rollup contract.
    #[arg(long, value_name = "ADDRESS", requires_all = ["chain_id", "batch"])]
    rollup: Option<Address>,
}

impl Whose {
    /// The batches of the number that are meant.
    pub fn batch(&self, number: u64) -> pb::BatchRef {
        pb::BatchRef {
            number,
            tenant: tenant(self.chain_id, self.rollup),
            ..pb::BatchRef::default()
        }
    }
}

/// A tenant that must be said.
#[derive(Debug, clap::Args)]
pub struct TheTenant {
    /// Chain of the tenant.
    #[arg(long, value_name = "NUMBER", value_parser = value_parser!(u64).range(1..))]
    chain_id: u64,
    /// Its rollup contract there.
    #[arg(long, value_name = "ADDRESS")]
    rollup: Address,
}

impl TheTenant {
    pub fn tenant(&self) -> pb::Tenant {
        of(self.chain_id, self.rollup)
    }
}

fn tenant(chain_id: Option<u64>, rollup: Option<Address>) -> Option<pb::Tenant> {
    chain_id
        .zip(rollup)
        .map(|(chain_id, rollup)| of(chain_id, rollup))
}

fn of(chain_id: u64, rollup: Address) -> pb::Tenant {
    pb::Tenant {
        chain_id,
        rollup: rollup.to_vec().into(),
    }
}
