//! `ArithmeticGate`, `ArithmeticExtensionGate`, `MulExtensionGate`: the constants are common factors.

use super::{Algebra, Constraints, GateVars, algebra_mul_add, negated};
use crate::chip::Chip;

/// Wires of one operation over GF(p): two multiplicands, addend, output.
const BASE_WIRES: usize = 4;

/// `output − c₀·x·y − c₁·z`.
pub(super) fn base<Ch: Chip>(chip: &mut Ch, vars: &GateVars<Ch>, num_ops: usize) -> Constraints<Ch> {
    let operations = || vars.wires[..BASE_WIRES * num_ops].chunks(BASE_WIRES);
    let products = operations().map(|w| chip.product(&w[0], &w[1])).collect();
    Constraints {
        plain: operations().map(|w| w[3].clone()).collect(),
        scaled: vec![
            (negated(chip, &vars.constants[0]), products),
            (
                negated(chip, &vars.constants[1]),
                operations().map(|w| w[2].clone()).collect(),
            ),
        ],
    }
}

/// `output − c₀·x·y − c₁·z` in the algebra: two constraints an operation.
pub(super) fn extension<Ch: Chip>(chip: &mut Ch, vars: &GateVars<Ch>, num_ops: usize) -> Constraints<Ch> {
    let operands = |i: usize| -> [Algebra<Ch>; 4] { std::array::from_fn(|j| vars.algebra(8 * i + 2 * j)) };
    let (mut outputs, mut products, mut addends) = (Vec::new(), Vec::new(), Vec::new());
    for [x, y, z, output] in (0..num_ops).map(operands) {
        products.extend(algebra_mul_add(chip, &x, &y, None));
        addends.extend(z);
        outputs.extend(output);
    }
    Constraints {
        plain: outputs,
        scaled: vec![
            (negated(chip, &vars.constants[0]), products),
            (negated(chip, &vars.constants[1]), addends),
        ],
    }
}

/// `output − c₀·x·y` in the algebra.
pub(super) fn mul_extension<Ch: Chip>(chip: &mut Ch, vars: &GateVars<Ch>, num_ops: usize) -> Constraints<Ch> {
    let operands = |i: usize| -> [Algebra<Ch>; 3] { std::array::from_fn(|j| vars.algebra(6 * i + 2 * j)) };
    let (mut outputs, mut products) = (Vec::new(), Vec::new());
    for [x, y, output] in (0..num_ops).map(operands) {
        products.extend(algebra_mul_add(chip, &x, &y, None));
        outputs.extend(output);
    }
    Constraints {
        plain: outputs,
        scaled: vec![(negated(chip, &vars.constants[0]), products)],
    }
}
