//! Polynomials at a point, and sums of polynomials by powers of a challenge: both are long sums of products.

use ashlar_lanes::{Lanes, MAX_COUNT, MAX_PRODUCTS, Work};
use ashlar_statement::hash::{D, F};
use plonky2::field::{extension::FieldExtension, types::Field};
use rayon::prelude::*;

use crate::{FE, Kind};

/// Coefficients of a sum that a task computes: a multiple of all lanes.
const COEFFICIENTS: usize = 256;

/// Powers of an element of the extension, from that with exponent 0 on: one column of each of its two parts.
pub struct Powers([Vec<F>; D]);

impl Powers {
    pub fn new(base: FE, count: usize) -> Self {
        let powers = base.powers().take(count).map(|power| power.to_basefield_array());
        let (first, second) = powers.map(|[first, second]| (first, second)).unzip();
        Self([first, second])
    }
}

/// What polynomials are at a point, whose powers these are.
pub fn evaluate(kind: Kind, polynomials: &[&[F]], powers: &Powers) -> Vec<FE> {
    let at = polynomials.par_iter().map(|polynomial| {
        let parts = powers
            .0
            .each_ref()
            .map(|powers| kind.run(Dot(polynomial, powers)));
        FE::from_basefield_array(parts)
    });
    at.collect()
}

/// `Σ aᵢ bᵢ`.
struct Dot<'a>(&'a [F], &'a [F]);

impl Work for Dot<'_> {
    type Output = F;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> F {
        let mut total = lanes.splat(F::ZERO);
        let length = MAX_PRODUCTS * L::COUNT;
        let (mut rest_a, mut rest_b) = (&self.0[..0], &self.1[..0]);
        for (a, b) in self.0.chunks(length).zip(self.1.chunks(length)) {
            let mut sum = lanes.empty_sum();
            let (a, b) = (a.chunks_exact(L::COUNT), b.chunks_exact(L::COUNT));
            (rest_a, rest_b) = (a.remainder(), b.remainder());
            for (a, b) in a.zip(b) {
                sum = lanes.add_product(sum, lanes.factor(lanes.load(a)), lanes.factor(lanes.load(b)));
            }
            total = lanes.add(total, lanes.reduce(sum));
        }
        let mut parts = [F::ZERO; MAX_COUNT];
        lanes.store(total, &mut parts);
        let mut dot = F::ZERO;
        for part in parts {
            dot += part;
        }
        for (a, b) in rest_a.iter().zip(rest_b) {
            dot += *a * *b;
        }
        dot
    }
}

/// `Σ αⁱ fᵢ` over polynomials of one length, by the powers of α.
pub fn sum(kind: Kind, polynomials: &[&[F]], powers: &Powers) -> Vec<FE> {
    let length = polynomials.first().map_or(0, |polynomial| polynomial.len());
    let mut out = vec![FE::ZERO; length];
    out.par_chunks_mut(COEFFICIENTS)
        .enumerate()
        .for_each(|(task, out)| {
            kind.run(Sum {
                polynomials,
                powers: &powers.0,
                start: task * COEFFICIENTS,
                out,
            });
        });
    out
}

/// The coefficients of a sum from one on.
struct Sum<'a> {
    polynomials: &'a [&'a [F]],
    powers: &'a [Vec<F>; D],
    start: usize,
    out: &'a mut [FE],
}

impl Work for Sum<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let mut padded = [F::ZERO; MAX_COUNT];
        for (block, out) in self.out.chunks_mut(L::COUNT).enumerate() {
            let first = self.start + block * L::COUNT;
            let mut totals = [lanes.splat(F::ZERO); D];
            for (start, polynomials) in (0..)
                .step_by(MAX_PRODUCTS)
                .zip(self.polynomials.chunks(MAX_PRODUCTS))
            {
                let mut sums = [lanes.empty_sum(); D];
                for (i, polynomial) in (start..).zip(polynomials) {
                    let coefficients = &polynomial[first..first + out.len()];
                    padded[..out.len()].copy_from_slice(coefficients);
                    let coefficients = lanes.factor(lanes.load(&padded));
                    for part in 0..D {
                        let power = lanes.factor(lanes.splat(self.powers[part][i]));
                        sums[part] = lanes.add_product(sums[part], coefficients, power);
                    }
                }
                for part in 0..D {
                    totals[part] = lanes.add(totals[part], lanes.reduce(sums[part]));
                }
            }
            let mut parts = [[F::ZERO; MAX_COUNT]; D];
            for part in 0..D {
                lanes.store(totals[part], &mut parts[part]);
            }
            for (place, out) in out.iter_mut().enumerate() {
                let [first, second] = &parts;
                *out = FE::from_basefield_array([first[place], second[place]]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use plonky2::field::{goldilocks_field::GoldilocksField, types::Sample};
    use proptest::prelude::*;

    use super::*;

    /// Random polynomials of a length, some of the greatest words there are.
    fn polynomials(count: usize, length: usize) -> Vec<Vec<F>> {
        let largest = vec![GoldilocksField(u64::MAX); length];
        let mut random: Vec<_> = (1..count).map(|_| F::rand_vec(length)).collect();
        random.push(largest);
        random
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(30))]
        #[test]
        fn values_and_sums_are_those_of_each_polynomial_alone(
            count in prop_oneof![1..300usize, 1000..2200usize],
            length in prop_oneof![1..40usize, Just(64), Just(300)],
        ) {
            check(count, length);
        }
    }

    #[test]
    fn long_polynomials_are_evaluated_in_parts() {
        check(2, 1 << 15);
    }

    fn check(count: usize, length: usize) {
        let polynomials = polynomials(count, length);
        let columns: Vec<&[F]> = polynomials.iter().map(Vec::as_slice).collect();
        let point = FE::rand();
        let horner = |values: &mut dyn Iterator<Item = F>| {
            values.fold(FE::ZERO, |sum, value| sum * point + FE::from(value))
        };
        let at: Vec<_> = columns
            .iter()
            .map(|f| horner(&mut f.iter().rev().copied()))
            .collect();
        let sums: Vec<_> = (0..length)
            .map(|i| horner(&mut columns.iter().rev().map(|f| f[i])))
            .collect();
        for kind in Kind::detect_all() {
            assert_eq!(evaluate(kind, &columns, &Powers::new(point, length)), at);
            assert_eq!(sum(kind, &columns, &Powers::new(point, count)), sums);
        }
    }
}
