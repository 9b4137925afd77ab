//! Why a card does not prove.

use ashlar_plonky2_cuda::{Error, Fault};

/// Why a card does not prove what the CPU does.
#[derive(Debug, thiserror::Error)]
pub enum CardError {
    /// A call of the card failed; the message of the call says what to do.
    #[error("{step}: {source}")]
    Device {
        /// The step of the proof.
        step: &'static str,
        /// What the card said.
        source: Error,
    },
    /// It was lost before.
    #[error("the card was lost before: restart the process, and look at the driver's log (dmesg, Xid)")]
    Lost,
    /// Not even one proof at a time fits.
    #[error(
        "a proof of this circuit needs {needed_bytes} bytes of the card's memory and {free_bytes} are free: give the card a \
         larger budget, or to fewer programs"
    )]
    Memory {
        /// For one proof.
        needed_bytes: usize,
        /// For all.
        free_bytes: usize,
    },
    /// The CPU's proof of the same witness verifies.
    #[error(
        "a proof of the card does not verify ({reason}): its kernels or its memory are at fault, report this"
    )]
    Invalid {
        /// What the verifier said.
        reason: String,
    },
    /// No witness can bring that about on purpose.
    #[error("{}", crate::prove::IN_THE_SUBGROUP)]
    OpeningPoint,
}

impl CardError {
    /// What kind of trouble the card has, if it said so.
    pub fn fault(&self) -> Option<Fault> {
        match self {
            Self::Device { source, .. } => Some(source.fault()),
            Self::Lost => Some(Fault::Lost),
            Self::Memory { .. } => Some(Fault::OutOfMemory),
            Self::Invalid { .. } | Self::OpeningPoint => None,
        }
    }
}

/// Says what was tried.
pub(super) trait Context<T> {
    fn context(self, step: &'static str) -> Result<T, CardError>;
}

impl<T> Context<T> for Result<T, Error> {
    fn context(self, step: &'static str) -> Result<T, CardError> {
        self.map_err(|source| CardError::Device { step, source })
    }
}
