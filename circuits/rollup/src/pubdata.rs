//! Public data: what a batch publishes on L1, as 7-byte words, and its two commitments, a Poseidon hash and
//! a polynomial evaluation.

use plonky2::field::extension::quadratic::QuadraticExtension;
use plonky2::field::types::{Field, PrimeField64};
use plonky2::hash::hashing::PlonkyPermutation;
use plonky2::hash::poseidon::PoseidonPermutation;

use crate::hash::{F, Hash};
use crate::public_inputs::SpanPublicInputs;
use crate::transaction::{Deposit, Kind, Operation, Transaction, Transfer, Withdraw, address_words};

/// Bytes of a word: each word is below 2^56, so canonical in the field.
pub const WORD_BYTES: usize = 7;
/// Words of the longest record.
pub const MAX_WORDS: usize = 7;
/// Words of a deposit, in the bridge stream.
pub const DEPOSIT_WORDS: usize = 7;
/// Words of a withdrawal, in the bridge stream.
pub const WITHDRAW_WORDS: usize = 5;
/// Words of a transfer, in the rollup stream.
pub const TRANSFER_WORDS: usize = 2;

/// First byte of a deposit's record.
pub const DEPOSIT_TAG: u64 = 1;
/// First byte of a withdrawal's record.
pub const WITHDRAW_TAG: u64 = 2;

/// GF(p^2) = GF(p)[x]/(x^2 - 7), where the public data is evaluated.
pub type Ext = QuadraticExtension<F>;

/// Which of the two byte streams a record belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Parsed by the contract: deposits and withdrawals.
    Bridge,
    /// Only evaluated by the contract: all else that a rebuild of the state needs.
    Rollup,
}

/// Public data of one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Kind of the slot.
    pub kind: Kind,
    /// Words, each below 2^56; those beyond the record's length are zero.
    pub words: [u64; MAX_WORDS],
}

impl Record {
    /// What a slot publishes.
    pub fn new(operation: &Operation) -> Self {
        let kind = operation.kind();
        let words = match operation {
            Operation::Noop => [0; MAX_WORDS],
            Operation::Deposit(deposit) => deposit_words(deposit),
            Operation::Signed(signed) => match &signed.tx {
                Transaction::Transfer(transfer) => transfer_words(transfer),
                Transaction::Withdraw(withdraw) => withdraw_words(withdraw),
            },
        };
        Self { kind, words }
    }

    /// The stream it is appended to; `None` for padding.
    pub fn stream(&self) -> Option<Stream> {
        match self.kind {
            Kind::Noop => None,
            Kind::Deposit | Kind::Withdraw => Some(Stream::Bridge),
            Kind::Transfer => Some(Stream::Rollup),
        }
    }

    /// Number of words.
    pub fn len(&self) -> usize {
        match self.kind {
            Kind::Noop => 0,
            Kind::Deposit => DEPOSIT_WORDS,
            Kind::Transfer => TRANSFER_WORDS,
            Kind::Withdraw => WITHDRAW_WORDS,
        }
    }

    /// Whether it publishes nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The words as bytes, big-endian, seven each.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.words[..self.len()]
            .iter()
            .flat_map(|word| word.to_be_bytes()[8 - WORD_BYTES..].to_vec())
            .collect()
    }
}

/// tag (1 byte), account (4), token (1), zero (1) | amount | low 56 bits of the four owner elements | their
/// high bytes, element 0 first, in the low four bytes.
fn deposit_words(deposit: &Deposit) -> [u64; MAX_WORDS] {
    let owner = deposit
        .key_hash
        .elements
        .map(|element| element.to_canonical_u64());
    let low = owner.map(|element| element & ((1 << 56) - 1));
    let high = owner.iter().fold(0, |word, element| word << 8 | element >> 56);
    let head = DEPOSIT_TAG << 48 | u64::from(deposit.account) << 16 | u64::from(deposit.token) << 8;
    [head, deposit.amount, low[0], low[1], low[2], low[3], high]
}

/// tag (1 byte), account (4), token (1), fee (1) | amount | L1 address in 7, 7 and 6 bytes.
fn withdraw_words(withdraw: &Withdraw) -> [u64; MAX_WORDS] {
    let head = WITHDRAW_TAG << 48
        | u64::from(withdraw.from) << 16
        | u64::from(withdraw.token) << 8
        | u64::from(withdraw.fee.bits());
    let [a0, a1, a2] = address_words(&withdraw.to_l1);
    [head, withdraw.amount, a0, a1, a2, 0, 0]
}

/// from (4 bytes), to (4), token (1), amount (4), fee (1), across two words.
fn transfer_words(transfer: &Transfer) -> [u64; MAX_WORDS] {
    let head = u64::from(transfer.from) << 24 | u64::from(transfer.to >> 8);
    let tail = u64::from(transfer.to & 0xff) << 48
        | u64::from(transfer.token) << 40
        | u64::from(transfer.amount.bits()) << 8
        | u64::from(transfer.fee.bits());
    [head, tail, 0, 0, 0, 0, 0]
}

/// Poseidon commitment to a chunk's records: one permutation a slot, a duplex sponge in overwrite mode whose
/// blocks are `[kind, word 0 … word 6]`, capacity starting at zero; the digest is squeezed after the last.
pub fn data_hash<'a>(records: impl IntoIterator<Item = &'a Record>) -> Hash {
    let mut state = PoseidonPermutation::new([F::ZERO; 12]);
    for record in records {
        state.set_elt(F::from_canonical_u8(record.kind as u8), 0);
        state.set_from_iter(record.words.map(F::from_canonical_u64), 1);
        state.permute();
    }
    let mut elements = [F::ZERO; 4];
    elements.copy_from_slice(&state.squeeze()[..4]);
    Hash { elements }
}

