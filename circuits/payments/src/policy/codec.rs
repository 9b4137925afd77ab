//! Canonical byte encoding of a [`ClauseWitness`]: one byte for its form, which says how many follow. The plain clause is
//! its form alone; any other has its fields in a fixed layout, big-endian. What is absent is zero behind a flag of zero.
//! Decoding is strict: one byte string per value, exact length.

use ashlar_statement::hash::{Hash, ZERO_HASH, hash_from_bytes32, hash_to_bytes32};

use super::{ANY_TOKEN, ClauseWitness, MAX_CLAUSES, POLICY_DEPTH, PolicyError, PolicyPath, Rules, clause};
use crate::reader::Reader;

const PLAIN: u8 = 0;
const FULL: u8 = 1;
const HASH_BYTES: usize = 32;

/// Bytes of the plain clause: its form.
pub const PLAIN_BYTES: usize = 1;
/// Bytes of any other: form, place, kinds, token, cap, from, until, lock and preimage (each with a flag), path.
pub const FULL_BYTES: usize =
    PLAIN_BYTES + 1 + 1 + 2 + 8 + 4 + 4 + 2 * (1 + HASH_BYTES) + POLICY_DEPTH * HASH_BYTES;

/// Bytes are not the encoding of a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClauseDecodeError {
    /// There is not even a form.
    #[error("no bytes, a clause has {PLAIN_BYTES} or {FULL_BYTES}; send a zero for the plain clause")]
    Empty,
    /// Another form.
    #[error("form: {given}, only {PLAIN} (the plain clause) and {FULL} (any other) are known")]
    Form {
        /// The byte.
        given: u8,
    },
    /// Wrong length for its form.
    #[error("{actual} bytes, {expected} expected for this form")]
    Length {
        /// Bytes given.
        actual: usize,
        /// Bytes of this form.
        expected: usize,
    },
    /// Outside the tree.
    #[error("place: {given} is not below {MAX_CLAUSES}")]
    Place {
        /// The byte.
        given: u8,
    },
    /// Neither a token nor any.
    #[error("token: {given} is neither a token number nor {ANY_TOKEN}, which stands for any token")]
    Token {
        /// The number.
        given: u16,
    },
    /// Neither present nor absent.
    #[error("{field}: a flag of {given}; send 1 if it is there and 0 if not")]
    Flag {
        /// `lock` or `preimage`.
        field: &'static str,
        /// The byte.
        given: u8,
    },
    /// Present, but flagged as absent.
    #[error("{field}: bytes behind a flag of 0; flag it with 1, or send zeros")]
    Stray {
        /// `lock` or `preimage`.
        field: &'static str,
    },
    /// A digest has a limb of p or more.
    #[error("{field}: not four canonical field elements")]
    Digest {
        /// `lock`, `preimage` or `path`.
        field: &'static str,
    },
    /// A preimage of nothing: anybody could add it to what others have signed.
    #[error("preimage: the clause has no lock; leave the preimage out")]
    NoLock,
    /// The plain clause in the other form.
    #[error("the plain clause in full; send a single byte of {PLAIN}")]
    PlainInFull,
    /// No policy has this clause.
    #[error("clause")]
    Clause(#[from] PolicyError),
}

