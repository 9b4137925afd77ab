//! `RandomAccessGate`.

use plonky2::field::types::Field;

use super::{Constraints, GateVars};
use crate::chip::{Chip, F, F2};

/// For each list: bits are bits, they make up the index, and they choose the claimed element; then the spare constants.
pub(super) fn evaluate<Ch: Chip>(
    chip: &mut Ch,
    vars: &GateVars<Ch>,
    bits: usize,
    num_copies: usize,
    num_extra_constants: usize,
) -> Constraints<Ch> {
    let copy_wires = 2 + (1 << bits);
    let extra_constants = copy_wires * num_copies;
    let first_bit = extra_constants + num_extra_constants;

    let mut constraints = Vec::new();
    for copy in 0..num_copies {
        let wires = &vars.wires[copy * copy_wires..(copy + 1) * copy_wires];
        let (index, claimed, list) = (&wires[0], &wires[1], &wires[2..]);
        let bits = &vars.wires[first_bit + copy * bits..first_bit + (copy + 1) * bits];
        for bit in bits {
            let bit_minus_one = chip.sum(&[(F::ONE, bit.clone())], F2::NEG_ONE);
            constraints.push(chip.product(bit, &bit_minus_one));
        }
        let mut terms = vec![(F::NEG_ONE, index.clone())];
        terms.extend(F::TWO.powers().zip(bits.iter().cloned()));
        constraints.push(chip.sum(&terms, F2::ZERO));
        let chosen = choose(chip, bits, list);
        constraints.push(chip.difference(&chosen, claimed));
    }
    for i in 0..num_extra_constants {
        constraints.push(chip.difference(&vars.constants[i], vars.wire(extra_constants + i)));
    }
    Constraints::plain(constraints)
}

/// The multilinear extension of `list` at `bits` (which need not be bits here), two variables at a time: only the
/// product of the two and each chosen element are reduced.
fn choose<Ch: Chip>(chip: &mut Ch, bits: &[Ch::Wide], list: &[Ch::Wide]) -> Ch::Wide {
    let mut list = list.to_vec();
    let pairs = bits.chunks(2);
    let last = pairs.len() - 1;
    for (level, pair) in pairs.enumerate() {
        list = match pair {
            [low, high] => {
                let both = chip.product(low, high);
                let both = chip.reduced(&both);
                list.chunks(4)
                    .map(|four| bilinear(chip, [low, high, &both], four))
                    .collect()
            }
            _ => list.chunks(2).map(|two| linear(chip, &pair[0], two)).collect(),
        };
        if level < last {
            list = list.iter().map(|element| chip.reduced(element)).collect();
        }
    }
    list.swap_remove(0)
}

fn linear<Ch: Chip>(chip: &mut Ch, bit: &Ch::Wide, list: &[Ch::Wide]) -> Ch::Wide {
    let step = chip.difference(&list[1], &list[0]);
    chip.inner_product(&[(bit.clone(), step)], Some(&list[0]))
}

/// `l₀ + low·(l₁ − l₀) + high·(l₂ − l₀) + low·high·(l₃ − l₂ − l₁ + l₀)`.
fn bilinear<Ch: Chip>(chip: &mut Ch, [low, high, both]: [&Ch::Wide; 3], list: &[Ch::Wide]) -> Ch::Wide {
    let step_low = chip.difference(&list[1], &list[0]);
    let step_high = chip.difference(&list[2], &list[0]);
    let signs = [F::ONE, F::NEG_ONE, F::NEG_ONE, F::ONE];
    let terms: Vec<_> = signs.into_iter().zip(list.iter().cloned()).collect();
    let step_both = chip.sum(&terms, F2::ZERO);
    chip.inner_product(
        &[
            (low.clone(), step_low),
            (high.clone(), step_high),
            (both.clone(), step_both),
        ],
        Some(&list[0]),
    )
}
