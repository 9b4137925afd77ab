//! Columns of a batch of proofs.
#![allow(unsafe_code, reason = "launches kernels")]

use std::ffi::c_int;

use super::short;
use crate::{Error, FE, Words, device::Stream, entries::entries};

entries! {
    fn take(stream: Stream, from: *const u64, count: u32, length: usize, taken: usize, to: *mut u64) -> c_int;
}

/// The first of the polynomials, by their coefficients, that a proof has; all are of one length.
#[derive(Clone, Copy)]
pub struct Polynomials<'a> {
    /// `[proof][polynomial][coefficient]`, or without the proof.
    pub words: &'a Words,
    /// Polynomials that a proof has.
    pub width: usize,
    /// How many of them are meant.
    pub count: usize,
    /// Whether all proofs have the same.
    pub are_shared: bool,
}

impl<'a> Polynomials<'a> {
    /// All of a proof's own.
    pub fn all(words: &'a Words, width: usize) -> Self {
        Self {
            words,
            width,
            count: width,
            are_shared: false,
        }
    }

    /// From a proof's polynomials to the next's.
    ///
    /// # Panics
    /// If there are not as many words.
    pub(super) fn stride(&self, batch: usize, length: usize) -> usize {
        assert!(self.count <= self.width, "more polynomials than there are");
        let own = self.width * length;
        let (stride, words) = if self.are_shared {
            (0, own)
        } else {
            (own, batch * own)
        };
        assert_eq!(self.words.len(), words, "polynomials of another shape");
        stride
    }
}

/// The first `taken` of each `length` words.
///
/// # Errors
/// If the device is full or lost.
///
/// # Panics
/// If there are not columns of that length, or fewer in one than are taken.
pub fn take(columns: &Words, length: usize, taken: usize) -> Result<Words, Error> {
    assert!(0 < taken && taken <= length && columns.len().is_multiple_of(length));
    let (device, count) = (columns.device(), columns.len() / length);
    let out = Words::new(device, count * taken)?;
    let launch = Entries::of(device.runtime()).take;
    let (from, to) = (columns.address(), out.address());
    // SAFETY: columns of the lengths that were just checked.
    device.launch("take", |stream| unsafe {
        launch(stream, from, short(count), length, taken, to)
    })?;
    Ok(out)
}

/// The words of elements of the extension, which kernels read as pairs.
pub(super) fn pairs(elements: &[FE]) -> Vec<u64> {
    elements
        .iter()
        .flat_map(|element| element.0.map(|part| part.0))
        .collect()
}
