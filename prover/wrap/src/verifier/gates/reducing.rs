//! `ReducingGate` and `ReducingExtensionGate`: every accumulator is a wire, so each step is quadratic.

use super::{Algebra, Constraints, GateVars, algebra_mul_add};
use crate::chip::Chip;

const OUTPUT: usize = 0;
const ALPHA: usize = 2;
const OLD_ACCUMULATOR: usize = 4;
const COEFFICIENTS: usize = 6;

/// Coefficients in GF(p): they enter the first coordinate only.
pub(super) fn base<Ch: Chip>(chip: &mut Ch, vars: &GateVars<Ch>, num_coeffs: usize) -> Constraints<Ch> {
    let accumulators = COEFFICIENTS + num_coeffs;
    horner(chip, vars, num_coeffs, accumulators, |chip, i, next| {
        let [n0, n1] = next;
        let n0 = chip.difference(&n0, vars.wire(COEFFICIENTS + i));
        [n0, n1]
    })
}

/// Coefficients in GF(p²).
pub(super) fn extension<Ch: Chip>(chip: &mut Ch, vars: &GateVars<Ch>, num_coeffs: usize) -> Constraints<Ch> {
    let accumulators = COEFFICIENTS + 2 * num_coeffs;
    horner(chip, vars, num_coeffs, accumulators, |chip, i, next| {
        let coefficient = vars.algebra(COEFFICIENTS + 2 * i);
        std::array::from_fn(|j| chip.difference(&next[j], &coefficient[j]))
    })
}

/// `accumulator·α − (next − coefficient)` for each step; `minus_coefficient` gives the parenthesis.
fn horner<Ch: Chip>(
    chip: &mut Ch,
    vars: &GateVars<Ch>,
    num_coeffs: usize,
    accumulators: usize,
    minus_coefficient: impl Fn(&mut Ch, usize, Algebra<Ch>) -> Algebra<Ch>,
) -> Constraints<Ch> {
    let alpha = vars.algebra(ALPHA);
    let mut accumulator = vars.algebra(OLD_ACCUMULATOR);
    let mut constraints = Vec::with_capacity(2 * num_coeffs);
    for i in 0..num_coeffs {
        let is_last = i + 1 == num_coeffs;
        let next = vars.algebra(if is_last { OUTPUT } else { accumulators + 2 * i });
        let target = minus_coefficient(chip, i, next.clone());
        let negated = target.map(|t| super::negated(chip, &t));
        constraints.extend(algebra_mul_add(chip, &accumulator, &alpha, Some(&negated)));
        accumulator = next;
    }
    Constraints::plain(constraints)
}
