//! Eight elements in the 64-bit lanes of AVX-512, with its products of 52 bits (IFMA).
#![allow(unsafe_code)] // vendor intrinsics; `Avx512` proves the features

mod words;

use std::arch::x86_64::*;

use crate::{Evaluate, F, Lanes, MAX_PRODUCTS, Row, Work};
use words::*;

const COUNT: usize = 8;
const P: i64 = 0xffff_ffff_0000_0001_u64 as i64;

type Vector = __m512i;

/// Proof that the processor has the instructions.
#[derive(Clone, Copy, Debug)]
pub struct Avx512(());

impl Avx512 {
    /// `None` if the processor lacks them.
    pub fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512ifma"))
        .then_some(Self(()))
    }
}

// SAFETY of the blocks below: whoever has an `Avx512` has the features; addresses are of slices that are long enough.

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx512ifma")]
fn compiled<W: Work>(lanes: Avx512, work: W) -> W::Output {
    work.run(lanes)
}

impl Lanes for Avx512 {
    type Vector = Vector;
    type Factor = [Vector; 2];
    type Sum = [Vector; 3];
    const COUNT: usize = COUNT;

    fn run<W: Work>(self, work: W) -> W::Output {
        unsafe { compiled(self, work) }
    }

    fn evaluate(self, gate: &dyn Evaluate, row: Row<'_, Self>, filter: Self::Factor, sums: &mut [Self::Sum]) {
        gate.avx512(self, row, filter, sums);
    }

    #[inline(always)]
    fn splat(self, value: F) -> Vector {
        unsafe { _mm512_set1_epi64(value.0 as i64) }
    }

    #[inline(always)]
    fn load(self, values: &[F]) -> Vector {
        let values = &values[..COUNT];
        unsafe { _mm512_loadu_si512(values.as_ptr().cast()) }
    }

    #[inline(always)]
    fn store(self, vector: Vector, values: &mut [F]) {
        let values = &mut values[..COUNT];
        unsafe { _mm512_storeu_si512(values.as_mut_ptr().cast(), vector) }
    }

    #[inline(always)]
    fn transpose(self, rows: &[&[F]], columns: &mut [Vector]) {
        let (eights, rest) = columns.as_chunks_mut::<COUNT>();
        let done = COUNT * eights.len();
        for (place, columns) in eights.iter_mut().enumerate() {
            let mut vectors = *columns;
            for (vector, row) in vectors.iter_mut().zip(rows) {
                *vector = self.load(&row[place * COUNT..]);
            }
            *columns = transposed(vectors);
        }
        for (column, vector) in (done..).zip(rest) {
            let values: [F; COUNT] = std::array::from_fn(|i| rows[i][column]);
            *vector = self.load(&values);
        }
    }

    #[inline(always)]
    fn add(self, a: Vector, b: Vector) -> Vector {
        add_canonical(a, canonical(b))
    }

    #[inline(always)]
    fn add_canonical(self, a: Vector, b: Vector) -> Vector {
        add_canonical(a, b)
    }

    #[inline(always)]
    fn sub(self, a: Vector, b: Vector) -> Vector {
        unsafe {
            let b = canonical(b);
            let difference = _mm512_sub_epi64(a, b);
            let wrapped = _mm512_cmplt_epu64_mask(a, b);
            _mm512_mask_add_epi64(difference, wrapped, difference, _mm512_set1_epi64(P))
        }
    }

    #[inline(always)]
    fn mul(self, a: Vector, b: Vector) -> Vector {
        reduced(wide(a, b))
    }

    #[inline(always)]
    fn square(self, a: Vector) -> Vector {
        reduced(wide_square(a))
    }

    #[inline(always)]
    fn mul_to_halves(self, a: Vector, b: Vector) -> [Vector; 2] {
        let Words { low, middle, high } = words(a, b);
        unsafe {
            // 2^64 = 2^32 - 1 and 2^96 = -1.
            let [high_low, high_high] = self.split(high);
            let low = _mm512_and_si512(low, _mm512_set1_epi64(EPSILON));
            let middle = _mm512_and_si512(middle, _mm512_set1_epi64(EPSILON));
            [
                _mm512_sub_epi64(_mm512_sub_epi64(low, high_low), high_high),
                _mm512_add_epi64(middle, high_low),
            ]
        }
    }

    #[inline(always)]
    fn mul_add(self, a: Vector, b: Vector, c: Vector) -> Vector {
        unsafe {
            let [low, high] = wide(a, b);
            let sum = _mm512_add_epi64(low, c);
            let carry = _mm512_cmplt_epu64_mask(sum, c);
            // The high word of a product is below 2^64 - 1.
            let high = _mm512_mask_add_epi64(high, carry, high, _mm512_set1_epi64(1));
            reduced([sum, high])
        }
    }

