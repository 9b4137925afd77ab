//! The two moduli of BN254 as constants for 52-bit arithmetic.

use halo2curves::bn256::{Fq, Fr};

/// An element in memory: 256 bits, least significant word first.
pub(crate) type Words = [u64; 4];

/// An element as 52-bit limbs, least significant first.
pub(crate) type Limbs = [u64; 5];

/// Low 52 bits.
pub(crate) const MASK: u64 = (1 << 52) - 1;

/// A 254-bit prime and the constants of Montgomery arithmetic with `R = 2^260` (or `2^256` in whole words).
pub(crate) trait Modulus: Copy + Send + Sync + 'static {
    /// The field with this modulus; its memory is [`Words`] in Montgomery form with `R = 2^256`.
    type Field;
    /// The modulus `p`.
    const P: Words;
    /// `2p`.
    const TWO_P: Words = twice(Self::P);
    /// `p` by limbs.
    const P_LIMBS: Limbs = limbs(Self::P);
    /// `-1 / p` modulo `2^64`, and so modulo `2^52` in its low bits.
    const MINUS_P_INVERSE: u64 = minus_inverse(Self::P[0]);
    /// `1 / 2^52`, `1 / 2^104` and `1 / 2^156` modulo `p`, by limbs.
    const FOLDS: [Limbs; 3] = [
        limbs(inverse_power_of_two(52, Self::P)),
        limbs(inverse_power_of_two(104, Self::P)),
        limbs(inverse_power_of_two(156, Self::P)),
    ];
    /// `2^260` modulo `p`: one in Montgomery form.
    const ONE: Words = power_of_two(260, Self::P);
}

/// Coordinates of curve points.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FqModulus;

/// Scalars.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrModulus;

impl Modulus for FqModulus {
    type Field = Fq;
    const P: Words = [
        0x3c20_8c16_d87c_fd47,
        0x9781_6a91_6871_ca8d,
        0xb850_45b6_8181_585d,
        0x3064_4e72_e131_a029,
    ];
}

impl Modulus for FrModulus {
    type Field = Fr;
    const P: Words = [
        0x43e1_f593_f000_0001,
        0x2833_e848_79b9_7091,
        0xb850_45b6_8181_585d,
        0x3064_4e72_e131_a029,
    ];
}

/// The limbs of `words`.
pub(crate) const fn limbs(words: Words) -> Limbs {
    let [a, b, c, d] = words;
    [
        a & MASK,
        (a >> 52 | b << 12) & MASK,
        (b >> 40 | c << 24) & MASK,
        (c >> 28 | d << 36) & MASK,
        d >> 16,
    ]
}

/// `factor * p` by limbs, for a product below `2^260`.
pub(crate) const fn multiple(p: Words, factor: u64) -> Limbs {
    let p = limbs(p);
    let (mut out, mut carry, mut i) = ([0; 5], 0, 0);
    while i < 5 {
        let sum = p[i] as u128 * factor as u128 + carry as u128;
        out[i] = sum as u64 & MASK;
        carry = (sum >> 52) as u64;
        i += 1;
    }
    assert!(carry == 0, "the multiple does not fit into five limbs");
    out
}

/// `-1 / odd` modulo `2^64`, by Newton's iteration: each step doubles the number of right bits.
const fn minus_inverse(odd: u64) -> u64 {
    let (mut inverse, mut step) = (1u64, 0);
    while step < 6 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(inverse)));
        step += 1;
    }
    inverse.wrapping_neg()
}

/// `2^exponent` modulo `p`.
const fn power_of_two(exponent: u32, p: Words) -> Words {
    let (mut value, mut step) = ([1, 0, 0, 0], 0);
    while step < exponent {
        (value, _) = double(value, p);
        step += 1;
    }
    value
}

/// `1 / 2^exponent` modulo the odd `p < 2^255`: odd values are halved together with `p`.
const fn inverse_power_of_two(exponent: u32, p: Words) -> Words {
    let (mut value, mut step) = ([1, 0, 0, 0], 0);
    while step < exponent {
        let odd = if value[0] & 1 == 1 { u64::MAX } else { 0 };
        let (mut carry, mut i) = (0, 0);
        while i < 4 {
            let sum = value[i] as u128 + (p[i] & odd) as u128 + carry;
            (value[i], carry) = (sum as u64, sum >> 64);
            i += 1;
        }
        i = 0;
        while i < 4 {
            value[i] = (value[i] >> 1) | if i < 3 { value[i + 1] << 63 } else { 0 };
            i += 1;
        }
        step += 1;
    }
    value
}

/// `2^260 * value / p` rounded down, for `value < p`: a bit a step, as on paper.
pub(crate) const fn over_p(value: Words, p: Words) -> Limbs {
    let (mut quotient, mut value, mut bit) = ([0; 5], value, 260);
    while bit > 0 {
        bit -= 1;
        let subtracted;
        (value, subtracted) = double(value, p);
        quotient[bit / 52] |= (subtracted as u64) << (bit % 52);
    }
    quotient
}

/// `2^260 - p`: adding its multiples modulo `2^260` subtracts those of `p`.
pub(crate) const fn minus(p: Words) -> Limbs {
    // p is odd, so only its lowest limb differs from the complement by one.
    let p = limbs(p);
    [
        MASK - p[0] + 1,
        MASK - p[1],
        MASK - p[2],
        MASK - p[3],
        MASK - p[4],
    ]
}

/// `2 * value` below `2^256`.
const fn twice(value: Words) -> Words {
    let (mut doubled, mut i) = ([0; 4], 0);
    while i < 4 {
        doubled[i] = (value[i] << 1) | if i > 0 { value[i - 1] >> 63 } else { 0 };
        i += 1;
    }
    doubled
}

/// `2 * value` modulo `p`, and whether `p` was subtracted, for `value < p < 2^255`.
const fn double(value: Words, p: Words) -> (Words, bool) {
    let doubled = twice(value);
    let (mut reduced, mut borrow, mut i) = ([0; 4], false, 0);
    while i < 4 {
        let (difference, first) = doubled[i].overflowing_sub(p[i]);
        let (difference, second) = difference.overflowing_sub(borrow as u64);
        (reduced[i], borrow) = (difference, first | second);
        i += 1;
    }
    if borrow { (doubled, false) } else { (reduced, true) }
}
