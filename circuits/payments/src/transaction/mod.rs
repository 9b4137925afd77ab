//! Transactions: what changes the state, and the message that an account holder signs.

mod codec;
mod served;

use plonky2::field::types::Field;
use sha3::{Digest, Keccak256};

pub use ashlar_ecgfp5::{PublicKey, SecretKey, Signature};
pub use ashlar_statement::{
    Domain,
    queue::{Deposit, ForcedTransfer, ForcedWithdrawal, L1Operation, SetAuth, SetFlags, address_words},
};
pub use codec::DecodeError;
pub use served::Served;

use ashlar_statement::{
    TIME_BITS,
    hash::{F, Hash, Role, hash_no_pad},
    queue::AMOUNT_BITS,
};

use crate::{
    packing::{PackedAmount, PackedFee},
    policy::ClauseWitness,
};

/// Bits of an amount that crosses the bridge: it is one 7-byte word of public data.
pub const BRIDGE_AMOUNT_BITS: u32 = AMOUNT_BITS;
/// The last minute of a transaction that does not expire: the last that a batch can have.
pub const NO_EXPIRY: u32 = (1 << TIME_BITS) - 1;

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
    /// From L1: another `auth` for an account.
    SetAuth = 4,
    /// From L1: to the account's L1 owner.
    ForcedWithdrawal = 5,
    /// From L1: between two accounts.
    ForcedTransfer = 6,
    /// From L1: other flags for an account.
    SetFlags = 7,
}

/// Moves tokens to an existing account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Transfer {
    /// Payer and signer.
    pub from: u32,
    /// Payee; must exist.
    pub to: u32,
    /// L1 owner of the payee's account: whoever may have come to that index, the payer means this one.
    pub to_owner: [u8; 20],
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

    /// The 16 elements that are hashed and signed; one layout for both kinds: domain (4), kind, from, to (zero in a
    /// withdrawal), L1 address in three words (the recipient's, or that of the payee's owner), token, amount, fee, nonce,
    /// last minute, and the place of the clause that it is signed under. A transfer's amount is in packed form, so that the
    /// signature fixes the public data.
    pub fn message_elements(&self, domain: &Domain, valid_until: u32, place: u8) -> [F; 16] {
        let (to, address, amount) = match self {
            Self::Transfer(tx) => (tx.to, &tx.to_owner, tx.amount.bits().into()),
            Self::Withdraw(tx) => (0, &tx.to_l1, tx.amount),
        };
        let [d0, d1, d2, d3] = domain.words();
        let [a0, a1, a2] = address_words(address).map(F::from_canonical_u64);
        let [kind, from, to, token] =
            [self.kind() as u32, self.from(), to, self.token().into()].map(F::from_canonical_u32);
        let fee = F::from_canonical_u8(self.fee().bits());
        let nonce = F::from_canonical_u32(self.nonce());
        [
            d0,
            d1,
            d2,
            d3,
            kind,
            from,
            to,
            a0,
            a1,
            a2,
            token,
            F::from_noncanonical_u64(amount),
            fee,
            nonce,
            F::from_canonical_u32(valid_until),
            F::from_canonical_u8(place),
        ]
    }

    /// The digest to sign: Poseidon of [`Self::message_elements`].
    pub fn message(&self, domain: &Domain, valid_until: u32, place: u8) -> Hash {
        hash_no_pad(Role::Message, &self.message_elements(domain, valid_until, place))
    }

    /// Signs for one chain and rollup, for a plain account, without an end.
    pub fn sign(self, domain: &Domain, key: &SecretKey) -> SignedTransaction {
        self.sign_under(domain, key, ClauseWitness::plain(), NO_EXPIRY)
    }

    /// Signs for one chain and rollup under a clause of the account's policy. A batch whose time is after `valid_until`, in
    /// minutes since 1970, does not take it.
    pub fn sign_under(
        self,
        domain: &Domain,
        key: &SecretKey,
        clause: ClauseWitness,
        valid_until: u32,
    ) -> SignedTransaction {
        let signature = key.sign(&self.message(domain, valid_until, clause.place));
        SignedTransaction {
            tx: self,
            valid_until,
            clause,
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
    /// Last minute since 1970 at which it may be executed: below 2^28, [`NO_EXPIRY`] if it does not matter.
    pub valid_until: u32,
    /// The clause of the paying account's policy that it is signed under.
    pub clause: ClauseWitness,
    /// Key of that clause.
    pub public_key: PublicKey,
    /// Over [`Self::message`].
    pub signature: Signature,
}

impl SignedTransaction {
    /// What the signature is over.
    pub fn message(&self, domain: &Domain) -> Hash {
        self.tx.message(domain, self.valid_until, self.clause.place)
    }

    /// `auth` of the accounts that it may be signed for.
    pub fn auth(&self) -> Hash {
        self.clause.auth(self.public_key.key_hash())
    }

    /// Keccak-256 of the canonical encoding.
    pub fn id(&self) -> [u8; 32] {
        Keccak256::digest(self.encode()).into()
    }
}

/// One entry of the ordered list that the sequencer executes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "nearly all are signed")]
pub enum Operation {
    /// Padding.
    Noop,
    /// From the L1 queue.
    L1(Served),
    /// From its signer, through the sequencer.
    Signed(SignedTransaction),
}

impl Operation {
    /// Kind of the slot that executes it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Noop => Kind::Noop,
            Self::L1(served) => served.kind(),
            Self::Signed(signed) => signed.tx.kind(),
        }
    }
}

impl From<Served> for Operation {
    fn from(served: Served) -> Self {
        Self::L1(served)
    }
}

impl From<SignedTransaction> for Operation {
    fn from(signed: SignedTransaction) -> Self {
        Self::Signed(signed)
    }
}
