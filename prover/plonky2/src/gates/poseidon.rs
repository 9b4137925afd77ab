//! A permutation, and its linear layer over the extension.

use ashlar_lanes::{Constraints, F, Lanes, PackedGate, Row, State, UNREDUCED_ROUNDS, mds, sbox};
use ashlar_statement::hash::D;
use plonky2::hash::poseidon::{
    ALL_ROUND_CONSTANTS, HALF_N_FULL_ROUNDS, N_PARTIAL_ROUNDS, Poseidon, SPONGE_WIDTH,
};

use super::extension::at;

const OUTPUT: usize = SPONGE_WIDTH;
const SWAP: usize = 2 * SPONGE_WIDTH;
const DELTA: usize = SWAP + 1;
/// What can be swapped with what follows it: a digest.
const HALF: usize = 4;
const FIRST_SBOXES: usize = DELTA + HALF;
const PARTIAL_SBOXES: usize = FIRST_SBOXES + SPONGE_WIDTH * (HALF_N_FULL_ROUNDS - 1);
const LAST_SBOXES: usize = PARTIAL_SBOXES + N_PARTIAL_ROUNDS;

/// Low and high halves of a state.
type Halves<L> = [State<L>; 2];

#[inline(always)]
fn split<L: Lanes>(lanes: L, state: &State<L>) -> Halves<L> {
    let mut halves = [*state; 2];
    for i in 0..SPONGE_WIDTH {
        [halves[0][i], halves[1][i]] = lanes.split(state[i]);
    }
    halves
}

#[inline(always)]
fn join<L: Lanes>(lanes: L, halves: &Halves<L>) -> State<L> {
    let mut state = halves[0];
    for i in 0..SPONGE_WIDTH {
        state[i] = lanes.join([halves[0][i], halves[1][i]]);
    }
    state
}

#[inline(always)]
fn linear<L: Lanes>(lanes: L, state: &State<L>) -> State<L> {
    let halves = split(lanes, state);
    join(lanes, &[mds(lanes, &halves[0]), mds(lanes, &halves[1])])
}

/// plonky2's `PoseidonGate`: a permutation of inputs of which two digests may be swapped. The inputs of the S-boxes are
/// wires, but for the first round's.
pub struct Permutation;

impl Permutation {
    /// The inputs of a full round's S-boxes are the wires from `first` on; the state behind the round.
    #[inline(always)]
    fn full_round<L: Lanes>(lanes: L, inputs: &State<L>) -> State<L> {
        let mut state = *inputs;
        for element in &mut state {
            *element = sbox(lanes, *element);
        }
        linear(lanes, &state)
    }

    /// Adds a round's constants.
    #[inline(always)]
    fn constants<L: Lanes>(lanes: L, state: &mut State<L>, constants: &[u64]) {
        for (element, constant) in state.iter_mut().zip(constants) {
            *element = lanes.add(*element, lanes.splat(F(*constant)));
        }
    }

    /// The state is what is on the wires from `first` on, and goes on as that.
    #[inline(always)]
    fn given<L: Lanes>(
        lanes: L,
        row: Row<'_, L>,
        constraints: &mut Constraints<'_, L>,
        state: &mut State<L>,
        first: usize,
    ) {
        for (element, wire) in state.iter_mut().zip(&row.wires[first..]) {
            constraints.push(lanes.sub(*element, *wire));
            *element = *wire;
        }
    }

    /// In the plain form, see `ashlar_poseidon`: element 0 before each S-box is the same as in plonky2's sparse form.
    #[inline(always)]
    fn partial_rounds<L: Lanes>(
        lanes: L,
        row: Row<'_, L>,
        constraints: &mut Constraints<'_, L>,
        state: &State<L>,
    ) -> State<L> {
        let mut state = *state;
        Self::constants(lanes, &mut state, &F::FAST_PARTIAL_FIRST_ROUND_CONSTANT);
        let mut halves = split(lanes, &state);
        for round in 0..N_PARTIAL_ROUNDS {
            let first = lanes.join([halves[0][0], halves[1][0]]);
            let input = row.wires[PARTIAL_SBOXES + round];
            constraints.push(lanes.sub(first, input));
            let constant = lanes.splat(F(F::FAST_PARTIAL_ROUND_CONSTANTS[round]));
            let output = lanes.add(sbox(lanes, input), constant);
            [halves[0][0], halves[1][0]] = lanes.split(output);
            halves = [mds(lanes, &halves[0]), mds(lanes, &halves[1])];
            if (round + 1) % UNREDUCED_ROUNDS == 0 {
                for i in 1..SPONGE_WIDTH {
                    let reduced = lanes.join([halves[0][i], halves[1][i]]);
                    [halves[0][i], halves[1][i]] = lanes.split(reduced);
                }
            }
        }
        join(lanes, &halves)
    }
}

impl PackedGate for Permutation {
    #[inline(always)]
    fn evaluate<L: Lanes>(&self, lanes: L, row: Row<'_, L>, constraints: &mut Constraints<'_, L>) {
        let wires = row.wires;
        let swap = wires[SWAP];
        constraints.push(lanes.mul(swap, lanes.sub(swap, lanes.splat(F(1)))));
        let mut state = [swap; SPONGE_WIDTH];
        state.copy_from_slice(&wires[..SPONGE_WIDTH]);
        for i in 0..HALF {
            let delta = wires[DELTA + i];
            let difference = lanes.sub(wires[HALF + i], wires[i]);
            constraints.push(lanes.sub(lanes.mul(swap, difference), delta));
            state[i] = lanes.add(wires[i], delta);
            state[HALF + i] = lanes.sub(wires[HALF + i], delta);
        }
        for round in 0..HALF_N_FULL_ROUNDS {
            Self::constants(lanes, &mut state, &ALL_ROUND_CONSTANTS[SPONGE_WIDTH * round..]);
            if round > 0 {
                let first = FIRST_SBOXES + SPONGE_WIDTH * (round - 1);
                Self::given(lanes, row, constraints, &mut state, first);
            }
            state = Self::full_round(lanes, &state);
        }
        state = Self::partial_rounds(lanes, row, constraints, &state);
        for round in 0..HALF_N_FULL_ROUNDS {
            let of_round = HALF_N_FULL_ROUNDS + N_PARTIAL_ROUNDS + round;
            Self::constants(lanes, &mut state, &ALL_ROUND_CONSTANTS[SPONGE_WIDTH * of_round..]);
            let first = LAST_SBOXES + SPONGE_WIDTH * round;
            Self::given(lanes, row, constraints, &mut state, first);
            state = Self::full_round(lanes, &state);
        }
        for (element, output) in state.iter().zip(&wires[OUTPUT..]) {
            constraints.push(lanes.sub(*element, *output));
        }
    }
}

/// plonky2's `PoseidonMdsGate`: the matrix is of the field, so it acts on each coefficient alone.
pub struct Mds;

impl PackedGate for Mds {
    #[inline(always)]
    fn evaluate<L: Lanes>(&self, lanes: L, row: Row<'_, L>, constraints: &mut Constraints<'_, L>) {
        let mut products = [[row.wires[0]; SPONGE_WIDTH]; D];
        for (coefficient, product) in products.iter_mut().enumerate() {
            let mut state = *product;
            for (i, element) in state.iter_mut().enumerate() {
                *element = row.wires[D * i + coefficient];
            }
            *product = linear(lanes, &state);
        }
        for i in 0..SPONGE_WIDTH {
            let output = at::<L>(row.wires, D * (OUTPUT + i));
            for (product, output) in products.iter().zip(output) {
                constraints.push(lanes.sub(output, product[i]));
            }
        }
    }
}
