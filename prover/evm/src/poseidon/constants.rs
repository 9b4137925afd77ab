//! plonky2's constants, in the form in which the rounds want them.

use plonky2::{
    field::{
        goldilocks_field::GoldilocksField,
        types::{Field, Field64, PrimeField64},
    },
    hash::poseidon::{ALL_ROUND_CONSTANTS, HALF_N_FULL_ROUNDS, N_PARTIAL_ROUNDS, Poseidon},
};

use super::lanes::{Circulant, Vector, WIDTH};

pub(super) type F = GoldilocksField;
/// `p = 2^64 - 2^32 + 1`
pub(super) const P: u64 = F::ORDER;
/// Full rounds before, and after, the partial ones.
pub(super) const HALF: usize = HALF_N_FULL_ROUNDS;
/// Partial rounds, two of which are one step.
pub(super) const PAIRS: usize = N_PARTIAL_ROUNDS / 2;

/// What element 0 adds to itself beyond the circulant.
pub(super) const DIAGONAL: u64 = F::MDS_MATRIX_DIAG[0];

const _: () = {
    assert!(PAIRS * 2 == N_PARTIAL_ROUNDS);
    let mut element = 1;
    while element < WIDTH {
        assert!(F::MDS_MATRIX_DIAG[element] == 0);
        element += 1;
    }
};

/// All that a permutation adds and multiplies by.
#[derive(Clone, Debug)]
pub(super) struct Constants {
    /// The linear layer, but for its [`DIAGONAL`].
    pub layer: Circulant,
    /// Added before each of the first full rounds.
    pub first: [Vector; HALF],
    /// Added to element 0 before each S-box of the partial rounds, two by two.
    pub partial: [[u64; 2]; PAIRS],
    /// Added before each of the last full rounds.
    pub last: [Vector; HALF],
}

impl Constants {
    /// In the partial rounds an S-box has element 0 only. So what a round adds to the others may as well be added later,
    /// behind the linear layers in between, until it arrives at element 0 or at the last full rounds.
    pub(super) fn new() -> Self {
        let round = |round: usize| -> Vector {
            core::array::from_fn(|element| ALL_ROUND_CONSTANTS[WIDTH * round + element])
        };
        let mut owed = [F::ZERO; WIDTH];
        let mut partial = [[0; 2]; PAIRS];
        for i in 0..N_PARTIAL_ROUNDS {
            owed = plus(owed, &round(HALF + i));
            partial[i / 2][i % 2] = owed[0].to_canonical_u64();
            owed[0] = F::ZERO;
            owed = F::mds_layer(&owed);
        }
        let mut last = core::array::from_fn(|i| round(HALF + N_PARTIAL_ROUNDS + i));
        last[0] = plus(owed, &last[0]).map(|element| element.to_canonical_u64());
        Self {
            layer: Circulant {
                first: F::MDS_MATRIX_CIRC,
            },
            first: core::array::from_fn(round),
            partial,
            last,
        }
    }

    /// Row 0 of the linear layer, its diagonal included; of another row, the circulant's is all.
    pub(super) fn row(&self, new: usize) -> Vector {
        let mut row: Vector = core::array::from_fn(|old| self.layer.coefficient(new, old));
        if new == 0 {
            row[0] += DIAGONAL;
        }
        row
    }
}

fn plus(state: [F; WIDTH], constants: &Vector) -> [F; WIDTH] {
    core::array::from_fn(|element| state[element] + F::from_canonical_u64(constants[element]))
}

/// The S-box, x^7, of any word.
pub(super) fn sbox(value: u64) -> u64 {
    F::from_noncanonical_u64(value).exp_u64(7).to_canonical_u64()
}
