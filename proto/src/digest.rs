use std::{fmt, str::FromStr};

use sha3::{Digest as _, Sha3_256};

/// SHA3-256 digest: the name of an artifact, and of a circuit set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

/// The bytes or text given are not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// Wrong number of bytes.
    #[error("a digest has 32 bytes, not {found}")]
    Length {
        /// Bytes found.
        found: usize,
    },
    /// Not 64 lower-case hexadecimal digits.
    #[error("a digest is written as 64 lower-case hexadecimal digits")]
    Text,
}

impl Digest {
    /// Digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha3_256::digest(bytes).into())
    }

    /// Digest of the concatenation of `parts`.
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hasher = Sha3_256::new();
        for part in parts {
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }
}

impl TryFrom<&[u8]> for Digest {
    type Error = DigestError;
    fn try_from(bytes: &[u8]) -> Result<Self, DigestError> {
        Ok(Self(
            bytes
                .try_into()
                .map_err(|_| DigestError::Length { found: bytes.len() })?,
        ))
    }
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Digest> for crate::Bytes {
    fn from(digest: Digest) -> Self {
        Self::copy_from_slice(&digest.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = DigestError;
    fn from_str(text: &str) -> Result<Self, DigestError> {
        if text.len() != 64 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(DigestError::Text);
        }
        let mut digest = [0; 32];
        for (i, byte) in digest.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| DigestError::Text)?;
        }
        Ok(Self(digest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_sha3_256() {
        // FIPS 202 test vector of the empty message.
        let empty = "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a";
        assert_eq!(Digest::of(b"").to_string(), empty);
        assert_eq!(Digest::of_parts([b"ab".as_slice(), b"c"]), Digest::of(b"abc"));
    }

    #[test]
    fn text_round_trips_and_bad_text_is_refused() {
        let digest = Digest::of(b"x");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        let upper = digest.to_string().to_uppercase();
        for bad in ["", "ab", &upper, &"é".repeat(32), &"+f".repeat(32)] {
            assert_eq!(bad.parse::<Digest>(), Err(DigestError::Text), "{bad}");
        }
        assert_eq!(
            Digest::try_from([0; 31].as_slice()),
            Err(DigestError::Length { found: 31 })
        );
    }
}
