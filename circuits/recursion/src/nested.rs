//! Public inputs of lift and fold: a span, and a commitment to the fold circuit that every proof of the tree carries.

use ashlar_statement::{SpanPublicInputs, elements};
use plonky2::{
    hash::{
        hash_types::{HashOut, HashOutTarget},
        poseidon::PoseidonHash,
    },
    iop::target::Target,
    plonk::{
        circuit_data::{VerifierCircuitTarget, VerifierOnlyCircuitData},
        config::Hasher,
    },
};

use crate::{
    config::{Builder, C, D, F},
    span::Span,
};

/// Verifier data of a circuit with Goldilocks hashes.
pub type VerifierOnly = VerifierOnlyCircuitData<C, D>;

/// Elements of a hash.
const HASH_LEN: usize = 4;

elements! {
    /// Public inputs of lift and fold. `T` is a field element or a target.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct NestedPublicInputs<T> {
        /// What the proof states.
        pub span: (SpanPublicInputs<T>),
        /// [`key_hash`] of the fold circuit: the only key under which fold proofs below were accepted.
        pub fold_key: [T; HASH_LEN],
    }
}

impl NestedPublicInputs<F> {
    /// Public inputs of a proof in a tree whose fold circuit is `fold`.
    pub fn new(span: Span, fold: &VerifierOnly) -> Self {
        Self {
            span,
            fold_key: key_hash(fold).elements,
        }
    }
}

impl NestedPublicInputs<Target> {
    /// [`Self::fold_key`] as a hash.
    pub(crate) fn fold_key_hash(&self) -> HashOutTarget {
        HashOutTarget {
            elements: self.fold_key,
        }
    }
}

/// Poseidon hash of a circuit's whole verifier data (digest, then Merkle cap): four elements to carry and to pin in
/// place of sixty-eight.
pub fn key_hash(verifier: &VerifierOnly) -> HashOut<F> {
    let hashes = std::iter::once(&verifier.circuit_digest).chain(&verifier.constants_sigmas_cap.0);
    let elements: Vec<F> = hashes.flat_map(|hash| hash.elements).collect();
    PoseidonHash::hash_no_pad(&elements)
}

/// In-circuit twin of [`key_hash`].
pub(crate) fn key_hash_circuit(builder: &mut Builder, verifier: &VerifierCircuitTarget) -> HashOutTarget {
    let hashes = std::iter::once(&verifier.circuit_digest).chain(&verifier.constants_sigmas_cap.0);
    let elements = hashes.flat_map(|hash| hash.elements).collect();
    builder.hash_n_to_hash_no_pad::<PoseidonHash>(elements)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        let values: Vec<u16> = (0..34).collect();
        let nested = NestedPublicInputs::from_slice(&values).expect("34 elements");
        assert_eq!(
            (nested.span.rollup_words, nested.fold_key),
            (29, [30, 31, 32, 33])
        );
        assert_eq!(nested.to_vec(), values);
        assert!(NestedPublicInputs::from_slice(&values[..33]).is_err());
        assert!(NestedPublicInputs::from_slice(&values[..9]).is_err());
    }
}
