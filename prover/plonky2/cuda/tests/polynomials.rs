//! Products, openings and FRI's polynomials of the kernels beside plain arithmetic over plonky2's field.

mod common;

use ashlar_plonky2_cuda::kernels::{
    columns::{Polynomials, take},
    fri,
    openings::{Powers, evaluate},
    products::{Drawn, Permutation},
};
use common::{device, download, elements, random, upload};
use plonky2::{
    field::{
        extension::quadratic::QuadraticExtension, goldilocks_field::GoldilocksField as F,
        polynomial::PolynomialCoeffs, types::Field,
    },
    plonk::plonk_common::reduce_with_powers,
};
use proptest::prelude::*;

type FE = QuadraticExtension<F>;

fn pairs(words: &[F]) -> Vec<FE> {
    let pairs = words.as_chunks().0;
    pairs.iter().map(|pair| QuadraticExtension(*pair)).collect()
}

/// Polynomials over the extension, out of two columns each.
fn polynomials(words: &[F], length: usize) -> Vec<PolynomialCoeffs<FE>> {
    let all = words.chunks_exact(2 * length).map(|columns| {
        let (first, second) = columns.split_at(length);
        let coefficients = first.iter().zip(second);
        PolynomialCoeffs::new(coefficients.map(|(a, b)| QuadraticExtension([*a, *b])).collect())
    });
    all.collect()
}

/// Proofs, bits of the length, polynomials of a part that all proofs share and of one of their own.
fn shapes() -> impl Strategy<Value = (usize, usize, usize, usize)> {
    (1..4usize, 0..11usize, 1..9usize, 1..9usize)
}

/// Those of a proof in a row of parts.
fn of_proof(parts: &[(Vec<F>, bool)], proof: usize, batch: usize, length: usize) -> Vec<&[F]> {
    let parts = parts.iter().flat_map(|(words, are_shared)| {
        let own = if *are_shared {
            &words[..]
        } else {
            let own = words.len() / batch;
            &words[proof * own..][..own]
        };
        own.chunks_exact(length)
    });
    parts.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn values_and_sums_are_those_of_each_polynomial_alone((batch, bits, shared, own) in shapes(), seed: u64) {
        let (device, length, used) = (device(), 1 << bits, own.div_ceil(2));
        let parts = [
            (elements(shared * length, seed), true),
            (elements(batch * own * length, seed ^ 1), false),
        ];
        let words = parts.each_ref().map(|(words, _)| upload(&device, words));
        let columns = [
            Polynomials { are_shared: true, ..Polynomials::all(&words[0], shared) },
            Polynomials { count: used, ..Polynomials::all(&words[1], own) },
        ];
        let points = pairs(&elements(2 * batch, seed ^ 2));
        let powers = Powers::new(&device, &points, length).expect("no fault");
        let values = evaluate(&columns, &powers).expect("no fault");
        let powers = Powers::new(&device, &points, shared + used).expect("no fault");
        let sums = fri::sum(&columns, length, &powers).expect("no fault");
        let sums = polynomials(&download(&sums), length);
        for (proof, point) in points.into_iter().enumerate() {
            let mut polynomials = of_proof(&parts, proof, batch, length);
            polynomials.truncate(shared + used);
            let horner = |values: &mut dyn Iterator<Item = F>| {
                values.fold(FE::ZERO, |sum, value| sum * point + FE::from(value))
            };
            let at: Vec<_> = polynomials.iter().map(|f| horner(&mut f.iter().rev().copied())).collect();
            prop_assert_eq!(&values[proof], &at);
            let sum: Vec<_> = (0..length)
                .map(|i| horner(&mut polynomials.iter().rev().map(|f| f[i])))
                .collect();
            prop_assert_eq!(&sums[proof].coeffs, &sum);
        }
    }

    #[test]
    fn quotients_are_plonky2_s_and_added_to_those_before((batch, bits, ..) in shapes(), seed: u64) {
        let (device, length) = (device(), 1 << bits);
        let words = elements(2 * batch * length, seed);
        let (points, factors) = (pairs(&elements(2 * batch, seed ^ 1)), pairs(&elements(2 * batch, seed ^ 2)));
        let on_device = upload(&device, &words);
        let first = fri::quotient(&on_device, &points, None).expect("no fault");
        let quotients: Vec<_> = polynomials(&words, length)
            .iter()
            .zip(&points)
            .map(|(polynomial, point)| {
                let mut quotient = polynomial.divide_by_linear(*point);
                quotient.coeffs.resize(length, FE::ZERO);
                quotient
            })
            .collect();
        prop_assert_eq!(polynomials(&download(&first), length), quotients.clone());

        let both = fri::quotient(&on_device, &points, Some((first, &factors[..]))).expect("no fault");
        for ((found, quotient), factor) in polynomials(&download(&both), length).iter().zip(quotients).zip(factors) {
            let mut expected = quotient.clone();
            expected *= factor;
            expected += quotient;
            prop_assert_eq!(found, &expected);
        }
    }

    #[test]
    fn folds_are_sums_by_powers((batch, bits, arity_bits, _) in shapes(), seed: u64) {
        let length = 1 << (bits + arity_bits % 5);
        let arity_bits = arity_bits % 5;
        let words = elements(2 * batch * length, seed);
        let challenges = pairs(&elements(2 * batch, seed ^ 1));
        let folded = fri::fold(&upload(&device(), &words), arity_bits, &challenges).expect("no fault");
        let folded = polynomials(&download(&folded), length >> arity_bits);
        for ((polynomial, challenge), found) in polynomials(&words, length).iter().zip(challenges).zip(folded) {
            let chunks = polynomial.coeffs.chunks_exact(1 << arity_bits);
            let expected: Vec<_> = chunks.map(|chunk| reduce_with_powers(chunk, challenge)).collect();
            prop_assert_eq!(found.coeffs, expected);
        }
    }

    #[test]
    fn the_beginning_of_each_column_is_taken(count in 1..5usize, length in 1..700usize, less in 0..700usize, seed: u64) {
        let (words, taken) = (elements(count * length, seed), length - less % length);
        let found = take(&upload(&device(), &words), length, taken).expect("no fault");
        let expected: Vec<F> = words.chunks_exact(length).flat_map(|column| column[..taken].to_vec()).collect();
        prop_assert_eq!(download(&found), expected);
    }
}

