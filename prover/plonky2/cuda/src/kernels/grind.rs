//! The proof of work.
#![allow(unsafe_code, reason = "launches kernels")]

use std::{ffi::c_int, sync::Arc};

use super::{short, tree::Hash};
use crate::{Device, Error, Words, device::Stream, entries::entries};

entries! {
    fn grind(
        stream: Stream, hash: c_int, states: *const u64, batch: u32, place: u32, bits: u32, first: u64, count: u64,
        found: *mut u64,
    ) -> c_int;
}

/// Words of a transcript's state, whatever the hash: Poseidon's twelve elements and a word that is not read; or the nine
/// elements of the rate over BN254, and the number in the hidden lane, its lowest word first.
pub const STATE: usize = 13;

/// Places that a nonce can have, of any hash.
const RATE: usize = 9;

/// Nonces that each proof tries in a launch: on the average one in as many serves where sixteen bits are asked for.
const WINDOW: u64 = 1 << 16;

/// For each state of a transcript the smallest nonce that, at `place` of it, makes a permutation whose response has `bits`
/// leading zeros.
///
/// # Errors
/// If the device is full or lost.
///
/// # Panics
/// If there is no such place or no response with as many.
pub fn grind(
    device: &Arc<Device>,
    hash: Hash,
    states: &[[u64; STATE]],
    place: usize,
    bits: u32,
) -> Result<Vec<u64>, Error> {
    assert!(place < RATE && bits < 64, "no place {place}, or no {bits} bits");
    let batch = states.len();
    let states = Words::of(device, states.as_flattened())?;
    let found = Words::of(device, &vec![u64::MAX; batch])?;
    let launch = Entries::of(device.runtime()).grind;
    let count = WINDOW.min(4 << bits); // where fewer serve, fewer are tried
    for first in (0..).step_by(usize::try_from(count).expect("a window")) {
        let (from, to) = (states.address(), found.address());
        // SAFETY: states and places of as many proofs.
        device.launch("grind", |stream| unsafe {
            launch(
                stream,
                hash as c_int,
                from,
                short(batch),
                short(place),
                bits,
                first,
                count,
                to,
            )
        })?;
        let nonces = found.read_all()?;
        if !nonces.contains(&u64::MAX) {
            return Ok(nonces);
        }
    }
    unreachable!("one in 2^{bits} nonces serves")
}
