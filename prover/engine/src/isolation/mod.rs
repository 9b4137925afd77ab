//! Wraps in a child process, so that a device whose driver aborts or hangs costs one attempt and not the worker.
//!
//! The child is a second process of the same program: it opens the keys, prepares the prover once and then answers one
//! request after the other ([`greeting`], [`answer`]). [`Supervisor`] starts it, bounds every wait, kills and reaps it;
//! [`IsolatedWrap`] believes none of its answers: every SNARK is verified on this side, and whatever goes wrong ends on
//! the CPU of this process. Nothing here knows what a device is.

mod breaker;
mod fault;
mod frame;
mod message;
mod process;
mod supervisor;
mod wrap;

pub use fault::{Fault, Phase, Unserved};
pub use frame::{FrameError, HEADER_BYTES, MAX_PAYLOAD_BYTES, encode_frame, read_frame};
pub use message::{Answer, AnswerError, Cost, answer, greeting};
pub use supervisor::{ChildCommand, Policy, Supervisor};
pub use wrap::{Fallback, IsolatedWrap, Wrapped};
