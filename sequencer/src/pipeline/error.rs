//! Why a batch did not move on L1.

use ashlar_committee::GatherError;
use ashlar_protocol::SnarkLayoutError;
use ashlar_publication::PublicationError;

use crate::{
    exit_mode::IN_EXIT_MODE,
    l1::{HeaderError, IdentityError, L1Error, SendError},
    store::StoreError,
};

/// Why a batch did not move on L1.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// L1 failed or refused.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// The state database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// L1, database and program do not belong together.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A stored batch has no header.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// L1 holds another batch under this number than the one sealed here.
    #[error(
        "L1 holds another batch {number} (header {l1}) than the one sealed here ({ours}): another sequencer runs with this operator's key, or this database is of another history; if L1's batch is not proven, the operator can revert it with `ashlar batch revert --from {number}`"
    )]
    Diverged {
        /// Batch number.
        number: u64,
        /// Header hash on L1.
        l1: alloy::primitives::B256,
        /// Header hash here.
        ours: alloy::primitives::B256,
    },
    /// The batch was not proven when exit mode was entered.
    #[error("batch {number} was not proven in time: {IN_EXIT_MODE}")]
    ExitMode {
        /// The batch.
        number: u64,
    },
    /// The batch's blob could not be made.
    #[error("batch {number}: its blob")]
    Publication {
        /// The batch.
        number: u64,
        /// Why.
        #[source]
        source: PublicationError,
    },
    /// Too few members of the committee have signed.
    #[error(transparent)]
    Committee(#[from] GatherError),
    /// Making the call panicked: a bug, which the log tells of.
    #[error("batch {number}: making its call panicked")]
    Panicked {
        /// The batch.
        number: u64,
    },
    /// What the farm delivered as the batch's SNARK is none.
    #[error("batch {number}: the farm's SNARK is malformed; is the farm of this version?")]
    Snark {
        /// The batch.
        number: u64,
        /// What is wrong with it.
        #[source]
        source: SnarkLayoutError,
    },
    /// A stored record is not what this program writes.
    #[error("batch {number}: stored {what} is malformed")]
    Malformed {
        /// The batch.
        number: u64,
        /// Which part.
        what: &'static str,
    },
}

impl From<SendError> for SettleError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::L1(error) => Self::L1(error),
            SendError::Store(error) => Self::Store(error),
        }
    }
}

impl SettleError {
    /// Whether it is about L1's answers, not about the batch.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::L1(error) => error.is_transient(),
            Self::Identity(error) => error.is_transient(),
            Self::Store(_)
            | Self::Header(_)
            | Self::Diverged { .. }
            | Self::ExitMode { .. }
            | Self::Publication { .. }
            | Self::Committee(_)
            | Self::Panicked { .. }
            | Self::Snark { .. }
            | Self::Malformed { .. } => false,
        }
    }

    /// Whether the proof is refused, not what it is sent with.
    pub(super) fn is_of_proof(&self) -> bool {
        matches!(
            self,
            Self::Snark { .. }
                | Self::L1(L1Error::Reverted {
                    by_verifier: true,
                    ..
                })
        )
    }
}
