//! What can go wrong between the sequencer and L1.

use std::time::Duration;

use alloy::primitives::{Address, B256};
use ashlar_beacon::BeaconError;
use ashlar_committee::ReadError;
use ashlar_publication::PublicationError;

/// Why L1 did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum L1Error {
    /// No endpoint is configured.
    #[error("no L1 endpoint is configured: give at least one with --l1-rpc")]
    NoEndpoint,
    /// The endpoint is no URL that can be asked.
    #[error(
        "L1 endpoint `{endpoint}` is not an http:// URL: write it as http://HOST:PORT (this program has no TLS: reach an https:// node through a TLS proxy beside it)"
    )]
    Endpoint {
        /// As configured.
        endpoint: String,
    },
    /// The quorum cannot be reached, or is not one.
    #[error("an L1 quorum of {quorum} is not possible with {endpoints} endpoints: give 1 to {endpoints}")]
    Quorum {
        /// Configured quorum.
        quorum: usize,
        /// Number of endpoints.
        endpoints: usize,
    },
    /// The HTTP client could not be made.
    #[error("cannot set up the HTTP client for L1")]
    HttpClient(#[source] alloy::transports::http::reqwest::Error),
    /// The operator key is zero or not below the curve's order.
    #[error("the operator key is not a valid secp256k1 key")]
    OperatorKey,
    /// No contract is at the configured address.
    #[error("no rollup contract at {address} on chain {chain_id}; deploy it or correct the address")]
    NoRollup {
        /// Configured address.
        address: Address,
        /// The node's chain.
        chain_id: u64,
    },
    /// One request failed.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// No consensus node gave a blob.
    #[error(transparent)]
    Beacon(#[from] BeaconError),
    /// No member of the committee gave a stream.
    #[error(transparent)]
    Committee(#[from] ReadError),
    /// Nodes keep blobs for some weeks.
    #[error(
        "no node has blob {blob}: nodes keep blobs for 18 days; give an archive that keeps them longer with --l1-beacon, or begin the rebuild with a --snapshot that is younger"
    )]
    NoBlob {
        /// Its versioned hash.
        blob: B256,
    },
    /// Blobs are with consensus nodes, and none is configured.
    #[error(
        "the L1 endpoints have no blobs, consensus nodes do: give one that has blob {blob} with --l1-beacon ({reason})"
    )]
    NoBeacon {
        /// The blob's versioned hash.
        blob: B256,
        /// What an endpoint said.
        reason: String,
    },
    /// Too few endpoints gave the same answer.
    #[error(
        "L1 request `{request}`: no {quorum} of {endpoints} endpoints agree ({answers} answered); a lagging endpoint catches up, one that keeps disagreeing is to be replaced"
    )]
    Disagreement {
        /// What was asked.
        request: &'static str,
        /// Equal answers wanted.
        quorum: usize,
        /// Endpoints asked.
        endpoints: usize,
        /// Endpoints that answered.
        answers: usize,
    },
    /// The node does not know a block that it must know.
    #[error("L1 does not know its block {block}; a node that is still synchronising catches up")]
    NoBlock {
        /// The block, by number or tag.
        block: String,
    },
    /// A contract call failed or reverted.
    #[error("L1 call `{call}` is refused: {reason}")]
    Reverted {
        /// The method.
        call: &'static str,
        /// The decoded revert.
        reason: String,
        /// Whether the proof verifier refused, not the rollup: only a verifier may do so by an error that is unknown here.
        by_verifier: bool,
    },
    /// The rollup is in exit mode.
    #[error(
        "L1 call `{call}` is refused: the rollup is in exit mode, and takes no batch and no operation any more; `ashlar exit` takes the money out"
    )]
    ExitMode {
        /// The method.
        call: &'static str,
    },
    /// An answer of a contract does not decode.
    #[error(
        "L1 call `{call}` gave {bytes} bytes that do not decode: is the rollup contract of this version?"
    )]
    Answer {
        /// The method.
        call: &'static str,
        /// Bytes given.
        bytes: usize,
    },
    /// An event of the contract lies outside of what the contract can emit.
    #[error("an L1 event `{event}` in block {block} is malformed")]
    Event {
        /// Its name.
        event: &'static str,
        /// Its block.
        block: u64,
    },
    /// An operation between two known ones was not reported.
    #[error(
        "L1 reported no operation {expected} of its queue in blocks {from} to {to}, but later ones or a longer queue: the range is read again"
    )]
    OperationGap {
        /// Queue index of the first operation that is missing.
        expected: u64,
        /// First block read.
        from: u64,
        /// Last block read.
        to: u64,
    },
    /// A reported operation is not the one that the contract queued.
    #[error(
        "L1 reported operation {index} of its queue with another record or time than the contract keeps: the range is read again"
    )]
    OperationForged {
        /// Its queue index.
        index: u64,
    },
    /// A block, or the contract's state after it, changed while it was read.
    #[error("L1 block {block} was replaced, or its state moved on, while it was read: it is read again")]
    Moved {
        /// The block.
        block: u64,
    },
    /// L1 replaced an operation that was final by configuration and is executed here.
    #[error(
        "L1 was reorganised below the configured finality: operation {index} of its queue, executed here, is another one there now; stop, take the batches back that hold it with `ashlar batch unseal --from-queue-index {index}`, and raise --confirmations"
    )]
    OperationReplaced {
        /// Its queue index.
        index: u64,
    },
    /// A batch was committed by a call that this program does not know.
    #[error(
        "L1 transaction {transaction} committed a batch, but its calldata is no call of commitBatch: it went through another contract; only a program that knows that contract finds the data"
    )]
    NoCommit {
        /// Its hash.
        transaction: B256,
    },
    /// L1 ends before the block that was read last.
    #[error(
        "L1 ends at block {head}, but block {read} was read before: the node is behind, or its chain was started anew"
    )]
    Behind {
        /// L1's newest block.
        head: u64,
        /// Last block that was read.
        read: u64,
    },
    /// A transaction needs more gas than L1 allows one.
    #[error("L1 call `{call}` needs {gas} gas, one transaction may have {limit} (EIP-7825)")]
    TooMuchGas {
        /// The method.
        call: &'static str,
        /// Estimated gas.
        gas: u64,
        /// The limit.
        limit: u64,
    },
    /// L1 costs more than the operator is willing to pay.
    #[error(
        "L1's base fee is {base_fee_wei} wei, above the ceiling of {ceiling_wei}: waiting; raise {flag} to go on"
    )]
    TooExpensive {
        /// The newest block's.
        base_fee_wei: u128,
        /// Configured ceiling.
        ceiling_wei: u128,
        /// What sets it.
        flag: &'static str,
    },
    /// The operator's transaction could not be signed.
    #[error("cannot sign the L1 transaction of `{call}`")]
    Sign {
        /// The method.
        call: &'static str,
        /// Why.
        #[source]
        source: alloy::signers::Error,
    },
    /// The proofs of a blob's cells failed.
    #[error("cannot make the blob's sidecar for `{call}`")]
    Sidecar {
        /// The method.
        call: &'static str,
        /// Why.
        #[source]
        source: PublicationError,
    },
    /// Making them panicked: a bug, which the log tells of.
    #[error("making the blob's sidecar for `{call}` panicked")]
    SidecarPanicked {
        /// The method.
        call: &'static str,
    },
    /// No endpoint took the transaction.
    #[error("no L1 endpoint takes the transaction of `{call}` with nonce {nonce}: {reason}")]
    NotTaken {
        /// The method.
        call: &'static str,
        /// Its nonce.
        nonce: u64,
        /// What the last endpoint said.
        reason: String,
    },
    /// The transaction was included but reverted.
    #[error("L1 transaction {hash} of `{call}` reverted in block {block}")]
    Failed {
        /// The method.
        call: &'static str,
        /// Transaction hash.
        hash: B256,
        /// Its block.
        block: u64,
    },
}

