//! One element: for every processor.

use plonky2::field::types::Field;

use crate::{Evaluate, F, Lanes, Row, Work};

const COUNT: usize = 1;

/// Lanes that are plain elements.
#[derive(Clone, Copy, Debug, Default)]
pub struct Portable;

/// `low + 2^128 high`.
#[derive(Clone, Copy, Debug)]
pub struct Wide {
    low: u128,
    high: u32,
}

impl Wide {
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        let (low, carry) = self.low.overflowing_add(other.low);
        let high = self.high + other.high + u32::from(carry);
        Self { low, high }
    }

    /// 2^128 = -2^32.
    #[inline(always)]
    fn reduced(self) -> F {
        F::from_noncanonical_u128(self.low) - F(u64::from(self.high) << 32)
    }
}

#[inline(always)]
fn each(a: [F; COUNT], b: [F; COUNT], of: impl Fn(F, F) -> F) -> [F; COUNT] {
    std::array::from_fn(|i| of(a[i], b[i]))
}

impl Lanes for Portable {
    type Vector = [F; COUNT];
    type Factor = [F; COUNT];
    type Sum = [Wide; COUNT];
    const COUNT: usize = COUNT;

    fn run<W: Work>(self, work: W) -> W::Output {
        work.run(self)
    }

    fn evaluate(self, gate: &dyn Evaluate, row: Row<'_, Self>, filter: Self::Factor, sums: &mut [Self::Sum]) {
        gate.portable(row, filter, sums);
    }

    #[inline(always)]
    fn splat(self, value: F) -> Self::Vector {
        [value; COUNT]
    }

    #[inline(always)]
    fn load(self, values: &[F]) -> Self::Vector {
        std::array::from_fn(|i| values[i])
    }

    #[inline(always)]
    fn store(self, vector: Self::Vector, values: &mut [F]) {
        values[..COUNT].copy_from_slice(&vector);
    }

    #[inline(always)]
    fn transpose(self, rows: &[&[F]], columns: &mut [Self::Vector]) {
        for (i, row) in rows.iter().enumerate() {
            for (column, value) in columns.iter_mut().zip(*row) {
                column[i] = *value;
            }
        }
    }

    #[inline(always)]
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        each(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn add_canonical(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        self.add(a, b)
    }

    #[inline(always)]
    fn sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        each(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        each(a, b, |a, b| a * b)
    }

    #[inline(always)]
    fn square(self, a: Self::Vector) -> Self::Vector {
        self.mul(a, a)
    }

    #[inline(always)]
    fn mul_to_halves(self, a: Self::Vector, b: Self::Vector) -> [Self::Vector; 2] {
        self.split(self.mul(a, b))
    }

    #[inline(always)]
    fn mul_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
        std::array::from_fn(|i| c[i].multiply_accumulate(a[i], b[i]))
    }

    #[inline(always)]
    fn factor(self, a: Self::Vector) -> Self::Vector {
        a
    }

    #[inline(always)]
    fn empty_sum(self) -> Self::Sum {
        [Wide { low: 0, high: 0 }; COUNT]
    }

    #[inline(always)]
    fn add_product(self, mut sum: Self::Sum, a: Self::Vector, b: Self::Vector) -> Self::Sum {
        for i in 0..COUNT {
            let low = u128::from(a[i].0) * u128::from(b[i].0);
            sum[i] = sum[i].plus(Wide { low, high: 0 });
        }
        sum
    }

    #[inline(always)]
    fn add_sums(self, mut a: Self::Sum, b: Self::Sum) -> Self::Sum {
        for i in 0..COUNT {
            a[i] = a[i].plus(b[i]);
        }
        a
    }

    #[inline(always)]
    fn reduce(self, sum: Self::Sum) -> Self::Vector {
        sum.map(Wide::reduced)
    }

    #[inline(always)]
    fn scale(self, a: Self::Vector, c: u32) -> Self::Vector {
        a.map(|a| a * F::from_canonical_u32(c))
    }

    #[inline(always)]
    fn split(self, a: Self::Vector) -> [Self::Vector; 2] {
        [a.map(|a| F(a.0 & 0xFFFF_FFFF)), a.map(|a| F(a.0 >> 32))]
    }

    #[inline(always)]
    fn join(self, [low, high]: [Self::Vector; 2]) -> Self::Vector {
        each(low, high, |low, high| {
            let sum = u128::from(low.0) + (u128::from(high.0) << 32);
            F::from_noncanonical_u96((sum as u64, (sum >> 64) as u32))
        })
    }

    #[inline(always)]
    fn join_and_add(self, halves: [Self::Vector; 2], more: Self::Vector) -> Self::Vector {
        self.add(self.join(halves), more)
    }

    #[inline(always)]
    fn plus(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        each(a, b, |a, b| F(a.0.wrapping_add(b.0)))
    }

    #[inline(always)]
    fn minus(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        each(a, b, |a, b| F(a.0.wrapping_sub(b.0)))
    }

    #[inline(always)]
    fn shifted<const BITS: u32>(self, a: Self::Vector) -> Self::Vector {
        a.map(|a| F(a.0 << BITS))
    }
}
