//! An Ethereum node for one machine: a real EVM (revm, Prague rules with the EIP-170 and EIP-7623 limits) behind the part of
//! the JSON-RPC API that the sequencer, the command line and `alloy` use.
//!
//! Every transaction is mined into a block of its own as it arrives. State lives in memory and dies with the process;
//! only the newest state can be queried. There are no tries: headers carry real transaction, receipt and bloom roots but
//! a zero state root. It listens on loopback only and its funded keys are public, so it is for development.

mod accounts;
mod chain;
mod error;
mod evm;
mod mined;
mod rpc;
mod server;

pub use accounts::{DEV_ACCOUNTS, DevAccount};
pub use error::{RpcError, ServeError};
pub use server::{Handle, serve};

/// What the chain starts from.
#[derive(Clone, Debug)]
pub struct Config {
    /// EIP-155 chain identifier.
    pub chain_id: u64,
    /// Gas that a block, and so a transaction, may use.
    pub block_gas_limit: u64,
    /// Base fee of the first block, in wei per gas; it moves by EIP-1559 from there.
    pub base_fee_wei: u64,
    /// What each of [`DEV_ACCOUNTS`] owns at the start, in whole ether.
    pub dev_balance_ether: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            chain_id: 31_337,
            block_gas_limit: 30_000_000,
            base_fee_wei: 1_000_000_000,
            dev_balance_ether: 10_000,
        }
    }
}
