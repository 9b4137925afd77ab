//! The named error in a reverted call.

use std::fmt;

use alloy::{contract, primitives::Bytes, sol_types::SolInterface};

use crate::{
    Halo2Verifier::Halo2VerifierErrors, PasskeyOwner::PasskeyOwnerErrors, Rollup::RollupErrors,
    VerifierRouter::VerifierRouterErrors, fast_exit::FastExit::FastExitErrors,
    optimistic::OptimisticRollup::OptimisticRollupErrors, seat::OperatorSeat::OperatorSeatErrors,
};

/// A named error of one of the contracts; shown with its name and fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revert {
    /// The rollup refused.
    Rollup(RollupErrors),
    /// An optimistic rollup refused, for a reason that others do not have.
    Optimistic(OptimisticRollupErrors),
    /// The proof verifier refused: the rollup passes its errors on.
    ProofVerifier(Halo2VerifierErrors),
    /// The router knows no verifier of the rollup's circuit set.
    Router(VerifierRouterErrors),
    /// The owner by passkey refused, or one of its calls without a name.
    PasskeyOwner(PasskeyOwnerErrors),
    /// The market of unproven withdrawals refused.
    FastExit(FastExitErrors),
    /// The seat of a rollup's operator refused.
    Seat(OperatorSeatErrors),
}

impl fmt::Display for Revert {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rollup(error) => write!(out, "{error:?}"),
            Self::Optimistic(error) => write!(out, "{error:?}"),
            Self::ProofVerifier(error) => write!(out, "{error:?}"),
            Self::Router(error) => write!(out, "{error:?}"),
            Self::PasskeyOwner(error) => write!(out, "{error:?}"),
            Self::FastExit(error) => write!(out, "{error:?}"),
            Self::Seat(error) => write!(out, "{error:?}"),
        }
    }
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
            .or_else(|_| OptimisticRollupErrors::abi_decode(data).map(Self::Optimistic))
            .or_else(|_| Halo2VerifierErrors::abi_decode(data).map(Self::ProofVerifier))
            .or_else(|_| VerifierRouterErrors::abi_decode(data).map(Self::Router))
            .or_else(|_| PasskeyOwnerErrors::abi_decode(data).map(Self::PasskeyOwner))
            .or_else(|_| FastExitErrors::abi_decode(data).map(Self::FastExit))
            .or_else(|_| OperatorSeatErrors::abi_decode(data).map(Self::Seat));
        decoded.ok()
    }
}
