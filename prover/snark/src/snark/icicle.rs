//! The CUDA backend, as far as this build has it: here, not at all.

use super::{BackendNotBuilt, ProveError, WrapKeys, WrapProver};
use crate::srs::Srs;

/// The feature that brings the backend.
const FEATURE: &str = "icicle";

/// Whether this build has the backend.
pub(super) fn require_built() -> Result<(), BackendNotBuilt> {
    Err(BackendNotBuilt { feature: FEATURE })
}

/// Prepares the keys on the device, with the CPU behind it ([`WrapProver::with_backend`]).
///
/// # Errors
/// [`ProveError::NotBuilt`]: whoever asks for a device is not given the CPU in silence.
pub(super) fn prover(_keys: &WrapKeys, _srs: &Srs) -> Result<WrapProver, ProveError> {
    Err(BackendNotBuilt { feature: FEATURE }.into())
}
