//! Points as they are stored between operations.
#![allow(unsafe_code)] // the words of a field element

use halo2curves::bn256::{Fq, G1Affine};

use crate::cpu::{Level, lanes::Words};

/// An affine point in one cache line: canonical coordinates in the Montgomery form of a [`Level`], `2^256` for the
/// portable one and `2^260` for the vector one. The identity is all zero; no other point has `x = 0`, since 3 is not a
/// square.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub(super) struct Packed {
    pub(super) x: Words,
    pub(super) y: Words,
}

const _: () = assert!(size_of::<Fq>() == size_of::<Words>() && align_of::<Fq>() == align_of::<Words>());

/// The memory of an element: four words in Montgomery form with `R = 2^256`.
pub(super) fn words_of(element: Fq) -> Words {
    // SAFETY: `Fq` is a newtype of `[u64; 4]`; size and alignment are asserted above, the order of words in the tests.
    unsafe { std::mem::transmute(element) }
}

/// Inverse of [`words_of`], for words below the modulus.
pub(super) fn element_of(words: Words) -> Fq {
    // SAFETY: as in `words_of`; every bit pattern is a valid `[u64; 4]`.
    unsafe { std::mem::transmute(words) }
}

impl Packed {
    pub(super) const IDENTITY: Self = Self { x: [0; 4], y: [0; 4] };

    pub(super) fn new(point: &G1Affine, level: Level) -> Self {
        let factor = form(level);
        Self {
            x: words_of(point.x * factor),
            y: words_of(point.y * factor),
        }
    }

    pub(super) fn unpack(&self, level: Level) -> G1Affine {
        let factor = inverse_form(level);
        G1Affine {
            x: element_of(self.x) * factor,
            y: element_of(self.y) * factor,
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
        let words = words_of(Fq::from_raw([5, 6, 7, 8]));
        assert_eq!(element_of(words), Fq::from_raw([5, 6, 7, 8]));
        assert_eq!(
            words_of(Fq::one())[0],
            0xd35d_438d_c58f_0d9d,
            "2^256 modulo q, least significant word"
        );
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
