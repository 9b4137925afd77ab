//! What the node refuses, and the JSON-RPC code of each refusal.

use std::{io, net::SocketAddr};

use alloy::{
    primitives::{Address, B256, Bytes},
    sol_types::decode_revert_reason,
};
use revm::context::result::{HaltReason, InvalidTransaction};

/// The node cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Only loopback addresses are served: the funded keys are public.
    #[error("{addr} is not a loopback address")]
    NotLoopback {
        /// The address asked for.
        addr: SocketAddr,
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
    /// State is kept for the newest block only.
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
    /// Blob transactions are not served.
    #[error("transaction type {0} is not supported")]
    UnsupportedTransaction(u8),
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
            Self::InvalidParameter { .. } | Self::MalformedTransaction(_) => -32602,
            Self::Internal(_) => -32603,
            Self::Halted(_) => -32000,
            Self::StateNotKept { .. } | Self::UnknownBlock => -32001,
            Self::UnsupportedTransaction(_)
            | Self::WrongChain { .. }
            | Self::AlreadyKnown(_)
            | Self::NonceTooLow { .. }
            | Self::NonceTooHigh { .. }
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
