//! Poseidon2 over BN254's scalar field, of the trees of the compressed proof; many states, on one core.

use ashlar_accel::{
    cpu::{Level, Poseidon2, Poseidon2Constants},
    testing::msm::Scalars,
};
use ashlar_bn254::poseidon2;
use halo2curves::bn256::Fr;

use super::CPU;
use crate::{Cause, Contender};

type State = [Fr; poseidon2::WIDTH];

/// Ours in 64-bit words, with two carry chains where the machine has them.
const WORDS: &str = "ashlar/words";
/// Ours in 64-bit words without special instructions.
const PLAIN_WORDS: &str = "ashlar/plain-words";
/// The plain permutation, one state after the other.
const PLAIN: &str = "plain/scalar";

/// States, the same in every run.
pub struct Fixture {
    states: Vec<State>,
}

impl Fixture {
    /// `2^log_states` of them.
    pub fn new(log_states: u32) -> Self {
        let elements = Scalars::Full.draw(poseidon2::WIDTH << log_states, 1);
        let (states, _) = elements.as_chunks();
        Self {
            states: states.to_vec(),
        }
    }

    /// Ours on the path that is in use, and the plain twin.
    pub fn contenders(&self) -> Vec<Contender<'_>> {
        let constants = poseidon2::constants();
        let constants = Poseidon2Constants {
            initial: constants.initial,
            partial: constants.partial,
            last: constants.last,
            diagonal: constants.diagonal,
        };
        let words = Poseidon2::with_level(Level::Portable, &constants).expect("every machine has it");
        let ours = [
            (CPU, Poseidon2::new(&constants)),
            (WORDS, words),
            (PLAIN_WORDS, Poseidon2::plain(&constants)),
        ];
        let ours = ours
            .map(|(name, permutation)| self.contender(name, move |states| permutation.permute_all(states)));
        let twin = self.contender(PLAIN, |states| states.iter_mut().for_each(poseidon2::permute));
        ours.into_iter().chain([twin]).collect()
    }

    fn contender<'a>(&'a self, name: &str, permute: impl Fn(&mut [State]) + Clone + 'a) -> Contender<'a> {
        Contender::new(name, move || {
            let (mut states, mut expected) = (self.states.clone(), self.states.clone());
            expected.iter_mut().for_each(poseidon2::permute);
            permute(&mut states);
            if states != expected {
                return Err(Cause::Wrong);
            }
            let permute = permute.clone();
            Ok(Box::new(move || permute(std::hint::black_box(&mut states))))
        })
    }
}