/// Both streams of a run of slots, evaluated at `z`, with the powers of `z` that appending needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evaluation {
    /// Bridge stream at `z`.
    pub bridge_eval: Ext,
    /// Rollup stream at `z`.
    pub rollup_eval: Ext,
    /// `z` to the number of bridge words.
    pub bridge_power: Ext,
    /// `z` to the number of rollup words.
    pub rollup_power: Ext,
}

impl Evaluation {
    /// Of nothing.
    pub const EMPTY: Self = Self {
        bridge_eval: Ext::ZERO,
        rollup_eval: Ext::ZERO,
        bridge_power: Ext::ONE,
        rollup_power: Ext::ONE,
    };

    /// Appends one slot's record.
    pub fn push(&mut self, z: Ext, record: &Record) {
        let (eval, power) = match record.stream() {
            None => return,
            Some(Stream::Bridge) => (&mut self.bridge_eval, &mut self.bridge_power),
            Some(Stream::Rollup) => (&mut self.rollup_eval, &mut self.rollup_power),
        };
        for word in &record.words[..record.len()] {
            *eval += *power * Ext::from(F::from_canonical_u64(*word));
            *power *= z;
        }
    }

    /// This run followed by another.
    pub fn concat(&self, right: &Self) -> Self {
        Self {
            bridge_eval: self.bridge_eval + self.bridge_power * right.bridge_eval,
            rollup_eval: self.rollup_eval + self.rollup_power * right.rollup_eval,
            bridge_power: self.bridge_power * right.bridge_power,
            rollup_power: self.rollup_power * right.rollup_power,
        }
    }

    /// The whole public data: the bridge stream, then the rollup stream.
    pub fn total(&self) -> Ext {
        self.bridge_eval + self.bridge_power * self.rollup_eval
    }
}

impl From<&SpanPublicInputs<F>> for Evaluation {
    fn from(span: &SpanPublicInputs<F>) -> Self {
        Self {
            bridge_eval: QuadraticExtension(span.bridge_eval),
            rollup_eval: QuadraticExtension(span.rollup_eval),
            bridge_power: QuadraticExtension(span.bridge_power),
            rollup_power: QuadraticExtension(span.rollup_power),
        }
    }
}

/// Evaluates a byte stream by Horner's rule, as the contract does; `None` unless whole words.
pub fn evaluate_bytes(bytes: &[u8], z: Ext) -> Option<Ext> {
    if !bytes.len().is_multiple_of(WORD_BYTES) {
        return None;
    }
    let word = |bytes: &[u8]| bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    Some(bytes.rchunks_exact(WORD_BYTES).fold(Ext::ZERO, |sum, bytes| {
        sum * z + Ext::from(F::from_canonical_u64(word(bytes)))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packing::{PackedAmount, PackedFee};
    use plonky2::field::types::Sample;

    fn deposit() -> Record {
        let key_hash = Hash {
            elements: [0x1122, 0xa0ff_ffff_ffff_ffff, 3, 4].map(F::from_canonical_u64),
        };
        Record::new(
            &Deposit {
                account: 0x0102_0304,
                token: 5,
                amount: 6,
                key_hash,
            }
            .into(),
        )
    }

    #[test]
    fn deposit_record_layout() {
        let bytes = deposit().to_bytes();
        assert_eq!(bytes.len(), 49);
        assert_eq!(bytes[..7], [1, 1, 2, 3, 4, 5, 0]);
        assert_eq!(bytes[7..14], [0, 0, 0, 0, 0, 0, 6]);
        assert_eq!(bytes[19..21], [0x11, 0x22]);
        assert_eq!(bytes[21..28], [0xff; 7]);
        assert_eq!(bytes[42..], [0, 0, 0, 0, 0xa0, 0, 0]);
    }

    #[test]
    fn words_of_signed_kinds() {
        let fee = PackedFee::from_bits(0x77);
        let to_l1 = core::array::from_fn(|i| i as u8 + 1);
        let withdraw = Withdraw {
            from: 0x0102_0304,
            to_l1,
            token: 5,
            amount: 6,
            fee,
            nonce: 8,
        };
        assert_eq!(
            withdraw_words(&withdraw),
            [
                0x0002_0102_0304_0577,
                6,
                0x0001_0203_0405_0607,
                0x0008_090a_0b0c_0d0e,
                0x0f10_1112_1314,
                0,
                0
            ]
        );
        let amount = PackedAmount::from_bits(0x1122_3344).expect("exponent 4");
        let transfer = Transfer {
            from: 0x0102_0304,
            to: 0x0506_0708,
            token: 9,
            amount,
            fee,
            nonce: 1,
        };
        assert_eq!(
            transfer_words(&transfer)[..3],
            [0x0001_0203_0405_0607, 0x0008_0911_2233_4477, 0]
        );
    }

    #[test]
    fn evaluation_agrees_with_horner_over_the_bytes() {
        let z = Ext::rand();
        let (records, mut bytes) = ([deposit(); 3], Vec::new());
        let mut evaluation = Evaluation::EMPTY;
        for record in &records {
            evaluation.push(z, record);
            bytes.extend(record.to_bytes());
        }
        assert_eq!(Some(evaluation.bridge_eval), evaluate_bytes(&bytes, z));
        assert_eq!(evaluation.bridge_power, z.exp_u64(21));
        assert_eq!(evaluate_bytes(&bytes[1..], z), None);
        let mut twice = records.to_vec();
        twice.extend(records);
        let both = evaluation.concat(&evaluation);
        assert_eq!(
            Some(both.total()),
            evaluate_bytes(&[bytes.clone(), bytes].concat(), z)
        );
        assert_ne!(data_hash(&records), data_hash(&twice));
    }
}