/// An argument over random wires.
struct Argument {
    wires: usize,
    factors: Vec<F>,
    size: usize,
    rows: usize,
    sigmas: Vec<F>,
    xs: Vec<F>,
}

impl Argument {
    /// Every product of ratios, one after the other: the value of Z and of the partial products.
    fn products(&self, wires: &[F], challenges: &[Drawn]) -> Vec<F> {
        let (mut zs, mut partial) = (Vec::new(), Vec::new());
        for Drawn { beta, gamma } in challenges {
            let ratios = self.factors.len().div_ceil(self.size);
            let mut columns = vec![Vec::new(); ratios];
            let mut product = F::ONE;
            for row in 0..self.rows {
                columns[ratios - 1].push(product);
                for ratio in 0..ratios {
                    for j in ratio * self.size..self.factors.len().min((ratio + 1) * self.size) {
                        let wire = wires[j * self.rows + row] + *gamma;
                        product *= wire + *beta * self.factors[j] * self.xs[row];
                        product *= (wire + *beta * self.sigmas[j * self.rows + row]).inverse();
                    }
                    if ratio + 1 < ratios {
                        columns[ratio].push(product);
                    }
                }
            }
            zs.extend(columns.pop().expect("a ratio"));
            partial.extend(columns.into_iter().flatten());
        }
        zs.extend(partial);
        zs
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]
    #[test]
    fn running_products_are_those_of_each_ratio(
        (batch, bits, unrouted, size) in shapes(),
        (routed, challenges) in (1..30usize, 1..4usize),
        seed: u64,
    ) {
        let (device, rows, wires) = (device(), 1 << bits, routed + unrouted - 1);
        let argument = Argument {
            wires,
            factors: elements(routed, seed),
            size,
            rows,
            sigmas: elements(routed * rows, seed ^ 1),
            xs: elements(rows, seed ^ 2),
        };
        let Argument { wires, factors, size, sigmas, xs, .. } = &argument;
        let permutation = Permutation::new(&device, *wires, factors, *size, sigmas, xs).expect("memory");
        let values = elements(batch * wires * rows, seed ^ 3);
        let draw = random(2 * batch * challenges, seed.wrapping_add(4));
        let draw: Vec<_> = draw.as_chunks().0.iter().map(|[beta, gamma]| Drawn { beta: *beta, gamma: *gamma }).collect();
        let drawn: Vec<_> = draw.chunks_exact(challenges).map(<[Drawn]>::to_vec).collect();
        let found = permutation.products(&upload(&device, &values), &drawn).expect("no fault");
        prop_assert_eq!(found.len(), batch * challenges * permutation.columns() * rows);
        let proofs = values.chunks_exact(wires * rows).zip(&drawn);
        let expected: Vec<F> = proofs.flat_map(|(wires, drawn)| argument.products(wires, drawn)).collect();
        prop_assert_eq!(download(&found), expected);
    }
}

#[test]
#[should_panic(expected = "wires of another shape")]
fn wires_of_another_circuit_are_not_multiplied() {
    let device = device();
    let ones = |count| vec![F::ONE; count];
    let permutation = Permutation::new(&device, 3, &ones(2), 1, &ones(16), &ones(8)).expect("memory");
    let challenge = Drawn {
        beta: F::ONE,
        gamma: F::ONE,
    };
    let _ = permutation.products(&upload(&device, &ones(16)), &[vec![challenge]]);
}
