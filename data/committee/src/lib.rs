//! A validium's committee. The rollup stream of a batch is not on L1; two thirds of the committee sign that they have it.
//!
//! * [`Statement`], [`Committee`]: what members sign (EIP-712), and the attestation that L1 takes in place of the stream
//!   (`IValidium.sol`)
//! * [`seal`]: how the operator seals a batch whose stream a committee keeps
//! * [`Member`]: executes what the operator proposes, from the signed operations, keeps the streams on disk, and signs
//! * [`Service`], [`MemberClient`]: the same over gRPC
//! * [`Gatherer`]: the operator's side: all members asked at once, and the attestation from what they answer
//! * [`Readers`], [`check`]: the readers' side: a stream from whoever gives one that leads to the batch's root, or from cells
//!   of several, and samples of cells that tell whether it is still there
//! * [`cells`]: the erasure code of a stream
//!
//! A member believes the operator nothing: it signs for a batch when it has executed every operation on the state before,
//! signatures checked, has found new root and data hash itself, and the streams are durable. So a user who can reach one
//! honest member has the whole state, and with it the way out. What the members sign is not what makes a batch right: its
//! proof does, as in every data mode (`ValidiumRollup.sol`).

mod attestation;
pub mod cells;
mod chain;
mod client;
mod gather;
mod kept;
mod member;
mod reader;
mod seal;
mod server;
mod wire;

pub use attestation::{Committee, CommitteeError, Statement, TooFewSigned};
pub use client::{ClientError, Custody, MemberClient, MemberState};
pub use gather::{GatherError, Gatherer, Patience, Propose, ProposeError};
pub use kept::{KeptBatch, KeptError};
pub use member::{Member, MemberError, Proposal, Refusal, Terms};
pub use reader::{ReadError, Readers, check, may_be};
pub use seal::{SealError, seal, statement, statement_of};
pub use server::Service;
