//! A few additions in step, in 64-bit words. Coordinates are in Montgomery form with `R = 2^256`.
#![allow(unsafe_code)] // calls code for instructions that are checked for

use halo2curves::bn256::Fq;

use super::{Operand, Packed, prefetch::prefetch};
#[cfg(target_arch = "x86_64")]
use crate::cpu::{
    lanes::{FqModulus, Modulus, Words},
    memory::InWords,
    words::{Adx, Multiplier, Plain, add, montgomery, reduce, sub},
};

const P: Words = FqModulus::P;
const TWO_P: Words = FqModulus::TWO_P;

/// Independent chains of products: one alone waits for the latency of its multiplications.
const CHAINS: usize = 4;

/// Pairs between asking for points and using them.
const AHEAD: usize = 16;

#[derive(Default)]
pub(in crate::cpu::msm) struct Adder {
    steps: Vec<Step>,
    /// The pairs that the formula for adding does not cover, in order.
    special: Vec<(usize, Special)>,
}

/// What is kept of a pair until its inverse is known. Both values are below `2p`.
#[derive(Clone, Copy)]
struct Step {
    /// What the slope is divided by; never zero.
    denominator: Words,
    /// The product of the denominators before, in the pair's chain.
    prefix: Words,
}

#[derive(Clone, Copy)]
enum Special {
    Double,
    /// The sum is known without arithmetic.
    Known(Packed),
}

impl Adder {
    pub(super) fn add(&mut self, points: &[Packed], pairs: &[[Operand; 2]], sums: &mut [Packed]) {
        #[cfg(target_arch = "x86_64")]
        if let Some(adx) = Adx::detect() {
            // SAFETY: `adx` proves the features.
            return unsafe { self.add_adx(adx, points, pairs, sums) };
        }
        self.add_with(Plain, points, pairs, sums);
    }

    /// With the features, so that the products are inlined.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "bmi2,adx")]
    fn add_adx(&mut self, adx: Adx, points: &[Packed], pairs: &[[Operand; 2]], sums: &mut [Packed]) {
        self.add_with(adx, points, pairs, sums);
    }

    #[inline(always)]
    pub(super) fn add_with(
        &mut self,
        multiplier: impl Multiplier,
        points: &[Packed],
        pairs: &[[Operand; 2]],
        sums: &mut [Packed],
    ) {
        self.steps.clear();
        self.special.clear();
        let (groups, rest) = pairs.as_chunks::<CHAINS>();
        let mut products = [Fq::one().to_words(); CHAINS];
        for (number, group) in groups.iter().enumerate() {
            let ahead = pairs.get(number * CHAINS + AHEAD..).unwrap_or_default();
            prefetch(points, &ahead[..ahead.len().min(CHAINS)]);
            self.multiply(multiplier, points, group, &mut products);
        }
        for pair in rest {
            self.multiply(
                multiplier,
                points,
                &[*pair],
                products.first_chunk_mut().expect("there is a chain"),
            );
        }

        let mut inverses = invert(&products);
        let (group_sums, rest_sums) = sums.as_chunks_mut::<CHAINS>();
        for (i, (pair, sum)) in rest.iter().zip(rest_sums).enumerate().rev() {
            let inverse = inverses.first_chunk_mut().expect("there is a chain");
            self.finish(
                multiplier,
                points,
                groups.len() * CHAINS + i,
                &[*pair],
                inverse,
                std::array::from_mut(sum),
            );
        }
        for (number, (group, sums)) in groups.iter().zip(group_sums).enumerate().rev() {
            if let Some(first) = (number * CHAINS).checked_sub(AHEAD) {
                prefetch(points, &pairs[first..][..CHAINS]);
            }
            self.finish(multiplier, points, number * CHAINS, group, &mut inverses, sums);
        }
    }

    /// Takes the denominators of a group into the products.
    #[inline(always)]
    fn multiply<const N: usize>(
        &mut self,
        multiplier: impl Multiplier,
        points: &[Packed],
        pairs: &[[Operand; 2]; N],
        products: &mut [Words; N],
    ) {
        for (pair, product) in pairs.iter().zip(products) {
            let [a, b] = [&points[pair[0].index()].x, &points[pair[1].index()].x];
            let mut denominator = minus(*b, *a, P);
            if *a == [0; 4] || *b == [0; 4] || *a == *b {
                denominator = self.special(points, *pair);
            }
            self.steps.push(Step {
                denominator,
                prefix: *product,
            });
            *product = multiplier.mul::<FqModulus>(product, &denominator);
        }
    }

