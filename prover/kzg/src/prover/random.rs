//! Blinding. All of a proof's randomness follows from its seed.

use halo2_proofs::halo2curves::{bn256::Fr, ff::Field};
use rand::{RngCore, rngs::OsRng};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use rayon::prelude::*;
use sha3::{Digest, Sha3_256};

use super::products::CHUNK;

/// Seed of a proof's blinding.
///
/// Proofs of different witnesses under one seed reveal relations between the witnesses: outside tests every proof takes
/// a fresh one.
#[derive(Clone, Copy)]
pub struct Seed([u8; 32]);

impl Seed {
    /// A fresh seed: a hash of bytes from the operating system.
    pub fn from_os() -> Self {
        let mut bytes = [0; 64];
        OsRng.fill_bytes(&mut bytes);
        let mut hasher = Sha3_256::new();
        hasher.update(b"ashlar/wrap-blinding/v1");
        hasher.update(bytes);
        Self(hasher.finalize().into())
    }

    /// A given seed, for reproducible proofs in tests and benchmarks.
    pub fn fixed(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(super) fn blinding(&self) -> Blinding {
        Blinding(ChaCha20Rng::from_seed(self.0))
    }

    /// `count` random coefficients, independent of [`Self::blinding`] and of the number of threads.
    pub(super) fn polynomial(&self, count: usize) -> Vec<Fr> {
        let mut coefficients = vec![Fr::ZERO; count];
        coefficients
            .par_chunks_mut(CHUNK)
            .enumerate()
            .for_each(|(i, chunk)| {
                let mut rng = ChaCha20Rng::from_seed(self.0);
                rng.set_stream(i as u64 + 1); // the blinding is stream 0
                chunk.iter_mut().for_each(|c| *c = Fr::random(&mut rng));
            });
        coefficients
    }
}

/// The random rows of columns, in the order in which they are drawn.
pub(super) struct Blinding(ChaCha20Rng);

impl Blinding {
    pub(super) fn fill(&mut self, rows: &mut [Fr]) {
        rows.iter_mut().for_each(|row| *row = Fr::random(&mut self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_and_repeat() {
        let seed = Seed::fixed([7; 32]);
        let polynomial = seed.polynomial(2 * CHUNK);
        assert_eq!(polynomial, seed.polynomial(2 * CHUNK));
        let mut rows = [Fr::ZERO; 4];
        seed.blinding().fill(&mut rows);
        assert_ne!(polynomial[..4], rows);
        assert_ne!(polynomial[..4], polynomial[CHUNK..CHUNK + 4]);
        assert_ne!(Seed::from_os().polynomial(4), Seed::from_os().polynomial(4));
    }
}
