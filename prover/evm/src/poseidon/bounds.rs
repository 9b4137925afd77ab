//! That no lane overflows: the largest value that each can have, followed through the permutation.
//!
//! Every step is a sum of lanes with coefficients that are not negative, so the largest inputs lead to the largest
//! outputs. The only differences are those of whole words: in a split layer, whose result is the exact one again; in what
//! a pair of rounds adds behind it, made up for by a modulus; and in [`reduced`], which takes away no more than there is.

use super::{
    constants::{Constants, DIAGONAL, P},
    lanes::{Circulant, LANE_BITS, LANES, Vector, WIDTH, place},
};

/// A lane would overflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Overflow {
    /// The step, in the order of the permutation; a pair of partial rounds is one.
    pub step: usize,
    /// The element.
    pub element: usize,
}

/// The largest value of each element.
type Bounds = [u128; WIDTH];

const LIMIT: u128 = 1 << LANE_BITS;

/// What a reduction leaves of a lane of at most `bound`: `x - floor(x / 2^64)·p`, whose quotient has the 16 bits that a
/// lane has above 64.
fn reduced(bound: u128) -> u128 {
    // x = low + 2^64·high becomes low + high·(2^32 - 1).
    let high = bound >> 64;
    u128::from(u64::MAX).min(bound) + high * u128::from(u32::MAX)
}

fn layer(layer: &Circulant, old: &Bounds) -> Bounds {
    core::array::from_fn(|new| {
        let terms = old.iter().enumerate();
        terms
            .map(|(i, bound)| u128::from(layer.coefficient(new, i)) * bound)
            .sum()
    })
}

fn check(step: usize, bounds: &Bounds) -> Result<(), Overflow> {
    match bounds.iter().position(|bound| *bound >= LIMIT) {
        Some(element) => Err(Overflow { step, element }),
        None => Ok(()),
    }
}

/// The sums below the last lane of a [`super::lanes::dot`] must not run over into it, nor it out of the word.
fn check_dot(step: usize, row: &Vector, bounds: &Bounds) -> Result<(), Overflow> {
    let mut sums = [0u128; LANES];
    for (element, bound) in bounds.iter().enumerate() {
        for (other, coefficient) in row.iter().enumerate() {
            let (word, lane) = place(element);
            let (other_word, other_lane) = place(other);
            if word == other_word && lane + LANES - 1 - other_lane < LANES {
                sums[lane + LANES - 1 - other_lane] += u128::from(*coefficient) * bound;
            }
        }
    }
    match sums.iter().position(|sum| *sum >= LIMIT) {
        Some(element) => Err(Overflow { step, element }),
        None => Ok(()),
    }
}

/// A full round: S-boxes leave elements below p, whatever comes in. `added` is what comes behind the layer.
fn full(constants: &Constants, step: usize, added: &Vector) -> Result<Bounds, Overflow> {
    let mut new = layer(&constants.layer, &[u128::from(P - 1); WIDTH]);
    new[0] += u128::from(DIAGONAL) * u128::from(P - 1);
    for (bound, added) in new.iter_mut().zip(added) {
        *bound += u128::from(*added);
    }
    check(step, &new)?;
    Ok(new)
}

/// Two partial rounds of the elements that come in.
fn pair(constants: &Constants, step: usize, mut bounds: Bounds) -> Result<Bounds, Overflow> {
    for layers in 0..2 {
        bounds[0] = u128::from(P - 1);
        check_dot(step, &constants.row(0), &bounds)?;
        bounds = layer(&constants.layer, &bounds);
        bounds[0] += u128::from(DIAGONAL) * u128::from(P - 1);
        check(step, &bounds)?;
        if layers == 0 {
            // At most element 0 is taken away again, times the first column: less than a word of full lanes.
            let taken = constants.layer.of_first();
            check(
                step,
                &taken.map(|coefficient| u128::from(coefficient) * bounds[0]),
            )?;
        }
    }
    Ok(bounds)
}

/// Follows the largest values through all rounds. `reduce` says whether lanes are reduced before a pair, by its number.
pub(super) fn check_all(constants: &Constants, reduce: impl Fn(usize) -> bool) -> Result<(), Overflow> {
    let mut step = 0;
    let mut bounds = [0; WIDTH];
    let first = constants.first[1..].iter();
    for added in first.chain([&[0; WIDTH]]) {
        bounds = full(constants, step, added)?;
        step += 1;
    }
    for number in 0..constants.partial.len() {
        if reduce(number) {
            bounds = bounds.map(reduced);
        }
        bounds = pair(constants, step, bounds)?;
        step += 1;
    }
    for (bound, added) in bounds.iter_mut().zip(&constants.last[0]) {
        *bound += u128::from(*added);
    }
    check(step, &bounds)?;
    for added in &constants.last[1..] {
        full(constants, step, added)?;
        step += 1;
    }
    for new in 0..4 {
        check_dot(step, &constants.row(new), &[u128::from(P - 1); WIDTH])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_lane_overflows_whatever_is_permuted() {
        assert_eq!(check_all(&Constants::new(), |_| true), Ok(()));
    }

    #[test]
    fn each_reduction_is_needed() {
        let constants = Constants::new();
        for without in 0..constants.partial.len() {
            let refused = check_all(&constants, |number| number != without).expect_err("a lane overflows");
            assert_eq!(refused.step, constants.first.len() + without);
        }
    }

    #[test]
    fn a_layer_with_larger_coefficients_is_refused() {
        let mut constants = Constants::new();
        for coefficient in &mut constants.layer.first {
            *coefficient += 1;
        }
        let refused = check_all(&constants, |_| true).expect_err("a lane overflows");
        assert_eq!(refused.step, constants.first.len());
    }

    #[test]
    fn a_reduction_takes_whole_multiples_of_p_only() {
        for value in [0, u128::from(u64::MAX), 1 << 64, LIMIT - 1, (1 << 79) + 12_345] {
            let left = value - (value >> 64) * u128::from(P);
            assert_eq!(left % u128::from(P), value % u128::from(P));
            assert!(left <= reduced(value), "{value}");
        }
    }
}
