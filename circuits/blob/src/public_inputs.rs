//! What the proof of a link states.

use ashlar_statement::elements;

use crate::limbs::NUMBER_WORDS;

elements! {
    /// Public inputs: some words have this hash, their polynomial over GF(p²) this value at `z`, and the polynomial over
    /// BLS12-381's scalar field that has them for coefficients, as a blob's has, this value at ζ.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    pub struct LinkPublicInputs<T> {
        /// Chain and rollup address, see [`ashlar_statement::Domain`]: not used in the circuit, but the proof holds for no other.
        pub domain: [T; 4],
        /// Poseidon hash of all words that the blob has room for.
        pub words_hash: [T; 4],
        /// Evaluation point of the public data, in GF(p²).
        pub z: [T; 2],
        /// The words evaluated at `z`: the rollup stream's evaluation, if they are the rollup stream.
        pub rollup_eval: [T; 2],
        /// Evaluation point of the blob, below 2^255, in 56-bit words with the lowest first.
        pub zeta: [T; NUMBER_WORDS],
        /// The blob's polynomial at ζ, below r, in such words.
        pub value: [T; NUMBER_WORDS],
        /// How many words there are: those behind them are zero.
        pub words: T,
    }
}

impl<T: Copy> LinkPublicInputs<T> {
    /// Changes the type of every element.
    pub fn map<U: Copy>(&self, f: impl FnMut(T) -> U) -> LinkPublicInputs<U> {
        let mut values = self.to_vec().into_iter().map(f);
        LinkPublicInputs::from_fn(|| values.next().expect("one element per field"))
    }
}
