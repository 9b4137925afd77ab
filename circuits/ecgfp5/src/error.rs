//! What is wrong with a key or a signature.

use thiserror::Error;

/// A refused key encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The encoding has another length.
    #[error("key is {actual} bytes long, expected {expected}")]
    Length {
        /// Bytes required.
        expected: usize,
        /// Bytes given.
        actual: usize,
    },
    /// A 64-bit word of the u coordinate is not reduced modulo p.
    #[error("word {index} of the public key is not below the field order")]
    NonCanonical {
        /// Position of the word, 0 to 4.
        index: usize,
    },
    /// The coordinates do not belong to an element of the group.
    #[error("public key is not an element of the group")]
    NotInGroup,
    /// The neutral element: anybody could sign for it.
    #[error("public key is the neutral element")]
    Neutral,
    /// The secret scalar is zero or not below the group order.
    #[error("secret key is not between 1 and the group order")]
    SecretOutOfRange,
}

/// A refused signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// The encoding has another length.
    #[error("signature is {actual} bytes long, expected {expected}")]
    Length {
        /// Bytes required.
        expected: usize,
        /// Bytes given.
        actual: usize,
    },
    /// The response s is not below the group order.
    #[error("signature response is not below the group order")]
    ResponseOutOfRange,
    /// One of the two words of the challenge e is not below p, so no hash gives it.
    #[error("word {index} of the signature challenge is not below the field order")]
    ChallengeNonCanonical {
        /// Position of the word, 0 (low) or 1.
        index: usize,
    },
    /// The signature was not made by this key for this message.
    #[error("signature does not match the key and the message")]
    Mismatch,
}
