//! CUDA for `ashlar-accel`: device memory, and the transforms and sums of ICICLE 1.3.0 over it.
//!
//! `icicle-core` and `icicle-cuda-runtime` 1.3.0 declare symbols and structures, and hold no kernels. Those come from
//! `sppark`, behind our glue in `cuda/` which exports ICICLE's symbols, or from a `libingo_bn254` that the operator
//! names with `ICICLE_BN254_LIB_DIR` when building. Without the feature `cuda` this crate is empty, so that the
//! workspace builds where there is no CUDA.
//!
//! **The kernels have not yet run on a card.** They compile for sm_80 and sm_90; the host side is tested without one
//! (see `docs/gpu-development.md`).
//!
//! Everything above this crate is safe code: a `Slot` owns the memory of one transfer and the stream that it
//! happens on, and `bn254` and `goldilocks` take slots.

#![cfg(feature = "cuda")]

pub mod bn254;
mod cudart;
mod device;
mod error;
pub mod goldilocks;
mod memory;
mod slot;
#[cfg(feature = "arkworks")]
pub mod upstream;

// icicle-core's macros look these up at the root of the crate that expands them.
pub mod curve;
pub mod msm;
pub mod ntt;

pub use device::{Device, DeviceFacts, MemoryInfo};
pub use error::{Error, Fault};
pub use memory::DeviceMemory;
pub use slot::Slot;

#[cfg(ashlar_sppark)]
use {blst as _, sppark as _}; // for their native libraries

/// Which kernels this build links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernels {
    /// sppark's, by our glue.
    Sppark,
    /// Those of a `libingo_bn254` found through `ICICLE_BN254_LIB_DIR`.
    Library,
}

/// Which kernels this build links.
pub const KERNELS: Kernels = if cfg!(ashlar_sppark) {
    Kernels::Sppark
} else {
    Kernels::Library
};

/// Which way a transform goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Coefficients to values.
    Forward,
    /// Values to coefficients, scaled by `1/n`.
    Inverse,
}

/// Order of a transform's input and output; ICICLE's `RR` is not needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Natural in, natural out.
    NaturalToNatural,
    /// Natural in, bit-reversed out.
    NaturalToReversed,
    /// Bit-reversed in, natural out.
    ReversedToNatural,
}

/// `batch` transforms of `2^log_size` elements, one after another in a [`Slot`].
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    /// log2 of the elements per transform.
    pub log_size: u32,
    /// Number of transforms.
    pub count: usize,
    /// Which way.
    pub direction: Direction,
    /// Order of input and output.
    pub order: Order,
}

impl Batch {
    /// Elements of all transforms together.
    pub fn elements(&self) -> usize {
        self.count << self.log_size
    }
}
