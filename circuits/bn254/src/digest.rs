//! A hash value: one BN254 scalar.

use halo2_proofs::halo2curves::{bn256::Fr, ff::PrimeField};
use plonky2::{hash::hash_types::RichField, plonk::config::GenericHashOut};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Bytes of an encoded digest.
pub const DIGEST_BYTES: usize = 32;
/// A digest enters the challenger in little-endian pieces of seven bytes: each is canonical in Goldilocks.
const PIECE_BYTES: usize = 7;

/// A hash value of [`super::Bn254Hasher`].
#[derive(Copy, Clone, Debug, Default, Eq, PartialEq)]
pub struct Digest(pub Fr);

impl<F: RichField> GenericHashOut<F> for Digest {
    /// 32 bytes, little-endian, canonical.
    fn to_bytes(&self) -> Vec<u8> {
        self.0.to_repr().to_vec()
    }

    /// Reads up to 32 little-endian bytes and reduces modulo r. plonky2 gives this function no way to fail, so
    /// decoders of untrusted bytes must compare their input with its re-encoding.
    fn from_bytes(bytes: &[u8]) -> Self {
        let mut padded = [0u8; DIGEST_BYTES];
        padded[..bytes.len()].copy_from_slice(bytes);
        Self(Fr::from_raw(std::array::from_fn(|i| {
            u64::from_le_bytes(std::array::from_fn(|j| padded[8 * i + j]))
        })))
    }

    /// Five elements: four pieces of 56 bits and one of 32.
    fn to_vec(&self) -> Vec<F> {
        self.0
            .to_repr()
            .chunks(PIECE_BYTES)
            .map(|piece| {
                let mut word = [0u8; 8];
                word[..piece.len()].copy_from_slice(piece);
                F::from_canonical_u64(u64::from_le_bytes(word))
            })
            .collect()
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.to_repr().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = <[u8; DIGEST_BYTES]>::deserialize(deserializer)?;
        Fr::from_repr(bytes)
            .into_option()
            .map(Self)
            .ok_or_else(|| D::Error::custom("digest is not a canonical BN254 scalar"))
    }
}

#[cfg(test)]
mod tests {
    use halo2_proofs::halo2curves::ff::Field;
    use plonky2::field::{
        goldilocks_field::GoldilocksField as F,
        types::{Field as _, PrimeField64},
    };

    use super::*;

    #[test]
    fn bytes_round_trip_and_reduce() {
        let digest = Digest(-Fr::from(12345));
        let bytes = GenericHashOut::<F>::to_bytes(&digest);
        assert_eq!(<Digest as GenericHashOut<F>>::from_bytes(&bytes), digest);
        // 2^256 - 1 is not canonical: the value is its residue, not a panic.
        let wide = <Digest as GenericHashOut<F>>::from_bytes(&[0xff; 32]);
        assert_eq!(wide.0, Fr::from(2).pow([256]) - Fr::ONE);
    }

    #[test]
    fn pieces_recompose_the_scalar() {
        let digest = Digest(-Fr::from(7).invert().expect("non-zero"));
        let pieces: Vec<F> = digest.to_vec();
        assert_eq!(pieces.len(), 5);
        let shift = Fr::from(1 << 56);
        let sum = pieces
            .iter()
            .rev()
            .fold(Fr::ZERO, |acc, p| acc * shift + Fr::from(p.to_canonical_u64()));
        assert_eq!(sum, digest.0);
        assert_ne!(pieces[4], F::ZERO);
    }
}
