//! Public data of payments: what each slot publishes on L1, as 7-byte words.

use ashlar_statement::{
    Stream,
    application::Withdrawal,
    hash::F,
    stream::{BLOCK_LEN, WORD_BYTES, words_to_bytes},
};
use plonky2::field::types::{Field, PrimeField64};

use crate::transaction::{Deposit, Kind, Operation, Transaction, Transfer, Withdraw, address_words};

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

    /// The words that are published.
    pub fn published(&self) -> &[u64] {
        &self.words[..self.len()]
    }

    /// The words as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        words_to_bytes(self.published())
    }

    /// `[kind, word 0 … word 6]`: what the data hash absorbs.
    pub fn block(&self) -> [F; BLOCK_LEN] {
        let mut block = [F::from_canonical_u8(self.kind as u8); BLOCK_LEN];
        block[1..].copy_from_slice(&self.words.map(F::from_canonical_u64));
        block
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

/// The withdrawals of a bridge stream, in their order; `None` if it is no such stream.
pub fn withdrawals(mut bridge: &[u8]) -> Option<Vec<Withdrawal>> {
    let mut found = Vec::new();
    while let Some(tag) = bridge.first() {
        let is_withdrawal = match u64::from(*tag) {
            DEPOSIT_TAG => false,
            WITHDRAW_TAG => true,
            _ => return None,
        };
        let words = if is_withdrawal {
            WITHDRAW_WORDS
        } else {
            DEPOSIT_WORDS
        };
        let (record, rest) = bridge.split_at_checked(words * WORD_BYTES)?;
        bridge = rest;
        if is_withdrawal {
            let amount = record[WORD_BYTES..2 * WORD_BYTES].iter();
            let address = [
                &record[2 * WORD_BYTES..4 * WORD_BYTES],
                &record[4 * WORD_BYTES + 1..],
            ]
            .concat();
            found.push(Withdrawal {
                recipient: address.try_into().ok()?,
                token: record[5],
                amount: amount.fold(0, |amount, byte| amount << 8 | u64::from(*byte)),
            });
        }
    }
    Some(found)
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

#[cfg(test)]
mod tests {
    use ashlar_statement::hash::Hash;

    use super::*;
    use crate::packing::{PackedAmount, PackedFee};

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
    fn withdrawals_are_read_back_from_between_deposits() {
        let withdraw = |amount| Withdraw {
            from: 1,
            to_l1: core::array::from_fn(|i| i as u8 + 1),
            token: 5,
            amount,
            fee: PackedFee::from_bits(0x77),
            nonce: 8,
        };
        let record = |amount| words_to_bytes(&withdraw_words(&withdraw(amount))[..WITHDRAW_WORDS]);
        let bridge = [record(6), deposit().to_bytes(), record(1 << 50)].concat();
        let read = withdrawals(&bridge).expect("whole records");
        assert_eq!(
            read.iter().map(|read| read.amount).collect::<Vec<_>>(),
            [6, 1 << 50]
        );
        assert!(
            read.iter()
                .all(|read| read.token == 5 && read.recipient == withdraw(1).to_l1)
        );
        assert_eq!(withdrawals(&bridge[1..]), None);
        assert_eq!(withdrawals(&bridge[..bridge.len() - 1]), None);
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
}
