//! The plain twin: a [`Chip`] that computes, remembers failed assertions, and counts what a circuit would pay.

use ashlar_bn254 as bn254;
use halo2_proofs::halo2curves::{bn256::Fr, ff::PrimeField};
use plonky2::field::{
    extension::FieldExtension,
    types::{Field, Field64, PrimeField64},
};

use super::cost::{CostTable, Costs};
use crate::chip::{Chip, F, F2, MAX_WIDE_BITS};

/// 2^64, the bound of reduced coordinates.
const REDUCED: f64 = 18_446_744_073_709_551_616.0;

/// The range of one coordinate, as integers.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    low: f64,
    high: f64,
}

impl Bounds {
    const ZERO: Self = Self { low: 0.0, high: 0.0 };
    const REDUCED: Self = Self {
        low: 0.0,
        high: REDUCED,
    };

    fn add(self, other: Self) -> Self {
        Self {
            low: self.low + other.low,
            high: self.high + other.high,
        }
    }

    fn scale(self, coefficient: f64) -> Self {
        let (a, b) = (self.low * coefficient, self.high * coefficient);
        Self {
            low: a.min(b),
            high: a.max(b),
        }
    }

    fn mul(self, other: Self) -> Self {
        let corners = [
            self.low * other.low,
            self.low * other.high,
            self.high * other.low,
            self.high * other.high,
        ];
        Self {
            low: corners.into_iter().fold(f64::INFINITY, f64::min),
            high: corners.into_iter().fold(f64::NEG_INFINITY, f64::max),
        }
    }

    fn magnitude_bits(self) -> f64 {
        self.high.max(-self.low).max(1.0).log2()
    }

    /// 16-bit limbs of the quotient by p.
    fn quotient_limbs(self) -> u64 {
        let quotients = (self.high - self.low) / REDUCED + 2.0;
        (quotients.log2() / 16.0).ceil() as u64
    }
}

/// An unreduced element: its value modulo p and the bounds of the integers that a circuit would hold.
#[derive(Clone, Debug)]
pub struct Wide {
    value: F2,
    bounds: [Bounds; 2],
    is_base: bool,
}

impl Wide {
    /// The element it stands for.
    pub fn value(&self) -> F2 {
        self.value
    }

    fn magnitude_bits(&self) -> f64 {
        self.bounds[0]
            .magnitude_bits()
            .max(self.bounds[1].magnitude_bits())
    }
}

/// Computes with plain values. Failed assertions are kept with the step they belong to.
#[derive(Debug, Default)]
pub struct NativeChip {
    failures: Vec<Failure>,
    step: &'static str,
    costs: CostTable,
}

/// A failed assertion.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{assertion} in step `{step}`")]
pub struct Failure {
    /// The verifier's step, as named by [`Chip::enter`].
    pub step: &'static str,
    /// What did not hold.
    pub assertion: &'static str,
}

impl NativeChip {
    /// A chip that has seen no operation.
    pub fn new() -> Self {
        Self::default()
    }

    /// The first assertion that failed, if any did.
    pub fn result(&self) -> Result<(), Failure> {
        self.failures.first().cloned().map_or(Ok(()), Err)
    }

    /// All assertions that failed, in order.
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }

    /// What the operations so far would cost in a circuit, by step.
    pub fn costs(&self) -> &CostTable {
        &self.costs
    }

    fn cost(&mut self) -> &mut Costs {
        self.costs.step(self.step)
    }

    fn require(&mut self, holds: bool, assertion: &'static str) {
        if !holds {
            self.failures.push(Failure {
                step: self.step,
                assertion,
            });
        }
    }

    fn charge_reduction(&mut self, a: &Wide, keep_remainder: bool) {
        let coordinates = if a.is_base { 1 } else { 2 };
        let cost = self.cost();
        for bounds in &a.bounds[..coordinates] {
            let remainder_limbs = if keep_remainder { 4 } else { 0 };
            cost.lookups += remainder_limbs + bounds.quotient_limbs();
            cost.reductions += 1;
        }
    }

    /// `a` and `b` such that their product keeps within the native field.
    fn fitting(&mut self, a: &Wide, b: &Wide) -> (Wide, Wide) {
        let (mut a, mut b) = (a.clone(), b.clone());
        // four bits for the factor 7 and the sum of two products
        while a.magnitude_bits() + b.magnitude_bits() + 4.0 > f64::from(MAX_WIDE_BITS - 8) {
            if a.magnitude_bits() > b.magnitude_bits() {
                a = self.reduced(&a);
            } else {
                b = self.reduced(&b);
            }
        }
        (a, b)
    }

    fn check_bounds(&self, a: &Wide) {
        assert!(
            a.magnitude_bits() <= f64::from(MAX_WIDE_BITS),
            "unreduced value of {} bits in step `{}`",
            a.magnitude_bits(),
            self.step
        );
    }
}