    // An element is a + 2^52 b: its product with another has columns of weight 1, 2^52 and 2^104, to which the instructions
    // add the low or the high 52 bits of products of 52 bits each.
    #[inline(always)]
    fn factor(self, a: Vector) -> [Vector; 2] {
        unsafe { [a, _mm512_srli_epi64::<52>(a)] }
    }

    #[inline(always)]
    fn empty_sum(self) -> [Vector; 3] {
        unsafe { [_mm512_setzero_si512(); 3] }
    }

    #[inline(always)]
    fn add_product(self, sum: [Vector; 3], a: [Vector; 2], b: [Vector; 2]) -> [Vector; 3] {
        unsafe {
            let [low, middle, high] = sum;
            let low = _mm512_madd52lo_epu64(low, a[0], b[0]);
            let middle = _mm512_madd52hi_epu64(middle, a[0], b[0]);
            let middle = _mm512_madd52lo_epu64(middle, a[0], b[1]);
            let middle = _mm512_madd52lo_epu64(middle, a[1], b[0]);
            let high = _mm512_madd52hi_epu64(high, a[0], b[1]);
            let high = _mm512_madd52hi_epu64(high, a[1], b[0]);
            let high = _mm512_madd52lo_epu64(high, a[1], b[1]);
            [low, middle, high]
        }
    }

    #[inline(always)]
    fn add_sums(self, a: [Vector; 3], b: [Vector; 3]) -> [Vector; 3] {
        unsafe {
            [
                _mm512_add_epi64(a[0], b[0]),
                _mm512_add_epi64(a[1], b[1]),
                _mm512_add_epi64(a[2], b[2]),
            ]
        }
    }

    #[inline(always)]
    fn reduce(self, [low, middle, high]: [Vector; 3]) -> Vector {
        // A product adds at most 3 · 2^52 to the middle column, and 2^25 to the highest.
        const { assert!((MAX_PRODUCTS as u128) * (3 << 52) + (1 << 12) < 1 << 64) };
        const { assert!((MAX_PRODUCTS as u128) * (1 << 25) + (1 << 12) < 1 << 56) };
        unsafe {
            let limb = _mm512_set1_epi64((1 << 52) - 1);
            let middle = _mm512_add_epi64(middle, _mm512_srli_epi64::<52>(low));
            let high = _mm512_add_epi64(high, _mm512_srli_epi64::<52>(middle));
            // Bits 0 to 63, from 64 on (of which 32 are read), and from 96 on.
            let word = _mm512_or_si512(_mm512_and_si512(low, limb), _mm512_slli_epi64::<52>(middle));
            let above = _mm512_srli_epi64::<12>(middle);
            let top = _mm512_add_epi64(
                _mm512_srli_epi64::<44>(_mm512_and_si512(middle, limb)),
                _mm512_slli_epi64::<8>(high),
            );
            fold(word, above, top)
        }
    }

    #[inline(always)]
    fn scale(self, a: Vector, c: u32) -> Vector {
        unsafe {
            let c = _mm512_set1_epi64(c.into());
            self.join([_mm512_mul_epu32(a, c), _mm512_mul_epu32(high_words(a), c)])
        }
    }

    #[inline(always)]
    fn split(self, a: Vector) -> [Vector; 2] {
        unsafe {
            [
                _mm512_and_si512(a, _mm512_set1_epi64(EPSILON)),
                _mm512_srli_epi64::<32>(a),
            ]
        }
    }

    #[inline(always)]
    fn join(self, [low, high]: [Vector; 2]) -> Vector {
        unsafe {
            let upper = _mm512_add_epi64(high, _mm512_srli_epi64::<32>(low));
            let lower = _mm512_mask_blend_epi32(HIGH_WORDS, low, low_words_above(upper));
            let above = _mm512_mul_epu32(_mm512_srli_epi64::<32>(upper), _mm512_set1_epi64(EPSILON));
            add_canonical(lower, above)
        }
    }

    #[inline(always)]
    fn join_and_add(self, [low, high]: [Vector; 2], more: Vector) -> Vector {
        unsafe {
            let above = _mm512_srli_epi64::<32>(high);
            let more = _mm512_add_epi64(low, more);
            let more = _mm512_madd52lo_epu64(more, above, _mm512_set1_epi64(EPSILON));
            add_canonical(_mm512_slli_epi64::<32>(high), more)
        }
    }

    #[inline(always)]
    fn plus(self, a: Vector, b: Vector) -> Vector {
        unsafe { _mm512_add_epi64(a, b) }
    }

    #[inline(always)]
    fn minus(self, a: Vector, b: Vector) -> Vector {
        unsafe { _mm512_sub_epi64(a, b) }
    }

    #[inline(always)]
    fn shifted<const BITS: u32>(self, a: Vector) -> Vector {
        unsafe { _mm512_slli_epi64::<BITS>(a) }
    }
}
