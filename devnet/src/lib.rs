//! An Ethereum node for one machine: a real EVM (revm, Osaka rules with the limits of EIP-170, EIP-7623 and EIP-7825)
//! behind the part of the JSON-RPC API that the sequencer, the command line and web3 libraries use, over HTTP and
//! WebSocket at one port: `eth_*` with filters and subscriptions, and the `evm_*` and `anvil_*`
//! methods that tests steer a chain with.
//!
//! By default every transaction is mined into a block of its own as it arrives; with `evm_setAutomine` off, transactions
//! wait in a pool for `evm_mine` or the interval. The state of the newest [`Config::history_blocks`] blocks can be asked
//! and reorganised. There are no tries: headers carry real transaction, receipt and bloom roots but a zero state root.
//!
//! Blob transactions come by `eth_sendRawTransaction` in their pooled form, with a proof for each blob (EIP-4844) or for
//! each cell (EIP-7594), and are verified against Ethereum's reference string. Their blob gas has Osaka's schedule: 6 blobs
//! a block aimed at, 9 at most, 6 a transaction, its price tied to that of gas (EIP-7918). Blobs of the newest
//! [`Config::blob_blocks`] blocks are served by `anvil_getBlobByHash` and `anvil_getBlobsByTransactionHash`, and as
//! consensus nodes do by `GET /eth/v1/beacon/blobs/{block_id}?versioned_hashes=`, with a block's number for its slot and
//! its hash for its root, which the next block's header has (`parentBeaconBlockRoot`, EIP-4788). As in nodes, a replacement
//! pays twice as much in all three fees, and an account waits either with blob transactions or with others. A block that is taken away takes its blobs with it.
//!
//! With [`Config::data_dir`] the chain is kept in a file and survives its process, with what was asked of the blocks to
//! come; when blocks are mined and who is impersonated are settings of the process, and are not kept. Where the file
//! cannot be written, requests that ask or change the chain are refused until a restart. It listens on loopback only, but
//! any page in a browser of the machine may use it, and its funded keys are public, so it is for development.

mod accounts;
mod beacon;
mod blobs;
mod block;
mod chain;
mod cors;
mod error;
mod events;
mod evm;
mod journal;
mod node;
mod pool;
mod rpc;
mod server;
mod sidecar;
mod socket;
mod view;
mod world;

use std::path::PathBuf;

pub use accounts::{DEV_ACCOUNTS, DevAccount};
pub use error::{JournalError, RpcError, ServeError};
pub use server::{Handle, serve};
pub use sidecar::BlobError;

/// When blocks are mined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mining {
    /// As transactions arrive, each into a block of its own.
    Automatic,
    /// Every so many seconds, also without transactions.
    IntervalSecs(u64),
    /// By `evm_mine` and `anvil_mine` alone.
    Manual,
}

/// What the chain starts from.
#[derive(Clone, Debug)]
pub struct Config {
    /// EIP-155 chain identifier.
    pub chain_id: u64,
    /// Gas that a block may use.
    pub block_gas_limit: u64,
    /// Gas that a transaction may ask for: EIP-7825's 16,777,216, as on Ethereum since Osaka.
    pub transaction_gas_limit: u64,
    /// Base fee of the first block, in wei per gas; it moves by EIP-1559 from there.
    pub base_fee_wei: u64,
    /// What each of [`DEV_ACCOUNTS`] owns at the start, in whole ether.
    pub dev_balance_ether: u64,
    /// Blocks behind the newest whose state is kept, and that a reorganisation may take away.
    pub history_blocks: u64,
    /// Blocks behind the newest whose blobs are kept.
    pub blob_blocks: u64,
    /// How far the tags `safe` and `finalized` are behind the newest block.
    pub finality_blocks: u64,
    /// When blocks are mined; `evm_setAutomine` and `evm_setIntervalMining` change it.
    pub mining: Mining,
    /// Folder that keeps the chain; in memory without one.
    pub data_dir: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            chain_id: 31_337,
            block_gas_limit: 30_000_000,
            transaction_gas_limit: 16_777_216,
            base_fee_wei: 1_000_000_000,
            dev_balance_ether: 10_000,
            history_blocks: 256,
            blob_blocks: 1024,
            finality_blocks: 0,
            mining: Mining::Automatic,
            data_dir: None,
        }
    }
}
