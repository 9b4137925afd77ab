//! Transposition between elements in memory and vectors of words.

use super::*;

/// Eight neighbours as four vectors of words.
#[inline(always)]
pub(super) fn load_words(words: &[Words; WIDTH]) -> [__m512i; 4] {
    // SAFETY: called by `Lanes` alone, which proves the features; so below.
    unsafe {
        let at = words.as_ptr().cast::<__m512i>();
        let (r0, r1) = (_mm512_loadu_si512(at), _mm512_loadu_si512(at.add(1))); // elements 0 1, 2 3
        let (r2, r3) = (_mm512_loadu_si512(at.add(2)), _mm512_loadu_si512(at.add(3))); // elements 4 5, 6 7
        let low = _mm512_setr_epi64(0, 4, 8, 12, 1, 5, 9, 13);
        let high = _mm512_setr_epi64(2, 6, 10, 14, 3, 7, 11, 15);
        let (a, b) = (
            _mm512_permutex2var_epi64(r0, low, r1),
            _mm512_permutex2var_epi64(r2, low, r3),
        );
        let (c, d) = (
            _mm512_permutex2var_epi64(r0, high, r1),
            _mm512_permutex2var_epi64(r2, high, r3),
        );
        [
            _mm512_shuffle_i64x2::<0b01_00_01_00>(a, b),
            _mm512_shuffle_i64x2::<0b11_10_11_10>(a, b),
            _mm512_shuffle_i64x2::<0b01_00_01_00>(c, d),
            _mm512_shuffle_i64x2::<0b11_10_11_10>(c, d),
        ]
    }
}

/// Inverse of [`load_words`].
#[inline(always)]
pub(super) fn store_words(w: [__m512i; 4], words: &mut [Words; WIDTH]) {
    unsafe {
        let at = words.as_mut_ptr().cast::<__m512i>();
        let ab = [
            _mm512_shuffle_i64x2::<0b01_00_01_00>(w[0], w[1]),
            _mm512_shuffle_i64x2::<0b11_10_11_10>(w[0], w[1]),
        ];
        let cd = [
            _mm512_shuffle_i64x2::<0b01_00_01_00>(w[2], w[3]),
            _mm512_shuffle_i64x2::<0b11_10_11_10>(w[2], w[3]),
        ];
        let first = _mm512_setr_epi64(0, 4, 8, 12, 1, 5, 9, 13);
        let second = _mm512_setr_epi64(2, 6, 10, 14, 3, 7, 11, 15);
        for i in 0..2 {
            _mm512_storeu_si512(at.add(2 * i), _mm512_permutex2var_epi64(ab[i], first, cd[i]));
            _mm512_storeu_si512(at.add(2 * i + 1), _mm512_permutex2var_epi64(ab[i], second, cd[i]));
        }
    }
}
