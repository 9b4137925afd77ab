//! Canonical byte encoding: version, kind, fields in declaration order (big-endian), key, signature.
//! Decoding is strict: one byte string per value, exact length.

use ashlar_ecgfp5::{KeyError, PublicKey, Signature, SignatureError};

use ashlar_statement::hash::{hash_from_bytes32, hash_to_bytes32};

use super::{
    BRIDGE_AMOUNT_BITS, Deposit, Kind, Operation, SignedTransaction, Transaction, Transfer, Withdraw,
};
use crate::packing::{PackedAmount, PackedFee, PackingError};

const VERSION: u8 = 1;
const PUBLIC_KEY_BYTES: usize = 40;
const SIGNATURE_BYTES: usize = 56;
const AUTHORISATION_BYTES: usize = PUBLIC_KEY_BYTES + SIGNATURE_BYTES;
const HEADER_BYTES: usize = 2;
/// account, token, amount, key hash
const DEPOSIT_BYTES: usize = HEADER_BYTES + 4 + 1 + 8 + 32;
/// from, to, token, amount, fee, nonce
const TRANSFER_BYTES: usize = HEADER_BYTES + 4 + 4 + 1 + 4 + 1 + 4 + AUTHORISATION_BYTES;
/// from, L1 address, token, amount, fee, nonce
const WITHDRAW_BYTES: usize = HEADER_BYTES + 4 + 20 + 1 + 8 + 1 + 4 + AUTHORISATION_BYTES;

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
    /// The key hash has a limb of p or more.
    #[error("key_hash: not four canonical field elements")]
    KeyHash,
    /// The key is not a point of the group.
    #[error("public_key")]
    PublicKey(#[source] KeyError),
    /// The signature's scalar is not reduced.
    #[error("signature")]
    Signature(#[source] SignatureError),
}

/// Reads fields off a slice whose total length was checked beforehand.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let (head, tail) = self.0.split_at(N);
        self.0 = tail;
        core::array::from_fn(|i| head[i])
    }

    fn u8(&mut self) -> u8 {
        self.bytes::<1>()[0]
    }

    fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.bytes())
    }

    fn bridge_amount(&mut self) -> Result<u64, DecodeError> {
        let amount = u64::from_be_bytes(self.bytes());
        if amount == 0 || amount >> BRIDGE_AMOUNT_BITS != 0 {
            return Err(DecodeError::BridgeAmount { given: amount });
        }
        Ok(amount)
    }
}

/// Checks the header and the length it implies; returns the kind and a reader of the fields.
fn open(bytes: &[u8]) -> Result<(Kind, Reader<'_>), DecodeError> {
    let [version, kind, fields @ ..] = bytes else {
        return Err(DecodeError::NoHeader { actual: bytes.len() });
    };
    if *version != VERSION {
        return Err(DecodeError::Version { given: *version });
    }
    let (kind, expected) = match *kind {
        0 => (Kind::Noop, HEADER_BYTES),
        1 => (Kind::Deposit, DEPOSIT_BYTES),
        2 => (Kind::Transfer, TRANSFER_BYTES),
        3 => (Kind::Withdraw, WITHDRAW_BYTES),
        given => return Err(DecodeError::Kind { given }),
    };
    if bytes.len() != expected {
        return Err(DecodeError::Length {
            actual: bytes.len(),
            expected,
        });
    }
    Ok((kind, Reader(fields)))
}

impl SignedTransaction {
    /// Canonical encoding: 116 bytes for a transfer, 136 for a withdrawal.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION, self.tx.kind() as u8];
        bytes.extend(self.tx.from().to_be_bytes());
        match &self.tx {
            Transaction::Transfer(tx) => bytes.extend(tx.to.to_be_bytes()),
            Transaction::Withdraw(tx) => bytes.extend(tx.to_l1),
        }
        bytes.push(self.tx.token());
        match &self.tx {
            Transaction::Transfer(tx) => bytes.extend(tx.amount.bits().to_be_bytes()),
            Transaction::Withdraw(tx) => bytes.extend(tx.amount.to_be_bytes()),
        }
        bytes.push(self.tx.fee().bits());
        bytes.extend(self.tx.nonce().to_be_bytes());
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
            Kind::Noop | Kind::Deposit => return Err(DecodeError::Kind { given: kind as u8 }),
        };
        let public_key = PublicKey::from_bytes(&reader.bytes()).map_err(DecodeError::PublicKey)?;
        let signature = Signature::from_bytes(&reader.bytes()).map_err(DecodeError::Signature)?;
        Ok(Self {
            tx,
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
            Self::Deposit(deposit) => {
                let mut bytes = vec![VERSION, Kind::Deposit as u8];
                bytes.extend(deposit.account.to_be_bytes());
                bytes.push(deposit.token);
                bytes.extend(deposit.amount.to_be_bytes());
                bytes.extend(hash_to_bytes32(&deposit.key_hash));
                bytes
            }
            Self::Signed(signed) => signed.encode(),
        }
    }

    /// Inverse of [`Self::encode`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (kind, mut reader) = open(bytes)?;
        Ok(match kind {
            Kind::Noop => Self::Noop,
            Kind::Deposit => Self::Deposit(Deposit {
                account: reader.u32(),
                token: reader.u8(),
                amount: reader.bridge_amount()?,
                key_hash: hash_from_bytes32(&reader.bytes()).ok_or(DecodeError::KeyHash)?,
            }),
            Kind::Transfer | Kind::Withdraw => Self::Signed(SignedTransaction::decode(bytes)?),
        })
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
