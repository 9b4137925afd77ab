//! The layers of Poseidon.
//!
//! The MDS matrix acts on integers modulo 2^64. It is a circulant one, and 8 more in its first place.
//! The circulant is a product in Z\[x\]/(x^12 - 1). Real transforms of the four elements i, i + 3, i + 6, i + 9 split it
//! into products of three in Z\[x\]/(x^3 - 1), Z\[x\]/(x^3 + 1) and Z\[i\]\[x\]/(x^3 + i), where all constants are small
//! sums of powers of two (the method of Winterfell and of plonky2's `poseidon_goldilocks::mds_multiply_freq`).

use plonky2::hash::poseidon::{Poseidon, SPONGE_WIDTH};

use crate::{F, Lanes, SMALL_HALF};

/// Twelve elements, or a half of each.
pub type State<L> = [<L as Lanes>::Vector; SPONGE_WIDTH];
type Three<L> = [<L as Lanes>::Vector; 3];

/// Partial rounds after which the halves of elements that pass through no S-box are to be joined.
pub const UNREDUCED_ROUNDS: usize = 4;

// A half of an element is below 2^32, that of element 0 before each round, and `join` takes halves below 2^64 - 2^32.
const _: () = {
    let (mut bound, mut round) = (1 << 32, 0);
    while round < UNREDUCED_ROUNDS {
        bound = bound_after(bound, 1 << 32);
        round += 1;
    }
    assert!(bound < (1 << 64) - (1 << 32), "an unreduced element overflows");
};

/// What is added to the low and the high halves of a full round. Low ones, which may be negative before, are not; and
/// what is to be subtracted for both, 2^42 + 2^63, leaves constants of rounds below [`MOST_ADDED`](crate::MOST_ADDED).
pub const BIAS: [u64; 2] = [1 << 42, 1 << 31];
const SHARE: u64 = 16;

const _: () = {
    let most = bound_after(1, 1) as u64;
    let with_first = (most + F::MDS_MATRIX_DIAG[0]) << 33;
    assert!(BIAS[0] >= with_first, "a low half is negative");
    assert!(
        BIAS[0] + with_first < SMALL_HALF && BIAS[1] + with_first < SMALL_HALF,
        "a half is large"
    );
    assert!(BIAS[0].is_multiple_of(SHARE) && BIAS[1].is_multiple_of(SHARE));
};

/// `x^7`.
#[inline(always)]
pub fn sbox<L: Lanes>(lanes: L, x: L::Vector) -> L::Vector {
    let square = lanes.square(x);
    let cube = lanes.mul(x, square);
    lanes.mul(cube, lanes.square(square))
}

/// `x^7`, in the halves of [`Lanes::mul_to_halves`].
#[inline(always)]
pub fn sbox_to_halves<L: Lanes>(lanes: L, x: L::Vector) -> [L::Vector; 2] {
    let square = lanes.square(x);
    let cube = lanes.mul(x, square);
    lanes.mul_to_halves(cube, lanes.square(square))
}

/// What elements 1 to 11 are below after a product, if they are below `bound` before, and element 0 below `first`.
const fn bound_after(bound: u128, first: u128) -> u128 {
    let (mut sum, mut i) = (0, 0);
    while i < SPONGE_WIDTH {
        sum += F::MDS_MATRIX_CIRC[i] as u128;
        i += 1;
    }
    let (mut most, mut row) = (0, 1);
    while row < SPONGE_WIDTH {
        let of_first = F::MDS_MATRIX_CIRC[SPONGE_WIDTH - row] as u128;
        let after = bound * (sum - of_first) + first * of_first;
        if after > most {
            most = after;
        }
        row += 1;
    }
    most
}

macro_rules! sum {
    ($lanes:ident, $first:expr $(, $term:expr)*) => {{
        let sum = $first;
        $(let sum = $lanes.plus(sum, $term);)*
        sum
    }};
}

/// The product with the matrix, exact if no entry of it reaches 2^64.
#[inline(always)]
pub fn mds<L: Lanes>(lanes: L, v: &State<L>) -> State<L> {
    product(lanes, v, None)
}

/// The product of the matrix with the halves of S-boxes, with [`BIAS`] in each: what [`Lanes::join_and_add`] takes.
#[inline(always)]
pub fn mds_with_bias<L: Lanes>(lanes: L, [low, high]: [&State<L>; 2]) -> [State<L>; 2] {
    let bias = [lanes.splat(F(BIAS[0] / SHARE)), lanes.splat(F(BIAS[1] / SHARE))];
    [
        product(lanes, low, Some(bias[0])),
        product(lanes, high, Some(bias[1])),
    ]
}

