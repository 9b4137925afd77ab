//! [`Snark`] as bytes and as JSON. Decoding is strict: one encoding per proof, every limit checked.

use ashlar_protocol::{
    INSTANCES, SNARK_VERSION, SnarkLayoutError, SnarkParts, WORD_BYTES, check_proof_length,
};
use halo2_proofs::halo2curves::{bn256::Fr, ff::PrimeField};
use serde::{Deserialize, Serialize};

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
    /// Not the parts of a SNARK.
    #[error(transparent)]
    Layout(#[from] SnarkLayoutError),
    /// An instance is not below the scalar modulus.
    #[error("instance {index} is not a canonical BN254 scalar")]
    Instance {
        /// Row of the instance column.
        index: usize,
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
    /// As `ashlar_protocol` lays it out.
    pub fn to_bytes(&self) -> Vec<u8> {
        SnarkParts {
            instances: self.instances.map(|instance| to_be_bytes(&instance)),
            proof: &self.proof,
        }
        .to_bytes()
    }

    /// Inverse of [`Self::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let SnarkParts {
            instances: words,
            proof,
        } = SnarkParts::from_bytes(bytes)?;
        let mut instances = [Fr::zero(); INSTANCES];
        for (index, word) in words.iter().enumerate() {
            instances[index] = from_be_bytes(word).ok_or(DecodeError::Instance { index })?;
        }
        Ok(Self {
            proof: proof.to_vec(),
            instances,
        })
    }

    /// JSON object with `version`, `instances` and `proof`.
    pub fn to_json(&self) -> String {
        let json = SnarkJson {
            version: SNARK_VERSION,
            instances: self.instances.iter().map(|i| to_hex(&to_be_bytes(i))).collect(),
            proof: to_hex(&self.proof),
        };
        serde_json::to_string_pretty(&json).expect("strings and integers always serialise")
    }

    /// Inverse of [`Self::to_json`].
    pub fn from_json(json: &str) -> Result<Self, DecodeError> {
        let json: SnarkJson = serde_json::from_str(json).map_err(DecodeError::Json)?;
        if json.version != SNARK_VERSION {
            return Err(SnarkLayoutError::Version { actual: json.version }.into());
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

/// The 32-byte big-endian word of a scalar, as the EVM holds it.
pub fn to_be_bytes(value: &Fr) -> [u8; WORD_BYTES] {
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
        let refused = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = snark().to_bytes();
            change(&mut bytes);
            Snark::from_bytes(&bytes).unwrap_err()
        };
        assert!(matches!(
            refused(&|b| b.push(0)),
            DecodeError::Layout(SnarkLayoutError::TrailingBytes { extra: 1 })
        ));
        assert!(matches!(
            refused(&|b| b[33..65].fill(255)),
            DecodeError::Instance { index: 1 }
        ));
    }

    #[test]
    fn malformed_json_is_refused_by_name() {
        let refused =
            |from: &str, to: &str| Snark::from_json(&snark().to_json().replacen(from, to, 1)).unwrap_err();
        assert!(matches!(
            refused(&format!("\"version\": {SNARK_VERSION}"), "\"version\": 99"),
            DecodeError::Layout(SnarkLayoutError::Version { actual: 99 })
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
            DecodeError::Layout(SnarkLayoutError::ProofLength { bytes: 255 })
        ));
        let modulus = "0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
        let zero = to_hex(&[0; 32]);
        assert!(matches!(
            refused(&zero, modulus),
            DecodeError::Instance { index: 0 }
        ));
        assert!(matches!(
            refused(&format!("\"{zero}\","), ""),
            DecodeError::InstanceCount { actual } if actual == INSTANCES - 1
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
