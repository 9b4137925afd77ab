//! The named error in a reverted call.

use alloy::{contract, primitives::Bytes, sol_types::SolInterface};

use crate::{Halo2Verifier::Halo2VerifierErrors, Rollup::RollupErrors, VerifierRouter::VerifierRouterErrors};

/// A named error of one of the contracts; its `Debug` form shows name and fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revert {
    /// The rollup refused.
    Rollup(RollupErrors),
    /// The proof verifier refused: the rollup passes its errors on.
    ProofVerifier(Halo2VerifierErrors),
    /// The router knows no verifier of the rollup's circuit set.
    Router(VerifierRouterErrors),
}

impl Revert {
    /// The named error that a call or a gas estimate failed with; `None` if it failed otherwise.
    pub fn from_error(error: &contract::Error) -> Option<Self> {
        Self::decode(&error.as_revert_data()?)
    }

    /// Decodes the data of a revert.
    pub fn decode(data: &Bytes) -> Option<Self> {
        let rollup = RollupErrors::abi_decode(data).map(Self::Rollup);
        let decoded = rollup
            .or_else(|_| Halo2VerifierErrors::abi_decode(data).map(Self::ProofVerifier))
            .or_else(|_| VerifierRouterErrors::abi_decode(data).map(Self::Router));
        decoded.ok()
    }
}
