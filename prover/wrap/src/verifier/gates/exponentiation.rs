//! `ExponentiationGate`.

use plonky2::field::types::Field;

use super::{Constraints, GateVars};
use crate::chip::{Chip, F, F2};

/// `previous²·(bit·base + 1 − bit) − intermediate` from the highest bit down, then `output − last intermediate`.
pub(super) fn evaluate<Ch: Chip>(
    chip: &mut Ch,
    vars: &GateVars<Ch>,
    num_power_bits: usize,
) -> Constraints<Ch> {
    let base = vars.wire(0);
    let bits = &vars.wires[1..=num_power_bits];
    let output = vars.wire(1 + num_power_bits);
    let intermediates = &vars.wires[2 + num_power_bits..2 + 2 * num_power_bits];

    let base_minus_one = chip.sum(&[(F::ONE, base.clone())], F2::NEG_ONE);
    let one = chip.sum(&[], F2::ONE);
    let mut constraints = Vec::with_capacity(num_power_bits + 1);
    for (i, (bit, intermediate)) in bits.iter().rev().zip(intermediates).enumerate() {
        let factor = chip.inner_product(&[(bit.clone(), base_minus_one.clone())], Some(&one));
        let power = if i == 0 {
            factor
        } else {
            let square = chip.product(&intermediates[i - 1], &intermediates[i - 1]);
            let (square, factor) = (chip.reduced(&square), chip.reduced(&factor));
            chip.product(&square, &factor)
        };
        constraints.push(chip.difference(&power, intermediate));
    }
    constraints.push(chip.difference(output, &intermediates[num_power_bits - 1]));
    Constraints::plain(constraints)
}
