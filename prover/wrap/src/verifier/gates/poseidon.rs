//! `PoseidonGate` and `PoseidonMdsGate`.

use plonky2::{
    field::types::Field,
    hash::poseidon::{HALF_N_FULL_ROUNDS, N_PARTIAL_ROUNDS},
};

use super::{
    super::poseidon_goldilocks::{AffineState, WIDTH, mds_entry, sbox},
    Constraints, GateVars,
};
use crate::chip::{Chip, F, F2};

const OUTPUT: usize = WIDTH;
const SWAP: usize = 2 * WIDTH;
const DELTA: usize = SWAP + 1;
const FIRST_SBOXES: usize = DELTA + 4;
const PARTIAL_SBOXES: usize = FIRST_SBOXES + WIDTH * (HALF_N_FULL_ROUNDS - 1);
const LAST_SBOXES: usize = PARTIAL_SBOXES + N_PARTIAL_ROUNDS;

/// Every S-box input but the first round's is a wire, constrained to the affine form of the S-box outputs before it.
/// plonky2 evaluates the partial rounds in their factored form: the same affine forms.
pub(super) fn permutation<Ch: Chip>(chip: &mut Ch, vars: &GateVars<Ch>) -> Constraints<Ch> {
    let mut constraints = Vec::new();
    let lanes = swapped_inputs(chip, vars, &mut constraints);
    let mut state = AffineState::new(lanes);
    let mut round = 0;

    for r in 0..HALF_N_FULL_ROUNDS {
        state.add_constants(round);
        let outputs = std::array::from_fn(|i| {
            let input = match r.checked_sub(1) {
                None => state.lane_plus(chip, i, None),
                Some(r) => stated_input(
                    chip,
                    vars,
                    &state,
                    i,
                    FIRST_SBOXES + WIDTH * r + i,
                    &mut constraints,
                ),
            };
            reduced_sbox(chip, &input)
        });
        state = AffineState::new(outputs);
        state.mix();
        round += 1;
    }
    for r in 0..N_PARTIAL_ROUNDS {
        state.add_constants(round);
        let input = stated_input(chip, vars, &state, 0, PARTIAL_SBOXES + r, &mut constraints);
        state.replace_first(reduced_sbox(chip, &input));
        state.mix();
        round += 1;
    }
    for r in 0..HALF_N_FULL_ROUNDS {
        state.add_constants(round);
        let outputs = std::array::from_fn(|i| {
            let wire = LAST_SBOXES + WIDTH * r + i;
            let input = stated_input(chip, vars, &state, i, wire, &mut constraints);
            reduced_sbox(chip, &input)
        });
        state = AffineState::new(outputs);
        state.mix();
        round += 1;
    }
    for i in 0..WIDTH {
        stated_input(chip, vars, &state, i, OUTPUT + i, &mut constraints);
    }
    Constraints::plain(constraints)
}

/// Constrains the swap wires; returns the lanes after the swap.
fn swapped_inputs<Ch: Chip>(
    chip: &mut Ch,
    vars: &GateVars<Ch>,
    constraints: &mut Vec<Ch::Wide>,
) -> [Ch::Wide; WIDTH] {
    let swap = vars.wire(SWAP);
    let swap_minus_one = chip.sum(&[(F::ONE, swap.clone())], F2::NEG_ONE);
    constraints.push(chip.product(swap, &swap_minus_one));
    for i in 0..4 {
        let step = chip.difference(vars.wire(i + 4), vars.wire(i));
        let swapped = chip.product(swap, &step);
        constraints.push(chip.difference(&swapped, vars.wire(DELTA + i)));
    }
    std::array::from_fn(|i| {
        let input = (F::ONE, vars.wire(i).clone());
        match i {
            0..4 => chip.sum(&[input, (F::ONE, vars.wire(DELTA + i).clone())], F2::ZERO),
            4..8 => chip.sum(&[input, (F::NEG_ONE, vars.wire(DELTA + i - 4).clone())], F2::ZERO),
            _ => input.1,
        }
    })
}

/// Constrains `wire` to the lane and returns it.
fn stated_input<Ch: Chip>(
    chip: &mut Ch,
    vars: &GateVars<Ch>,
    state: &AffineState<Ch>,
    lane: usize,
    wire: usize,
    constraints: &mut Vec<Ch::Wide>,
) -> Ch::Wide {
    let stated = vars.wire(wire).clone();
    constraints.push(state.lane_plus(chip, lane, Some((F::NEG_ONE, stated.clone()))));
    stated
}

fn reduced_sbox<Ch: Chip>(chip: &mut Ch, input: &Ch::Wide) -> Ch::Wide {
    let output = sbox(chip, input);
    chip.reduced(&output)
}

/// `output − MDS · input`, coordinate by coordinate.
pub(super) fn mds<Ch: Chip>(chip: &mut Ch, vars: &GateVars<Ch>) -> Constraints<Ch> {
    let mut constraints = Vec::with_capacity(2 * WIDTH);
    for row in 0..WIDTH {
        for coordinate in 0..2 {
            let mut terms = vec![(F::ONE, vars.wire(2 * (WIDTH + row) + coordinate).clone())];
            terms.extend((0..WIDTH).map(|column| {
                (
                    -F::from_canonical_u64(mds_entry(row, column)),
                    vars.wire(2 * column + coordinate).clone(),
                )
            }));
            constraints.push(chip.sum(&terms, F2::ZERO));
        }
    }
    Constraints::plain(constraints)
}
