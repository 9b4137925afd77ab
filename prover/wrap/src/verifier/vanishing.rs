//! The identity `vanishing(ζ) = Z_H(ζ) · quotient(ζ)`: gates, permutation argument, quotient.

use plonky2::{field::types::Field, plonk::circuit_data::CommonCircuitData};

use super::{
    challenges::Challenges,
    circuit::{Gates, SelectedGate},
    gates::{Constraints, GateVars},
    permutation::{self, Shift},
    proof::Openings,
};
use crate::chip::{Chip, F, F2};

/// plonky2's selector value on rows of another group.
const UNUSED_SELECTOR: usize = u32::MAX as usize;

/// Asserts the identity for every α.
pub(super) fn assert_identity<Ch: Chip>(
    chip: &mut Ch,
    common: &CommonCircuitData<F, 2>,
    gates: &Gates,
    openings: &Openings<Ch>,
    public_inputs_hash: &[Ch::Fe; 4],
    challenges: &Challenges<Ch>,
) {
    chip.enter("quotient");
    let zeta = chip.widen_ext(&challenges.zeta);
    let mut zeta_to_n = zeta.clone();
    for _ in 0..common.degree_bits() {
        zeta_to_n = chip.product(&zeta_to_n, &zeta_to_n);
        zeta_to_n = chip.reduced(&zeta_to_n);
    }
    let vanishing_at_zeta = chip.sum(&[(F::ONE, zeta_to_n.clone())], F2::NEG_ONE);

    chip.enter("permutation argument");
    let mut terms = permutation::initial_terms(chip, common, openings, &zeta, &vanishing_at_zeta);
    for (run, (beta, gamma)) in challenges.betas.iter().zip(&challenges.gammas).enumerate() {
        let (beta, gamma) = (&chip.widen(beta), &chip.widen(gamma));
        let shift = Shift { beta, gamma };
        terms.extend(permutation::step_terms(
            chip, common, openings, &zeta, run, &shift,
        ));
    }

    let selected = evaluate_gates(chip, gates, openings, public_inputs_hash);

    let degree_factor = common.quotient_degree_factor;
    chip.enter("quotient");
    let mut zeta_powers = vec![chip.sum(&[], F2::ONE)];
    zeta_powers.extend(powers(chip, &zeta_to_n, degree_factor - 1));
    for (alpha, quotient) in challenges
        .alphas
        .iter()
        .zip(openings.quotient.chunks(degree_factor))
    {
        chip.enter("combination");
        let alpha = chip.widen(alpha);
        let mut alpha_powers = vec![chip.sum(&[], F2::ONE)];
        let count = terms.len() + common.num_gate_constraints - 1;
        alpha_powers.extend(powers(chip, &alpha, count));
        let (term_powers, gate_powers) = alpha_powers.split_at(terms.len());

        let weighted: Vec<_> = term_powers.iter().cloned().zip(terms.iter().cloned()).collect();
        let permutation = chip.inner_product(&weighted, None);
        let mut filtered = Vec::new();
        for (filter, constraints) in &selected {
            if let Some(combination) = constraints.combine(chip, gate_powers) {
                filtered.push((filter.clone(), combination));
            }
        }
        let vanishing = chip.inner_product(&filtered, Some(&permutation));

        chip.enter("quotient");
        let pieces = quotient.iter().map(|piece| chip.widen_ext(piece));
        let pieces: Vec<_> = zeta_powers.iter().cloned().zip(pieces).collect();
        let quotient = chip.inner_product(&pieces, None);
        let right = chip.product(&vanishing_at_zeta, &quotient);
        let difference = chip.difference(&vanishing, &right);
        chip.assert_zero(&difference);
    }
}

/// Each gate's selector filter, reduced, and its constraints.
fn evaluate_gates<Ch: Chip>(
    chip: &mut Ch,
    gates: &Gates,
    openings: &Openings<Ch>,
    public_inputs_hash: &[Ch::Fe; 4],
) -> Vec<(Ch::Wide, Constraints<Ch>)> {
    let constants: Vec<_> = openings.constants.iter().map(|c| chip.widen_ext(c)).collect();
    let wires: Vec<_> = openings.wires.iter().map(|w| chip.widen_ext(w)).collect();
    let public_inputs_hash = &std::array::from_fn(|i| chip.widen(&public_inputs_hash[i]));
    let (selectors, constants) = constants.split_at(gates.num_selectors);
    let vars = GateVars {
        constants,
        wires: &wires,
        public_inputs_hash,
    };
    let mut selected = Vec::with_capacity(gates.gates.len());
    for gate in &gates.gates {
        chip.enter("selectors");
        let filter = filter(chip, gate, &selectors[gate.selector], gates.num_selectors > 1);
        chip.enter(gate.kind.name());
        selected.push((filter, gate.kind.evaluate(chip, &vars)));
    }
    selected
}

/// `Π (other − selector)` over the other values of the selector: zero on every other gate's rows.
fn filter<Ch: Chip>(
    chip: &mut Ch,
    gate: &SelectedGate,
    selector: &Ch::Wide,
    many_selectors: bool,
) -> Ch::Wide {
    let others = gate.group.clone().filter(|row| *row != gate.row);
    let others = others.chain(many_selectors.then_some(UNUSED_SELECTOR));
    let mut product = chip.sum(&[], F2::ONE);
    for (i, other) in others.enumerate() {
        let other = F2::from(F::from_canonical_usize(other));
        let factor = chip.sum(&[(F::NEG_ONE, selector.clone())], other);
        if i == 0 {
            product = factor;
        } else {
            product = chip.product(&product, &factor);
            product = chip.reduced(&product);
        }
    }
    product
}

/// `base, base², … , base^count`, reduced.
pub(super) fn powers<Ch: Chip>(chip: &mut Ch, base: &Ch::Wide, count: usize) -> Vec<Ch::Wide> {
    let mut powers = Vec::with_capacity(count);
    let mut power = base.clone();
    for i in 0..count {
        if i > 0 {
            power = chip.product(&power, base);
            power = chip.reduced(&power);
        }
        powers.push(power.clone());
    }
    powers
}
