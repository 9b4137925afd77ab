//! GF(p^5) = GF(p)\[z\]/(z^5 - 3) over Goldilocks: square roots and the 40-byte encoding.
//!
//! These run on public values only (keys, curve constants); secrets go through [`crate::ct`].

use plonky2::field::{
    extension::{FieldExtension, Frobenius, quintic::QuinticExtension},
    goldilocks_field::GoldilocksField,
    types::{Field, Field64, PrimeField, PrimeField64},
};

use crate::F;

/// An element of GF(p^5), coefficients of 1, z, …, z^4.
pub type Quintic = QuinticExtension<GoldilocksField>;

/// Bytes of an encoded element: five canonical 64-bit little-endian words.
pub const QUINTIC_BYTES: usize = 40;

/// A non-square of GF(p), hence of GF(p^5): an extension of odd degree adds no square root.
pub const NON_SQUARE: u64 = 7;

/// The norm of `a` to GF(p), and `a^((r - 1) / 2)` with `r = 1 + p + p^2 + p^3 + p^4`, so norm = `a * root^2`.
fn half_norm(a: Quintic) -> (F, Quintic) {
    // (r - 1) / 2 = p (1 + p^2) (p + 1) / 2, and (p + 1) / 2 = 2^63 - 2^31 + 1
    let d = a.exp_u64((1 << 63) - (1 << 31) + 1);
    let root = (d * d.repeated_frobenius(2)).frobenius();
    let norm = a * root * root;
    debug_assert!(FieldExtension::<5>::is_in_basefield(&norm));
    (norm.0[0], root)
}

/// Whether `a` is a square (zero is one).
pub fn is_square(a: Quintic) -> bool {
    let (norm, _) = half_norm(a);
    norm.is_zero() || norm.exp_u64((F::ORDER - 1) / 2).is_one()
}

/// A square root of `a`, if there is one.
pub fn sqrt(a: Quintic) -> Option<Quintic> {
    if a.is_zero() {
        return Some(a);
    }
    let (norm, root) = half_norm(a);
    let norm_sqrt = norm.sqrt()?;
    Some(FieldExtension::<5>::scalar_mul(&root.inverse(), norm_sqrt))
}

/// Encodes as five canonical little-endian words.
pub fn to_bytes(a: Quintic) -> [u8; QUINTIC_BYTES] {
    let mut bytes = [0; QUINTIC_BYTES];
    for (chunk, limb) in bytes.chunks_exact_mut(8).zip(a.0) {
        chunk.copy_from_slice(&limb.to_canonical_u64().to_le_bytes());
    }
    bytes
}

/// Decodes five little-endian words.
///
/// # Errors
/// The index of the first word that is not below p.
pub fn from_bytes(bytes: &[u8; QUINTIC_BYTES]) -> Result<Quintic, usize> {
    let mut limbs = [F::ZERO; 5];
    for (i, chunk) in bytes.chunks_exact(8).enumerate() {
        let word = u64::from_le_bytes(chunk.try_into().expect("chunks of 8 bytes"));
        if word >= F::ORDER {
            return Err(i);
        }
        limbs[i] = F::from_canonical_u64(word);
    }
    Ok(QuinticExtension(limbs))
}

#[cfg(test)]
mod tests {
    use plonky2::field::types::Sample;

    use super::*;

    #[test]
    fn square_roots_of_random_elements() {
        let seven = Quintic::from(F::from_canonical_u64(NON_SQUARE));
        assert!(!is_square(seven));
        for _ in 0..20 {
            let a = Quintic::rand();
            let square = a * a;
            assert!(is_square(square));
            let root = sqrt(square).expect("a square has a root");
            assert!(root == a || root == -a);
            assert!(!is_square(square * seven));
            assert_eq!(sqrt(square * seven), None);
        }
        assert_eq!(sqrt(Quintic::ZERO), Some(Quintic::ZERO));
    }

    #[test]
    fn encoding_is_canonical() {
        let a = Quintic::rand();
        assert_eq!(from_bytes(&to_bytes(a)), Ok(a));
        for i in 0..5 {
            let mut bytes = to_bytes(a);
            bytes[8 * i..8 * i + 8].copy_from_slice(&F::ORDER.to_le_bytes());
            assert_eq!(from_bytes(&bytes), Err(i));
        }
    }
}
