//! Proving jobs as pure functions: chunk witness to span proof, spans to one span, span to compressed proof, compressed
//! proof to SNARK. An [`Engine`] holds the circuits and keys; it knows nothing of queues and networks. Wraps may run in a
//! child process, see [`isolation`].
//!
//! ```no_run
//! use std::path::Path;
//!
//! use ashlar_engine::{Engine, load_or_build};
//! use ashlar_payments::leaves::{PaymentCircuits, PaymentWitness};
//! use ashlar_statement::Security;
//!
//! fn prove(chunks: &[PaymentWitness; 2]) -> Result<(), Box<dyn std::error::Error>> {
//!     let engine: Engine<PaymentCircuits> = Engine::new(load_or_build(Path::new("target/ashlar"), Security::default(), None)?);
//!     let left = engine.prove_chunk(&chunks[0])?.proof;
//!     let right = engine.prove_chunk(&chunks[1])?.proof;
//!     let root = engine.fold(&left, &right)?.proof;
//!     engine.compress(&root)?;
//!     Ok(())
//! }
//! ```

mod cache;
mod checks;
mod encoding;
mod engine;
mod error;
mod found;
pub mod isolation;
mod job;
mod jobs;
mod open;
mod run;
mod setup;
mod threads;
mod turn;
mod verifier;
mod verifier_file;

pub use ashlar_blob::stream::job_input as blob_input;
pub use cache::{CacheError, build, circuits_path, load_or_build};
pub use encoding::DecodeError;
pub use engine::{Engine, Proved, TimedStep};
pub use error::{ProveError, VerifyError};
pub use found::{Device, Found};
pub use isolation::{Fallback, Wrapped};
pub use job::{Job, JobKind, Proof};
pub use open::{OpenError, open_prover};
pub use setup::{SetupError, WrapKit, wrap_k};
pub use verifier::{Verifier, WrapVerifier};
pub use verifier_file::{Foreign, VerifierFile, VerifierFileError};
