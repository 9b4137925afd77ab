//! `ConstantGate` and `PublicInputGate`.

use super::{Constraints, GateVars};
use crate::chip::Chip;

pub(super) fn constants<Ch: Chip>(chip: &mut Ch, vars: &GateVars<Ch>, count: usize) -> Constraints<Ch> {
    let pairs = vars.constants.iter().zip(vars.wires).take(count);
    Constraints::plain(
        pairs
            .map(|(constant, wire)| chip.difference(constant, wire))
            .collect(),
    )
}

pub(super) fn public_inputs<Ch: Chip>(chip: &mut Ch, vars: &GateVars<Ch>) -> Constraints<Ch> {
    let pairs = vars.wires.iter().zip(vars.public_inputs_hash);
    Constraints::plain(pairs.map(|(wire, part)| chip.difference(wire, part)).collect())
}
