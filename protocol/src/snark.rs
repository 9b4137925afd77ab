//! The encoding of a batch's SNARK, in which it travels from the prover to settlement:
//! `version (1 B) ‖ instances (9 × 32 B, big-endian) ‖ proof length (4 B, big-endian) ‖ proof`.

/// First byte.
pub const SNARK_VERSION: u8 = 2;
/// Scalars in the one instance column: 27 Goldilocks public inputs, three to a scalar.
pub const INSTANCES: usize = 9;
/// Bytes of a scalar or a coordinate, as the EVM holds it.
pub const WORD_BYTES: usize = 32;
/// Longest proof. A SNARK of today has 1,888 bytes in all.
pub const MAX_SNARK_PROOF_BYTES: usize = 64 * 1024;
const LENGTH_BYTES: usize = 4;
const HEADER_BYTES: usize = 1 + INSTANCES * WORD_BYTES + LENGTH_BYTES;

/// The parts of an encoded SNARK. Says nothing about what the words mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnarkParts<'a> {
    /// The instance column, each scalar big-endian; whether it is below the modulus is not checked here.
    pub instances: [[u8; WORD_BYTES]; INSTANCES],
    /// The proof: whole words, at least one.
    pub proof: &'a [u8],
}

/// Why bytes are no encoded SNARK.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnarkLayoutError {
    /// The input ends too early.
    #[error("snark is {actual} bytes, at least {expected} needed")]
    TooShort {
        /// Bytes needed.
        expected: usize,
        /// Bytes given.
        actual: usize,
    },
    /// Bytes after the end of the proof.
    #[error("{extra} bytes after the end of the snark")]
    TrailingBytes {
        /// How many.
        extra: usize,
    },
    /// Made by another version of this program.
    #[error("snark version {actual}, expected {SNARK_VERSION}")]
    Version {
        /// The version found.
        actual: u8,
    },
    /// The proof is empty, too long, or not a whole number of words.
    #[error(
        "proof is {bytes} bytes; must be a positive multiple of {WORD_BYTES}, at most {MAX_SNARK_PROOF_BYTES}"
    )]
    ProofLength {
        /// The length found.
        bytes: usize,
    },
}

impl<'a> SnarkParts<'a> {
    /// Writes them.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_BYTES + self.proof.len());
        out.push(SNARK_VERSION);
        out.extend(self.instances.as_flattened());
        out.extend((self.proof.len() as u32).to_be_bytes());
        out.extend(self.proof);
        out
    }

    /// Inverse of [`Self::to_bytes`]; there is one encoding of each SNARK.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, SnarkLayoutError> {
        let too_short = |expected| SnarkLayoutError::TooShort {
            expected,
            actual: bytes.len(),
        };
        let (header, proof) = bytes
            .split_at_checked(HEADER_BYTES)
            .ok_or(too_short(HEADER_BYTES))?;
        if header[0] != SNARK_VERSION {
            return Err(SnarkLayoutError::Version { actual: header[0] });
        }
        let (words, length) = header[1..].split_at(INSTANCES * WORD_BYTES);
        let mut instances = [[0; WORD_BYTES]; INSTANCES];
        instances.as_flattened_mut().copy_from_slice(words);
        let length = length.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte));
        check_proof_length(length)?;
        match proof.len() {
            actual if actual < length => Err(too_short(HEADER_BYTES + length)),
            actual if actual > length => Err(SnarkLayoutError::TrailingBytes {
                extra: actual - length,
            }),
            _ => Ok(Self { instances, proof }),
        }
    }
}

/// Whether a proof can have this length.
pub fn check_proof_length(bytes: usize) -> Result<(), SnarkLayoutError> {
    if bytes == 0 || bytes > MAX_SNARK_PROOF_BYTES || !bytes.is_multiple_of(WORD_BYTES) {
        return Err(SnarkLayoutError::ProofLength { bytes });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instances() -> [[u8; WORD_BYTES]; INSTANCES] {
        std::array::from_fn(|i| [i as u8; WORD_BYTES])
    }

    #[test]
    fn parts_are_found_where_they_were_put() {
        let proof: Vec<u8> = (0..=255).collect();
        let parts = SnarkParts {
            instances: instances(),
            proof: &proof,
        };
        let bytes = parts.to_bytes();
        assert_eq!(bytes.len(), 293 + 256);
        assert_eq!((bytes[0], bytes[33], &bytes[293..]), (2, 1, &proof[..]));
        assert_eq!(SnarkParts::from_bytes(&bytes), Ok(parts));
    }

    #[test]
    fn malformed_bytes_are_refused_by_name() {
        let good = SnarkParts {
            instances: instances(),
            proof: &[7; 256],
        }
        .to_bytes();
        let refused = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = good.clone();
            change(&mut bytes);
            SnarkParts::from_bytes(&bytes).unwrap_err()
        };
        use SnarkLayoutError as E;
        let short = |expected, actual| E::TooShort { expected, actual };
        assert_eq!(refused(&|b| b.truncate(100)), short(293, 100));
        assert_eq!(refused(&|b| b.truncate(b.len() - 1)), short(549, 548));
        assert_eq!(refused(&|b| b.push(0)), E::TrailingBytes { extra: 1 });
        assert_eq!(refused(&|b| b[0] = 1), E::Version { actual: 1 });
        assert!(matches!(refused(&|b| b[289] = 1), E::ProofLength { .. }));
        assert_eq!(refused(&|b| b[292] = 1), E::ProofLength { bytes: 257 });
        assert_eq!(refused(&|b| b[289..293].fill(0)), E::ProofLength { bytes: 0 });
    }
}
