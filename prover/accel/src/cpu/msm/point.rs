//! Points as they are stored between operations.

use halo2curves::bn256::{Fq, G1Affine};

use crate::cpu::{Level, lanes::Words, memory::InWords};

/// An affine point in one cache line: canonical coordinates in the Montgomery form of a [`Level`], `2^256` for the
/// portable one and `2^260` for the vector one. The identity is all zero; no other point has `x = 0`, since 3 is not a
/// square.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub(super) struct Packed {
    pub(super) x: Words,
    pub(super) y: Words,
}

impl Packed {
    pub(super) const IDENTITY: Self = Self { x: [0; 4], y: [0; 4] };

    pub(super) fn new(point: &G1Affine, level: Level) -> Self {
        let factor = form(level);
        Self {
            x: (point.x * factor).to_words(),
            y: (point.y * factor).to_words(),
        }
    }

    pub(super) fn unpack(&self, level: Level) -> G1Affine {
        let factor = inverse_form(level);
        G1Affine {
            x: Fq::from_words(self.x) * factor,
            y: Fq::from_words(self.y) * factor,
        }
    }

    pub(super) fn is_identity(&self) -> bool {
        self.x == [0; 4]
    }
}

/// What turns `x * 2^256` into the form of `level`.
fn form(level: Level) -> Fq {
    match level {
        Level::Portable => Fq::one(),
        Level::Avx512Ifma => Fq::from(16),
    }
}

/// Inverse of [`form`].
fn inverse_form(level: Level) -> Fq {
    /// `1 / 16`.
    const SIXTEENTH: Fq = Fq::from_raw([
        0x71d2_4ecc_d9c6_4e78,
        0xa538_cbf1_cac0_01ef,
        0x77ad_2736_a8d8_c1b4,
        0x1b38_6c20_9eab_ea17,
    ]);
    match level {
        Level::Portable => Fq::one(),
        Level::Avx512Ifma => SIXTEENTH,
    }
}

#[cfg(test)]
mod tests {
    use halo2curves::{bn256::G1, ff::Field, group::Group};
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn points_survive_packing() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(7);
        for level in [Level::Portable, Level::Avx512Ifma] {
            assert_eq!(form(level) * inverse_form(level), Fq::ONE);
            for _ in 0..20 {
                let point = G1Affine::from(G1::random(&mut rng));
                assert_eq!(Packed::new(&point, level).unpack(level), point);
            }
            assert_eq!(Packed::new(&G1Affine::default(), level), Packed::IDENTITY);
        }
    }
}
