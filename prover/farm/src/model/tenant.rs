//! Whose batches there are, and what they come to.

use std::fmt;

use super::Cost;

/// Whose batches they are: a rollup on a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tenant {
    /// The chain's id (EIP-155).
    pub chain_id: u64,
    /// Address of the rollup's contract there.
    pub rollup: [u8; 20],
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:0x", self.chain_id)?;
        self.rollup.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a tenant may have, and what it has.
#[derive(Debug, Clone, PartialEq)]
pub struct TenantView {
    /// Who it is.
    pub tenant: Tenant,
    /// The sequencer whose certificate may submit for it; empty: any.
    pub owner: String,
    /// What it may have.
    pub quota: Quota,
    /// None of its jobs is leased.
    pub paused: bool,
    /// Its batches that run.
    pub running_batches: u64,
    /// Its jobs that workers have.
    pub leased_jobs: u64,
    /// Its jobs that could be leased.
    pub ready_jobs: u64,
    /// Of all its jobs that were ever accepted.
    pub cost: Cost,
    /// What its settled batches came to.
    pub settled: SettledSum,
}

/// What a tenant may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Jobs of a higher one go first, always.
    pub priority: i32,
    /// Among those of one priority, the workers are shared in proportion to this. At least 1.
    pub weight: u32,
    /// Batches that run at a time; zero: as many as the farm says.
    pub max_batches: u32,
}

impl Default for Quota {
    fn default() -> Self {
        Self {
            priority: 0,
            weight: 1,
            max_batches: 0,
        }
    }
}

/// What became of a batch on its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettledBatch {
    /// Its number.
    pub number: u64,
    /// Transactions and L1 operations in it.
    pub transactions: u64,
    /// Gas of the L1 transactions that committed and proved it.
    pub l1_gas: u64,
}

/// What batches came to that are proven on their chain.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SettledSum {
    /// How many.
    pub batches: u64,
    /// Transactions and L1 operations in them.
    pub transactions: u64,
    /// Gas of the L1 transactions that committed and proved them.
    pub l1_gas: u64,
    /// Of the proofs that they had when they were settled.
    pub cost: Cost,
}
