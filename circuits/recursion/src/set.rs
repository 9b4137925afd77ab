//! The whole set of plonky2 circuits, from chunk witness to compressed proof.

use ashlar_rollup::{
    batch::SLOTS,
    chunk::{ChunkCircuit, CircuitBytesError},
};
use plonky2::util::serialization::IoError;
use sha3::{Digest, Keccak256};

use crate::circuits::{CircuitDigest, RecursionCircuits, digest_bytes};
use crate::shape::BuildError;

/// Changes with any source file of the circuits (and with the locked dependencies): names cache files, so that a
/// circuit that was edited is never loaded from an old one.
pub const SOURCE_FINGERPRINT: &str = env!("ASHLAR_CIRCUITS_FINGERPRINT");

/// Chunk, lift, fold and compress, each built over the one before.
#[derive(Debug)]
pub struct CircuitSet {
    /// Proves the transactions of one chunk.
    pub chunk: ChunkCircuit,
    /// Folds chunk proofs into one compressed proof.
    pub recursion: RecursionCircuits,
}

/// Digests of the circuits of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CircuitDigests {
    /// Of the chunk circuit.
    pub chunk: CircuitDigest,
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
            chunk,
            lift,
            fold,
            compress,
        } = self;
        let mut hasher = Keccak256::new();
        hasher.update(b"ashlar/circuit-set/v1");
        for digest in [chunk, lift, fold, compress] {
            hasher.update(digest);
        }
        hasher.finalize().into()
    }
}

/// Bytes that are no circuit set, or a set that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum SetBytesError {
    /// The chunk circuit's part.
    #[error("chunk circuit")]
    Chunk(#[from] CircuitBytesError),
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

impl CircuitSet {
    /// Builds the production set (about fifteen seconds on two quiet cores).
    pub fn build() -> Result<Self, BuildError> {
        let chunk = ChunkCircuit::build(SLOTS);
        let recursion = RecursionCircuits::build(&chunk.data.common, &chunk.data.verifier_only)?;
        Ok(Self { chunk, recursion })
    }

    /// Digests of its circuits.
    pub fn digests(&self) -> CircuitDigests {
        let [lift, fold, compress] = self.recursion.digests();
        CircuitDigests {
            chunk: digest_bytes(&self.chunk.digest()),
            lift,
            fold,
            compress,
        }
    }

    /// Length of the chunk circuit (8 bytes, little-endian), chunk circuit, recursion circuits.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SetBytesError> {
        let chunk = self.chunk.to_bytes()?;
        let mut bytes = (chunk.len() as u64).to_le_bytes().to_vec();
        bytes.extend(chunk);
        bytes.extend(self.recursion.to_bytes()?);
        Ok(bytes)
    }

    /// Inverse of [`Self::to_bytes`]. Only for files that this program wrote: plonky2's reader trusts them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SetBytesError> {
        let (length, rest) = bytes.split_first_chunk().ok_or(SetBytesError::Length)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| SetBytesError::Length)?;
        let (chunk, recursion) = rest.split_at_checked(length).ok_or(SetBytesError::Length)?;
        Ok(Self {
            chunk: ChunkCircuit::from_bytes(chunk)?,
            recursion: RecursionCircuits::from_bytes(recursion)?,
        })
    }
}
