//! [`Snark`] as bytes and as JSON. Decoding is strict: one encoding per proof, every limit checked.

use halo2_proofs::halo2curves::{bn256::Fr, ff::PrimeField};
use serde::{Deserialize, Serialize};

use super::INSTANCES;

/// First byte of the binary form, `version` of the JSON form.
const VERSION: u8 = 1;
/// Bytes of one encoded field element.
const WORD_BYTES: usize = 32;
/// Bytes before the proof: version, instances, proof length.
const HEADER_BYTES: usize = 1 + INSTANCES * WORD_BYTES + 4;
/// Longest proof accepted. A SNARK of today has 1,888 bytes in all; every entry is a 32-byte word.
pub const MAX_PROOF_BYTES: usize = 64 * 1024;

/// A proof with its public inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snark {
    /// The halo2 proof: uncompressed points and scalars as 32-byte big-endian words, in transcript order.
    pub proof: Vec<u8>,
    /// The instance column.
    pub instances: [Fr; INSTANCES],
}

/// Why bytes or JSON are not a [`Snark`].
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
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
    #[error("snark version {actual}, expected {VERSION}")]
    Version {
        /// The version found.
        actual: u8,
    },
    /// An instance is not below the scalar modulus.
    #[error("instance {index} is not a canonical BN254 scalar")]
    Instance {
        /// Row of the instance column.
        index: usize,
    },
    /// The proof is empty, too long, or not a whole number of words.
    #[error("proof is {bytes} bytes; must be a positive multiple of {WORD_BYTES}, at most {MAX_PROOF_BYTES}")]
    ProofLength {
        /// The length found.
        bytes: usize,
    },
    /// The JSON has another number of instances.
    #[error("{actual} instances, expected {INSTANCES}")]
    InstanceCount {
        /// The number found.
        actual: usize,
    },
    /// A field is not `0x`-prefixed lower-case hex of the right length.
    #[error("{field} is not 0x-prefixed lower-case hex of the right length")]
    Hex {
        /// Which field.
        field: &'static str,
    },
    /// Not the JSON of a snark.
    #[error("malformed JSON")]
    Json(#[source] serde_json::Error),
}

/// JSON form; hex strings are `0x` and big-endian.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SnarkJson {
    version: u8,
    instances: Vec<String>,
    proof: String,
}

impl Snark {
    /// `version (1 B) ‖ instances (8 × 32 B, big-endian) ‖ proof length (4 B, big-endian) ‖ proof`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_BYTES + self.proof.len());
        out.push(VERSION);
        self.instances
            .iter()
            .for_each(|instance| out.extend(to_be_bytes(instance)));
        out.extend((self.proof.len() as u32).to_be_bytes());
        out.extend(&self.proof);
        out
    }

    /// Inverse of [`Self::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let Some((header, proof)) = bytes.split_at_checked(HEADER_BYTES) else {
            return Err(DecodeError::TooShort {
                expected: HEADER_BYTES,
                actual: bytes.len(),
            });
        };
        if header[0] != VERSION {
            return Err(DecodeError::Version { actual: header[0] });
        }
        let (words, length) = header[1..].split_at(INSTANCES * WORD_BYTES);
        let mut instances = [Fr::zero(); INSTANCES];
        for (index, word) in words.chunks_exact(WORD_BYTES).enumerate() {
            instances[index] = from_be_bytes(word).ok_or(DecodeError::Instance { index })?;
        }
        let length = length.iter().fold(0, |acc, byte| (acc << 8) | usize::from(*byte));
        check_proof_length(length)?;
        if proof.len() < length {
            return Err(DecodeError::TooShort {
                expected: HEADER_BYTES + length,
                actual: bytes.len(),
            });
        }
        if proof.len() > length {
            return Err(DecodeError::TrailingBytes {
                extra: proof.len() - length,
            });
        }
        Ok(Self {
            proof: proof.to_vec(),
            instances,
        })
    }

    /// JSON object with `version`, `instances` and `proof`.
    pub fn to_json(&self) -> String {
        let json = SnarkJson {
            version: VERSION,
            instances: self.instances.iter().map(|i| to_hex(&to_be_bytes(i))).collect(),
            proof: to_hex(&self.proof),
        };
        serde_json::to_string_pretty(&json).expect("strings and integers always serialise")
    }

    /// Inverse of [`Self::to_json`].
    pub fn from_json(json: &str) -> Result<Self, DecodeError> {
        let json: SnarkJson = serde_json::from_str(json).map_err(DecodeError::Json)?;
        if json.version != VERSION {
            return Err(DecodeError::Version { actual: json.version });
        }
        if json.instances.len() != INSTANCES {
            return Err(DecodeError::InstanceCount {
                actual: json.instances.len(),
            });
        }
        let mut instances = [Fr::zero(); INSTANCES];
        for (index, text) in json.instances.iter().enumerate() {
            let bytes = from_hex(text).filter(|b| b.len() == WORD_BYTES);
            let bytes = bytes.ok_or(DecodeError::Hex { field: "instances" })?;
            instances[index] = from_be_bytes(&bytes).ok_or(DecodeError::Instance { index })?;
        }
        let proof = from_hex(&json.proof).ok_or(DecodeError::Hex { field: "proof" })?;
        check_proof_length(proof.len())?;
        Ok(Self { proof, instances })
    }
}

