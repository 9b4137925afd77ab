//! Integers between Goldilocks and the BN254 scalar field.

use std::sync::LazyLock;

use halo2_proofs::halo2curves::{
    bn256::Fr,
    ff::{Field, PrimeField},
};
use num_bigint::{BigInt, BigUint, Sign};
use plonky2::field::types::{Field64, PrimeField64};

use crate::chip::F;

/// p = 2^64 − 2^32 + 1.
pub(super) const P: u64 = F::ORDER;

/// The integer of least magnitude congruent to `value`.
pub(super) fn centred(value: F) -> i128 {
    let value = value.to_canonical_u64();
    if value > P / 2 {
        i128::from(value) - i128::from(P)
    } else {
        i128::from(value)
    }
}

/// A signed integer of any size as a native scalar.
pub(super) fn big_scalar(value: &BigInt) -> Fr {
    let digits = value.iter_u64_digits();
    let magnitude = if digits.len() <= 4 {
        let mut limbs = [0; 4];
        limbs
            .iter_mut()
            .zip(digits)
            .for_each(|(limb, digit)| *limb = digit);
        from_limbs(limbs)
    } else {
        let shift = Fr::from_u128(1 << 64);
        digits
            .rev()
            .fold(Fr::ZERO, |scalar, digit| scalar * shift + Fr::from(digit))
    };
    if value.sign() == Sign::Minus {
        -magnitude
    } else {
        magnitude
    }
}

/// Powers of `base` with exponents from 0 to 255.
fn powers_of(base: Fr) -> [Fr; 256] {
    let mut power = Fr::ONE;
    std::array::from_fn(|_| {
        let next = power * base;
        std::mem::replace(&mut power, next)
    })
}

/// Two to `bits`, at most 255.
pub(super) fn power_of_two(bits: u32) -> Fr {
    static POWERS: LazyLock<[Fr; 256]> = LazyLock::new(|| powers_of(Fr::from(2)));
    POWERS[bits as usize]
}

/// The inverse of two to `bits`, at most 255.
pub(super) fn inverse_power_of_two(bits: u32) -> Fr {
    static POWERS: LazyLock<[Fr; 256]> = LazyLock::new(|| powers_of(Fr::TWO_INV));
    POWERS[bits as usize]
}

/// Little-endian limbs of the canonical representative.
pub(super) fn limbs(value: Fr) -> [u64; 4] {
    let bytes = value.to_repr();
    std::array::from_fn(|i| u64::from_le_bytes(std::array::from_fn(|j| bytes[8 * i + j])))
}

/// The scalar of little-endian limbs, modulo r.
pub(super) fn from_limbs(limbs: [u64; 4]) -> Fr {
    Fr::from_raw(limbs)
}

/// Quotient and remainder by p.
pub(super) fn divide(value: [u64; 4]) -> ([u64; 4], u64) {
    let mut quotient = [0; 4];
    let mut remainder = 0u64;
    for i in (0..4).rev() {
        let partial = u128::from(remainder) << 64 | u128::from(value[i]);
        quotient[i] = (partial / u128::from(P)) as u64; // below 2^64, as the remainder is below p
        remainder = (partial % u128::from(P)) as u64;
    }
    (quotient, remainder)
}

/// Bits `from` to `from + 64` of `value`.
fn window(value: [u64; 4], from: u32) -> u64 {
    let (word, shift) = ((from / 64) as usize, from % 64);
    let low = value.get(word).map_or(0, |w| w >> shift);
    if shift == 0 {
        return low;
    }
    low | value.get(word + 1).map_or(0, |w| w << (64 - shift))
}

/// `value >> bits`, of 256 bits.
pub(super) fn shift_right(value: [u64; 4], bits: u32) -> [u64; 4] {
    std::array::from_fn(|i| window(value, bits + 64 * i as u32))
}

/// The low `bits` of `value`.
pub(super) fn truncate(value: [u64; 4], bits: u32) -> [u64; 4] {
    std::array::from_fn(|i| {
        let kept = bits.saturating_sub(64 * i as u32).min(64);
        if kept == 64 {
            value[i]
        } else {
            value[i] & ((1 << kept) - 1)
        }
    })
}

/// The modulus of the BN254 scalar field.
pub(super) fn native_modulus() -> BigUint {
    BigUint::from_bytes_le(&(-Fr::ONE).to_repr()) + 1u32
}

#[cfg(test)]
mod tests {
    use plonky2::field::types::Field as _;

    use super::*;

    #[test]
    fn limbs_and_powers_agree_with_plain_arithmetic() {
        let shift = Fr::from_u128(1 << 64);
        for limbs in [[0; 4], [1, 2, 3, 4], limbs(-Fr::ONE), [u64::MAX; 4]] {
            let sum = limbs
                .iter()
                .rev()
                .fold(Fr::ZERO, |scalar, limb| scalar * shift + Fr::from(*limb));
            assert_eq!(from_limbs(limbs), sum);
            let big = BigInt::from(BigUint::from_slice(
                &limbs.map(|limb| [limb as u32, (limb >> 32) as u32]).concat(),
            ));
            assert_eq!(big_scalar(&-big), -sum);
        }
        for bits in [0, 1, 16, 64, 127, 128, 255] {
            assert_eq!(power_of_two(bits), Fr::from(2).pow_vartime([u64::from(bits)]));
            assert_eq!(power_of_two(bits) * inverse_power_of_two(bits), Fr::ONE);
        }
        let large = BigInt::from(1) << 300;
        assert_eq!(big_scalar(&large), power_of_two(150).square());
    }

    #[test]
    fn division_recomposes() {
        let value = limbs(-Fr::from(12345));
        let (quotient, remainder) = divide(value);
        assert_eq!(
            from_limbs(quotient) * Fr::from(P) + Fr::from(remainder),
            -Fr::from(12345)
        );
        assert!(remainder < P);
    }

    #[test]
    fn shifts_agree_with_big_integers() {
        let value = limbs(-Fr::from(99));
        let big = BigUint::from_bytes_le(&(-Fr::from(99)).to_repr());
        for bits in [0, 1, 16, 63, 64, 65, 130, 255] {
            assert_eq!(
                from_limbs(shift_right(value, bits)),
                big_scalar(&BigInt::from(big.clone() >> bits))
            );
            let mask = (BigUint::from(1u32) << bits) - 1u32;
            assert_eq!(
                from_limbs(truncate(value, bits)),
                big_scalar(&BigInt::from(big.clone() & mask))
            );
        }
    }

    #[test]
    fn centred_values_are_least() {
        assert_eq!(centred(F::NEG_ONE), -1);
        assert_eq!(big_scalar(&BigInt::from(-1)), -Fr::ONE);
    }
}
