//! Field, hash and configuration used by every circuit of the rollup, and the byte forms of a digest.

use plonky2::{
    field::{
        goldilocks_field::GoldilocksField,
        types::{Field, Field64, PrimeField64},
    },
    hash::hash_types::HashOut,
    plonk::{circuit_builder::CircuitBuilder, config::PoseidonGoldilocksConfig},
};

pub use ashlar_poseidon::{Role, hash_no_pad, two_to_one, two_to_one_all};

/// Goldilocks, p = 2^64 - 2^32 + 1.
pub type F = GoldilocksField;
/// Degree of the extension that plonky2 draws its challenges from.
pub const D: usize = 2;
/// Proof configuration of the chunk circuit.
pub type C = PoseidonGoldilocksConfig;
/// Circuit builder over [`F`].
pub type Builder = CircuitBuilder<F, D>;
/// A Poseidon digest: four field elements.
pub type Hash = HashOut<F>;

/// Digest of an absent account, and the start of every hash chain.
pub const ZERO_HASH: Hash = HashOut {
    elements: [F::ZERO; 4],
};

/// `e0 + e1·2^64 + e2·2^128 + e3·2^192` as 32 big-endian bytes: a digest as L1 sees it (`bytes32`).
pub fn hash_to_bytes32(hash: &Hash) -> [u8; 32] {
    let mut bytes = [0u8; 32];
    for (chunk, element) in bytes.rchunks_exact_mut(8).zip(hash.elements) {
        chunk.copy_from_slice(&element.to_canonical_u64().to_be_bytes());
    }
    bytes
}

/// Inverse of [`hash_to_bytes32`]; `None` when a limb is not canonical (at least p).
pub fn hash_from_bytes32(bytes: &[u8; 32]) -> Option<Hash> {
    let mut elements = [F::ZERO; 4];
    for (chunk, element) in bytes.rchunks_exact(8).zip(&mut elements) {
        let mut limb = [0u8; 8];
        limb.copy_from_slice(chunk);
        *element = canonical(u64::from_be_bytes(limb))?;
    }
    Some(Hash { elements })
}

/// A field element from its canonical integer; `None` from p upwards.
pub fn canonical(value: u64) -> Option<F> {
    (value < F::ORDER).then(|| F::from_canonical_u64(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes32_is_big_endian_and_strict() {
        let hash = Hash {
            elements: [1, 2, 3, 4].map(F::from_canonical_u64),
        };
        let bytes = hash_to_bytes32(&hash);
        assert_eq!((bytes[31], bytes[23], bytes[15], bytes[7]), (1, 2, 3, 4));
        assert_eq!(hash_from_bytes32(&bytes), Some(hash));
        assert_eq!(hash_from_bytes32(&[0xff; 32]), None);
    }
}
