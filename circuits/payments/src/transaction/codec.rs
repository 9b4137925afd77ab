//! Canonical byte encoding: version, kind, fields in declaration order (big-endian), last minute,
//! clause, key, signature; of an operation of the
//! L1 queue, version, kind, record.
//! Decoding is strict: one byte string per value, exact length.

use ashlar_ecgfp5::{KeyError, PublicKey, Signature, SignatureError};

use ashlar_statement::{
    queue::{
        DEPOSIT_TAG, FORCED_TRANSFER_TAG, FORCED_WITHDRAWAL_TAG, RecordError, SET_AUTH_TAG, SET_FLAGS_TAG,
        record_words,
    },
    stream::{WORD_BYTES, words_to_bytes},
};

use super::{
    BRIDGE_AMOUNT_BITS, Kind, NO_EXPIRY, Operation, Served, SignedTransaction, Transaction, Transfer,
    Withdraw,
};
use crate::{
    packing::{PackedAmount, PackedFee, PackingError},
    policy::{ClauseDecodeError, ClauseWitness},
    reader::Reader,
};

const VERSION: u8 = 2;
const PUBLIC_KEY_BYTES: usize = 40;
const SIGNATURE_BYTES: usize = 56;
/// last minute, key, signature; and the clause, whose form says how long it is
const AUTHORISATION_BYTES: usize = 4 + PUBLIC_KEY_BYTES + SIGNATURE_BYTES;
const HEADER_BYTES: usize = 2;
/// from, to, the payee's L1 owner, token, amount, fee, nonce
const TRANSFER_BYTES: usize = 4 + 4 + 20 + 1 + 4 + 1 + 4 + AUTHORISATION_BYTES;
/// from, L1 address, token, amount, fee, nonce
const WITHDRAW_BYTES: usize = 4 + 20 + 1 + 8 + 1 + 4 + AUTHORISATION_BYTES;

