//! L1 as the sequencer sees it: the rollup contract behind JSON-RPC, any nodes.
//!
//! No answer is believed alone. A quorum of endpoints must give it, within a deadline; the queue's operations count with
//! evidence ([`L1Client::operations`]); what became of batches is read from the contract at every step ([`View`]); transactions take
//! their nonce from L1 and are written down before they are sent ([`L1Client::send`]).

mod challenges;
mod client;
mod commits;
mod committee;
mod endpoints;
mod error;
mod exits;
mod fees;
mod header;
mod identity;
mod queue;
mod ranges;
mod sender;
mod settings;
pub mod watcher;

pub use challenges::Standing;
pub use client::{BlockRef, L1Client, View};
pub use commits::{Commit, PublicData, RollupStream};
pub use error::{L1Error, RequestError};
pub use exits::ExitEntry;
pub use header::{Before, HeaderError, batch_header, header_hash};
pub(crate) use identity::same;
pub use identity::{Expected, IdentityError};
pub use queue::QueuedOperation;
pub use sender::{Call, MAX_TRANSACTION_GAS, SendError};
pub use settings::{Finality, L1Settings};
