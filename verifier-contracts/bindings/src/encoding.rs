//! Goldilocks values as the contracts see them.

use alloy::primitives::U256;

/// A hash of four Goldilocks elements as one word: `e0 + e1·2^64 + e2·2^128 + e3·2^192`.
/// The elements must be canonical (below `2^64 - 2^32 + 1`); the contracts refuse others.
pub fn hash_to_word(elements: [u64; 4]) -> U256 {
    U256::from_limbs(elements)
}

/// The four 64-bit limbs of a word, inverse of [`hash_to_word`].
pub fn word_to_hash(word: U256) -> [u64; 4] {
    word.into_limbs()
}

/// An element `a0 + a1·x` of the quadratic extension: `a0 + a1·2^64`.
pub fn extension_to_word([a0, a1]: [u64; 2]) -> u128 {
    u128::from(a0) | (u128::from(a1) << 64)
}

/// Inverse of [`extension_to_word`].
pub fn word_to_extension(word: u128) -> [u64; 2] {
    [word as u64, (word >> 64) as u64]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        let hash = [1, 2 << 40, u64::MAX - (1 << 32), 7];
        assert_eq!(word_to_hash(hash_to_word(hash)), hash);
        assert_eq!(hash_to_word([1, 0, 0, 1]), (U256::from(1) << 192) + U256::from(1));
        assert_eq!(word_to_extension(extension_to_word([5, 9])), [5, 9]);
        assert_eq!(extension_to_word([5, 9]), 5 + (9 << 64));
    }
}
