//! `BaseSumGate<B>`.

use plonky2::{field::types::Field, gates::gate::GateRef};

use super::{Constraints, GateKind, GateVars};
use crate::chip::{Chip, F, F2};

/// Reads the radix from the gate's name, its only trace behind the trait object.
pub(super) fn recognise(gate: &GateRef<F, 2>) -> Option<GateKind> {
    let id = gate.0.id();
    let (name, base) = id.split_once(" + Base: ")?;
    (name.starts_with("BaseSumGate ")).then_some(())?;
    Some(GateKind::BaseSum {
        base: base.parse().ok()?,
        num_limbs: gate.0.num_constraints() - 1,
    })
}

/// `Σ limbᵢ·Bⁱ − sum`, then `Π_{d<B} (limb − d)` for each limb.
pub(super) fn evaluate<Ch: Chip>(
    chip: &mut Ch,
    vars: &GateVars<Ch>,
    base: usize,
    num_limbs: usize,
) -> Constraints<Ch> {
    let limbs = &vars.wires[1..=num_limbs];
    let mut terms = vec![(F::NEG_ONE, vars.wire(0).clone())];
    let weights = F::from_canonical_usize(base).powers();
    terms.extend(weights.zip(limbs.iter().cloned()));
    let mut constraints = vec![chip.sum(&terms, F2::ZERO)];
    for limb in limbs {
        let mut product = limb.clone();
        for digit in 1..base {
            let factor = chip.sum(
                &[(F::ONE, limb.clone())],
                F2::from(-F::from_canonical_usize(digit)),
            );
            if digit > 1 {
                product = chip.reduced(&product);
            }
            product = chip.product(&product, &factor);
        }
        constraints.push(product);
    }
    Constraints::plain(constraints)
}
