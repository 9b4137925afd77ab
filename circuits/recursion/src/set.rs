//! The whole set of plonky2 circuits, from chunk witness to compressed proof.

use ashlar_statement::LeafCircuit;
use plonky2::util::serialization::IoError;
use sha3::{Digest, Keccak256};

use crate::{
    circuits::{CircuitDigest, RecursionCircuits, digest_bytes},
    shape::BuildError,
};

/// Changes with any source file of the recursion circuits (and with the locked dependencies).
const SOURCE_FINGERPRINT: &str = env!("ASHLAR_RECURSION_FINGERPRINT");

/// An application's leaf circuit, lift, fold and compress, each built over the one before.
#[derive(Debug)]
pub struct CircuitSet<L> {
    /// Proves one chunk.
    pub leaf: L,
    /// Folds chunk proofs into one compressed proof.
    pub recursion: RecursionCircuits,
}

/// Digests of the circuits of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CircuitDigests {
    /// Of the leaf circuit.
    pub leaf: CircuitDigest,
    /// Of the lift circuit.
    pub lift: CircuitDigest,
    /// Of the fold circuit.
    pub fold: CircuitDigest,
    /// Of the compress circuit.
    pub compress: CircuitDigest,
}

impl CircuitDigests {
    /// Names the set: Keccak-256 of a tag and the four digests. Jobs, workers and proofs carry it.
    pub fn set(&self) -> [u8; 32] {
        let Self {
            leaf,
            lift,
            fold,
            compress,
        } = self;
        let mut hasher = Keccak256::new();
        hasher.update(b"ashlar/circuit-set/v1");
        for digest in [leaf, lift, fold, compress] {
            hasher.update(digest);
        }
        hasher.finalize().into()
    }
}

/// Bytes that are no circuit set, or a set that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum SetBytesError {
    /// The leaf circuit's part.
    #[error("leaf circuit")]
    Leaf(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The recursion circuits' part.
    #[error("recursion circuits: malformed, or an unknown gate or generator")]
    Recursion,
    /// The bytes end too early.
    #[error("cut short")]
    Length,
}

impl From<IoError> for SetBytesError {
    fn from(_: IoError) -> Self {
        Self::Recursion
    }
}

impl<L: LeafCircuit> CircuitSet<L> {
    /// Builds the production set (about fifteen seconds on two quiet cores).
    pub fn build() -> Result<Self, BuildError> {
        let leaf = L::build();
        let data = leaf.data();
        let recursion = RecursionCircuits::build(&data.common, &data.verifier_only)?;
        Ok(Self { leaf, recursion })
    }

    /// Names cache files: changes with any source file of the set's circuits and with the locked dependencies, so that a
    /// circuit that was edited is never loaded from an old file.
    pub fn source_fingerprint() -> String {
        format!("{SOURCE_FINGERPRINT}-{}", L::SOURCE_FINGERPRINT)
    }

    /// Digests of its circuits.
    pub fn digests(&self) -> CircuitDigests {
        let [lift, fold, compress] = self.recursion.digests();
        CircuitDigests {
            leaf: digest_bytes(&self.leaf.data().verifier_only.circuit_digest),
            lift,
            fold,
            compress,
        }
    }

    /// Length of the leaf circuit (8 bytes, little-endian), leaf circuit, recursion circuits.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SetBytesError> {
        let leaf = self
            .leaf
            .to_bytes()
            .map_err(|error| SetBytesError::Leaf(error.into()))?;
        let mut bytes = (leaf.len() as u64).to_le_bytes().to_vec();
        bytes.extend(leaf);
        bytes.extend(self.recursion.to_bytes()?);
        Ok(bytes)
    }

    /// Inverse of [`Self::to_bytes`]. Only for files that this program wrote: plonky2's reader trusts them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SetBytesError> {
        let (length, rest) = bytes.split_first_chunk().ok_or(SetBytesError::Length)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| SetBytesError::Length)?;
        let (leaf, recursion) = rest.split_at_checked(length).ok_or(SetBytesError::Length)?;
        Ok(Self {
            leaf: L::from_bytes(leaf).map_err(|error| SetBytesError::Leaf(error.into()))?,
            recursion: RecursionCircuits::from_bytes(recursion)?,
        })
    }
}
