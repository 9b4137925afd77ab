//! The CPU backend: rayon over all cores, vector arithmetic where the machine has it.

mod lanes;
pub(crate) mod memory;
mod msm;
mod ntt;
mod poseidon2;
mod rows;
mod words;

pub use poseidon2::{Poseidon2, Poseidon2Constants};

use crate::Backend;

/// How a CPU computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Plain 64-bit arithmetic, on every machine.
    Portable,
    /// Eight field elements at once with AVX-512 (F, DQ, BW, VL, IFMA, VBMI2: Intel since Ice Lake, AMD since Zen 4).
    Avx512Ifma,
}

impl Level {
    /// The fastest level that this machine has.
    pub fn detect() -> Self {
        if Self::Avx512Ifma.is_available() {
            Self::Avx512Ifma
        } else {
            Self::Portable
        }
    }

    /// Whether this machine can compute so.
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Ifma => lanes::Ifma::detect().is_some(),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx512Ifma => false,
        }
    }
}

/// The backend that is always there.
#[derive(Clone, Copy, Debug)]
pub struct CpuBackend {
    level: Level,
}

impl CpuBackend {
    /// The fastest path of this machine.
    pub fn new() -> Self {
        Self {
            level: Level::detect(),
        }
    }

    /// A given path, `None` where the machine does not have it.
    pub fn with_level(level: Level) -> Option<Self> {
        level.is_available().then_some(Self { level })
    }

    /// The path taken.
    pub fn level(&self) -> Level {
        self.level
    }
}

impl Default for CpuBackend {
    fn default() -> Self {
        Self::new()
    }
}

impl Backend for CpuBackend {
    fn name(&self) -> &'static str {
        "cpu"
    }
}
