//! L1 as the sequencer sees it: the rollup contract behind JSON-RPC, any nodes.
//!
//! No answer is believed alone. A quorum of endpoints must give it, within a deadline; deposits count with evidence
//! ([`L1Client::deposits`]); what became of batches is read from the contract at every step ([`View`]); transactions take
//! their nonce from L1 and are written down before they are sent ([`L1Client::send`]).

mod client;
mod deposits;
mod endpoints;
mod error;
mod header;
mod identity;
mod sender;
mod settings;
pub mod watcher;

pub use client::{BlockRef, L1Client, View};
pub use deposits::QueuedDeposit;
pub use error::{L1Error, RequestError};
pub use header::{Before, HeaderError, batch_header, header_hash};
pub use identity::{Expected, IdentityError};
pub use sender::{Call, MAX_TRANSACTION_GAS, SendError};
pub use settings::{Finality, L1Settings};
