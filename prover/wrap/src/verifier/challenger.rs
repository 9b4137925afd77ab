//! Fiat and Shamir: plonky2's duplex challenger over three lanes of three elements and a hidden capacity lane.

use halo2_proofs::halo2curves::{bn256::Fr, ff::Field as _};
use plonky2::field::types::Field;

use crate::chip::{Chip, F};

/// Elements per lane.
const LANE: usize = 3;
/// Elements absorbed or squeezed per permutation.
const RATE: usize = 3 * LANE;

/// A rate lane between permutations. plonky2 keeps reduced limbs; here a lane is cut only when a limb is read, which it
/// is not where the next input overwrites the whole lane.
enum Lane<Ch: Chip> {
    Word(Ch::Word),
    Elements([Ch::Fe; LANE]),
}

/// Twin of plonky2's `Challenger<F, Bn254Hasher>`.
pub struct Challenger<Ch: Chip> {
    capacity: Ch::Word,
    rate: [Lane<Ch>; 3],
    inputs: Vec<Ch::Fe>,
    /// Squeezed elements not handed out yet: rate elements `0..unread`.
    unread: usize,
}

impl<Ch: Chip> Challenger<Ch> {
    /// The state before any message.
    pub fn new(chip: &mut Ch) -> Self {
        let zero = chip.constant(F::ZERO);
        Self {
            capacity: chip.constant_word(Fr::ZERO),
            rate: std::array::from_fn(|_| Lane::Elements(std::array::from_fn(|_| zero.clone()))),
            inputs: Vec::with_capacity(RATE),
            unread: 0,
        }
    }

    /// Absorbs one element, as its present representative.
    pub fn observe(&mut self, chip: &mut Ch, element: &Ch::Fe) {
        self.unread = 0;
        self.inputs.push(element.clone());
        if self.inputs.len() == RATE {
            self.duplex(chip);
        }
    }

    /// Absorbs elements in order.
    pub fn observe_all(&mut self, chip: &mut Ch, elements: &[Ch::Fe]) {
        for element in elements {
            self.observe(chip, element);
        }
    }

    /// Absorbs a constant.
    pub fn observe_constant(&mut self, chip: &mut Ch, value: F) {
        let value = chip.constant(value);
        self.observe(chip, &value);
    }

    /// Absorbs the coordinates of elements of GF(p²).
    pub fn observe_extensions<'a>(&mut self, chip: &mut Ch, elements: impl IntoIterator<Item = &'a Ch::Ext>)
    where
        Ch::Ext: 'a,
    {
        for element in elements {
            let coordinates = chip.coordinates(element);
            self.observe_all(chip, &coordinates);
        }
    }

    /// Absorbs digests, each as five elements.
    pub fn observe_digests(&mut self, chip: &mut Ch, digests: &[Ch::Word]) {
        for digest in digests {
            let pieces = chip.split7(digest);
            self.observe_all(chip, &pieces);
        }
    }

    /// The next challenge in GF(p), canonical.
    pub fn challenge(&mut self, chip: &mut Ch) -> Ch::Fe {
        if !self.inputs.is_empty() || self.unread == 0 {
            self.duplex(chip);
        }
        self.unread -= 1; // plonky2 hands the squeezed elements out from the end
        self.element(chip, self.unread)
    }

    /// The next `n` challenges.
    pub fn challenges(&mut self, chip: &mut Ch, n: usize) -> Vec<Ch::Fe> {
        (0..n).map(|_| self.challenge(chip)).collect()
    }

    /// The next challenge in GF(p²).
    pub fn extension_challenge(&mut self, chip: &mut Ch) -> Ch::Ext {
        let c0 = self.challenge(chip);
        let c1 = self.challenge(chip);
        chip.ext(&c0, &c1)
    }

    fn element(&mut self, chip: &mut Ch, index: usize) -> Ch::Fe {
        let lane = &mut self.rate[index / LANE];
        if let Lane::Word(word) = lane {
            *lane = Lane::Elements(chip.unpack(word));
        }
        match lane {
            Lane::Elements(elements) => elements[index % LANE].clone(),
            Lane::Word(_) => unreachable!("the lane was cut above"),
        }
    }

    /// Overwrites the first rate elements with the inputs and permutes.
    fn duplex(&mut self, chip: &mut Ch) {
        let mut inputs = std::mem::take(&mut self.inputs);
        for index in inputs.len()..RATE {
            let kept = self.element(chip, index);
            inputs.push(kept);
        }
        let [a, b, c] = std::array::from_fn(|i| chip.pack(&inputs[LANE * i..LANE * (i + 1)]));
        let [capacity, rate @ ..] = chip.permute([self.capacity.clone(), a, b, c]);
        self.capacity = capacity;
        self.rate = rate.map(Lane::Word);
        self.unread = RATE;
    }
}
