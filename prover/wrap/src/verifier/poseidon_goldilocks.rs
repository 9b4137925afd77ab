//! Poseidon over Goldilocks: the hash of the public inputs, and the linear layers that its gate shares.
//!
//! Between S-boxes the permutation is affine, so the state is kept as affine forms over the last S-box outputs with
//! coefficients worked out here: the chip sees one sum per S-box input and no other linear operation.

use plonky2::{
    field::types::Field,
    hash::poseidon::{ALL_ROUND_CONSTANTS, HALF_N_FULL_ROUNDS, N_PARTIAL_ROUNDS, Poseidon, SPONGE_RATE},
};

use crate::chip::{Chip, F, F2};

/// Lanes of the state.
pub(super) const WIDTH: usize = plonky2::hash::poseidon::SPONGE_WIDTH;

/// `constant + Σ coefficientsᵢ · atomᵢ`; missing coefficients are zero.
#[derive(Clone)]
struct AffineForm {
    coefficients: Vec<F>,
    constant: F,
}

impl AffineForm {
    fn unit(atom: usize) -> Self {
        let mut coefficients = vec![F::ZERO; atom + 1];
        coefficients[atom] = F::ONE;
        Self {
            coefficients,
            constant: F::ZERO,
        }
    }

    fn add_scaled(&mut self, other: &Self, scale: F) {
        let longest = self.coefficients.len().max(other.coefficients.len());
        self.coefficients.resize(longest, F::ZERO);
        for (mine, theirs) in self.coefficients.iter_mut().zip(&other.coefficients) {
            *mine += *theirs * scale;
        }
        self.constant += other.constant * scale;
    }
}

/// A Poseidon state, affine in its atoms.
pub(super) struct AffineState<Ch: Chip> {
    atoms: Vec<Ch::Wide>,
    lanes: [AffineForm; WIDTH],
}

impl<Ch: Chip> AffineState<Ch> {
    /// One atom per lane.
    pub(super) fn new(lanes: [Ch::Wide; WIDTH]) -> Self {
        Self {
            atoms: lanes.into(),
            lanes: std::array::from_fn(AffineForm::unit),
        }
    }

    /// Makes lane 0 a new atom: the output of a partial round's S-box.
    pub(super) fn replace_first(&mut self, atom: Ch::Wide) {
        self.lanes[0] = AffineForm::unit(self.atoms.len());
        self.atoms.push(atom);
    }

    /// The constants added before the S-boxes of `round`.
    pub(super) fn add_constants(&mut self, round: usize) {
        for (i, lane) in self.lanes.iter_mut().enumerate() {
            lane.constant += F::from_canonical_u64(ALL_ROUND_CONSTANTS[WIDTH * round + i]);
        }
    }

    /// The MDS layer.
    pub(super) fn mix(&mut self) {
        let mixed = std::array::from_fn(|row| {
            let mut form = AffineForm {
                coefficients: Vec::new(),
                constant: F::ZERO,
            };
            for (column, lane) in self.lanes.iter().enumerate() {
                form.add_scaled(lane, F::from_canonical_u64(mds_entry(row, column)));
            }
            form
        });
        self.lanes = mixed;
    }

    /// `lane + offset`, not reduced.
    pub(super) fn lane_plus(&self, chip: &mut Ch, lane: usize, offset: Option<(F, Ch::Wide)>) -> Ch::Wide {
        let form = &self.lanes[lane];
        let terms: Vec<_> = form
            .coefficients
            .iter()
            .zip(&self.atoms)
            .filter(|(coefficient, _)| **coefficient != F::ZERO)
            .map(|(coefficient, atom)| (*coefficient, atom.clone()))
            .chain(offset)
            .collect();
        chip.sum(&terms, F2::from(form.constant))
    }

    /// All lanes, reduced.
    fn reduced_lanes(&self, chip: &mut Ch) -> [Ch::Wide; WIDTH] {
        std::array::from_fn(|i| {
            let lane = self.lane_plus(chip, i, None);
            chip.reduced(&lane)
        })
    }
}

/// Entry of the MDS matrix: a circulant and a diagonal.
pub(super) fn mds_entry(row: usize, column: usize) -> u64 {
    let circulant = <F as Poseidon>::MDS_MATRIX_CIRC[(column + WIDTH - row) % WIDTH];
    let diagonal = <F as Poseidon>::MDS_MATRIX_DIAG[row];
    circulant + if row == column { diagonal } else { 0 }
}

/// `x⁷` as `(x³)²·x`, with `x³` reduced and the result not. `x` must keep below 66 bits.
pub(super) fn sbox<Ch: Chip>(chip: &mut Ch, x: &Ch::Wide) -> Ch::Wide {
    let square = chip.product(x, x);
    let cube = chip.product(&square, x);
    let cube = chip.reduced(&cube);
    let sixth = chip.product(&cube, &cube);
    chip.product(&sixth, x)
}

/// The permutation; takes and gives reduced lanes.
fn permute<Ch: Chip>(chip: &mut Ch, lanes: [Ch::Wide; WIDTH]) -> [Ch::Wide; WIDTH] {
    let mut state = AffineState::new(lanes);
    let mut round = 0;
    for _ in 0..HALF_N_FULL_ROUNDS {
        state = full_round(chip, state, &mut round);
    }
    for _ in 0..N_PARTIAL_ROUNDS {
        state.add_constants(round);
        let input = state.lane_plus(chip, 0, None);
        let input = chip.reduced(&input);
        let output = sbox(chip, &input);
        state.replace_first(chip.reduced(&output));
        state.mix();
        round += 1;
    }
    state = AffineState::new(state.reduced_lanes(chip));
    for _ in 0..HALF_N_FULL_ROUNDS {
        state = full_round(chip, state, &mut round);
    }
    state
        .atoms
        .try_into()
        .unwrap_or_else(|_| unreachable!("a full round leaves one atom per lane"))
}

/// Constants, S-boxes on all lanes, MDS. The atoms on entry and on return are reduced lanes.
fn full_round<Ch: Chip>(chip: &mut Ch, mut state: AffineState<Ch>, round: &mut usize) -> AffineState<Ch> {
    state.add_constants(*round);
    *round += 1;
    let outputs = std::array::from_fn(|i| {
        let input = state.lane_plus(chip, i, None);
        sbox(chip, &input)
    });
    let mut mixed = AffineState::new(outputs);
    mixed.mix();
    AffineState::new(mixed.reduced_lanes(chip))
}

/// Twin of `PoseidonHash::hash_no_pad`: four elements, reduced.
pub fn hash_no_pad<Ch: Chip>(chip: &mut Ch, input: &[Ch::Fe]) -> [Ch::Fe; 4] {
    let zero = chip.constant(F::ZERO);
    let mut state: [Ch::Wide; WIDTH] = std::array::from_fn(|_| chip.widen(&zero));
    for block in input.chunks(SPONGE_RATE) {
        for (lane, element) in state.iter_mut().zip(block) {
            *lane = chip.widen(element);
        }
        state = permute(chip, state);
    }
    std::array::from_fn(|i| chip.reduce(&state[i]))
}
