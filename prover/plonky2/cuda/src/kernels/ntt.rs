//! Transforms of many polynomials of one size.
#![allow(unsafe_code, reason = "launches kernels")]

use std::{ffi::c_int, sync::Arc};

use plonky2_field::types::{Field, PrimeField64};

use super::short;
use crate::{Device, Error, F, Words, device::Stream, entries::entries};

entries! {
    fn extend(
        stream: Stream, from: *const u64, to: *mut u64, count: usize, bits: u32, copies_bits: u32, tile_bits: u32,
        roots: *const u64, scale: *const u64,
    ) -> c_int;
    fn interpolate(
        stream: Stream, from: *const u64, to: *mut u64, count: usize, bits: u32, tile_bits: u32, roots: *const u64,
        scale: *const u64, is_natural: c_int,
    ) -> c_int;
}

/// log2 of the elements that a block of threads has in its shared memory: 16 KiB.
const TILE_BITS: u32 = 11;

/// The subgroup of 2^bits elements.
pub struct Domain {
    bits: usize,
    /// Half of the powers of its generator.
    roots: Words,
    /// Those of the generator's inverse.
    inverses: Words,
    tile_bits: u32,
}

impl Domain {
    /// Prepares transforms of 2^bits elements.
    ///
    /// # Errors
    /// If the device is full or lost.
    ///
    /// # Panics
    /// If the field has no such subgroup.
    pub fn new(device: &Arc<Device>, bits: usize) -> Result<Self, Error> {
        Self::with_tiles(device, bits, TILE_BITS)
    }

    /// [`Self::new`] for blocks of threads that have 2^`tile_bits` elements at a time, 2 to 2^12.
    ///
    /// # Errors
    /// If the device is full or lost.
    ///
    /// # Panics
    /// If the field has no such subgroup, or no block such a tile.
    pub fn with_tiles(device: &Arc<Device>, bits: usize, tile_bits: u32) -> Result<Self, Error> {
        assert!(bits <= F::TWO_ADICITY, "no subgroup of 2^{bits} elements");
        assert!((1..=12).contains(&tile_bits), "no tile of 2^{tile_bits} elements");
        let root = F::primitive_root_of_unity(bits);
        let half = |root: F| powers(device, F::ONE, root, 1 << bits >> 1);
        Ok(Self {
            bits,
            roots: half(root)?,
            inverses: half(root.inverse())?,
            tile_bits,
        })
    }

    /// Elements.
    pub fn size(&self) -> usize {
        1 << self.bits
    }

    fn device(&self) -> &Arc<Device> {
        self.roots.device()
    }
}

/// `first * base^i` for `i` below `count`.
fn powers(device: &Arc<Device>, first: F, base: F, count: usize) -> Result<Words, Error> {
    let powers = base.powers().take(count);
    Words::of(
        device,
        &powers.map(|power| word(first * power)).collect::<Vec<_>>(),
    )
}

fn word(element: F) -> u64 {
    element.to_canonical_u64()
}

/// Takes polynomials to their values on cosets of a domain.
pub struct Extender {
    domain: Arc<Domain>,
    rate_bits: usize,
    /// Of each coset's shift.
    powers: Words,
}

impl Extender {
    /// For the cosets of `domain` that a coset of the 2^`rate_bits` times larger subgroup consists of: `shift` times that.
    ///
    /// # Errors
    /// If the device is full or lost.
    ///
    /// # Panics
    /// If the field has no such subgroup.
    pub fn new(domain: &Arc<Domain>, rate_bits: usize, shift: F) -> Result<Self, Error> {
        let generator = F::primitive_root_of_unity(domain.bits + rate_bits);
        let mut powers = Vec::with_capacity(domain.size() << rate_bits);
        for coset in 0..1u64 << rate_bits {
            let reversed = coset
                .reverse_bits()
                .checked_shr(u64::BITS - short(rate_bits))
                .unwrap_or(0);
            let shift = shift * generator.exp_u64(reversed);
            powers.extend(shift.powers().take(domain.size()).map(word));
        }
        Ok(Self {
            domain: domain.clone(),
            rate_bits,
            powers: Words::of(domain.device(), &powers)?,
        })
    }

    /// Values of a polynomial.
    pub fn length(&self) -> usize {
        self.domain.size() << self.rate_bits
    }

    /// Values of each polynomial, given by its coefficients: one polynomial after the other, each in the reversed order, in
    /// which coset comes after coset.
    ///
    /// # Errors
    /// If the device is full or lost.
    ///
    /// # Panics
    /// If these are not polynomials of the domain's size.
    pub fn extend(&self, polynomials: &Words) -> Result<Words, Error> {
        let domain = &*self.domain;
        let count = count(polynomials, domain);
        let out = Words::new(domain.device(), count * self.length())?;
        let launch = Entries::of(domain.device().runtime()).extend;
        let [from, to, roots, scale] = [polynomials, &out, &domain.roots, &self.powers].map(Words::address);
        let (bits, rate_bits) = (short(domain.bits), short(self.rate_bits));
        // SAFETY: polynomials and values of the shapes that were just checked, and the tables for them.
        domain.device().launch("extend", |stream| unsafe {
            launch(
                stream,
                from,
                to,
                count,
                bits,
                rate_bits,
                domain.tile_bits,
                roots,
                scale,
            )
        })?;
        Ok(out)
    }
}

/// The order of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Of the exponents of the generator.
    Natural,
    /// Bits of the exponents reversed.
    Reversed,
}

/// Takes values on a coset of a domain to polynomials.
pub struct Interpolator {
    domain: Arc<Domain>,
    order: Order,
    /// Powers of the inverse shift over the domain's size.
    scale: Words,
}

impl Interpolator {
    /// For values in an order on `shift` times the domain.
    ///
    /// # Errors
    /// If the device is full or lost.
    pub fn new(domain: &Arc<Domain>, order: Order, shift: F) -> Result<Self, Error> {
        let size = F::from_canonical_usize(domain.size());
        Ok(Self {
            domain: domain.clone(),
            order,
            scale: powers(domain.device(), size.inverse(), shift.inverse(), domain.size())?,
        })
    }

    /// The coefficients of the polynomials with these values, one polynomial after the other.
    ///
    /// # Errors
    /// If the device is full or lost.
    ///
    /// # Panics
    /// If these are not values on the domain.
    pub fn interpolate(&self, values: &Words) -> Result<Words, Error> {
        let domain = &*self.domain;
        let count = count(values, domain);
        let out = Words::new(domain.device(), values.len())?;
        let launch = Entries::of(domain.device().runtime()).interpolate;
        let [from, to, roots, scale] = [values, &out, &domain.inverses, &self.scale].map(Words::address);
        let is_natural = c_int::from(self.order == Order::Natural);
        // SAFETY: values and polynomials of the shape that was just checked, and the tables for them.
        domain.device().launch("interpolate", |stream| unsafe {
            launch(
                stream,
                from,
                to,
                count,
                short(domain.bits),
                domain.tile_bits,
                roots,
                scale,
                is_natural,
            )
        })?;
        Ok(out)
    }
}

fn count(elements: &Words, domain: &Domain) -> usize {
    elements.require_on(domain.device());
    assert!(
        !elements.is_empty() && elements.len().is_multiple_of(domain.size()),
        "no columns of 2^{} elements",
        domain.bits
    );
    elements.len() / domain.size()
}