impl Reader<'_> {
    fn digest(&mut self, field: &'static str) -> Result<Hash, ClauseDecodeError> {
        hash_from_bytes32(&self.bytes()).ok_or(ClauseDecodeError::Digest { field })
    }

    fn optional_digest(&mut self, field: &'static str) -> Result<Option<Hash>, ClauseDecodeError> {
        let flag = self.u8();
        let digest = self.digest(field)?;
        match flag {
            0 if digest == ZERO_HASH => Ok(None),
            0 => Err(ClauseDecodeError::Stray { field }),
            1 => Ok(Some(digest)),
            given => Err(ClauseDecodeError::Flag { field, given }),
        }
    }

    fn place(&mut self) -> Result<u8, ClauseDecodeError> {
        let given = self.u8();
        if usize::from(given) >= MAX_CLAUSES {
            return Err(ClauseDecodeError::Place { given });
        }
        Ok(given)
    }

    fn rules(&mut self) -> Result<Rules, ClauseDecodeError> {
        let kinds = self.u8();
        let token = match u16::from_be_bytes(self.bytes()) {
            ANY_TOKEN => None,
            given => Some(u8::try_from(given).map_err(|_| ClauseDecodeError::Token { given })?),
        };
        let rules = Rules {
            kinds,
            token,
            cap: u64::from_be_bytes(self.bytes()),
            from: self.u32(),
            until: self.u32(),
        };
        rules.check()?;
        Ok(rules)
    }

    fn path(&mut self) -> Result<PolicyPath, ClauseDecodeError> {
        let mut siblings = [ZERO_HASH; POLICY_DEPTH];
        for sibling in &mut siblings {
            *sibling = self.digest("path")?;
        }
        Ok(PolicyPath { siblings })
    }
}

impl ClauseWitness {
    /// Canonical encoding: [`PLAIN_BYTES`] for the plain clause, [`FULL_BYTES`] for any other.
    pub fn encode(&self) -> Vec<u8> {
        if *self == Self::plain() {
            return vec![PLAIN];
        }
        let rules = &self.rules;
        let mut bytes = vec![FULL, self.place, rules.kinds];
        bytes.extend(rules.token_code().to_be_bytes());
        bytes.extend(rules.cap.to_be_bytes());
        bytes.extend(rules.from.to_be_bytes());
        bytes.extend(rules.until.to_be_bytes());
        for digest in [self.lock, self.preimage] {
            bytes.push(digest.is_some().into());
            bytes.extend(hash_to_bytes32(&digest.unwrap_or(ZERO_HASH)));
        }
        bytes.extend(self.path.siblings.iter().flat_map(hash_to_bytes32));
        bytes
    }

    /// Bytes of an encoding that begins with this form.
    pub fn encoded_bytes(form: u8) -> Result<usize, ClauseDecodeError> {
        match form {
            PLAIN => Ok(PLAIN_BYTES),
            FULL => Ok(FULL_BYTES),
            given => Err(ClauseDecodeError::Form { given }),
        }
    }

    /// Inverse of [`Self::encode`]; whether the preimage opens the lock is not looked at.
    pub fn decode(bytes: &[u8]) -> Result<Self, ClauseDecodeError> {
        let [form, fields @ ..] = bytes else {
            return Err(ClauseDecodeError::Empty);
        };
        let expected = Self::encoded_bytes(*form)?;
        if bytes.len() != expected {
            let actual = bytes.len();
            return Err(ClauseDecodeError::Length { actual, expected });
        }
        if *form == PLAIN {
            return Ok(Self::plain());
        }
        let mut reader = Reader(fields);
        let (place, rules) = (reader.place()?, reader.rules()?);
        let [lock, preimage] = [
            reader.optional_digest("lock")?,
            reader.optional_digest("preimage")?,
        ];
        clause::check_lock(lock)?;
        if lock.is_none() && preimage.is_some() {
            return Err(ClauseDecodeError::NoLock);
        }
        let path = reader.path()?;
        let decoded = Self {
            place,
            rules,
            lock,
            path,
            preimage,
        };
        if decoded == Self::plain() {
            return Err(ClauseDecodeError::PlainInFull);
        }
        Ok(decoded)
    }
}

// Serde carries the canonical bytes, so that a stored clause is parsed as strictly as a received one.
impl serde::Serialize for ClauseWitness {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.encode().serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for ClauseWitness {
    fn deserialize<T: serde::Deserializer<'de>>(deserializer: T) -> Result<Self, T::Error> {
        let bytes = Vec::<u8>::deserialize(deserializer)?;
        Self::decode(&bytes).map_err(serde::de::Error::custom)
    }
}
