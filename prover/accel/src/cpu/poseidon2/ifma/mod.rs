//! Eight states in the lanes of each vector.
//!
//! Elements are in the form `x * 2^260`. Sums are reduced only where the next ones would not fit into five limbs; that
//! they always do, [`bounds`] proves.
#![allow(unsafe_code)] // the entry point checks for the target features

mod bounds;

use halo2curves::{bn256::Fr, ff::PrimeField};

use super::{HALF_FULL_ROUNDS, PARTIAL_ROUNDS, Poseidon2Constants, STATE};
use crate::cpu::{
    lanes::{Factor, FrModulus, Ifma, Lanes, Limbs, Sum, WIDTH, limbs},
    memory::InWords,
};

/// Fewer states than this are permuted one by one: a vector takes as long as one of them.
const LEAST: usize = 2;

type Element = Lanes<FrModulus>;
type Unsettled = Sum<FrModulus>;

/// The constants by limbs.
#[derive(Clone, Debug)]
pub(super) struct Permutation {
    ifma: Ifma,
    initial: [[Limbs; STATE]; HALF_FULL_ROUNDS],
    partial: [Limbs; PARTIAL_ROUNDS],
    last: [[Limbs; STATE]; HALF_FULL_ROUNDS],
    diagonal: [Factor<FrModulus>; STATE],
}

impl Permutation {
    /// `None` if the machine lacks the instructions.
    pub(super) fn new(constants: &Poseidon2Constants) -> Option<Self> {
        // `16 x` in the form with `2^256` is `x` in the form with `2^260`.
        let form = |constant: Fr| limbs((constant * Fr::from(16)).to_words());
        Some(Self {
            ifma: Ifma::detect()?,
            initial: constants.initial.map(|round| round.map(form)),
            partial: constants.partial.map(form),
            last: constants.last.map(|round| round.map(form)),
            diagonal: constants.diagonal.map(|factor| Factor::new(integer(factor))),
        })
    }

    /// Permutes all but a rest that is not worth a vector; returns the rest.
    pub(super) fn permute_all<'a>(&self, states: &'a mut [[Fr; STATE]]) -> &'a mut [[Fr; STATE]] {
        let rest = states.len() % WIDTH;
        let vectors = states.len() - if rest < LEAST { rest } else { 0 };
        let (vectors, rest) = states.split_at_mut(vectors);
        for states in vectors.chunks_mut(WIDTH) {
            // SAFETY: `ifma` proves the features.
            unsafe { permute(self, states) };
        }
        rest
    }
}

/// The words of the element itself, in no Montgomery form.
fn integer(element: Fr) -> [u64; 4] {
    let bytes = element.to_repr();
    std::array::from_fn(|i| u64::from_le_bytes(std::array::from_fn(|j| bytes[8 * i + j])))
}

/// Up to eight states.
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma,avx512vbmi2")]
fn permute(permutation: &Permutation, states: &mut [[Fr; STATE]]) {
    let ifma = permutation.ifma;
    let mut columns = [[[0; 4]; WIDTH]; STATE];
    for lane in 0..states.len() {
        for i in 0..STATE {
            columns[i][lane] = states[lane][i].to_words();
        }
    }
    let mut elements = [Element::zero(ifma); STATE];
    for i in 0..STATE {
        let loaded = Element::load_shifted(ifma, &columns[i]);
        elements[i] = Unsettled::from(loaded).nearly_reduced().settle();
    }
    let mut sums = full_rounds(external_layer(&elements), &permutation.initial);
    for i in 0..STATE {
        elements[i] = sums[i].settle();
    }
    partial_rounds(&mut elements, permutation);
    for i in 0..STATE {
        sums[i] = elements[i].into();
    }
    let sums = full_rounds(sums, &permutation.last);
    // What takes `x * 2^260` to `x * 2^256`.
    let leave = Element::splat(ifma, &Fr::one().to_words());
    for i in 0..STATE {
        sums[i].settle().mul(leave).reduce::<1>().store(&mut columns[i]);
    }
    for lane in 0..states.len() {
        for i in 0..STATE {
            states[lane][i] = Fr::from_words(columns[i][lane]);
        }
    }
}

/// Step by step for all four elements: one alone waits for the latency of its multiplications.
#[inline(always)]
fn full_rounds(
    mut sums: [Unsettled; STATE],
    constants: &[[Limbs; STATE]; HALF_FULL_ROUNDS],
) -> [Unsettled; STATE] {
    for round in constants {
        let mut x = [sums[0].add_constant(&round[0]).settle(); STATE];
        for i in 1..STATE {
            x[i] = sums[i].add_constant(&round[i]).settle();
        }
        let mut powers = x;
        for i in 0..STATE {
            powers[i] = powers[i].square();
        }
        for i in 0..STATE {
            powers[i] = powers[i].square();
        }
        for i in 0..STATE {
            powers[i] = powers[i].mul(x[i]);
        }
        sums = external_layer(&powers);
    }
    sums
}

/// As [`super::scalar`] does it.
#[inline(always)]
fn external_layer(elements: &[Element; STATE]) -> [Unsettled; STATE] {
    let [a, b, c, d]: [Unsettled; STATE] = [
        elements[0].into(),
        elements[1].into(),
        elements[2].into(),
        elements[3].into(),
    ];
    let (ab, cd) = (a.add(b), c.add(d));
    let (row_c, row_d) = (b.shifted::<1>().add(cd), d.shifted::<1>().add(ab));
    let (out_3, out_1) = (cd.shifted::<2>().add(row_d), ab.shifted::<2>().add(row_c));
    [row_d.add(out_1), out_1, row_c.add(out_3), out_3]
}

/// The products of elements 1 to 3 do not wait for the S-box: they stand between its steps, to be done meanwhile.
#[inline(always)]
fn partial_rounds(elements: &mut [Element; STATE], permutation: &Permutation) {
    let factors = &permutation.diagonal;
    for constant in &permutation.partial {
        let [first, a, b, c] = *elements;
        let x = Unsettled::from(first).add_constant(constant).settle();
        let square = x.square();
        let product_a = a.times(&factors[1]);
        let fourth = square.square();
        let product_b = b.times(&factors[2]);
        let first = fourth.mul(x);
        let product_c = c.times(&factors[3]);
        let sum = Unsettled::from(first)
            .add(a.into())
            .add(b.into())
            .add(c.into())
            .nearly_reduced();
        *elements = [
            first.times(&factors[0]).add(sum).settle(),
            product_a.add(sum).settle(),
            product_b.add(sum).settle(),
            product_c.add(sum).settle(),
        ];
    }
}
