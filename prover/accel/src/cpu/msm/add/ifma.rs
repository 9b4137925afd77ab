//! Eight additions at once. Coordinates are in Montgomery form with `R = 2^260`.
#![allow(unsafe_code)] // vendor intrinsics; the entry point checks for the features

use std::arch::x86_64::*;

use halo2curves::bn256::Fq;

use super::{Operand, Packed, prefetch::prefetch};
use crate::cpu::{
    lanes::{FqModulus, Ifma, Lanes, Modulus, WIDTH, Words},
    memory::InWords,
};

type Coordinate = Lanes<FqModulus>;

/// Independent chains of products: one alone waits for the latency of its multiplications.
const CHAINS: usize = 2;

/// Groups between asking for points and using them: the first round of a bucket finds its points all over the memory.
const AHEAD: usize = 4;

pub(in crate::cpu::msm) struct Adder {
    ifma: Ifma,
    /// Products of the denominators before each group, in its chain.
    prefixes: Vec<Coordinate>,
}

impl Adder {
    pub(super) fn new() -> Self {
        Self {
            ifma: Ifma::detect().expect("a backend of a level that the machine lacks cannot be made"),
            prefixes: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, points: &[Packed], pairs: &[[Operand; 2]], sums: &mut [Packed]) {
        // SAFETY: `Ifma` proves the features.
        unsafe { add(self.ifma, &mut self.prefixes, points, pairs, sums) }
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma,avx512vbmi2")]
fn add(
    ifma: Ifma,
    prefixes: &mut Vec<Coordinate>,
    points: &[Packed],
    pairs: &[[Operand; 2]],
    sums: &mut [Packed],
) {
    prefixes.clear();
    let mut products = [Coordinate::splat(ifma, &FqModulus::ONE); CHAINS];
    for (number, group) in pairs.chunks(WIDTH).enumerate() {
        if let Some(ahead) = pairs.get((number + AHEAD) * WIDTH..) {
            prefetch(points, &ahead[..ahead.len().min(WIDTH)]);
        }
        let product = &mut products[number % CHAINS];
        prefixes.push(*product);
        *product = product.mul(Group::load(ifma, points, group).denominator(ifma));
    }
    let mut inverses = invert(ifma, products);
    let groups = pairs
        .chunks(WIDTH)
        .zip(sums.chunks_mut(WIDTH))
        .zip(prefixes)
        .enumerate();
    for (number, ((pairs, sums), prefix)) in groups.rev() {
        let group = Group::load(ifma, points, pairs);
        let inverse = &mut inverses[number % CHAINS];
        let own = inverse.mul(*prefix);
        *inverse = inverse.mul(group.denominator(ifma));
        group.finish(ifma, own, sums);
    }
}

/// Inverts every lane of every chain with one inversion.
#[inline(always)]
fn invert(ifma: Ifma, products: [Coordinate; CHAINS]) -> [Coordinate; CHAINS] {
    /// An element `x * 2^260` is the word of `16 x` in the form of `Fq`; its inverse there lacks a factor of 256.
    const FORM: u64 = 256;
    let mut elements = [Fq::one(); CHAINS * WIDTH];
    for (product, elements) in products.iter().zip(elements.chunks_exact_mut(WIDTH)) {
        let mut words = [[0; 4]; WIDTH];
        product.reduce::<1>().store(&mut words);
        elements
            .iter_mut()
            .zip(words)
            .for_each(|(element, words)| *element = Fq::from_words(words));
    }
    let mut prefixes = [Fq::one(); CHAINS * WIDTH];
    let mut product = Fq::one();
    for (prefix, element) in prefixes.iter_mut().zip(&elements) {
        *prefix = product;
        product *= element;
    }
    let mut inverse = product.invert().expect("every denominator is other than zero") * Fq::from(FORM);
    let mut inverses = [[0; 4]; CHAINS * WIDTH];
    for i in (0..CHAINS * WIDTH).rev() {
        inverses[i] = (inverse * prefixes[i]).to_words();
        inverse *= elements[i];
    }
    let (chains, _) = inverses.as_chunks::<WIDTH>();
    std::array::from_fn(|chain| Coordinate::load(ifma, &chains[chain]))
}

/// Up to eight pairs; missing ones are pairs of identities.
struct Group<'a> {
    a: [&'a Packed; WIDTH],
    b: [&'a Packed; WIDTH],
    negated: [__mmask8; 2],
    ax: [__m512i; 4],
    bx: [__m512i; 4],
    /// Lanes that the formula for adding does not cover.
    special: __mmask8,
}

impl<'a> Group<'a> {
    #[inline(always)]
    fn load(_: Ifma, points: &'a [Packed], pairs: &[[Operand; 2]]) -> Self {
        let mut operands = [[&Packed::IDENTITY; WIDTH]; 2];
        let mut negated = [0; 2];
        for (lane, pair) in pairs.iter().enumerate() {
            for side in 0..2 {
                operands[side][lane] = &points[pair[side].index()];
                negated[side] |= u8::from(pair[side].is_negated()) << lane;
            }
        }
        let [a, b] = operands;
        let (ax, bx) = (gather(&a.map(|point| &point.x)), gather(&b.map(|point| &point.x)));
        let special = zero(ax) | zero(bx) | equal(ax, bx);
        Self {
            a,
            b,
            negated,
            ax,
            bx,
            special,
        }
    }

    /// Ordinates of both points with their signs; that of an identity is `p`.
    #[inline(always)]
    fn ordinates(&self, ifma: Ifma) -> [Coordinate; 2] {
        [
            signed(ifma, &self.a, self.negated[0]),
            signed(ifma, &self.b, self.negated[1]),
        ]
    }

    /// Lanes whose points are equal, among the special ones.
    #[inline(always)]
    fn doubled(&self, [ay, by]: [Coordinate; 2]) -> __mmask8 {
        equal(self.ax, self.bx) & !zero(self.ax) & equal(ay.to_words(), by.to_words())
    }

    /// What the slope is divided by; never zero.
    #[inline(always)]
    fn denominator(&self, ifma: Ifma) -> Coordinate {
        let difference =
            Coordinate::from_words(ifma, self.bx).sub::<1>(Coordinate::from_words(ifma, self.ax));
        if self.special == 0 {
            return difference;
        }
        let ordinates = self.ordinates(ifma);
        let one = Coordinate::splat(ifma, &FqModulus::ONE);
        let twice = ordinates[0].add(ordinates[0]);
        let difference = Lanes::select(self.special, difference, one);
        Lanes::select(self.doubled(ordinates), difference, twice)
    }

    /// The sums, from the inverse of the denominator.
    #[inline(always)]
    fn finish(&self, ifma: Ifma, inverse: Coordinate, sums: &mut [Packed]) {
        let (ax, bx) = (
            Coordinate::from_words(ifma, self.ax),
            Coordinate::from_words(ifma, self.bx),
        );
        let ordinates = self.ordinates(ifma);
        let [ay, by] = ordinates;
        let mut numerator = by.sub::<1>(ay);
        let mut doubled = 0;
        if self.special != 0 {
            doubled = self.doubled(ordinates);
            let square = ax.square();
            numerator = Lanes::select(doubled, numerator, square.add(square).add(square));
        }
        let slope = numerator.mul(inverse);
        let x = slope.square().sub::<2>(ax.add(bx)).reduce::<2>().reduce::<1>();
        let y = slope.mul(ax.sub::<1>(x)).sub::<1>(ay).reduce::<2>().reduce::<1>();
        let (mut x, mut y) = (x.to_words(), y.to_words());
        if self.special & !doubled != 0 {
            let (no_a, no_b) = (zero(self.ax), zero(self.bx));
            for i in 0..4 {
                let [ay, by] = [ay.to_words()[i], by.to_words()[i]];
                // SAFETY: `ifma` proves the features.
                unsafe {
                    // Opposite points, and two identities, leave zero.
                    x[i] = _mm512_maskz_mov_epi64(!(self.special & !doubled), x[i]);
                    y[i] = _mm512_maskz_mov_epi64(!(self.special & !doubled), y[i]);
                    x[i] = _mm512_mask_mov_epi64(x[i], no_a & !no_b, self.bx[i]);
                    y[i] = _mm512_mask_mov_epi64(y[i], no_a & !no_b, by);
                    x[i] = _mm512_mask_mov_epi64(x[i], no_b & !no_a, self.ax[i]);
                    y[i] = _mm512_mask_mov_epi64(y[i], no_b & !no_a, ay);
                }
            }
        }
        if let Ok(sums) = <&mut [Packed; WIDTH]>::try_from(&mut *sums) {
            scatter(x, sums.each_mut().map(|sum| &mut sum.x));
            scatter(y, sums.each_mut().map(|sum| &mut sum.y));
        } else {
            let mut all = [Packed::IDENTITY; WIDTH];
            scatter(x, all.each_mut().map(|sum| &mut sum.x));
            scatter(y, all.each_mut().map(|sum| &mut sum.y));
            sums.copy_from_slice(&all[..sums.len()]);
        }
    }
}

/// Ordinates with their signs.
#[inline(always)]
fn signed(ifma: Ifma, points: &[&Packed; WIDTH], negated: __mmask8) -> Coordinate {
    let y = Coordinate::from_words(ifma, gather(&points.map(|point| &point.y)));
    Lanes::select(negated, y, Coordinate::zero(ifma).sub::<1>(y))
}

/// Lanes that are zero.
#[inline(always)]
fn zero(w: [__m512i; 4]) -> __mmask8 {
    // SAFETY: called with vectors that come from a `Group`, so the features are there; likewise below.
    unsafe {
        let or = _mm512_or_si512(_mm512_or_si512(w[0], w[1]), _mm512_or_si512(w[2], w[3]));
        _mm512_testn_epi64_mask(or, or)
    }
}

/// Lanes that are equal word by word.
#[inline(always)]
fn equal(a: [__m512i; 4], b: [__m512i; 4]) -> __mmask8 {
    unsafe {
        zero([
            _mm512_xor_si512(a[0], b[0]),
            _mm512_xor_si512(a[1], b[1]),
            _mm512_xor_si512(a[2], b[2]),
            _mm512_xor_si512(a[3], b[3]),
        ])
    }
}

/// Four vectors of words from eight elements anywhere in memory.
#[inline(always)]
fn gather(elements: &[&Words; WIDTH]) -> [__m512i; 4] {
    unsafe {
        let (z0, z1) = (join(elements[0], elements[2]), join(elements[1], elements[3]));
        let (z2, z3) = (join(elements[4], elements[6]), join(elements[5], elements[7]));
        let (low_a, high_a) = (_mm512_unpacklo_epi64(z0, z1), _mm512_unpackhi_epi64(z0, z1));
        let (low_b, high_b) = (_mm512_unpacklo_epi64(z2, z3), _mm512_unpackhi_epi64(z2, z3));
        [
            _mm512_shuffle_i64x2::<0b10_00_10_00>(low_a, low_b),
            _mm512_shuffle_i64x2::<0b10_00_10_00>(high_a, high_b),
            _mm512_shuffle_i64x2::<0b11_01_11_01>(low_a, low_b),
            _mm512_shuffle_i64x2::<0b11_01_11_01>(high_a, high_b),
        ]
    }
}

/// Two elements side by side.
#[inline(always)]
fn join(low: &Words, high: &Words) -> __m512i {
    unsafe {
        let (low, high) = (
            _mm256_loadu_si256(low.as_ptr().cast()),
            _mm256_loadu_si256(high.as_ptr().cast()),
        );
        _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high)
    }
}

/// Inverse of [`gather`].
#[inline(always)]
fn scatter(w: [__m512i; 4], elements: [&mut Words; WIDTH]) {
    unsafe {
        let first = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
        let second = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
        for (index, lanes) in [(first, [0, 2, 1, 3]), (second, [4, 6, 5, 7])] {
            let low = _mm512_permutex2var_epi64(w[0], index, w[2]);
            let high = _mm512_permutex2var_epi64(w[1], index, w[3]);
            let (even, odd) = (_mm512_unpacklo_epi64(low, high), _mm512_unpackhi_epi64(low, high));
            let halves = [
                _mm512_castsi512_si256(even),
                _mm512_extracti64x4_epi64::<1>(even),
                _mm512_castsi512_si256(odd),
                _mm512_extracti64x4_epi64::<1>(odd),
            ];
            for (half, lane) in halves.into_iter().zip(lanes) {
                _mm256_storeu_si256(elements[lane].as_mut_ptr().cast(), half);
            }
        }
    }
}