fn check_proof_length(bytes: usize) -> Result<(), DecodeError> {
    if bytes == 0 || bytes > MAX_PROOF_BYTES || !bytes.is_multiple_of(WORD_BYTES) {
        return Err(DecodeError::ProofLength { bytes });
    }
    Ok(())
}

/// The 32-byte big-endian word of a scalar, as the EVM holds it.
pub(crate) fn to_be_bytes(value: &Fr) -> [u8; WORD_BYTES] {
    let mut bytes = value.to_repr();
    bytes.reverse();
    bytes
}

fn from_be_bytes(bytes: &[u8]) -> Option<Fr> {
    let mut repr: [u8; WORD_BYTES] = bytes.try_into().ok()?;
    repr.reverse();
    Option::from(Fr::from_repr(repr))
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::from("0x"), |mut text, byte| {
        text.push(char::from(HEX[usize::from(byte >> 4)]));
        text.push(char::from(HEX[usize::from(byte & 15)]));
        text
    })
}

const HEX: &[u8; 16] = b"0123456789abcdef";

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x")?.as_bytes();
    let value = |digit: u8| HEX.iter().position(|h| *h == digit).map(|p| p as u8);
    if digits.len() % 2 != 0 {
        return None;
    }
    digits
        .chunks_exact(2)
        .map(|pair| Some(value(pair[0])? << 4 | value(pair[1])?))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn snark() -> Snark {
        Snark {
            proof: (0..=255).collect(),
            instances: std::array::from_fn(|i| -Fr::from(i as u64)),
        }
    }

    #[test]
    fn both_encodings_round_trip() {
        assert_eq!(Snark::from_bytes(&snark().to_bytes()).unwrap(), snark());
        assert_eq!(Snark::from_json(&snark().to_json()).unwrap(), snark());
    }

    #[test]
    fn malformed_bytes_are_refused_by_name() {
        let good = snark().to_bytes();
        let refused = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = good.clone();
            change(&mut bytes);
            Snark::from_bytes(&bytes).unwrap_err()
        };
        assert!(matches!(
            refused(&|b| b.truncate(100)),
            DecodeError::TooShort { actual: 100, .. }
        ));
        assert!(matches!(
            refused(&|b| b.truncate(b.len() - 1)),
            DecodeError::TooShort { .. }
        ));
        assert!(matches!(
            refused(&|b| b.push(0)),
            DecodeError::TrailingBytes { extra: 1 }
        ));
        assert!(matches!(
            refused(&|b| b[0] = 2),
            DecodeError::Version { actual: 2 }
        ));
        assert!(matches!(
            refused(&|b| b[33..65].fill(255)),
            DecodeError::Instance { index: 1 }
        ));
        assert!(matches!(
            refused(&|b| b[257] = 1),
            DecodeError::ProofLength { .. }
        ));
        assert!(matches!(
            refused(&|b| b[260] = 1),
            DecodeError::ProofLength { bytes: 257 }
        ));
        assert!(matches!(
            refused(&|b| b[257..261].fill(0)),
            DecodeError::ProofLength { bytes: 0 }
        ));
    }

    #[test]
    fn malformed_json_is_refused_by_name() {
        let refused =
            |from: &str, to: &str| Snark::from_json(&snark().to_json().replacen(from, to, 1)).unwrap_err();
        assert!(matches!(
            refused("\"version\": 1", "\"version\": 3"),
            DecodeError::Version { actual: 3 }
        ));
        assert!(matches!(
            refused("\"version\"", "\"extra\": 0, \"version\""),
            DecodeError::Json(_)
        ));
        assert!(matches!(
            refused("0x00", "0x"),
            DecodeError::Hex { field: "instances" }
        ));
        assert!(matches!(
            refused("0x0001", "0x0G01"),
            DecodeError::Hex { field: "proof" }
        ));
        assert!(matches!(
            refused("0x000102", "0x0102"),
            DecodeError::ProofLength { bytes: 255 }
        ));
        let modulus = "0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
        let zero = to_hex(&[0; 32]);
        assert!(matches!(
            refused(&zero, modulus),
            DecodeError::Instance { index: 0 }
        ));
        assert!(matches!(
            refused(&format!("\"{zero}\","), ""),
            DecodeError::InstanceCount { actual: 7 }
        ));
    }

    proptest! {
        #[test]
        fn decoding_never_panics_and_is_injective(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(snark) = Snark::from_bytes(&bytes) {
                prop_assert_eq!(snark.to_bytes(), bytes);
            }
        }
    }
}