/// Bytes are not the encoding of a transaction.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Too short to name its version and kind.
    #[error("{actual} bytes, at least {HEADER_BYTES} expected")]
    NoHeader {
        /// Bytes given.
        actual: usize,
    },
    /// Another version.
    #[error("version: {given}, only {VERSION} is known")]
    Version {
        /// The version byte.
        given: u8,
    },
    /// Unknown kind, or one that is not allowed here.
    #[error("kind: {given} is not allowed here")]
    Kind {
        /// The kind byte.
        given: u8,
    },
    /// Wrong length for its kind.
    #[error("{actual} bytes, {expected} expected for this kind")]
    Length {
        /// Bytes given.
        actual: usize,
        /// Bytes of this kind.
        expected: usize,
    },
    /// The amount has no packed form.
    #[error("amount")]
    Amount(#[from] PackingError),
    /// A bridge amount outside its range.
    #[error("amount: {given} outside 1..2^{BRIDGE_AMOUNT_BITS}")]
    BridgeAmount {
        /// The amount given, in token units.
        given: u64,
    },
    /// A last minute that no batch can have.
    #[error("valid_until: {given} is above {NO_EXPIRY}, which stands for no end")]
    ValidUntil {
        /// The minute given.
        given: u32,
    },
    /// Not the clause of a policy.
    #[error("clause")]
    Clause(#[source] ClauseDecodeError),
    /// Not the record of an operation of the L1 queue.
    #[error("record")]
    Record(#[source] RecordError),
    /// The key is not a point of the group.
    #[error("public_key")]
    PublicKey(#[source] KeyError),
    /// The signature's scalar is not reduced.
    #[error("signature")]
    Signature(#[source] SignatureError),
}

impl Reader<'_> {
    fn bridge_amount(&mut self) -> Result<u64, DecodeError> {
        let amount = u64::from_be_bytes(self.bytes());
        if amount == 0 || amount >> BRIDGE_AMOUNT_BITS != 0 {
            return Err(DecodeError::BridgeAmount { given: amount });
        }
        Ok(amount)
    }
}

fn record_bytes(tag: u8) -> usize {
    record_words(tag).unwrap_or(0) * WORD_BYTES
}

/// Bytes of the clause of a signed kind, by its form, which stands before it at a fixed place.
fn clause_bytes(kind: Kind, fields: &[u8]) -> Result<usize, DecodeError> {
    let before = match kind {
        Kind::Transfer => TRANSFER_BYTES,
        Kind::Withdraw => WITHDRAW_BYTES,
        _ => return Ok(0),
    } - PUBLIC_KEY_BYTES
        - SIGNATURE_BYTES;
    // Without a form, the length of the plain clause is as wrong as any.
    let form = fields.get(before..=before).unwrap_or(&[0]);
    ClauseWitness::encoded_bytes(form[0]).map_err(DecodeError::Clause)
}

/// Checks the header and the length it implies; returns the kind and a reader of the fields.
fn open(bytes: &[u8]) -> Result<(Kind, Reader<'_>), DecodeError> {
    let [version, kind, fields @ ..] = bytes else {
        return Err(DecodeError::NoHeader { actual: bytes.len() });
    };
    if *version != VERSION {
        return Err(DecodeError::Version { given: *version });
    }
    let (kind, fields_bytes) = match *kind {
        0 => (Kind::Noop, 0),
        1 => (Kind::Deposit, record_bytes(DEPOSIT_TAG)),
        2 => (Kind::Transfer, TRANSFER_BYTES),
        3 => (Kind::Withdraw, WITHDRAW_BYTES),
        4 => (Kind::SetAuth, record_bytes(SET_AUTH_TAG)),
        5 => (Kind::ForcedWithdrawal, record_bytes(FORCED_WITHDRAWAL_TAG)),
        6 => (Kind::ForcedTransfer, record_bytes(FORCED_TRANSFER_TAG)),
        7 => (Kind::SetFlags, record_bytes(SET_FLAGS_TAG)),
        given => return Err(DecodeError::Kind { given }),
    };
    let expected = HEADER_BYTES + fields_bytes + clause_bytes(kind, fields)?;
    if bytes.len() != expected {
        return Err(DecodeError::Length {
            actual: bytes.len(),
            expected,
        });
    }
    Ok((kind, Reader(fields)))
}

impl SignedTransaction {
    /// Canonical encoding: 141 bytes under a plain clause, 323 under any other.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION, self.tx.kind() as u8];
        bytes.extend(self.tx.from().to_be_bytes());
        match &self.tx {
            Transaction::Transfer(tx) => {
                bytes.extend(tx.to.to_be_bytes());
                bytes.extend(tx.to_owner);
            }
            Transaction::Withdraw(tx) => bytes.extend(tx.to_l1),
        }
        bytes.push(self.tx.token());
        match &self.tx {
            Transaction::Transfer(tx) => bytes.extend(tx.amount.bits().to_be_bytes()),
            Transaction::Withdraw(tx) => bytes.extend(tx.amount.to_be_bytes()),
        }
        bytes.push(self.tx.fee().bits());
        bytes.extend(self.tx.nonce().to_be_bytes());
        bytes.extend(self.valid_until.to_be_bytes());
        bytes.extend(self.clause.encode());
        bytes.extend(self.public_key.to_bytes());
        bytes.extend(self.signature.to_bytes());
        bytes
    }

    /// Inverse of [`Self::encode`]; the signature is parsed, not verified.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (kind, mut reader) = open(bytes)?;
        let tx = match kind {
            Kind::Transfer => Transaction::Transfer(Transfer {
                from: reader.u32(),
                to: reader.u32(),
                to_owner: reader.bytes(),
                token: reader.u8(),
                amount: PackedAmount::from_bits(reader.u32())?,
                fee: PackedFee::from_bits(reader.u8()),
                nonce: reader.u32(),
            }),
            Kind::Withdraw => Transaction::Withdraw(Withdraw {
                from: reader.u32(),
                to_l1: reader.bytes(),
                token: reader.u8(),
                amount: reader.bridge_amount()?,
                fee: PackedFee::from_bits(reader.u8()),
                nonce: reader.u32(),
            }),
            kind => return Err(DecodeError::Kind { given: kind as u8 }),
        };
        let valid_until = reader.u32();
        if valid_until > NO_EXPIRY {
            return Err(DecodeError::ValidUntil { given: valid_until });
        }
        let Reader(rest) = reader;
        let (clause, key_and_signature) = rest.split_at(rest.len() - PUBLIC_KEY_BYTES - SIGNATURE_BYTES);
        let clause = ClauseWitness::decode(clause).map_err(DecodeError::Clause)?;
        let mut reader = Reader(key_and_signature);
        let public_key = PublicKey::from_bytes(&reader.bytes()).map_err(DecodeError::PublicKey)?;
        let signature = Signature::from_bytes(&reader.bytes()).map_err(DecodeError::Signature)?;
        Ok(Self {
            tx,
            valid_until,
            clause,
            public_key,
            signature,
        })
    }
}

impl Operation {
    /// Canonical encoding of any entry of the ordered list.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Noop => vec![VERSION, Kind::Noop as u8],
            Self::L1(served) => {
                let mut bytes = vec![VERSION, served.kind() as u8];
                bytes.extend(words_to_bytes(&served.words()));
                bytes
            }
            Self::Signed(signed) => signed.encode(),
        }
    }

    /// Inverse of [`Self::encode`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (kind, Reader(record)) = open(bytes)?;
        match kind {
            Kind::Noop => return Ok(Self::Noop),
            Kind::Transfer | Kind::Withdraw => return Ok(Self::Signed(SignedTransaction::decode(bytes)?)),
            Kind::Deposit
            | Kind::SetAuth
            | Kind::ForcedWithdrawal
            | Kind::ForcedTransfer
            | Kind::SetFlags => {}
        }
        let served = Served::decode(record).map_err(DecodeError::Record)?;
        if served.kind() != kind {
            return Err(DecodeError::Kind { given: kind as u8 });
        }
        Ok(Self::L1(served))
    }
}

/// Serde carries the canonical bytes, so that a stored transaction is parsed as strictly as a received one.
macro_rules! serde_as_encoding {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.encode().serialize(serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<T: serde::Deserializer<'de>>(deserializer: T) -> Result<Self, T::Error> {
                let bytes = Vec::<u8>::deserialize(deserializer)?;
                Self::decode(&bytes).map_err(serde::de::Error::custom)
            }
        }
    };
}

serde_as_encoding!(SignedTransaction);
serde_as_encoding!(Operation);
