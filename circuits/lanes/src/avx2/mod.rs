//! Four elements in the 64-bit lanes of AVX2, with its products of 32 bits.
#![allow(unsafe_code)] // vendor intrinsics; `Avx2` proves the features

mod sum;
mod words;

use std::arch::x86_64::*;

use crate::{Evaluate, F, Lanes, Row, Work};
use sum::{Factor, Sum};
use words::*;

const COUNT: usize = 4;

type Vector = __m256i;

/// Proof that the processor has the instructions.
#[derive(Clone, Copy, Debug)]
pub struct Avx2(());

impl Avx2 {
    /// `None` if the processor lacks them.
    pub fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx2").then_some(Self(()))
    }
}

// SAFETY of the blocks below: whoever has an `Avx2` has the features; addresses are of slices that are long enough.

#[target_feature(enable = "avx2")]
fn compiled<W: Work>(lanes: Avx2, work: W) -> W::Output {
    work.run(lanes)
}

impl Lanes for Avx2 {
    type Vector = Vector;
    type Factor = Factor;
    type Sum = Sum;
    const COUNT: usize = COUNT;

    fn run<W: Work>(self, work: W) -> W::Output {
        unsafe { compiled(self, work) }
    }

    fn evaluate(self, gate: &dyn Evaluate, row: Row<'_, Self>, filter: Factor, sums: &mut [Sum]) {
        gate.avx2(self, row, filter, sums);
    }

    #[inline(always)]
    fn splat(self, value: F) -> Vector {
        unsafe { _mm256_set1_epi64x(value.0 as i64) }
    }

    #[inline(always)]
    fn load(self, values: &[F]) -> Vector {
        let values = &values[..COUNT];
        unsafe { _mm256_loadu_si256(values.as_ptr().cast()) }
    }

    #[inline(always)]
    fn store(self, vector: Vector, values: &mut [F]) {
        let values = &mut values[..COUNT];
        unsafe { _mm256_storeu_si256(values.as_mut_ptr().cast(), vector) }
    }

    #[inline(always)]
    fn transpose(self, rows: &[&[F]], columns: &mut [Vector]) {
        let (fours, rest) = columns.as_chunks_mut::<COUNT>();
        let done = COUNT * fours.len();
        for (place, columns) in fours.iter_mut().enumerate() {
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
        sub_canonical(a, canonical(b))
    }

    #[inline(always)]
    fn mul(self, a: Vector, b: Vector) -> Vector {
        reduced(wide(a, b, unsafe { _mm256_setzero_si256() }))
    }

    #[inline(always)]
    fn square(self, a: Vector) -> Vector {
        reduced(wide_square(a))
    }

    #[inline(always)]
    fn mul_to_halves(self, a: Vector, b: Vector) -> [Vector; 2] {
        let Words { low, middle, high } = words(a, b, unsafe { _mm256_setzero_si256() });
        // 2^64 = 2^32 - 1 and 2^96 = -1.
        let [high_low, high_high] = self.split(high);
        [
            self.minus(self.minus(low_words(low), high_low), high_high),
            self.plus(low_words(middle), high_low),
        ]
    }

    #[inline(always)]
    fn mul_add(self, a: Vector, b: Vector, c: Vector) -> Vector {
        reduced(wide(a, b, c))
    }

    #[inline(always)]
    fn factor(self, a: Vector) -> Factor {
        Factor::new(a)
    }

    #[inline(always)]
    fn empty_sum(self) -> Sum {
        Sum::empty()
    }

    #[inline(always)]
    fn add_product(self, sum: Sum, a: Factor, b: Factor) -> Sum {
        sum.add_product(a, b)
    }

    #[inline(always)]
    fn add_sums(self, a: Sum, b: Sum) -> Sum {
        a.add(b)
    }

    #[inline(always)]
    fn reduce(self, sum: Sum) -> Vector {
        self.join(sum.halves())
    }

    #[inline(always)]
    fn scale(self, a: Vector, c: u32) -> Vector {
        unsafe {
            let c = _mm256_set1_epi64x(c.into());
            self.join([_mm256_mul_epu32(a, c), _mm256_mul_epu32(high_words(a), c)])
        }
    }

    #[inline(always)]
    fn split(self, a: Vector) -> [Vector; 2] {
        [low_words(a), unsafe { _mm256_srli_epi64::<32>(a) }]
    }

    #[inline(always)]
    fn join(self, [low, high]: [Vector; 2]) -> Vector {
        unsafe {
            let upper = _mm256_add_epi64(high, _mm256_srli_epi64::<32>(low));
            let above = _mm256_mul_epu32(_mm256_srli_epi64::<32>(upper), _mm256_set1_epi64x(EPSILON));
            add_canonical(with_high_words(low, upper), above)
        }
    }

    #[inline(always)]
    fn join_and_add(self, [low, high]: [Vector; 2], more: Vector) -> Vector {
        unsafe {
            let above = _mm256_mul_epu32(_mm256_srli_epi64::<32>(high), _mm256_set1_epi64x(EPSILON));
            let more = _mm256_add_epi64(_mm256_add_epi64(low, more), above);
            add_canonical(_mm256_slli_epi64::<32>(high), more)
        }
    }

    #[inline(always)]
    fn plus(self, a: Vector, b: Vector) -> Vector {
        unsafe { _mm256_add_epi64(a, b) }
    }

    #[inline(always)]
    fn minus(self, a: Vector, b: Vector) -> Vector {
        unsafe { _mm256_sub_epi64(a, b) }
    }

    // The shift by a constant takes an `i32`, which `BITS` cannot become there; the compiler makes it of this one.
    #[inline(always)]
    fn shifted<const BITS: u32>(self, a: Vector) -> Vector {
        unsafe { _mm256_sll_epi64(a, _mm_cvtsi32_si128(BITS as i32)) }
    }
}
