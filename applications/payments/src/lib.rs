//! The engine over the payments' circuits.
//!
//! Engine and verifier are generic over an application's circuits, and so is what they call, down to plonky2's and halo2's
//! loops. Whoever names them with an application compiles all of it. Here that is done once: nothing in this interface has
//! a type parameter, so programs and tests that use it compile calls.

mod engine;
mod verifier;

use std::path::{Path, PathBuf};

use ashlar_engine::CacheError;
use ashlar_payments::leaves::{PaymentCircuits, PaymentWitness};
use ashlar_statement::Security;

pub use self::{engine::Engine, verifier::Verifier};

/// The application's circuits.
pub type CircuitSet = ashlar_recursion::CircuitSet<PaymentCircuits>;
/// A job with its inputs.
pub type Job = ashlar_engine::Job<PaymentWitness>;

/// [`ashlar_engine::load_or_build`].
pub fn load_or_build(
    dir: &Path,
    security: Security,
    pinned: Option<[u8; 32]>,
) -> Result<CircuitSet, CacheError> {
    ashlar_engine::load_or_build(dir, security, pinned)
}

/// [`ashlar_engine::build`].
pub fn build(dir: &Path, security: Security) -> Result<CircuitSet, CacheError> {
    ashlar_engine::build(dir, security)
}

/// [`ashlar_engine::circuits_path`].
pub fn circuits_path(dir: &Path, security: Security) -> PathBuf {
    ashlar_engine::circuits_path::<PaymentCircuits>(dir, security)
}
