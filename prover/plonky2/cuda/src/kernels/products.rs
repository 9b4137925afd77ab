//! The permutation argument.
#![allow(unsafe_code, reason = "launches kernels")]

use std::{ffi::c_int, sync::Arc};

use super::short;
use crate::{Device, Error, F, Words, device::Stream, entries::entries};

entries! {
    fn products(
        stream: Stream, batch: u32, width: u32, routed: u32, size: u32, challenges: u32, rows: usize, wires: *const u64,
        sigmas: *const u64, xs: *const u64, scaled: *const u64, betas: *const u64, gammas: *const u64, out: *mut u64,
    ) -> c_int;
}

/// What wires of a circuit are connected to.
pub struct Permutation {
    /// Columns of wires.
    wires: usize,
    /// What the identity gives each routed one.
    factors: Vec<F>,
    /// Routed wires that make a ratio.
    size: usize,
    rows: usize,
    /// `[routed wire][row]`
    sigmas: Words,
    /// The subgroup.
    xs: Words,
}

/// Two challenges of the argument.
#[derive(Clone, Copy, Debug)]
pub struct Drawn {
    /// By which places are multiplied.
    pub beta: F,
    /// What is added.
    pub gamma: F,
}

impl Permutation {
    /// Of `wires` columns, of which as many as there are factors may be connected, each `size` of these in a ratio. Row i
    /// of column j is connected to what `sigmas[j * xs.len() + i]` says; unconnected it is `factors[j] * xs[i]`.
    ///
    /// # Errors
    /// If the device is full or lost.
    ///
    /// # Panics
    /// If there are not as many sigmas.
    pub fn new(
        device: &Arc<Device>,
        wires: usize,
        factors: &[F],
        size: usize,
        sigmas: &[F],
        xs: &[F],
    ) -> Result<Self, Error> {
        assert!(0 < size && !factors.is_empty() && factors.len() <= wires);
        assert_eq!(sigmas.len(), factors.len() * xs.len());
        Ok(Self {
            wires,
            factors: factors.to_vec(),
            size,
            rows: xs.len(),
            sigmas: Words::of_elements(device, sigmas)?,
            xs: Words::of_elements(device, xs)?,
        })
    }

    /// Columns of products for each challenge.
    pub fn columns(&self) -> usize {
        self.factors.len().div_ceil(self.size)
    }

    /// Of each proof the values of every Z, then the partial products of each: `[proof][column][row]`. `drawn` has as many
    /// challenges for each proof.
    ///
    /// # Errors
    /// If the device is full or lost.
    ///
    /// # Panics
    /// If these are not the wires of as many proofs.
    pub fn products(&self, wires: &Words, drawn: &[Vec<Drawn>]) -> Result<Words, Error> {
        let (device, batch) = (self.sigmas.device(), drawn.len());
        wires.require_on(device);
        assert_eq!(
            wires.len(),
            batch * self.wires * self.rows,
            "wires of another shape"
        );
        let challenges = drawn.first().map_or(0, Vec::len);
        assert!(0 < challenges && drawn.iter().all(|drawn| drawn.len() == challenges));
        let all = || drawn.iter().flatten();
        let upload = |elements: Vec<F>| Words::of_elements(device, &elements);
        let scaled = all().flat_map(|drawn| self.factors.iter().map(|factor| drawn.beta * *factor));
        let scaled = upload(scaled.collect())?;
        let betas = upload(all().map(|drawn| drawn.beta).collect())?;
        let gammas = upload(all().map(|drawn| drawn.gamma).collect())?;
        let out = Words::new(device, batch * challenges * self.columns() * self.rows)?;
        let launch = Entries::of(device.runtime()).products;
        // SAFETY: wires of the shape that was just checked, tables of the circuit and of as many challenges.
        device.launch("products", |stream| unsafe {
            launch(
                stream,
                short(batch),
                short(self.wires),
                short(self.factors.len()),
                short(self.size),
                short(challenges),
                self.rows,
                wires.address(),
                self.sigmas.address(),
                self.xs.address(),
                scaled.address(),
                betas.address(),
                gammas.address(),
                out.address(),
            )
        })?;
        Ok(out)
    }
}
