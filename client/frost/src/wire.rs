//! Encoding of what is kept and what is sent: magic, version, kind, body (postcard), checksum.
//!
//! The checksum finds what was cut or damaged on its way, so that nobody is blamed for it. It stops no forger.

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha512};

const MAGIC: [u8; 4] = *b"AshF";
const VERSION: u8 = 1;
/// Magic, version, kind.
const HEADER_BYTES: usize = 6;
const CHECKSUM_BYTES: usize = 4;

/// Why bytes are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Something else altogether.
    #[error("this is no message of a multisig: look whether it is the right file")]
    Foreign,
    /// Of an older or a newer program.
    #[error(
        "version {given} of the format, this program knows {VERSION}: all parties must use the same release"
    )]
    Version {
        /// The version given.
        given: u8,
    },
    /// Another message than is due.
    #[error("this is {}, not {expected}: look whether it is the right file", kind_name(*.given))]
    Kind {
        /// The kind given.
        given: u8,
        /// What should be here.
        expected: &'static str,
    },
    /// The checksum does not fit.
    #[error("cut short or damaged on its way: have it sent again")]
    Damaged,
    /// The checksum fits, the body does not: whoever made it did not follow the format.
    #[error("its content does not follow the format: whoever sent it must make it anew")]
    Body,
}

const KINDS: [(u8, &str); 8] = [
    (1, "the opening of a key ceremony"),
    (2, "the dealing of a key ceremony"),
    (3, "a commitment to a signature"),
    (4, "a share of a signature"),
    (5, "the public part of a group's key"),
    (6, "a party's share of a key"),
    (7, "one-time nonces"),
    (8, "a party's secrets of a key ceremony"),
];

fn kind_name(kind: u8) -> &'static str {
    let of = KINDS.iter().find(|(of, _)| *of == kind);
    of.map_or("a message of an unknown kind", |(_, name)| name)
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let hash = Sha512::digest(bytes);
    std::array::from_fn(|i| hash[i])
}

/// What has an encoding. Decoding is strict: one byte string for each value.
pub trait Wire: Serialize + DeserializeOwned {
    /// Number of the kind.
    const KIND: u8;

    /// Encodes. What holds secrets is for the caller to erase.
    fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([VERSION, Self::KIND]);
        bytes.extend(postcard::to_stdvec(self).expect("plain data encode"));
        let sum = checksum(&bytes);
        bytes.extend(sum);
        bytes
    }

    /// Decodes what [`Self::encode`] gave.
    ///
    /// # Errors
    /// [`WireError`] says whether it is foreign, of another version or kind, or damaged.
    fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        if !bytes.starts_with(&MAGIC) {
            return Err(WireError::Foreign);
        }
        let [version, kind] = match bytes.get(MAGIC.len()..HEADER_BYTES) {
            Some(header) => [header[0], header[1]],
            None => return Err(WireError::Damaged),
        };
        if version != VERSION {
            return Err(WireError::Version { given: version });
        }
        let split = bytes.len().checked_sub(CHECKSUM_BYTES);
        let (content, sum) =
            bytes.split_at(split.filter(|at| *at >= HEADER_BYTES).ok_or(WireError::Damaged)?);
        if checksum(content) != sum {
            return Err(WireError::Damaged);
        }
        if kind != Self::KIND {
            let (given, expected) = (kind, kind_name(Self::KIND));
            return Err(WireError::Kind { given, expected });
        }
        let body = &content[HEADER_BYTES..];
        let value = postcard::from_bytes(body).map_err(|_| WireError::Body)?;
        // postcard passes over what follows, and takes long forms of small numbers.
        if postcard::to_stdvec(&value).map_err(|_| WireError::Body)? != body {
            return Err(WireError::Body);
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, serde::Deserialize)]
    struct Probe(u16, Vec<u8>);

    impl Wire for Probe {
        const KIND: u8 = 3;
    }

    #[derive(Debug, PartialEq, Serialize, serde::Deserialize)]
    struct Other(u16, Vec<u8>);

    impl Wire for Other {
        const KIND: u8 = 4;
    }

    fn sealed(content: &[u8]) -> Vec<u8> {
        [content, &checksum(content)].concat()
    }

    #[test]
    fn what_was_encoded_decodes_and_nothing_else() {
        let (probe, bytes) = (Probe(7, vec![1, 2, 3]), Probe(7, vec![1, 2, 3]).encode());
        assert_eq!(Probe::decode(&bytes), Ok(probe));
        for cut in 4..bytes.len() {
            assert_eq!(Probe::decode(&bytes[..cut]), Err(WireError::Damaged), "{cut}");
        }
        assert_eq!(Probe::decode(&bytes[..3]), Err(WireError::Foreign));
        assert_eq!(Probe::decode(b"{\"crypto\":{}}"), Err(WireError::Foreign));
        for i in 5..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[i] ^= 1;
            assert_eq!(Probe::decode(&damaged), Err(WireError::Damaged), "{i}");
        }
        let mut older = bytes.clone();
        older[4] = 0;
        assert_eq!(Probe::decode(&older), Err(WireError::Version { given: 0 }));
    }

    #[test]
    fn another_kind_is_named() {
        let error = Probe::decode(&Other(7, vec![]).encode()).expect_err("another kind");
        assert_eq!(
            error.to_string(),
            "this is a share of a signature, not a commitment to a signature: look whether it is the right file"
        );
    }

    #[test]
    fn a_second_encoding_of_the_same_is_refused() {
        let bytes = Probe(7, vec![9]).encode();
        let content = &bytes[..bytes.len() - CHECKSUM_BYTES];
        assert_eq!(
            Probe::decode(&sealed(&[content, &[0]].concat())),
            Err(WireError::Body)
        );
        let mut long = content.to_vec();
        long.splice(HEADER_BYTES..=HEADER_BYTES, [0x87, 0x00]); // 7 in two bytes
        assert_eq!(Probe::decode(&sealed(&long)), Err(WireError::Body));
    }
}
