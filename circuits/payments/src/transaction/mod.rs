//! Transactions: what changes the state, and the message that an account holder signs.

mod codec;

use plonky2::field::types::Field;
use sha3::{Digest, Keccak256};

pub use ashlar_ecgfp5::{PublicKey, SecretKey, Signature};
pub use ashlar_statement::Domain;
pub use codec::DecodeError;

use ashlar_statement::hash::{F, Hash, ZERO_HASH, hash_no_pad};

use crate::packing::{PackedAmount, PackedFee};

/// Bits of an amount that crosses the bridge: it is one 7-byte word of public data.
pub const BRIDGE_AMOUNT_BITS: u32 = 56;

/// Kind of a slot; the number is part of the encoding and of the data hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[repr(u8)]
pub enum Kind {
    /// Padding.
    Noop = 0,
    /// From L1, creating the account if it is new.
    Deposit = 1,
    /// Between two accounts.
    Transfer = 2,
    /// To an L1 address.
    Withdraw = 3,
}

/// Credits an account with what was deposited on L1, creating it if its leaf is empty. Unsigned, free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Deposit {
    /// Account to credit, chosen by the sequencer: an empty leaf, or one with the same owner.
    pub account: u32,
    /// Token number.
    pub token: u8,
    /// In token units, from 1 below 2^56.
    pub amount: u64,
    /// Hash of the owner's public key.
    pub key_hash: Hash,
}

/// Moves tokens to an existing account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Transfer {
    /// Payer and signer.
    pub from: u32,
    /// Payee; must exist.
    pub to: u32,
    /// Token number, of amount and fee.
    pub token: u8,
    /// What the payee gets.
    pub amount: PackedAmount,
    /// What the sequencer gets on top.
    pub fee: PackedFee,
    /// The payer's nonce.
    pub nonce: u32,
}

/// Moves tokens to an L1 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Withdraw {
    /// Payer and signer.
    pub from: u32,
    /// Payee on L1.
    pub to_l1: [u8; 20],
    /// Token number, of amount and fee.
    pub token: u8,
    /// In token units, from 1 below 2^56.
    pub amount: u64,
    /// What the sequencer gets on top.
    pub fee: PackedFee,
    /// The payer's nonce.
    pub nonce: u32,
}

/// What an account holder may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Transaction {
    /// To another account.
    Transfer(Transfer),
    /// To an L1 address.
    Withdraw(Withdraw),
}

impl Transaction {
    /// Kind of the slot that executes it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Transfer(_) => Kind::Transfer,
            Self::Withdraw(_) => Kind::Withdraw,
        }
    }

    /// Payer and signer.
    pub fn from(&self) -> u32 {
        match self {
            Self::Transfer(tx) => tx.from,
            Self::Withdraw(tx) => tx.from,
        }
    }

    /// Token of amount and fee.
    pub fn token(&self) -> u8 {
        match self {
            Self::Transfer(tx) => tx.token,
            Self::Withdraw(tx) => tx.token,
        }
    }

    /// In token units, without the fee.
    pub fn amount(&self) -> u64 {
        match self {
            Self::Transfer(tx) => tx.amount.value(),
            Self::Withdraw(tx) => tx.amount,
        }
    }

    /// What the sequencer gets.
    pub fn fee(&self) -> PackedFee {
        match self {
            Self::Transfer(tx) => tx.fee,
            Self::Withdraw(tx) => tx.fee,
        }
    }

    /// The payer's nonce.
    pub fn nonce(&self) -> u32 {
        match self {
            Self::Transfer(tx) => tx.nonce,
            Self::Withdraw(tx) => tx.nonce,
        }
    }

    /// The 13 elements that are hashed and signed; one layout for both kinds, unused places are zero:
    /// domain (4), kind, from, payee (account, or L1 address in three words), token, amount, fee, nonce.
    /// A transfer's amount is in packed form, so that the signature fixes the public data.
    pub fn message_elements(&self, domain: &Domain) -> [F; 13] {
        let (payee, amount) = match self {
            Self::Transfer(tx) => ([tx.to.into(), 0, 0], tx.amount.bits().into()),
            Self::Withdraw(tx) => (address_words(&tx.to_l1), tx.amount),
        };
        let [d0, d1, d2, d3] = domain.words();
        let [p0, p1, p2] = payee.map(F::from_canonical_u64);
        let [kind, from, token] =
            [self.kind() as u32, self.from(), self.token().into()].map(F::from_canonical_u32);
        let fee = F::from_canonical_u8(self.fee().bits());
        let nonce = F::from_canonical_u32(self.nonce());
        [
            d0,
            d1,
            d2,
            d3,
            kind,
            from,
            p0,
            p1,
            p2,
            token,
            F::from_noncanonical_u64(amount),
            fee,
            nonce,
        ]
    }

    /// The digest to sign: Poseidon of [`Self::message_elements`].
    pub fn message(&self, domain: &Domain) -> Hash {
        hash_no_pad(&self.message_elements(domain))
    }

    /// Signs for one chain and rollup.
    pub fn sign(self, domain: &Domain, key: &SecretKey) -> SignedTransaction {
        let signature = key.sign(&self.message(domain));
        SignedTransaction {
            tx: self,
            public_key: key.public_key(),
            signature,
        }
    }
}

/// A transaction with its signer's key and signature. Not yet verified: see [`crate::validate`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedTransaction {
    /// What was signed.
    pub tx: Transaction,
    /// Key whose hash owns the paying account.
    pub public_key: PublicKey,
    /// Over [`Transaction::message`].
    pub signature: Signature,
}

impl SignedTransaction {
    /// Keccak-256 of the canonical encoding.
    pub fn id(&self) -> [u8; 32] {
        Keccak256::digest(self.encode()).into()
    }
}

/// One entry of the ordered list that the sequencer executes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Padding.
    Noop,
    /// From the L1 queue.
    Deposit(Deposit),
    /// From its signer, through the sequencer.
    Signed(SignedTransaction),
}

impl Operation {
    /// Kind of the slot that executes it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Noop => Kind::Noop,
            Self::Deposit(_) => Kind::Deposit,
            Self::Signed(signed) => signed.tx.kind(),
        }
    }
}

impl From<Deposit> for Operation {
    fn from(deposit: Deposit) -> Self {
        Self::Deposit(deposit)
    }
}

impl From<SignedTransaction> for Operation {
    fn from(signed: SignedTransaction) -> Self {
        Self::Signed(signed)
    }
}

/// An L1 address as words of 7, 7 and 6 bytes, big-endian.
pub fn address_words(address: &[u8; 20]) -> [u64; 3] {
    let word = |bytes: &[u8]| bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    [word(&address[..7]), word(&address[7..14]), word(&address[14..])]
}

/// Owner of no account: the digest that fills unused places.
pub const NO_OWNER: Hash = ZERO_HASH;
