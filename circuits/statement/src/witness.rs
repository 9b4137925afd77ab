//! A leaf's witness as bytes: a version, then its `postcard` encoding; bounded, and in one form only.

use serde::{Serialize, de::DeserializeOwned};

/// First byte of an encoded witness. 2: those of payments begin with their kind.
const VERSION: u8 = 2;
/// A witness of 32 payments has about 130 kB, one of 194 exits 270 kB.
const MAX_BYTES: usize = 1 << 20;

/// Why bytes are no witness.
#[derive(Debug, thiserror::Error)]
pub enum WitnessBytesError {
    /// Empty, or written by another version.
    #[error("encoding version {found:?}, expected {VERSION}")]
    Version {
        /// The first byte, if there is one.
        found: Option<u8>,
    },
    /// Longer than the limit.
    #[error("{actual} bytes, at most {MAX_BYTES} allowed")]
    TooLong {
        /// Given.
        actual: usize,
    },
    /// Not the encoding of a witness.
    #[error("malformed")]
    Malformed(#[from] postcard::Error),
    /// Bytes after its end.
    #[error("{0} bytes after the end")]
    TrailingBytes(usize),
}

/// The witness as the farm stores it.
pub fn witness_to_bytes<W: Serialize>(witness: &W) -> Vec<u8> {
    postcard::to_extend(witness, vec![VERSION]).expect("writing a witness to memory does not fail")
}

/// Inverse of [`witness_to_bytes`]. Says nothing about the witness's validity.
pub fn witness_from_bytes<W: DeserializeOwned>(bytes: &[u8]) -> Result<W, WitnessBytesError> {
    if bytes.len() > MAX_BYTES {
        return Err(WitnessBytesError::TooLong { actual: bytes.len() });
    }
    let encoded = match bytes.split_first() {
        Some((&VERSION, encoded)) => encoded,
        first => {
            let found = first.map(|(found, _)| *found);
            return Err(WitnessBytesError::Version { found });
        }
    };
    let (witness, rest) = postcard::take_from_bytes(encoded)?;
    if rest.is_empty() {
        Ok(witness)
    } else {
        Err(WitnessBytesError::TrailingBytes(rest.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_encoding() {
        let witness = vec![1u32, 2, 300];
        let bytes = witness_to_bytes(&witness);
        assert_eq!(witness_from_bytes::<Vec<u32>>(&bytes).unwrap(), witness);
        let read = |bytes: &[u8]| witness_from_bytes::<Vec<u32>>(bytes).unwrap_err();
        assert!(matches!(read(&[]), WitnessBytesError::Version { found: None }));
        assert!(matches!(
            read(&[1, 0]),
            WitnessBytesError::Version { found: Some(1) }
        ));
        assert!(matches!(read(&bytes[..3]), WitnessBytesError::Malformed(_)));
        assert!(matches!(
            read(&[&bytes[..], &[0]].concat()),
            WitnessBytesError::TrailingBytes(1)
        ));
        assert!(matches!(
            read(&vec![VERSION; MAX_BYTES + 1]),
            WitnessBytesError::TooLong { .. }
        ));
    }
}
