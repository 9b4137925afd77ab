//! Proving jobs as pure functions: chunk witness to span proof, spans to one span, span to compressed proof, compressed
//! proof to SNARK. An [`Engine`] holds the circuits and keys; it knows nothing of queues and networks. Wraps may run in a
//! child process, see [`isolation`].

mod cache;
mod encoding;
mod engine;
mod error;
pub mod isolation;
mod job;
mod open;
mod setup;
mod verify;

pub use cache::{CacheError, circuits_path, load_or_build};
pub use encoding::DecodeError;
pub use engine::{Engine, Proved, TimedStep};
pub use error::{ProveError, VerifyError};
pub use isolation::{Fallback, Wrapped};
pub use job::{Job, JobKind, Proof};
pub use open::{OpenError, open_prover};
pub use setup::{SetupError, WrapKit};
