//! The permutation argument: `Z` starts at 1 and its partial products step by the ratios of the shifted wires.

use plonky2::{field::types::Field, plonk::circuit_data::CommonCircuitData};

use super::proof::Openings;
use crate::chip::{Chip, F, F2};

/// `L₀(ζ)·(Z − 1)` for each challenge: Z starts at 1.
pub(super) fn initial_terms<Ch: Chip>(
    chip: &mut Ch,
    common: &CommonCircuitData<F, 2>,
    openings: &Openings<Ch>,
    zeta: &Ch::Wide,
    vanishing_at_zeta: &Ch::Wide,
) -> Vec<Ch::Wide> {
    // L₀(ζ) = (ζⁿ − 1) / (n·(ζ − 1)); ζ = 1 would be refused, and has probability p⁻²
    let n = F::from_canonical_usize(common.degree());
    let denominator = chip.sum(&[(n, zeta.clone())], F2::from(-n));
    let denominator = chip.reduce_ext(&denominator);
    let inverse = chip.inverse_ext(&denominator);
    let inverse = chip.widen_ext(&inverse);
    let l_0 = chip.product(vanishing_at_zeta, &inverse);
    let l_0 = chip.reduced(&l_0);
    let zs = openings.zs.iter().map(|z| {
        let z = chip.widen_ext(z);
        let z_minus_one = chip.sum(&[(F::ONE, z)], F2::NEG_ONE);
        chip.product(&l_0, &z_minus_one)
    });
    zs.collect()
}

/// The challenges of one run of the argument.
pub(super) struct Shift<'a, Ch: Chip> {
    pub(super) beta: &'a Ch::Wide,
    pub(super) gamma: &'a Ch::Wide,
}

/// `previous·Π (w + β·k·ζ + γ) − next·Π (w + β·σ + γ)` for each chunk of routed wires, of run `run`.
pub(super) fn step_terms<Ch: Chip>(
    chip: &mut Ch,
    common: &CommonCircuitData<F, 2>,
    openings: &Openings<Ch>,
    zeta: &Ch::Wide,
    run: usize,
    shift: &Shift<Ch>,
) -> Vec<Ch::Wide> {
    let beta_zeta = chip.product(shift.beta, zeta);
    let beta_zeta = chip.reduced(&beta_zeta);
    let (mut numerators, mut denominators) = (Vec::new(), Vec::new());
    let wires = openings.wires.iter().zip(&openings.sigmas).zip(&common.k_is);
    for ((wire, sigma), k) in wires.take(common.config.num_routed_wires) {
        let (wire, sigma) = (chip.widen_ext(wire), chip.widen_ext(sigma));
        let shifted = [(F::ONE, wire), (F::ONE, shift.gamma.clone())];
        let [wire, gamma] = shifted.clone();
        numerators.push(chip.sum(&[wire, gamma, (*k, beta_zeta.clone())], F2::ZERO));
        let shifted = chip.sum(&shifted, F2::ZERO);
        denominators.push(chip.inner_product(&[(shift.beta.clone(), sigma)], Some(&shifted)));
    }

    let num_partial = common.num_partial_products;
    let accumulators: Vec<_> = std::iter::once(&openings.zs[run])
        .chain(&openings.partial_products[run * num_partial..(run + 1) * num_partial])
        .chain(std::iter::once(&openings.zs_next[run]))
        .map(|accumulator| chip.widen_ext(accumulator))
        .collect();
    let chunk = common.quotient_degree_factor;
    assert_eq!(
        numerators.len().div_ceil(chunk) + 1,
        accumulators.len(),
        "one step a chunk"
    );
    numerators
        .chunks(chunk)
        .zip(denominators.chunks(chunk))
        .zip(accumulators.windows(2))
        .map(|((numerators, denominators), ends)| {
            let left = reduced_product(chip, &ends[0], numerators);
            let right = reduced_product(chip, &ends[1], denominators);
            chip.difference(&left, &right)
        })
        .collect()
}

/// `start · Π factors`; only the running product is ever reduced.
fn reduced_product<Ch: Chip>(chip: &mut Ch, start: &Ch::Wide, factors: &[Ch::Wide]) -> Ch::Wide {
    factors.iter().fold(start.clone(), |product, factor| {
        let product = chip.product(&product, factor);
        chip.reduced(&product)
    })
}
