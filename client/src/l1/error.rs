//! What goes wrong between a client and L1.

use std::time::Duration;

use alloy::{
    contract,
    primitives::{Address, B256},
    providers::PendingTransactionError,
    transports::TransportError,
};
use ashlar_beacon::BeaconError;
use ashlar_committee::{CommitteeError, ReadError as StreamError, cells::SampleError};
use ashlar_contracts::{DataMode, Rollup::RollupErrors, UnknownDataMode, revert::Revert};
use ashlar_publication::ReadError;

use crate::data::DataError;

/// Why L1 did not do or say what was asked.
#[derive(Debug, thiserror::Error)]
pub enum L1Error {
    /// Correct the endpoint.
    #[error("L1 endpoint `{endpoint}` is not a URL; write it like http://127.0.0.1:8545")]
    Endpoint {
        /// As given.
        endpoint: String,
    },
    /// The HTTP client of this program could not be made.
    #[error("cannot set up HTTP")]
    Http(#[source] alloy::transports::http::reqwest::Error),
    /// Deploy the contract, or correct address or endpoint.
    #[error("no contract at {address} on chain {chain_id}; correct the rollup's address or the L1 endpoint")]
    NoRollup {
        /// The rollup's address.
        address: Address,
        /// The node's chain.
        chain_id: u64,
    },
    /// The node does not answer in time, or refuses a request.
    #[error("L1 request {request} failed")]
    Transport {
        /// What was asked.
        request: &'static str,
        /// The node's answer.
        #[source]
        source: Box<TransportError>,
    },
    /// The contract refuses: its named error says why.
    #[error("the contract refuses {call}: {reason}")]
    Reverted {
        /// The method.
        call: &'static str,
        /// The named error with its fields.
        reason: String,
    },
    /// Take the money out: `ashlar exit`, or [`crate::L1::exit_by_path`]. Nothing was sent.
    #[error(
        "{call} was not sent: the rollup is in exit mode and takes neither deposits nor orders any more; `ashlar exit` takes the money out"
    )]
    ExitMode {
        /// The method.
        call: &'static str,
    },
    /// The call did not reach the contract.
    #[error("L1 call {call} failed")]
    Call {
        /// The method.
        call: &'static str,
        /// Why.
        #[source]
        source: Box<contract::Error>,
    },
    /// It may still be mined: look for its hash before you send another.
    #[error("L1 transaction {hash} of {call} is not mined after {} s", after.as_secs())]
    NotMined {
        /// The method.
        call: &'static str,
        /// Its hash.
        hash: B256,
        /// The limit.
        after: Duration,
        /// What the wait ended with.
        #[source]
        source: Box<PendingTransactionError>,
    },
    /// It was mined and had no effect.
    #[error("L1 transaction {hash} of {call} failed in block {block}")]
    Failed {
        /// The method.
        call: &'static str,
        /// Its hash.
        hash: B256,
        /// Its block.
        block: u64,
    },
    /// Give [`crate::L1Config::signer`] a key.
    #[error("{call} needs a key that pays for it on L1, and none was given")]
    NoSigner {
        /// The method.
        call: &'static str,
    },
    /// Look for the owner's accounts in the state.
    #[error("account {account} does not exist after batch {batch}")]
    NoAccount {
        /// Its index.
        account: u32,
        /// The proven batch.
        batch: u64,
    },
    /// Create it, or correct the address.
    #[error("no contract at {address}: the owner of this passkey is not created yet, or lives elsewhere")]
    NoOwner {
        /// Where it should be.
        address: Address,
    },
    /// Correct the market's address, or deploy one for this rollup.
    #[error(
        "no market of unproven withdrawals of this rollup at {address}: correct its address, or deploy one"
    )]
    NoMarket {
        /// Where it should be.
        address: Address,
    },
    /// Correct the offer, or wait until its withdrawal is in a committed batch; what is proven is not for sale.
    #[error(
        "no batch between {} and {committed}, which are committed and not proven, has the offer's withdrawal to {receiver}",
        proven + 1
    )]
    NotForSale {
        /// Where the withdrawal goes.
        receiver: Address,
        /// Last proven batch.
        proven: u64,
        /// Last committed batch.
        committed: u64,
    },
    /// Let the passkey sign what is asked, as it is asked.
    #[error("the passkey's assertion is of no use")]
    Passkey(#[from] super::PasskeyError),
    /// Who deposits for somebody else names no `auth`: whoever signs for the account is for its owner to say.
    #[error(
        "{depositor} deposits for {owner} and names an auth, which only {owner} may: leave it zero, and {owner} sets it"
    )]
    ForeignAuth {
        /// Who deposits.
        depositor: Address,
        /// For whom.
        owner: Address,
    },
    /// Tokens have numbers from 0 (ETH); `tokens` of the contract are registered.
    #[error("token {token} is not registered in the rollup; it knows {known}")]
    UnknownToken {
        /// Number, symbol or address.
        token: String,
        /// Names of those that are.
        known: String,
    },
    /// Wait until the batch is committed.
    #[error("batch {number} is not committed on L1; the last one is {last}")]
    NotCommitted {
        /// Asked for.
        number: u64,
        /// Last committed batch.
        last: u64,
    },
    /// Wait until the batch is proven.
    #[error("batch {number} is not proven on L1; the last one is {last}")]
    NotProven {
        /// Asked for.
        number: u64,
        /// Last proven batch.
        last: u64,
    },
    /// The node has pruned its logs, or the start block is too late.
    #[error(
        "L1 shows no {event} event of batch {number} from block {start_block} on; use a node with all logs, or an earlier start block"
    )]
    NoEvent {
        /// The event.
        event: &'static str,
        /// Batch number.
        number: u64,
        /// First block searched.
        start_block: u64,
    },
    /// A later version of this program knows where the data is.
    #[error("the rollup's data cannot be read")]
    DataMode(#[from] UnknownDataMode),
    /// The operator is a contract: its calls cannot be read off calldata.
    #[error("transaction {hash} is not a direct call of {call}")]
    Calldata {
        /// Transaction hash.
        hash: B256,
        /// The method expected.
        call: &'static str,
    },
    /// No consensus node gave a blob.
    #[error(transparent)]
    Beacon(#[from] BeaconError),
    /// No member of the committee gave a batch's stream.
    #[error(transparent)]
    Committee(#[from] StreamError),
    /// Whether a batch's stream is there is not known.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// Only a validium has members who keep something.
    #[error("the rollup has its data in {data}: only a validium has a committee")]
    NoCommittee {
        /// Where it is.
        data: DataMode,
    },
    /// The node lies, or the contract is none of this version.
    #[error("the members of the committee, as the contract says them")]
    Members(#[source] CommitteeError),
    /// Blobs are with consensus nodes, and none was named.
    #[error(
        "the L1 endpoint has no blobs, consensus nodes do: name one that has blob {blob} of batch {number} (`--l1-beacon`)"
    )]
    NoBeacon {
        /// Batch number.
        number: u64,
        /// The blob's versioned hash.
        blob: B256,
        /// What the endpoint said.
        #[source]
        source: TransportError,
    },
    /// Wait for the next block.
    #[error(
        "batch {number} was committed in block {block}, which has no successor yet to say which beacon block has its blob: ask again in a moment"
    )]
    NoSuccessor {
        /// Batch number.
        number: u64,
        /// The block.
        block: u64,
    },
    /// Nodes keep blobs for some weeks.
    #[error(
        "no node has blob {blob} of batch {number}: nodes keep blobs for 18 days; ask one that keeps them longer"
    )]
    NoBlob {
        /// Batch number.
        number: u64,
        /// The blob's versioned hash.
        blob: B256,
    },
    /// The node lies.
    #[error("what the node gave is not the blob of batch {number}")]
    Blob {
        /// Batch number.
        number: u64,
        /// What is wrong.
        #[source]
        source: ReadError,
    },
    /// The node lies.
    #[error("the calldata of batch {number} is not what the contract has bound: {what} differs")]
    Mismatch {
        /// Batch number.
        number: u64,
        /// What differs.
        what: &'static str,
    },
    /// The contract took streams that are none: a bug.
    #[error("the public data of batch {number} is malformed")]
    Data {
        /// Batch number.
        number: u64,
        /// Where.
        #[source]
        source: DataError,
    },
    /// The batch has fewer withdrawals.
    #[error("batch {number} has {count} withdrawals, there is no withdrawal {index}")]
    NoWithdrawal {
        /// Batch number.
        number: u64,
        /// Asked for, counted from 0.
        index: u32,
        /// How many there are.
        count: u32,
    },
    /// The sequencer's state is not that of L1: do not trust it.
    #[error("after batch {batch} the root on L1 is {l1}, not {given}")]
    Root {
        /// Batch number.
        batch: u64,
        /// On L1.
        l1: B256,
        /// Claimed.
        given: B256,
    },
}

/// Of a failed request.
pub(super) fn transport(request: &'static str) -> impl FnOnce(TransportError) -> L1Error {
    move |source| L1Error::Transport {
        request,
        source: Box::new(source),
    }
}

/// Of a failed call: the contract's named error where there is one.
pub(super) fn refused(call: &'static str) -> impl FnOnce(contract::Error) -> L1Error {
    move |source| match Revert::from_error(&source) {
        Some(Revert::Rollup(RollupErrors::RefusedInExitMode(_))) => L1Error::ExitMode { call },
        Some(named) => L1Error::Reverted {
            call,
            reason: named.to_string(),
        },
        None => L1Error::Call {
            call,
            source: Box::new(source),
        },
    }
}
