//! The whole set of plonky2 circuits, from chunk witness to compressed proof.

use ashlar_blob_link::{COEFFICIENTS, LinkCircuit};
use ashlar_statement::{LeafCircuits, Security};
use plonky2::util::serialization::{Buffer, IoError};
use sha3::{Digest, Keccak256};

use crate::{
    circuits::{CircuitDigest, RecursionCircuits, digest_bytes},
    config::Circuit,
    keys::SetKeys,
    shape::BuildError,
};

/// Changes with any source file of the recursion circuits (and with the locked dependencies).
const SOURCE_FINGERPRINT: &str = env!("ASHLAR_RECURSION_FINGERPRINT");

/// An application's leaf circuits, the link of blobs, lifts, fold, join and compress, each built over those before.
#[derive(Debug)]
pub struct CircuitSet<L> {
    /// Prove one chunk, each of its kind.
    pub leaf: L,
    /// Proves that a blob has a batch's public data.
    pub link: LinkCircuit,
    /// Folds chunk proofs into one compressed proof.
    pub recursion: RecursionCircuits,
}

/// Digests of the circuits of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CircuitDigests {
    /// Of the leaf circuits, by kind.
    pub leaves: Vec<CircuitDigest>,
    /// Of the lift circuits, one for each shape of leaf circuits.
    pub lifts: Vec<CircuitDigest>,
    /// Of the fold circuit.
    pub fold: CircuitDigest,
    /// Of the link circuit.
    pub link: CircuitDigest,
    /// Of the join circuit.
    pub join: CircuitDigest,
    /// Of the compress circuit.
    pub compress: CircuitDigest,
}

impl CircuitDigests {
    /// Names the set: Keccak-256 of a tag and the digests of each stage, from the leaves towards L1, with their number (8
    /// bytes, big-endian) before them. Jobs, workers and proofs carry it.
    pub fn set(&self) -> [u8; 32] {
        let Self {
            leaves,
            lifts,
            fold,
            link,
            join,
            compress,
        } = self;
        let stages: [&[CircuitDigest]; 5] = [leaves, lifts, &[*fold], &[*link, *join], &[*compress]];
        let mut hasher = Keccak256::new();
        hasher.update(b"ashlar/circuit-set/v3");
        for stage in stages {
            hasher.update((stage.len() as u64).to_be_bytes());
            stage.iter().for_each(|digest| hasher.update(digest));
        }
        hasher.finalize().into()
    }
}

/// Bytes that are no circuit set, or a set that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum SetBytesError {
    /// The leaf circuits' part.
    #[error("leaf circuits")]
    Leaf(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The part of the link and of the recursion circuits.
    #[error("link or recursion circuits: malformed, or an unknown gate or generator")]
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

impl<L: LeafCircuits> CircuitSet<L> {
    /// Builds the production set (less than a minute on two cores, for payments).
    pub fn build(security: Security) -> Result<Self, BuildError> {
        let leaf = L::build(security);
        let circuits = leaf.circuits();
        let leaves: Vec<_> = circuits
            .iter()
            .map(|data| (&data.common, &data.verifier_only))
            .collect();
        let link = LinkCircuit::of_coefficients(security, COEFFICIENTS);
        let link_key = (&link.data.common, &link.data.verifier_only);
        let recursion = RecursionCircuits::build(security, &leaves, link_key)?;
        Ok(Self {
            leaf,
            link,
            recursion,
        })
    }

    /// Names cache files: changes with any source file of the set's circuits and with the locked dependencies, so that a
    /// circuit that was edited is never loaded from an old file.
    pub fn source_fingerprint() -> String {
        format!("{SOURCE_FINGERPRINT}-{}", L::SOURCE_FINGERPRINT)
    }

    /// Digests of its circuits.
    pub fn digests(&self) -> CircuitDigests {
        self.keys().digests()
    }

    /// What verifies proofs of its circuits.
    pub fn keys(&self) -> SetKeys {
        let digest = |data: &Circuit| digest_bytes(&data.verifier_only.circuit_digest);
        let leaves = self.leaf.circuits().into_iter().map(digest).collect();
        let aside = [&self.link.data, &self.recursion.join.data].map(digest);
        SetKeys::new(leaves, aside, self.recursion.keys().clone())
    }

    /// Length of the leaf circuits (8 bytes, little-endian), leaf circuits, link circuit, recursion circuits.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SetBytesError> {
        let leaf = self
            .leaf
            .to_bytes()
            .map_err(|error| SetBytesError::Leaf(error.into()))?;
        let mut bytes = (leaf.len() as u64).to_le_bytes().to_vec();
        bytes.extend(leaf);
        self.link.write(&mut bytes)?;
        self.recursion.write(&mut bytes)?;
        Ok(bytes)
    }

    /// Inverse of [`Self::to_bytes`]. Only for files that this program wrote: plonky2's reader trusts them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SetBytesError> {
        let (length, rest) = bytes.split_first_chunk().ok_or(SetBytesError::Length)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| SetBytesError::Length)?;
        let (leaf, rest) = rest.split_at_checked(length).ok_or(SetBytesError::Length)?;
        let mut rest = Buffer::new(rest);
        Ok(Self {
            leaf: L::from_bytes(leaf).map_err(|error| SetBytesError::Leaf(error.into()))?,
            link: LinkCircuit::read(&mut rest)?,
            recursion: RecursionCircuits::read(&mut rest)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_is_named_by_every_digest_and_its_stage() {
        let digests = |leaves: &[u8], lifts: &[u8], fold, compress| CircuitDigests {
            leaves: leaves.iter().map(|byte| [*byte; 32]).collect(),
            lifts: lifts.iter().map(|byte| [*byte; 32]).collect(),
            fold: [fold; 32],
            link: [8; 32],
            join: [9; 32],
            compress: [compress; 32],
        };
        let first = digests(&[1, 2], &[3], 4, 5);
        let sets = [
            CircuitDigests {
                link: [7; 32],
                ..first.clone()
            },
            CircuitDigests {
                join: [7; 32],
                ..first.clone()
            },
            CircuitDigests {
                link: [9; 32],
                join: [8; 32],
                ..first.clone()
            },
            first,
            digests(&[2, 1], &[3], 4, 5),
            digests(&[1], &[2, 3], 4, 5),
            digests(&[1, 2, 3], &[], 4, 5),
            digests(&[1, 2], &[6], 4, 5),
            digests(&[1, 2], &[3], 6, 5),
            digests(&[1, 2], &[3], 4, 6),
        ];
        for (i, set) in sets.iter().enumerate() {
            for other in &sets[i + 1..] {
                assert_ne!(set.set(), other.set(), "{set:?} {other:?}");
            }
        }
    }
}