impl L1Error {
    /// Whether L1 was not reached, or answered nothing that can be relied on: the next answer may be right.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Request(_)
            | Self::Beacon(_)
            | Self::Disagreement { .. }
            | Self::NoBlock { .. }
            | Self::OperationGap { .. }
            | Self::OperationForged { .. }
            | Self::Moved { .. }
            | Self::Behind { .. }
            | Self::TooExpensive { .. }
            | Self::NotTaken { .. }
            | Self::Failed { .. } => true,
            Self::NoEndpoint
            | Self::NoBeacon { .. }
            | Self::NoBlob { .. }
            | Self::Committee(_)
            | Self::Endpoint { .. }
            | Self::Quorum { .. }
            | Self::HttpClient(_)
            | Self::OperatorKey
            | Self::NoRollup { .. }
            | Self::Reverted { .. }
            | Self::ExitMode { .. }
            | Self::Answer { .. }
            | Self::Event { .. }
            | Self::OperationReplaced { .. }
            | Self::NoCommit { .. }
            | Self::TooMuchGas { .. }
            | Self::Sidecar { .. }
            | Self::SidecarPanicked { .. }
            | Self::Sign { .. } => false,
        }
    }
}

/// Why one endpoint did not answer one request.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// No answer in time.
    #[error("L1 endpoint {endpoint} did not answer `{request}` within {} s", limit.as_secs_f32())]
    Deadline {
        /// Host and port.
        endpoint: String,
        /// What was asked.
        request: &'static str,
        /// The deadline.
        limit: Duration,
    },
    /// The connection failed, or the node refused.
    #[error("L1 endpoint {endpoint} did not answer `{request}`: {reason}")]
    Transport {
        /// Host and port.
        endpoint: String,
        /// What was asked.
        request: &'static str,
        /// What happened. A text, not the error: that one tells the whole URL, which may hold a secret.
        reason: String,
        /// The node's own refusal, if it answered with one.
        refusal: Option<String>,
    },
}

impl RequestError {
    /// The text of the node's own refusal, if it answered with one.
    pub(super) fn refusal(&self) -> Option<&str> {
        match self {
            Self::Transport { refusal, .. } => refusal.as_deref(),
            Self::Deadline { .. } => None,
        }
    }
}
