//! What the node refuses, and the JSON-RPC code of each refusal.

use std::{io, net::SocketAddr, path::PathBuf};

use alloy::{
    primitives::{Address, B256, Bytes, U64},
    sol_types::decode_revert_reason,
};
use revm::context::result::{HaltReason, InvalidTransaction};

use crate::sidecar::BlobError;

/// The node cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Only loopback addresses are served: the funded keys are public.
    #[error("{addr} is not a loopback address")]
    NotLoopback {
        /// The address asked for.
        addr: SocketAddr,
    },
    /// The folder with the chain cannot be used.
    #[error("cannot use the chain in {}", folder.display())]
    Journal {
        /// The folder asked for.
        folder: PathBuf,
        /// What is wrong with it.
        #[source]
        source: JournalError,
    },
    /// The port is taken, or the like.
    #[error("cannot listen on {addr}")]
    Bind {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// The file that keeps the chain cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It cannot be read or written.
    #[error("cannot access {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Another process has it.
    #[error("{} is in use by another devnet", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// A line is no record. Only a torn last line is mended, by leaving it out.
    #[error("line {line} of {} is damaged: start from an empty folder, or restore a copy", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The file is of another program version.
    #[error("{} has layout {found}, this program reads {expected}: start from an empty folder", path.display())]
    Layout {
        /// The file.
        path: PathBuf,
        /// Its layout.
        found: u32,
        /// The layout known.
        expected: u32,
    },
    /// The chain was started with other parameters.
    #[error("the chain was started with {name} {found}, asked is {asked}: use that, or an empty folder")]
    Parameter {
        /// The parameter.
        name: &'static str,
        /// Its value in the file.
        found: u64,
        /// Its value now.
        asked: u64,
    },
    /// A record does not follow from those before it.
    #[error("line {line} of {} does not replay: {reason}", path.display())]
    Replay {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What happened instead.
        reason: String,
    },
}

