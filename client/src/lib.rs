//! What a wallet or a service needs to use the rollup, without a prover.
//!
//! * [`Client`]: the sequencer. Accounts, transactions one by one or many, receipts, batches. Every request has a
//!   deadline, and what was lost on the way is sent again: a transaction has one id however often it is sent.
//! * [`Sender`]: one account that pays, with its nonce.
//! * [`Authorisation`]: what signs for an account whose [policy](ashlar_payments::policy) has other clauses than one plain
//!   key, and how long that holds; [`policy`]: such a policy as text.
//! * [`L1`]: the rollup contract. Deposits and the other operations of its queue, withdrawals and their proofs, claims, and
//!   all that was ever published, read from calldata and checked against what the contract has bound: nobody need be
//!   trusted for it but the L1 node.
//! * [`PasskeyAccountOwner`]: an L1 owner of accounts that obeys a passkey, so that its user needs neither ether nor an
//!   Ethereum key.
//! * [`Watcher`]: whether what the operator commits can be proven, seen from L1 alone, or with the signatures that the
//!   sequencer shows.
//! * [`Market`]: withdrawals sold before they are proven, to whoever takes the risk for a discount.
//! * [`inclusion`]: an account's state, checked against the root that L1 holds.
//! * [`amount`]: `"0.5"` and `"12.25 USDC"` as units, and back.
//! * [`rollup_key`]: the rollup key of an Ethereum key, and [`auth_of`]: what it is to accounts for which it signs.
//!
//! An account belongs to an L1 address, and is found by that address, or by the address and its `auth`: never by `auth`
//! alone, for anybody can open an account of his own with somebody else's.
//!
//! ```no_run
//! use alloy::signers::local::PrivateKeySigner;
//! use ashlar_client::{AccountKey, Client, L1, L1Config, Milestone, auth_of, rollup_key};
//! use ashlar_payments::packing::{PackedAmount, PackedFee};
//! use std::time::Duration;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let ethereum = PrivateKeySigner::random();
//! let client = Client::connect("http://127.0.0.1:7001").await?;
//! let own = ethereum.address();
//! let key = rollup_key(&ethereum, client.domain())?; // in earnest, for the rollup that you know and not the one you are told
//! let l1 = L1::connect(L1Config {
//!     signer: Some(ethereum),
//!     ..L1Config::new("http://127.0.0.1:8545", client.domain().rollup.into())
//! })
//! .await?;
//!
//! let eth = l1.token(0).await?;
//! let queued = l1.deposit(&eth, 1_000_000_000, own, &auth_of(&key.public_key())).await?; // 1 ETH in gwei
//! client.wait_for_l1_operation(queued, Milestone::Executed, Duration::from_secs(60)).await?;
//! let mut sender = client.sender(own, key).await?;
//! let payee = client.payee(AccountKey::Index(0)).await?;
//! let id = sender.transfer(payee, 0, PackedAmount::floor(1_000), PackedFee::exact(10)?).await?;
//! client.wait(id, Milestone::Proven, Duration::from_secs(600)).await?;
//! # Ok(())
//! # }
//! ```

mod authorisation;
mod client;
pub mod data;
mod error;
pub mod inclusion;
mod items;
mod key;
mod l1;
mod options;
mod sender;
mod types;

pub use ashlar_client_core::{amount, policy};
pub use ashlar_committee::cells::{CELLS, MemberSamples, Place, Sampled};
pub use ashlar_proto::sequencer::v1 as pb;
pub use authorisation::{Authorisation, AuthorisationError, NotPermitted, Validity, minute, permitted};
pub use client::Client;
pub use error::{ClientError, Refusal};
pub use key::{auth_of, key_message, rollup_key};
pub use l1::{
    Assertion, BatchData, BatchStanding, CommittedBatch, ExitState, Exited, Finding, L1, L1Config, L1Error,
    Market, Nominee, NotShown, Offer, OfferError, OwnerAction, Passkey, PasskeyAccountOwner, PasskeyError,
    ProvenBatch, ProvenState, ProvenStateError, RollupState, Seat, SeatState, Standing, Token,
    UnprovenDeposit, Unshown, Watcher, WithdrawalProof, account_path,
};
pub use options::Options;
pub use sender::Sender;
pub use types::{Account, AccountKey, History, Milestone, Payee};
