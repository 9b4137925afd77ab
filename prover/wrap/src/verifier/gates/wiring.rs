//! `ConstantGate` and `PublicInputGate`.

use super::{Constraints, GateVars};
use crate::chip::Chip;

pub(super) fn constants<Ch: Chip>(chip: &mut Ch, vars: &GateVars<Ch>, count: usize) -> Constraints<Ch> {
    let difference = |i: usize| chip.difference(&vars.constants[i], vars.wire(i));
    Constraints::plain((0..count).map(difference).collect())
}

pub(super) fn public_inputs<Ch: Chip>(chip: &mut Ch, vars: &GateVars<Ch>) -> Constraints<Ch> {
    let pairs = vars.wires.iter().zip(vars.public_inputs_hash);
    Constraints::plain(pairs.map(|(wire, part)| chip.difference(wire, part)).collect())
}
