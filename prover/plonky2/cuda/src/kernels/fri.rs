//! FRI but for its transforms and trees. Polynomials over the extension lie in two columns: `[proof][part][coefficient]`.
#![allow(unsafe_code, reason = "launches kernels")]

use std::ffi::c_int;

use super::{
    columns::{Polynomials, pairs},
    openings::Powers,
    short,
};
use crate::{Error, FE, Words, device::Stream, entries::entries};

entries! {
    fn add_polynomials(
        stream: Stream, batch: u32, polynomials: *const u64, stride: usize, count: u32, length: usize,
        powers: *const u64, width: u32, start: u32, is_first: c_int, sums: *mut u64,
    ) -> c_int;
    fn add_quotient(
        stream: Stream, batch: u32, polynomials: *const u64, length: usize, points: *const u64, factors: *const u64,
        is_first: c_int, quotients: *mut u64,
    ) -> c_int;
    fn fold(
        stream: Stream, batch: u32, polynomials: *const u64, length: usize, arity_bits: u32, challenges: *const u64,
        out: *mut u64,
    ) -> c_int;
}

/// The sum of all these polynomials by powers of a proof's challenge, part after part: a polynomial over the extension for
/// each proof.
///
/// # Errors
/// If the device is full or lost.
///
/// # Panics
/// If these are not polynomials of that length and of as many proofs as there are challenges, or more than powers.
pub fn sum(parts: &[Polynomials<'_>], length: usize, powers: &Powers) -> Result<Words, Error> {
    let Powers { words, batch, count } = powers;
    assert!(
        parts.iter().map(|part| part.count).sum::<usize>() <= *count,
        "too few powers"
    );
    assert!(!parts.is_empty() && 0 < length);
    let device = words.device();
    let sums = Words::new(device, 2 * batch * length)?;
    let launch = Entries::of(device.runtime()).add_polynomials;
    let mut start = 0;
    for (place, part) in parts.iter().enumerate() {
        part.words.require_on(device);
        let stride = part.stride(*batch, length);
        // SAFETY: polynomials of the shape that was just checked, as many powers, and two columns for each proof.
        device.launch("add polynomials", |stream| unsafe {
            launch(
                stream,
                short(*batch),
                part.words.address(),
                stride,
                short(part.count),
                length,
                words.address(),
                short(*count),
                short(start),
                c_int::from(place == 0),
                sums.address(),
            )
        })?;
        start += part.count;
    }
    Ok(sums)
}

/// The quotient of each polynomial by X less a point, without the rest. With `before`: added to that, which is multiplied by
/// a factor for each proof first.
///
/// # Errors
/// If the device is full or lost.
///
/// # Panics
/// If there are not as many polynomials, points and factors.
pub fn quotient(polynomials: &Words, points: &[FE], before: Option<(Words, &[FE])>) -> Result<Words, Error> {
    let (device, batch) = (polynomials.device(), points.len());
    let length = length(polynomials, batch);
    let is_first = before.is_none();
    let points = Words::of(device, &pairs(points))?;
    let (out, factors) = match before {
        None => (Words::new(device, polynomials.len())?, None),
        Some((before, factors)) => {
            before.require_on(device);
            assert_eq!((before.len(), factors.len()), (polynomials.len(), batch));
            (before, Some(Words::of(device, &pairs(factors))?))
        }
    };
    let launch = Entries::of(device.runtime()).add_quotient;
    let factors = factors.as_ref().unwrap_or(&points); // not used
    // SAFETY: polynomials of the shape that was just checked, quotients of the same, and a pair of words for each proof.
    device.launch("add a quotient", |stream| unsafe {
        launch(
            stream,
            short(batch),
            polynomials.address(),
            length,
            points.address(),
            factors.address(),
            c_int::from(is_first),
            out.address(),
        )
    })?;
    Ok(out)
}

/// Sums of each 2^`arity_bits` coefficients by powers of a proof's challenge.
///
/// # Errors
/// If the device is full or lost.
///
/// # Panics
/// If there are not as many polynomials as challenges, or they are shorter than the arity.
pub fn fold(polynomials: &Words, arity_bits: usize, challenges: &[FE]) -> Result<Words, Error> {
    let (device, batch) = (polynomials.device(), challenges.len());
    let length = length(polynomials, batch);
    assert!(
        length.is_multiple_of(1 << arity_bits),
        "not a multiple of the arity"
    );
    let challenges = Words::of(device, &pairs(challenges))?;
    let out = Words::new(device, polynomials.len() >> arity_bits)?;
    let launch = Entries::of(device.runtime()).fold;
    let (from, by, to) = (polynomials.address(), challenges.address(), out.address());
    // SAFETY: polynomials of the shape that was just checked, and shorter ones.
    device.launch("fold", |stream| unsafe {
        launch(stream, short(batch), from, length, short(arity_bits), by, to)
    })?;
    Ok(out)
}

/// Coefficients of each polynomial.
fn length(polynomials: &Words, batch: usize) -> usize {
    let length = polynomials.len() / (2 * batch);
    assert!(
        0 < length && polynomials.len() == 2 * batch * length,
        "polynomials of another shape"
    );
    length
}
