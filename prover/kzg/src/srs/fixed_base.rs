//! Many multiples of one point: a table of window multiples, then only additions.

use halo2_proofs::halo2curves::{
    bn256::{Fr, G1, G1Affine},
    ff::PrimeField,
    group::{Curve, Group},
};
use rayon::prelude::*;

/// Bits per window. 20 windows of 8191 points: 10 MB, made in the time of about 8,000 multiplications.
const WINDOW_BITS: usize = 13;
const WINDOWS: usize = (Fr::NUM_BITS as usize).div_ceil(WINDOW_BITS);
/// Points normalised together.
const CHUNK: usize = 1 << 10;

/// `d · 2^(13·w) · base` for every window `w` and digit `d ≥ 1`.
pub(super) struct FixedBase {
    windows: Vec<Vec<G1Affine>>,
}

impl FixedBase {
    pub(super) fn new(base: G1Affine) -> Self {
        let mut start = G1::from(base);
        let mut starts = Vec::with_capacity(WINDOWS);
        for _ in 0..WINDOWS {
            starts.push(start);
            (0..WINDOW_BITS).for_each(|_| start = start.double());
        }
        let windows = starts.into_par_iter().map(|start| {
            let mut multiple = G1::identity();
            let multiples: Vec<G1> = (1..1usize << WINDOW_BITS)
                .map(|_| {
                    multiple += start;
                    multiple
                })
                .collect();
            normalise(&multiples)
        });
        Self {
            windows: windows.collect(),
        }
    }

    fn multiply(&self, scalar: &Fr) -> G1 {
        let repr = scalar.to_repr();
        let mut sum = G1::identity();
        for (index, window) in self.windows.iter().enumerate() {
            let digit = digit(&repr, index * WINDOW_BITS);
            if digit != 0 {
                sum += window[digit - 1];
            }
        }
        sum
    }

    /// `scalar · base` for each scalar.
    pub(super) fn multiply_all(&self, scalars: &[Fr]) -> Vec<G1Affine> {
        let chunks = scalars.par_chunks(CHUNK);
        chunks
            .flat_map_iter(|chunk| normalise(&chunk.iter().map(|s| self.multiply(s)).collect::<Vec<_>>()))
            .collect()
    }
}

/// Bits `start .. start + WINDOW_BITS` of a little-endian number.
fn digit(repr: &[u8; 32], start: usize) -> usize {
    let (byte, shift) = (start / 8, start % 8);
    let bits = (0..3).fold(0, |acc, i| {
        acc | usize::from(repr.get(byte + i).copied().unwrap_or(0)) << (8 * i)
    });
    (bits >> shift) & ((1 << WINDOW_BITS) - 1)
}

/// Affine coordinates with one inversion for all.
pub(super) fn normalise(points: &[G1]) -> Vec<G1Affine> {
    let mut affine = vec![G1Affine::default(); points.len()];
    G1::batch_normalize(points, &mut affine);
    affine
}

#[cfg(test)]
mod tests {
    use halo2_proofs::halo2curves::ff::Field;
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    use super::*;

    #[test]
    fn agrees_with_double_and_add() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let base = G1::random(&mut rng).to_affine();
        let mut scalars = vec![Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::from(1 << 13), Fr::from(u64::MAX)];
        scalars.extend((0..20).map(|_| Fr::random(&mut rng)));
        let expected: Vec<G1Affine> = scalars.iter().map(|s| (base * s).to_affine()).collect();
        assert_eq!(FixedBase::new(base).multiply_all(&scalars), expected);
    }
}
