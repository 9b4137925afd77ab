//! One state, in the field arithmetic of halo2curves.

use halo2curves::bn256::Fr;

use super::{Poseidon2Constants, STATE};

type State = [Fr; STATE];

pub(super) fn permute(constants: &Poseidon2Constants, state: &mut State) {
    external_layer(state);
    for round in &constants.initial {
        full_round(state, round);
    }
    for constant in &constants.partial {
        state[0] = sbox(state[0] + constant);
        internal_layer(state, &constants.diagonal);
    }
    for round in &constants.last {
        full_round(state, round);
    }
}

fn sbox(x: Fr) -> Fr {
    x.square().square() * x
}

fn full_round(state: &mut State, constants: &[Fr; STATE]) {
    for (x, constant) in state.iter_mut().zip(constants) {
        *x = sbox(*x + constant);
    }
    external_layer(state);
}

/// Multiplies by M4, of rows 5 7 1 3, 4 6 1 1, 1 3 5 7, 1 1 4 6 (eprint 2023/323, section 5.1).
fn external_layer(state: &mut State) {
    let [a, b, c, d] = *state;
    let (ab, cd) = (a + b, c + d);
    let (row_c, row_d) = (b.double() + cd, d.double() + ab);
    let (out_3, out_1) = (cd.double().double() + row_d, ab.double().double() + row_c);
    *state = [row_d + out_1, out_1, row_c + out_3, out_3];
}

fn internal_layer(state: &mut State, diagonal: &[Fr; STATE]) {
    let sum = (state[0] + state[1]) + (state[2] + state[3]);
    for (x, factor) in state.iter_mut().zip(diagonal) {
        *x = *x * factor + sum;
    }
}
