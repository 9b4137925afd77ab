//! `CosetInterpolationGate`.

use plonky2::field::types::Field;

use super::{Algebra, Constraints, GateVars, algebra_difference, algebra_mul_add, algebra_reduced};
use crate::chip::{Chip, F, F2};

/// The shifted point times the shift is the point; then barycentric interpolation over the subgroup, cut into runs of
/// points by intermediate (evaluation, product) pairs.
pub(super) fn evaluate<Ch: Chip>(
    chip: &mut Ch,
    vars: &GateVars<Ch>,
    subgroup_bits: usize,
    degree: usize,
    weights: &[F],
) -> Constraints<Ch> {
    let num_points = 1 << subgroup_bits;
    let num_intermediates = (num_points - 2) / (degree - 1);
    let values = 1;
    let evaluation_point = values + 2 * num_points;
    let evaluation_value = evaluation_point + 2;
    let intermediate_evals = evaluation_value + 2;
    let intermediate_products = intermediate_evals + 2 * num_intermediates;
    let shifted_point = intermediate_products + 2 * num_intermediates;

    let shift = vars.wire(0);
    let point = vars.algebra(shifted_point);
    let mut constraints = Vec::new();
    let unshifted = point.clone().map(|coordinate| chip.product(&coordinate, shift));
    constraints.extend(algebra_difference(
        chip,
        &vars.algebra(evaluation_point),
        &unshifted,
    ));

    let subgroup = F::two_adic_subgroup(subgroup_bits);
    let mut eval: Option<Algebra<Ch>> = None;
    let mut product: Option<Algebra<Ch>> = None;
    let mut next_stop = degree;
    let mut stops = 0;
    for i in 0..num_points {
        if i == next_stop {
            // the prover states both accumulators: check them, then go on from the stated ones
            let stated_eval = vars.algebra(intermediate_evals + 2 * stops);
            let stated_product = vars.algebra(intermediate_products + 2 * stops);
            for (stated, computed) in [(&stated_eval, &eval), (&stated_product, &product)] {
                let computed = computed.as_ref().expect("a run has at least two points");
                constraints.extend(algebra_difference(chip, stated, computed));
            }
            (eval, product) = (Some(stated_eval), Some(stated_product));
            stops += 1;
            next_stop += degree - 1;
        }
        let minus_x = F2::from(-subgroup[i]);
        let [p0, p1] = point.clone();
        let term = [chip.sum(&[(F::ONE, p0)], minus_x), p1];
        let weighted = vars
            .algebra(values + 2 * i)
            .map(|value| chip.sum(&[(weights[i], value)], F2::ZERO));
        (eval, product) = match (eval, product) {
            (Some(eval), Some(product)) => {
                let (eval, product) = (algebra_reduced(chip, &eval), algebra_reduced(chip, &product));
                let contribution = algebra_mul_add(chip, &weighted, &product, None);
                (
                    Some(algebra_mul_add(chip, &eval, &term, Some(&contribution))),
                    Some(algebra_mul_add(chip, &product, &term, None)),
                )
            }
            // evaluation 0 and product 1 before the first point
            _ => (Some(weighted), Some(term)),
        };
    }
    let eval = eval.expect("a subgroup has points");
    constraints.extend(algebra_difference(chip, &vars.algebra(evaluation_value), &eval));
    Constraints::plain(constraints)
}