/// The product, and in each element [`SHARE`] times the bias.
#[inline(always)]
fn product<L: Lanes>(lanes: L, v: &State<L>, bias: Option<L::Vector>) -> State<L> {
    let (mut plus, mut minus) = ([v[0]; 3], [v[0]; 3]);
    let (mut real, mut imaginary) = ([v[0]; 3], [v[0]; 3]);
    for i in 0..3 {
        let (even, odd) = (lanes.plus(v[i], v[i + 6]), lanes.plus(v[i + 3], v[i + 9]));
        plus[i] = lanes.plus(even, odd);
        minus[i] = lanes.minus(even, odd);
        real[i] = lanes.minus(v[i], v[i + 6]);
        imaginary[i] = lanes.minus(v[i + 9], v[i + 3]);
    }
    let (plus, minus) = (by_plus(lanes, plus, bias), by_minus_negated(lanes, minus));
    let (real, imaginary) = by_imaginary(lanes, real, imaginary);
    let mut out = *v;
    for i in 0..3 {
        let (even, odd) = (lanes.minus(plus[i], minus[i]), lanes.plus(plus[i], minus[i]));
        out[i] = lanes.plus(even, real[i]);
        out[i + 6] = lanes.minus(even, real[i]);
        out[i + 3] = lanes.minus(odd, imaginary[i]);
        out[i + 9] = lanes.plus(odd, imaginary[i]);
    }
    out[0] = lanes.plus(out[0], lanes.shifted::<3>(v[0]));
    out
}

/// By (16, 32, 16) modulo x^3 - 1, and [`SHARE`] times the bias, which so comes into every element.
#[inline(always)]
fn by_plus<L: Lanes>(lanes: L, [a, b, c]: Three<L>, bias: Option<L::Vector>) -> Three<L> {
    let mut all = sum!(lanes, a, b, c);
    if let Some(bias) = bias {
        all = lanes.plus(all, bias);
    }
    [
        lanes.shifted::<4>(lanes.plus(all, c)),
        lanes.shifted::<4>(lanes.plus(all, a)),
        lanes.shifted::<4>(lanes.plus(all, b)),
    ]
}

/// By (1, 8, -2) modulo x^3 + 1: the negative of what is wanted.
#[inline(always)]
fn by_minus_negated<L: Lanes>(lanes: L, [a, b, c]: Three<L>) -> Three<L> {
    [
        lanes.minus(lanes.plus(a, lanes.shifted::<1>(b)), lanes.shifted::<3>(c)),
        sum!(lanes, lanes.shifted::<3>(a), b, lanes.shifted::<1>(c)),
        lanes.minus(lanes.plus(lanes.shifted::<3>(b), c), lanes.shifted::<1>(a)),
    ]
}

/// By (2 - i, -4 + i, 16 + i) modulo x^3 + i: real and imaginary parts.
#[inline(always)]
fn by_imaginary<L: Lanes>(lanes: L, [ar, br, cr]: Three<L>, [ai, bi, ci]: Three<L>) -> (Three<L>, Three<L>) {
    // Terms of a, b and c, as the real or the imaginary part of a constant times them.
    let real = [
        sum!(
            lanes,
            lanes.plus(lanes.shifted::<1>(ar), ai),
            lanes.plus(br, lanes.shifted::<4>(bi)),
            lanes.minus(cr, lanes.shifted::<2>(ci))
        ),
        sum!(
            lanes,
            lanes.minus(
                lanes.plus(lanes.shifted::<1>(br), bi),
                lanes.plus(lanes.shifted::<2>(ar), ai)
            ),
            lanes.plus(cr, lanes.shifted::<4>(ci))
        ),
        sum!(
            lanes,
            lanes.minus(
                lanes.minus(lanes.shifted::<4>(ar), ai),
                lanes.plus(lanes.shifted::<2>(br), bi)
            ),
            lanes.plus(lanes.shifted::<1>(cr), ci)
        ),
    ];
    let imaginary = [
        sum!(
            lanes,
            lanes.minus(lanes.shifted::<1>(ai), ar),
            lanes.minus(bi, lanes.shifted::<4>(br)),
            lanes.plus(lanes.shifted::<2>(cr), ci)
        ),
        sum!(
            lanes,
            lanes.minus(ar, lanes.shifted::<2>(ai)),
            lanes.minus(lanes.shifted::<1>(bi), br),
            lanes.minus(ci, lanes.shifted::<4>(cr))
        ),
        sum!(
            lanes,
            lanes.plus(ar, lanes.shifted::<4>(ai)),
            lanes.minus(br, lanes.shifted::<2>(bi)),
            lanes.minus(lanes.shifted::<1>(ci), cr)
        ),
    ];
    (real, imaginary)
}
