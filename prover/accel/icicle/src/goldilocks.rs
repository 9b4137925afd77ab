//! Goldilocks: transforms over device memory, with plonky2's roots of unity. Elements are one word below the modulus.
//!
//! ICICLE 1.3.0 has no such field, so only a build with our own kernels has it.

use crate::{Batch, error::Error, slot::Slot};

/// Transforms have at most so many elements: what sppark's tables are made for.
pub const MAX_LOG_SIZE: u32 = 28;

/// Whether this build has the kernels.
pub const IS_COMPILED: bool = cfg!(ashlar_sppark);

/// Starts transforms from the slot's input to its output. `factor` is the coset's shift, for an inverse transform its
/// inverse, and 1 without a coset. A build without the kernels answers `cudaErrorNotSupported`.
pub fn ntt(slot: &mut Slot, batch: Batch, factor: u64) -> Result<(), Error> {
    assert!(batch.log_size <= MAX_LOG_SIZE && batch.elements() <= slot.words());
    slot.device().activate()?;
    Error::check(native::ntt(slot, batch, factor), "ashlar_goldilocks_ntt")
}

#[cfg(ashlar_sppark)]
mod native {
    #![allow(unsafe_code, reason = "calls our kernels")]

    use std::ffi::c_int;

    use icicle_cuda_runtime::device_context::DeviceContext;

    use super::{Batch, Slot};
    use crate::{Direction, Order};

    unsafe extern "C" {
        fn ashlar_goldilocks_ntt(
            input: *const u64,
            output: *mut u64,
            log_size: u32,
            batch: usize,
            order: c_int,
            direction: c_int,
            factor: u64,
            context: *const DeviceContext<'_>,
        ) -> c_int;
    }

    pub fn ntt(slot: &mut Slot, batch: Batch, factor: u64) -> c_int {
        let order = match batch.order {
            Order::NaturalToNatural => 0,
            Order::NaturalToReversed => 1,
            Order::ReversedToNatural => 2,
        };
        let direction = match batch.direction {
            Direction::Forward => 0,
            Direction::Inverse => 1,
        };
        let (input, output) = (slot.input().address(), slot.output().address());
        let context = slot.context();
        // SAFETY: both buffers hold the batch (checked by the caller), and the slot keeps them until its stream is done.
        unsafe {
            ashlar_goldilocks_ntt(
                input,
                output,
                batch.log_size,
                batch.count,
                order,
                direction,
                factor,
                &context,
            )
        }
    }
}

#[cfg(not(ashlar_sppark))]
mod native {
    use super::{Batch, Slot};

    /// `cudaErrorNotSupported`
    const NOT_SUPPORTED: i32 = 801;

    pub fn ntt(_: &mut Slot, _: Batch, _: u64) -> i32 {
        NOT_SUPPORTED
    }
}