    /// Notes a pair that is not simply added, and gives its denominator.
    #[cold]
    #[inline(never)]
    fn special(&mut self, points: &[Packed], pair: [Operand; 2]) -> Words {
        let [a, b] = pair.map(|operand| Packed {
            x: points[operand.index()].x,
            y: reduce(ordinate(points, operand), P),
        });
        let special = if a.is_identity() {
            Special::Known(b)
        } else if b.is_identity() {
            Special::Known(a)
        } else if a.y == b.y {
            Special::Double
        } else {
            Special::Known(Packed::IDENTITY)
        };
        self.special.push((self.steps.len(), special));
        match special {
            Special::Double => reduce(add(a.y, a.y), P),
            Special::Known(_) => Fq::one().to_words(),
        }
    }

    /// The sums of a group that starts at pair `start`; `inverses` are those of the products after it and before it.
    #[inline(always)]
    fn finish<const N: usize>(
        &mut self,
        multiplier: impl Multiplier,
        points: &[Packed],
        start: usize,
        pairs: &[[Operand; 2]; N],
        inverses: &mut [Words; N],
        sums: &mut [Packed; N],
    ) {
        let steps: &[Step; N] = self.steps[start..].first_chunk().expect("every pair has a step");
        // One operation for the whole group after the other: neighbours do not wait for each other. Loops, because
        // closures would be calls.
        let (mut own, mut numerators, mut xs) = ([[0; 4]; N], [[0; 4]; N], [[0; 4]; N]);
        for i in 0..N {
            own[i] = multiplier.mul::<FqModulus>(&inverses[i], &steps[i].prefix);
            inverses[i] = multiplier.mul::<FqModulus>(&inverses[i], &steps[i].denominator);
        }
        for i in 0..N {
            let [a, b] = pairs[i];
            numerators[i] = minus(ordinate(points, b), ordinate(points, a), P);
        }
        let mut known = [const { None }; N];
        while let Some((at, special)) = self.special.pop_if(|(at, _)| *at >= start) {
            match special {
                Special::Double => {
                    let x = points[pairs[at - start][0].index()].x;
                    numerators[at - start] = triple_square(x);
                }
                Special::Known(sum) => known[at - start] = Some(sum),
            }
        }
        let mut slopes = own;
        for i in 0..N {
            slopes[i] = multiplier.mul::<FqModulus>(&numerators[i], &own[i]);
        }
        for i in 0..N {
            let [a, b] = [pairs[i][0].index(), pairs[i][1].index()];
            let square = multiplier.mul::<FqModulus>(&slopes[i], &slopes[i]);
            let x = minus(square, add(points[a].x, points[b].x), TWO_P);
            xs[i] = reduce(reduce(x, TWO_P), P);
        }
        for i in 0..N {
            let a = points[pairs[i][0].index()].x;
            let product = multiplier.mul::<FqModulus>(&slopes[i], &minus(a, xs[i], P));
            let y = minus(product, ordinate(points, pairs[i][0]), P);
            sums[i] = Packed {
                x: xs[i],
                y: reduce(reduce(y, TWO_P), P),
            };
        }
        for (sum, known) in sums.iter_mut().zip(known) {
            if let Some(known) = known {
                *sum = known;
            }
        }
    }
}

/// `a - b + bound`, for `b` up to `bound`.
#[inline(always)]
fn minus(a: Words, b: Words, bound: Words) -> Words {
    sub(add(a, bound), b).0
}

/// The ordinate with its sign, up to `p`.
#[inline(always)]
fn ordinate(points: &[Packed], operand: Operand) -> Words {
    let y = points[operand.index()].y;
    // Signs are random: a branch would often be taken wrongly. With all bits flipped `y` is `-1 - y`.
    let mask = 0u64.wrapping_sub(u64::from(operand.is_negated()));
    let mut flipped = y;
    let mut p_and_one = [P[0] + 1, P[1], P[2], P[3]];
    for i in 0..4 {
        flipped[i] ^= mask;
        p_and_one[i] &= mask;
    }
    add(flipped, p_and_one)
}

/// `3x²` below `2p`.
#[cold]
#[inline(never)]
fn triple_square(x: Words) -> Words {
    let square = montgomery::<FqModulus>(x, x);
    reduce(add(reduce(add(square, square), TWO_P), square), TWO_P)
}

/// The inverse of every product with one inversion.
fn invert(products: &[Words; CHAINS]) -> [Words; CHAINS] {
    let products = products.map(|product| Fq::from_words(reduce(product, P)));
    let mut prefixes = [Fq::one(); CHAINS];
    for i in 1..CHAINS {
        prefixes[i] = prefixes[i - 1] * products[i - 1];
    }
    let product = prefixes[CHAINS - 1] * products[CHAINS - 1];
    let mut inverse = product.invert().expect("every denominator is other than zero");
    let mut inverses = [[0; 4]; CHAINS];
    for i in (0..CHAINS).rev() {
        inverses[i] = (inverse * prefixes[i]).to_words();
        inverse *= products[i];
    }
    inverses
}