/// The integer of least magnitude congruent to `value`.
fn centred(value: F) -> f64 {
    let value = value.to_canonical_u64();
    if value > F::ORDER / 2 {
        -((F::ORDER - value) as f64)
    } else {
        value as f64
    }
}

fn index<'a>(bits: impl IntoIterator<Item = &'a bool>) -> usize {
    bits.into_iter()
        .enumerate()
        .map(|(i, bit)| usize::from(*bit) << i)
        .sum()
}

impl Chip for NativeChip {
    type Fe = F;
    type Ext = F2;
    type Wide = Wide;
    type Word = Fr;
    type Bit = bool;

    fn constant(&mut self, value: F) -> F {
        value
    }

    fn constant_ext(&mut self, value: F2) -> F2 {
        value
    }

    fn constant_word(&mut self, value: Fr) -> Fr {
        value
    }

    fn witness(&mut self, value: F) -> F {
        let cost = self.cost();
        cost.witnesses += 1;
        cost.lookups += 4;
        value
    }

    fn witness_ext(&mut self, value: F2) -> F2 {
        let cost = self.cost();
        cost.witnesses += 2;
        cost.lookups += 8;
        value
    }

    fn witness_word(&mut self, value: Fr) -> Fr {
        value
    }

    fn widen(&mut self, a: &F) -> Wide {
        Wide {
            value: F2::from(*a),
            bounds: [Bounds::REDUCED, Bounds::ZERO],
            is_base: true,
        }
    }

    fn widen_ext(&mut self, a: &F2) -> Wide {
        Wide {
            value: *a,
            bounds: [Bounds::REDUCED; 2],
            is_base: false,
        }
    }

    fn sum(&mut self, terms: &[(F, Wide)], constant: F2) -> Wide {
        let mut total = Wide {
            value: constant,
            bounds: constant.0.map(|c| Bounds {
                low: centred(c).min(0.0),
                high: centred(c).max(0.0),
            }),
            is_base: constant.0[1] == F::ZERO,
        };
        for (coefficient, value) in terms {
            let scale = centred(*coefficient);
            let value = if value.magnitude_bits() + scale.abs().max(1.0).log2() > f64::from(MAX_WIDE_BITS - 8)
            {
                self.reduced(value)
            } else {
                value.clone()
            };
            self.cost().scaled_terms += if value.is_base { 1 } else { 2 };
            total.value += value.value * F2::from(*coefficient);
            total.is_base &= value.is_base;
            for (bounds, term) in total.bounds.iter_mut().zip(value.bounds) {
                *bounds = bounds.add(term.scale(scale));
            }
        }
        self.check_bounds(&total);
        total
    }

    fn inner_product(&mut self, terms: &[(Wide, Wide)], addend: Option<&Wide>) -> Wide {
        let mut total = addend.cloned().unwrap_or(Wide {
            value: F2::ZERO,
            bounds: [Bounds::ZERO; 2],
            is_base: true,
        });
        for (a, b) in terms {
            let (a, b) = self.fitting(a, b);
            self.cost().products += match (a.is_base, b.is_base) {
                (true, true) => 1,
                (false, false) => 4,
                _ => 2,
            };
            total.value += a.value * b.value;
            total.is_base &= a.is_base && b.is_base;
            let [a0, a1] = a.bounds;
            let [b0, b1] = b.bounds;
            total.bounds[0] = total.bounds[0].add(a0.mul(b0)).add(a1.mul(b1).scale(7.0));
            total.bounds[1] = total.bounds[1].add(a0.mul(b1)).add(a1.mul(b0));
        }
        self.check_bounds(&total);
        total
    }

