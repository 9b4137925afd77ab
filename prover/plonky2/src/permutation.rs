//! The permutation argument: running products of what wires are over what they are connected to.

use ashlar_statement::hash::{D, F};
use plonky2::{
    field::types::Field,
    iop::challenger::Challenger,
    plonk::{
        circuit_data::CircuitData,
        config::{GenericConfig, Hasher},
    },
};
use rayon::prelude::*;

use crate::witness::Wires;

/// Rows whose denominators are inverted together.
const ROWS: usize = 64;

/// Two challenges of the argument.
#[derive(Clone, Copy)]
pub struct Challenge {
    pub beta: F,
    pub gamma: F,
}

impl Challenge {
    /// As many as are asked for.
    pub fn draw<H: Hasher<F>>(transcript: &mut Challenger<F, H>, count: usize) -> Vec<Self> {
        let betas = transcript.get_n_challenges(count);
        let gammas = transcript.get_n_challenges(count);
        let pairs = betas.into_iter().zip(gammas);
        pairs.map(|(beta, gamma)| Self { beta, gamma }).collect()
    }
}

/// Values on the subgroup of every Z, then of the partial products of each.
pub fn running_products<O: GenericConfig<D, F = F>>(
    circuit: &CircuitData<F, O, D>,
    wires: &Wires,
    challenges: &[Challenge],
) -> Vec<Vec<F>> {
    let (mut zs, mut partial) = (Vec::new(), Vec::new());
    for challenge in challenges {
        let mut columns = products(circuit, wires, *challenge);
        zs.extend(columns.pop());
        partial.extend(columns);
    }
    zs.extend(partial);
    zs
}

/// Partial products within each row, then Z: the product of all rows before.
fn products<O: GenericConfig<D, F = F>>(
    circuit: &CircuitData<F, O, D>,
    wires: &Wires,
    challenge: Challenge,
) -> Vec<Vec<F>> {
    let (prover, common) = (&circuit.prover_only, &circuit.common);
    let factors = common.num_partial_products + 1;
    let scaled: Vec<F> = common.k_is.iter().map(|k| challenge.beta * *k).collect();
    let mut ratios = vec![F::ZERO; factors * common.degree()];
    ratios
        .par_chunks_mut(ROWS * factors)
        .enumerate()
        .for_each(|(block, ratios)| {
            let mut denominators = Vec::with_capacity(ratios.len());
            for (row, ratios) in (block * ROWS..).zip(ratios.chunks_exact_mut(factors)) {
                let (x, sigmas) = (prover.subgroup[row], &prover.sigmas[row]);
                let routed = &wires.row(row)[..common.config.num_routed_wires];
                let size = common.quotient_degree_factor;
                let chunks = routed
                    .chunks(size)
                    .zip(scaled.chunks(size))
                    .zip(sigmas.chunks(size));
                for (ratio, ((wires, scaled), sigmas)) in ratios.iter_mut().zip(chunks) {
                    let (mut numerator, mut denominator) = (F::ONE, F::ONE);
                    for ((wire, scaled), sigma) in wires.iter().zip(scaled).zip(sigmas) {
                        let wire = *wire + challenge.gamma;
                        numerator *= wire.multiply_accumulate(*scaled, x);
                        denominator *= wire.multiply_accumulate(challenge.beta, *sigma);
                    }
                    *ratio = numerator;
                    denominators.push(denominator);
                }
            }
            let inverses = F::batch_multiplicative_inverse(&denominators);
            ratios
                .iter_mut()
                .zip(inverses)
                .for_each(|(ratio, inverse)| *ratio *= inverse);
        });
    let mut columns = vec![Vec::with_capacity(common.degree()); factors];
    let mut product = F::ONE;
    for row in ratios.chunks_exact(factors) {
        let (last, inner) = row.split_last().expect("there are routed wires");
        columns[factors - 1].push(product);
        for (column, ratio) in columns.iter_mut().zip(inner) {
            product *= *ratio;
            column.push(product);
        }
        product *= *last;
    }
    columns
}
