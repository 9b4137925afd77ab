//! What tests ask of the emulation, for their own thread: faults, and a small memory.
#![allow(unsafe_code, reason = "calls the emulation")]

use std::ffi::{c_int, c_long, c_uint};

unsafe extern "C" {
    safe fn ashlar_emulation_fail(call: c_long, status: c_int);
    safe fn ashlar_emulation_calls() -> c_long;
    safe fn ashlar_emulation_memory(bytes: usize);
    safe fn ashlar_emulation_used() -> usize;
    fn ashlar_emulation_probe(
        probe: c_int,
        out: *mut u64,
        count: usize,
        threads: c_uint,
        blocks: c_uint,
    ) -> c_int;
}

/// The status of a lost device.
pub const LOST: i32 = 719;
/// The status of a full one.
pub const OUT_OF_MEMORY: i32 = 2;

/// Counts calls from here on, and lets this one (the first is 1) fail with a status; all later ones too, but after
/// [`OUT_OF_MEMORY`].
pub fn fail_at(call: usize, status: i32) {
    ashlar_emulation_fail(c_long::try_from(call).unwrap_or(c_long::MAX), status);
}

/// Counts calls from here on; none fails.
pub fn restore() {
    ashlar_emulation_fail(0, 0);
}

/// Calls of the runtime and launches of this thread since the last [`fail_at`] or [`restore`].
pub fn calls() -> usize {
    usize::try_from(ashlar_emulation_calls()).expect("calls are not negative")
}

/// Gives the device of this thread so many bytes; 0: as many as at first.
pub fn set_memory(bytes: usize) {
    ashlar_emulation_memory(bytes);
}

/// Bytes that this thread has allocated.
pub fn used() -> usize {
    ashlar_emulation_used()
}

/// Kernels with faults, and some without, for the tests of the emulation itself.
#[derive(Clone, Copy, Debug)]
#[repr(i32)]
pub enum Probe {
    /// One thread does not come to the barrier.
    MissesABarrier,
    /// Half of the threads come to another.
    ComesToTwoBarriers,
    /// The word behind an allocation is written.
    WritesBeyond,
    /// The word before it is.
    WritesBefore,
    /// The word behind the shared memory is.
    WritesBeyondShared,
    /// The sum of the numbers of a block's threads, in each of them.
    AddsUp,
    /// Sums of the numbers up to each thread's, without barriers.
    Races,
    /// More shared memory than a block has.
    WantsMuchShared,
}

/// Runs one over words of device memory; its status.
pub fn probe(probe: Probe, out: &crate::Words, threads: u32, blocks: u32) -> i32 {
    let (address, count) = (out.range(0, out.len()), out.len());
    // SAFETY: one thread each writes, to a place that the test has allocated, or where the emulation has its guards.
    unsafe { ashlar_emulation_probe(probe as c_int, address, count, threads, blocks) }
}
