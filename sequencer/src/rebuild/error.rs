//! Why a state cannot be rebuilt from L1.

use alloy::primitives::{Address, B256, U256};
use ashlar_payments::rebuild::RebuildError as BatchError;
use ashlar_statement::{Domain, state::StateError};

use crate::{
    l1::{IdentityError, L1Error},
    store::StoreError,
};

/// Why a database was not filled from L1. What is half done goes on at the next start with `--rebuild-from-l1`.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// L1 failed.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// The state database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// L1 and program do not belong together.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The data folder cannot be made.
    #[error("cannot create the data folder {path}")]
    DataDir {
        /// The folder.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There is something to lose.
    #[error(
        "the state database is not empty: it has {batches} batches and {operations} operations in its log; start with it as it is (without --rebuild-from-l1), or give an empty --data-dir"
    )]
    NotEmpty {
        /// Sealed batches.
        batches: u64,
        /// Items of the order log.
        operations: u64,
    },
    /// What was proven may still be taken back.
    #[error(
        "batch {proven} is proven in an L1 block that is not final by --confirmations, only batches up to {last_final} are: start again when L1 has gone on, or lower --confirmations"
    )]
    NotFinal {
        /// The last proven batch.
        proven: u64,
        /// The last one whose proof is final.
        last_final: u64,
    },
    /// No node knows who committed a batch.
    #[error(
        "L1's nodes report no event of the commit of batch {number} from block {from} on: give an endpoint that keeps all logs, and a --from-block that is not after the deployment"
    )]
    NoEvent {
        /// The batch.
        number: u64,
        /// Where reading began.
        from: u64,
    },
    /// No node has a batch's data.
    #[error(
        "L1's nodes do not have transaction {transaction} any more, which published batch {number}: give the endpoint of an archive node"
    )]
    NoData {
        /// The batch.
        number: u64,
        /// The transaction that committed it.
        transaction: B256,
    },
    /// A node's data are not what the contract has bound.
    #[error(
        "batch {number}: {what} of the data is not that of the header that the contract keeps: an L1 endpoint is wrong; give another one"
    )]
    Mismatch {
        /// The batch.
        number: u64,
        /// What differs.
        what: &'static str,
    },
    /// The snapshot is another rollup's.
    #[error(
        "the snapshot is of rollup {} on chain {}, this is {} on chain {}: give the one that belongs to it",
        Address::from(found.rollup), found.chain_id, Address::from(expected.rollup), expected.chain_id
    )]
    SnapshotRollup {
        /// As the snapshot says.
        found: Domain,
        /// As configured.
        expected: Domain,
    },
    /// L1 has not proven the snapshot's batch.
    #[error(
        "the snapshot is of batch {batch}, L1 has proven batches up to {proven}: give one of a proven batch, at least the first"
    )]
    SnapshotBatch {
        /// As the snapshot says.
        batch: u64,
        /// L1's last proven batch.
        proven: u64,
    },
    /// The snapshot is not what L1 has proven.
    #[error(
        "the accounts of the snapshot have root {found}, L1 has proven {l1} for batch {batch}: it is forged, or of another batch; give another one, or none"
    )]
    SnapshotRoot {
        /// The batch.
        batch: u64,
        /// Of the snapshot's accounts.
        found: U256,
        /// Of the batch's header.
        l1: U256,
    },
    /// The data do not lead to the batch's root.
    #[error(transparent)]
    Batch(#[from] BatchError<StateError<StoreError>>),
    /// The state is not that of L1.
    #[error("the state after batch {number} has root {rebuilt}, L1 has {l1}: report it as a defect")]
    StateRoot {
        /// The last proven batch.
        number: u64,
        /// As rebuilt.
        rebuilt: U256,
        /// As L1 has it.
        l1: U256,
    },
    /// What is committed and unproven cannot be proven without the signatures.
    #[error(
        "the state is rebuilt up to batch {proven}; L1 holds batches up to {committed} that were never proven, and their signatures are not on L1: take them back with `ashlar batch revert --from {}`, then start without --rebuild-from-l1",
        proven + 1
    )]
    Unproven {
        /// The last proven batch.
        proven: u64,
        /// The last committed one.
        committed: u64,
    },
}

impl RebuildError {
    /// Whether L1 did not answer: to be asked again.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::L1(error) => error.is_transient(),
            Self::Identity(error) => error.is_transient(),
            _ => false,
        }
    }
}
