//! Poseidon2 (eprint 2023/323) over the scalar field of BN254, many states at once: t = 4, `x^5`, 8 full and 56 partial
//! rounds. Which instance it is, its constants say; they are the caller's.

#[cfg(target_arch = "x86_64")]
mod ifma;
mod scalar;

use halo2curves::bn256::Fr;

use self::scalar::Scalar;
use super::Level;

/// Elements of a state.
const STATE: usize = 4;
/// Full rounds before, and again after, the partial rounds.
const HALF_FULL_ROUNDS: usize = 4;
/// Partial rounds.
const PARTIAL_ROUNDS: usize = 56;

/// Public constants of an instance.
#[derive(Clone, Debug)]
pub struct Poseidon2Constants {
    /// Round constants of the first full rounds.
    pub initial: [[Fr; STATE]; HALF_FULL_ROUNDS],
    /// Round constants of the partial rounds, added to element 0 only.
    pub partial: [Fr; PARTIAL_ROUNDS],
    /// Round constants of the last full rounds.
    pub last: [[Fr; STATE]; HALF_FULL_ROUNDS],
    /// The internal layer maps `x_i` to `diagonal_i * x_i + sum(x)`.
    pub diagonal: [Fr; STATE],
}

/// The permutation, prepared for this machine.
#[derive(Clone, Debug)]
pub struct Poseidon2 {
    /// For what is not worth a vector, and where there are none.
    scalar: Scalar,
    constants: Poseidon2Constants,
    #[cfg(target_arch = "x86_64")]
    lanes: Option<Box<ifma::Permutation>>,
}

impl Poseidon2 {
    /// The fastest path of this machine.
    pub fn new(constants: &Poseidon2Constants) -> Self {
        Self::with_level(Level::detect(), constants).expect("the level detected is there")
    }

    /// A given path, `None` where the machine does not have it. Without vectors, products have two carry chains (`adcx`,
    /// `adox`) where the machine has them.
    pub fn with_level(level: Level, constants: &Poseidon2Constants) -> Option<Self> {
        level.is_available().then(|| Self {
            scalar: Scalar::detect(),
            constants: constants.clone(),
            #[cfg(target_arch = "x86_64")]
            lanes: match level {
                Level::Portable => None,
                Level::Avx512Ifma => ifma::Permutation::new(constants).map(Box::new),
            },
        })
    }

    /// In plain 64-bit arithmetic, whatever the machine has.
    pub fn plain(constants: &Poseidon2Constants) -> Self {
        Self {
            scalar: Scalar::Plain,
            constants: constants.clone(),
            #[cfg(target_arch = "x86_64")]
            lanes: None,
        }
    }

    /// Permutes each state; any number of states, on the calling thread. Callers that split them among cores do best with
    /// multiples of eight.
    pub fn permute_all(&self, states: &mut [[Fr; STATE]]) {
        #[cfg(target_arch = "x86_64")]
        let states = match &self.lanes {
            Some(lanes) => lanes.permute_all(states),
            None => states,
        };
        self.scalar.permute_all(&self.constants, states);
    }
}