    fn reduce(&mut self, a: &Wide) -> F {
        assert!(a.is_base, "an element of GF(p²) reduced as one of GF(p)");
        self.charge_reduction(a, true);
        a.value.0[0]
    }

    fn reduce_ext(&mut self, a: &Wide) -> F2 {
        self.charge_reduction(a, true);
        a.value
    }

    fn is_base(&self, a: &Wide) -> bool {
        a.is_base
    }

    fn assert_zero(&mut self, a: &Wide) {
        self.charge_reduction(a, false);
        self.require(a.value == F2::ZERO, "an identity in GF(p²)");
    }

    fn assert_canonical(&mut self, _a: &F) {
        self.cost().canonical_checks += 1;
    }

    fn ext(&mut self, c0: &F, c1: &F) -> F2 {
        F2::from_basefield_array([*c0, *c1])
    }

    fn coordinates(&self, a: &F2) -> [F; 2] {
        a.0
    }

    fn inverse_ext(&mut self, a: &F2) -> F2 {
        self.require(*a != F2::ZERO, "a non-zero divisor");
        let inverse = self.witness_ext(a.try_inverse().unwrap_or(F2::ZERO));
        let (wide_a, wide_inverse) = (self.widen_ext(a), self.widen_ext(&inverse));
        let mut product = self.product(&wide_a, &wide_inverse);
        product.value = F2::ZERO; // charged for, judged above
        self.assert_zero(&product);
        inverse
    }

    fn bits(&mut self, a: &F) -> Vec<bool> {
        self.cost().bits += 64;
        let a = a.to_canonical_u64();
        (0..64).map(|i| a >> i & 1 == 1).collect()
    }

    fn assert_zero_bit(&mut self, bit: &bool) {
        self.require(!bit, "a bit is zero");
    }

    fn select_product(&mut self, base: F, bits: &[bool], factors: &[F]) -> F {
        assert_eq!(bits.len(), factors.len(), "one factor per bit");
        // four bits choose among sixteen constants; the windows are multiplied
        let windows = bits.len().div_ceil(4) as u64;
        let cost = self.cost();
        cost.lookups += 8 * windows.saturating_sub(1);
        cost.selects += 16 * windows;
        let chosen = bits.iter().zip(factors).filter(|(bit, _)| **bit);
        chosen.fold(base, |product, (_, factor)| product * *factor)
    }

    fn lookup_ext(&mut self, bits: &[bool], table: &[F2]) -> F2 {
        assert_eq!(table.len(), 1 << bits.len(), "one entry per index");
        self.cost().selects += 2 * (table.len() as u64 - 1);
        table[index(bits)]
    }

    fn lookup_word(&mut self, bits: &[bool], table: &[Fr]) -> Fr {
        assert_eq!(table.len(), 1 << bits.len(), "one entry per index");
        self.cost().selects += table.len() as u64 - 1;
        table[index(bits)]
    }

    fn swap(&mut self, bit: &bool, a: &Fr, b: &Fr) -> (Fr, Fr) {
        self.cost().selects += 2;
        if *bit { (*b, *a) } else { (*a, *b) }
    }

    fn permute(&mut self, mut state: [Fr; 4]) -> [Fr; 4] {
        self.cost().permutations += 1;
        bn254::permute(&mut state);
        state
    }

    fn pack(&mut self, elements: &[F]) -> Fr {
        self.cost().packs += 1;
        bn254::pack(elements)
    }

    fn unpack(&mut self, word: &Fr) -> [F; 3] {
        self.cost().unpacks += 1;
        bn254::unpack(word)
    }

    fn split7(&mut self, word: &Fr) -> [F; 5] {
        self.cost().splits += 1;
        let bytes = word.to_repr();
        std::array::from_fn(|i| {
            let mut piece = [0; 8];
            let bytes = &bytes[7 * i..32.min(7 * i + 7)];
            piece[..bytes.len()].copy_from_slice(bytes);
            F::from_canonical_u64(u64::from_le_bytes(piece))
        })
    }

    fn assert_equal_word(&mut self, a: &Fr, b: &Fr) {
        self.require(a == b, "two digests are equal");
    }

    fn enter(&mut self, step: &'static str) {
        self.step = step;
    }
}
