//! CUDA kernels for proofs of plonky2's circuits over Goldilocks, and typed calls of them: trees, transforms, partial
//! products, openings, FRI and the proof of work, each for the proofs of a batch at once.
//!
//! The sources in `kernels/` are compiled twice: by nvcc for a card (feature `cuda`), and by any C++17 compiler for the
//! processor (feature `emulated`), where `emulation/` stands for the card: its kernels are checked against plonky2 there.
//! Without either [`Device::open`] says so.
//!
//! **The kernels have not yet run on a card.**
//!
//! Words are elements of the field: any of 64 bits, which stands for its value modulo p. In memory the proof of a batch
//! comes first, then the column, then the row: `[proof][column][row]`.

mod device;
#[cfg(feature = "emulated")]
pub mod emulation;
mod entries;
mod error;
pub mod kernels;
mod memory;
#[cfg(feature = "emulated")]
pub mod source;

pub use device::{Device, Memory};
pub use entries::Runtime;
pub use error::{Error, Fault};
pub use memory::Words;

/// Goldilocks, p = 2^64 - 2^32 + 1.
pub use plonky2_field::goldilocks_field::GoldilocksField as F;

/// Its extension by a root of X² - 7.
pub type FE = plonky2_field::extension::quadratic::QuadraticExtension<F>;
