//! Kinds of lanes by name: what a processor has, and what tests compare.

#[cfg(target_arch = "x86_64")]
use crate::{Avx2, Avx512};
use crate::{Lanes, Portable, Work};

/// A kind of lanes, which the processor may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One element: on every processor.
    Portable,
    /// Four elements, with products of 32 bits.
    Avx2,
    /// Eight elements, with products of 52 bits.
    Avx512,
}

impl Kind {
    /// All kinds, by their width.
    pub const ALL: [Self; 3] = [Self::Portable, Self::Avx2, Self::Avx512];

    /// How many lanes it has.
    pub const fn count(self) -> usize {
        match self {
            Self::Portable => 1,
            Self::Avx2 => 4,
            Self::Avx512 => 8,
        }
    }

    /// Whether the processor has it.
    pub fn is_there(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Avx2::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => Avx512::detect().is_some(),
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// All that the processor has.
    pub fn detect_all() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|kind| kind.is_there())
    }

    /// The widest that the processor has.
    pub fn widest() -> Self {
        let mut from_widest = Self::ALL.into_iter().rev();
        from_widest.find(|kind| kind.is_there()).unwrap_or(Self::Portable)
    }

    /// Runs what is written for any lanes, compiled for these.
    ///
    /// # Panics
    /// If the processor lacks them.
    pub fn run<W: Work>(self, work: W) -> W::Output {
        match self {
            Self::Portable => Portable.run(work),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Avx2::detect().unwrap_or_else(|| self.is_lacking()).run(work),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => Avx512::detect().unwrap_or_else(|| self.is_lacking()).run(work),
            #[cfg(not(target_arch = "x86_64"))]
            _ => self.is_lacking(),
        }
    }

    #[cold]
    fn is_lacking(self) -> ! {
        panic!("this processor has no {self:?}")
    }
}

/// Runs with the widest lanes of this processor.
pub fn widest<W: Work>(work: W) -> W::Output {
    Kind::widest().run(work)
}