/// Why a request fails.
#[derive(Debug, thiserror::Error)]
pub enum RpcError {
    /// The body is not JSON.
    #[error("parse error: {0}")]
    Parse(serde_json::Error),
    /// JSON, but no request.
    #[error("invalid request: {0}")]
    InvalidRequest(&'static str),
    /// Not one of the methods served.
    #[error("method {0} is not available on this node")]
    MethodNotFound(String),
    /// A parameter is missing or malformed.
    #[error("invalid parameter {index} ({name}): {reason}")]
    InvalidParameter {
        /// Position, from 0.
        index: usize,
        /// What it means.
        name: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// More parameters than the method has.
    #[error("{actual} parameters, {method} takes at most {max}")]
    TooManyParameters {
        /// The method.
        method: &'static str,
        /// What it takes.
        max: usize,
        /// What was sent.
        actual: usize,
    },
    /// An override that the node cannot do.
    #[error("override of {address}: {reason}")]
    Override {
        /// The account.
        address: Address,
        /// What is wrong.
        reason: &'static str,
    },
    /// State is kept for the newest blocks only.
    #[error("state of block {requested} is not kept, the newest is {newest}")]
    StateNotKept {
        /// The block asked for.
        requested: u64,
        /// The newest block.
        newest: u64,
    },
    /// No such block.
    #[error("unknown block")]
    UnknownBlock,
    /// The raw transaction does not decode.
    #[error("malformed transaction: {0}")]
    MalformedTransaction(String),
    /// Not one of the types that this node knows.
    #[error("transaction type {0} is not supported")]
    UnsupportedTransaction(u8),
    /// What is wrong with a blob transaction.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The transaction is for another chain.
    #[error("transaction is for chain {actual}, this is chain {expected}")]
    WrongChain {
        /// Chain of this node.
        expected: u64,
        /// Chain of the transaction.
        actual: u64,
    },
    /// The transaction was mined or queued before.
    #[error("already known: {0}")]
    AlreadyKnown(B256),
    /// The nonce was used.
    #[error("nonce too low: next nonce {next}, tx nonce {actual}")]
    NonceTooLow {
        /// Next nonce of the sender.
        next: u64,
        /// Nonce of the transaction.
        actual: u64,
    },
    /// The nonce is too far ahead to be queued.
    #[error("nonce too high: next nonce of {sender} is {next}, tx nonce {actual}")]
    NonceTooHigh {
        /// The sender.
        sender: Address,
        /// Next nonce of the sender.
        next: u64,
        /// Nonce of the transaction.
        actual: u64,
    },
    /// EIP-7825: the gas limit is above what one transaction may have.
    #[error("transaction gas limit too high: {actual}, at most {limit} (EIP-7825)")]
    GasLimitTooHigh {
        /// The limit.
        limit: u64,
        /// That of the transaction.
        actual: u64,
    },
    /// The block has no room for the transaction.
    #[error("transaction asks for {asked} gas, the block has {left} left")]
    BlockFull {
        /// Gas that the block has left.
        left: u64,
        /// What the transaction asks for.
        asked: u64,
    },
    /// Another transaction with this nonce waits, and the new one does not pay a tenth more in both fees, or twice as
    /// much where blobs are replaced.
    #[error(
        "replacement transaction underpriced: {replaced} with nonce {nonce} needs fees of at least {max_fee} and {tip} wei"
    )]
    Underpriced {
        /// The transaction that waits.
        replaced: B256,
        /// The nonce of both.
        nonce: u64,
        /// Least `maxFeePerGas` of a replacement.
        max_fee: u128,
        /// Least `maxPriorityFeePerGas` of a replacement.
        tip: u128,
    },
    /// Too many transactions wait.
    #[error("transaction pool is full: {0} wait")]
    PoolFull(usize),
    /// The sender is neither a development account nor impersonated.
    #[error("no key for {0}: impersonate it with anvil_impersonateAccount, or send a signed transaction")]
    UnknownSender(Address),
    /// Data is signed for development accounts only.
    #[error("no key for {0}: the node signs for its development accounts only")]
    NoKey(Address),
    /// No such filter, or it expired.
    #[error("filter not found: {0}")]
    FilterNotFound(U64),
    /// Too many filters or subscriptions, or snapshots.
    #[error("too many {what}: at most {max}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        max: usize,
    },
    /// A block must be later than the one before it.
    #[error("timestamp {asked} is not after that of the newest block, {newest}")]
    TimestampNotLater {
        /// That of the newest block.
        newest: u64,
        /// The one asked for.
        asked: u64,
    },
    /// The clock would leave its range.
    #[error("a clock {0} s ahead is out of range")]
    ClockOutOfRange(u64),
    /// More blocks than there are, or than the state's history goes back.
    #[error("cannot take {depth} blocks away: {possible} can be")]
    ReorgTooDeep {
        /// Blocks to take away.
        depth: u64,
        /// Blocks that can be.
        possible: u64,
    },
    /// A change happened but is not on disk, so that nothing is told of the chain any more.
    #[error("the chain cannot be kept, make room and restart the devnet: {0}")]
    NotKept(String),
    /// The EVM refuses the transaction before executing it.
    #[error("transaction rejected: {0}")]
    Rejected(InvalidTransaction),
    /// The call reverted.
    #[error("execution reverted{}", reason(.0))]
    Reverted(Bytes),
    /// The call halted exceptionally.
    #[error("execution halted: {0:?}")]
    Halted(HaltReason),
    /// A bug of this node.
    #[error("internal error: {0}")]
    Internal(String),
}

fn reason(data: &Bytes) -> String {
    decode_revert_reason(data)
        .filter(|reason| !reason.is_empty())
        .map(|reason| format!(": {reason}"))
        .unwrap_or_default()
}

impl RpcError {
    /// The JSON-RPC code: EIP-1474's, and 3 for reverts as go-ethereum has it.
    pub fn code(&self) -> i64 {
        match self {
            Self::Parse(_) => -32700,
            Self::InvalidRequest(_) => -32600,
            Self::MethodNotFound(_) => -32601,
            Self::InvalidParameter { .. }
            | Self::TooManyParameters { .. }
            | Self::Override { .. }
            | Self::TimestampNotLater { .. }
            | Self::ClockOutOfRange(_)
            | Self::ReorgTooDeep { .. }
            | Self::MalformedTransaction(_) => -32602,
            Self::Internal(_) | Self::NotKept(_) => -32603,
            Self::Halted(_) | Self::FilterNotFound(_) => -32000,
            Self::TooMany { .. } | Self::PoolFull(_) => -32005,
            Self::StateNotKept { .. } | Self::UnknownBlock => -32001,
            Self::UnsupportedTransaction(_)
            | Self::Blob(_)
            | Self::WrongChain { .. }
            | Self::AlreadyKnown(_)
            | Self::NonceTooLow { .. }
            | Self::NonceTooHigh { .. }
            | Self::GasLimitTooHigh { .. }
            | Self::BlockFull { .. }
            | Self::Underpriced { .. }
            | Self::UnknownSender(_)
            | Self::NoKey(_)
            | Self::Rejected(_) => -32003,
            Self::Reverted(_) => 3,
        }
    }

    /// The `data` member: what a reverted call returned.
    pub fn data(&self) -> Option<&Bytes> {
        match self {
            Self::Reverted(data) => Some(data),
            _ => None,
        }
    }
}
