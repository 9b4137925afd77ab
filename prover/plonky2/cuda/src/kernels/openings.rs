//! Powers of elements of the extension, and polynomials at them.
#![allow(unsafe_code, reason = "launches kernels")]

use std::{ffi::c_int, sync::Arc};

use plonky2_field::extension::quadratic::QuadraticExtension;

use super::{
    columns::{Polynomials, pairs},
    short,
};
use crate::{Device, Error, F, FE, Words, device::Stream, entries::entries};

entries! {
    fn powers(stream: Stream, batch: u32, bases: *const u64, out: *mut u64, count: usize) -> c_int;
    fn evaluate(
        stream: Stream, batch: u32, count: u32, polynomials: *const u64, stride: usize, length: usize,
        powers: *const u64, out: *mut u64, width: u32, first: u32,
    ) -> c_int;
}

/// Powers of an element for each proof, from that with exponent 0 on.
pub struct Powers {
    /// `[proof][exponent][part]`
    pub(super) words: Words,
    pub(super) batch: usize,
    pub(super) count: usize,
}

impl Powers {
    /// `count` powers of each.
    ///
    /// # Errors
    /// If the device is full or lost.
    ///
    /// # Panics
    /// If there is none.
    pub fn new(device: &Arc<Device>, bases: &[FE], count: usize) -> Result<Self, Error> {
        assert!(!bases.is_empty() && 0 < count);
        let batch = bases.len();
        let bases = Words::of(device, &pairs(bases))?;
        let words = Words::new(device, 2 * batch * count)?;
        let launch = Entries::of(device.runtime()).powers;
        let (from, to) = (bases.address(), words.address());
        // SAFETY: as many pairs of words as there are bases and powers.
        device.launch("powers", |stream| unsafe {
            launch(stream, short(batch), from, to, count)
        })?;
        Ok(Self { words, batch, count })
    }
}

/// What all these polynomials are at a proof's point, whose powers these are, part after part: for each proof.
///
/// # Errors
/// If the device is full or lost.
///
/// # Panics
/// If the polynomials are not of as many coefficients as there are powers, and of as many proofs.
pub fn evaluate(parts: &[Polynomials<'_>], powers: &Powers) -> Result<Vec<Vec<FE>>, Error> {
    let Powers { words, batch, count } = powers;
    let (device, length) = (words.device(), *count);
    let width = parts.iter().map(|part| part.count).sum();
    let out = Words::new(device, 2 * batch * width)?;
    let launch = Entries::of(device.runtime()).evaluate;
    let mut first = 0;
    for part in parts {
        part.words.require_on(device);
        let stride = part.stride(*batch, length);
        // SAFETY: polynomials of the shape that was just checked, as many powers, and room for as many values.
        device.launch("evaluate", |stream| unsafe {
            launch(
                stream,
                short(*batch),
                short(part.count),
                part.words.address(),
                stride,
                length,
                words.address(),
                out.address(),
                short(width),
                short(first),
            )
        })?;
        first += part.count;
    }
    let values = out.read_all()?;
    let values: Vec<FE> = values
        .as_chunks()
        .0
        .iter()
        .map(|[a, b]| QuadraticExtension([F(*a), F(*b)]))
        .collect();
    Ok(values.chunks_exact(width).map(<[FE]>::to_vec).collect())
}
