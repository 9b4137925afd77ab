//! Public data of payments: what each slot publishes on L1, as 7-byte words.

use ashlar_statement::{
    Stream,
    application::Withdrawal,
    hash::F,
    queue::{L1Operation, MAX_RECORD_WORDS, address_words, head, record_words},
    stream::{BLOCK_LEN, WORD_BYTES, words_to_bytes},
};
use plonky2::field::types::Field;

use crate::transaction::{Kind, Operation, Served, Transaction, Transfer, Withdraw};

/// Words of the longest record.
pub const MAX_WORDS: usize = MAX_RECORD_WORDS;
/// Words of a deposit and of a new `auth`, in the bridge stream.
pub const DEPOSIT_WORDS: usize = 10;
/// Words of a withdrawal, in the bridge stream.
pub const WITHDRAW_WORDS: usize = 5;
/// Words of a transfer, in the rollup stream.
pub const TRANSFER_WORDS: usize = 2;
/// Words of a forced withdrawal, in the bridge stream.
pub const FORCED_WITHDRAWAL_WORDS: usize = 6;
/// Words of a forced transfer, in the bridge stream.
pub const FORCED_TRANSFER_WORDS: usize = 7;
/// Words of new flags, in the bridge stream.
pub const SET_FLAGS_WORDS: usize = 1;

/// First byte of a withdrawal's record; those of the L1 queue are in [`ashlar_statement::queue`].
pub const WITHDRAW_TAG: u8 = 2;

/// Blocks that the data hash absorbs of a record: its kind and 15 words, of which no record uses the last ones.
pub const RECORD_BLOCKS: usize = 2;

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
            Operation::L1(served) => padded(&served.words()),
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
            Kind::Transfer => Some(Stream::Rollup),
            _ => Some(Stream::Bridge),
        }
    }

    /// Number of words.
    pub fn len(&self) -> usize {
        match self.kind {
            Kind::Noop => 0,
            Kind::Deposit | Kind::SetAuth => DEPOSIT_WORDS,
            Kind::Transfer => TRANSFER_WORDS,
            Kind::Withdraw => WITHDRAW_WORDS,
            Kind::ForcedWithdrawal => FORCED_WITHDRAWAL_WORDS,
            Kind::ForcedTransfer => FORCED_TRANSFER_WORDS,
            Kind::SetFlags => SET_FLAGS_WORDS,
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

    /// `[kind, word 0 … word 6]`, `[word 7 … word 14]`: what the data hash absorbs.
    pub fn blocks(&self) -> [[F; BLOCK_LEN]; RECORD_BLOCKS] {
        let mut elements = [F::ZERO; BLOCK_LEN * RECORD_BLOCKS];
        elements[0] = F::from_canonical_u8(self.kind as u8);
        elements[1..=MAX_WORDS].copy_from_slice(&self.words.map(F::from_canonical_u64));
        core::array::from_fn(|block| core::array::from_fn(|i| elements[BLOCK_LEN * block + i]))
    }
}

/// tag (1 byte), account (4), token (1), fee (1) | amount | L1 address in 7, 7 and 6 bytes.
fn withdraw_words(withdraw: &Withdraw) -> [u64; MAX_WORDS] {
    let head = head(WITHDRAW_TAG, withdraw.from, withdraw.token, withdraw.fee.bits());
    let [a0, a1, a2] = address_words(&withdraw.to_l1);
    padded(&[head, withdraw.amount, a0, a1, a2])
}

/// The withdrawals of a bridge stream, in their order, those that were forced among them if they pay anything; `None` if it
/// is no such stream.
pub fn withdrawals(mut bridge: &[u8]) -> Option<Vec<Withdrawal>> {
    let mut found = Vec::new();
    while let Some(tag) = bridge.first() {
        let is_signed = *tag == WITHDRAW_TAG;
        let words = if is_signed {
            WITHDRAW_WORDS
        } else {
            record_words(*tag)?
        };
        let (record, rest) = bridge.split_at_checked(words * WORD_BYTES)?;
        bridge = rest;
        found.extend(if is_signed {
            Some(withdrawal(record)?)
        } else {
            forced_withdrawal(record)?
        });
    }
    Some(found)
}

fn withdrawal(record: &[u8]) -> Option<Withdrawal> {
    let amount = record[WORD_BYTES..2 * WORD_BYTES].iter();
    let address = [
        &record[2 * WORD_BYTES..4 * WORD_BYTES],
        &record[4 * WORD_BYTES + 1..],
    ]
    .concat();
    Some(Withdrawal {
        recipient: address.try_into().ok()?,
        token: record[5],
        amount: amount.fold(0, |amount, byte| amount << 8 | u64::from(*byte)),
    })
}

/// What a record of the L1 queue pays out: nothing, unless it is a forced withdrawal that found something.
fn forced_withdrawal(record: &[u8]) -> Option<Option<Withdrawal>> {
    let served = Served::decode(record).ok()?;
    Some(match served.operation {
        L1Operation::ForcedWithdrawal(forced) if served.paid > 0 => Some(Withdrawal {
            recipient: forced.sender,
            token: forced.token,
            amount: served.paid,
        }),
        _ => None,
    })
}

/// Zero beyond the record.
fn padded(record: &[u64]) -> [u64; MAX_WORDS] {
    let mut words = [0; MAX_WORDS];
    words[..record.len()].copy_from_slice(record);
    words
}

/// from (4 bytes), to (4), token (1), amount (4), fee (1), across two words.
fn transfer_words(transfer: &Transfer) -> [u64; MAX_WORDS] {
    let head = u64::from(transfer.from) << 24 | u64::from(transfer.to >> 8);
    let tail = u64::from(transfer.to & 0xff) << 48
        | u64::from(transfer.token) << 40
        | u64::from(transfer.amount.bits()) << 8
        | u64::from(transfer.fee.bits());
    padded(&[head, tail])
}

#[cfg(test)]
mod tests {
    use ashlar_statement::{
        hash::{Hash, ZERO_HASH},
        queue::{Deposit, ForcedWithdrawal},
    };

    use super::*;
    use crate::packing::{PackedAmount, PackedFee};

    fn deposit() -> Record {
        let deposit = Deposit {
            token: 5,
            amount: 6,
            owner: [7; 20],
            auth: ZERO_HASH,
        };
        Record::new(&Served::deposit(0x0102_0304, deposit).into())
    }

    fn forced(paid: u64) -> Vec<u8> {
        let operation = L1Operation::ForcedWithdrawal(ForcedWithdrawal {
            account: 1,
            token: 9,
            amount: 8,
            sender: [3; 20],
        });
        let served = Served {
            operation,
            account: 1,
            paid,
        };
        Record::new(&served.into()).to_bytes()
    }

    #[test]
    fn a_record_is_the_queue_s_entry_with_the_account_filled_in() {
        let bytes = deposit().to_bytes();
        assert_eq!(bytes.len(), 70);
        assert_eq!(bytes[..7], [1, 1, 2, 3, 4, 5, 0]);
        assert_eq!(bytes[7..14], [0, 0, 0, 0, 0, 0, 6]);
        assert_eq!(
            Served::decode(&bytes).map(|served| served.account),
            Ok(0x0102_0304)
        );
        assert_eq!(Served::decode(&forced(6)).map(|served| served.paid), Ok(6));
    }

    #[test]
    fn both_blocks_of_a_record_are_hashed() {
        let record = Record::new(
            &Served::deposit(
                1,
                Deposit {
                    token: 5,
                    amount: 6,
                    owner: [7; 20],
                    auth: Hash {
                        elements: [F::NEG_ONE; 4],
                    },
                },
            )
            .into(),
        );
        let [first, second] = record.blocks();
        let elements = [first, second].concat();
        assert_eq!(elements[0], F::ONE);
        assert_eq!(elements[1..11], record.words.map(F::from_canonical_u64));
        assert_eq!(elements[11..], [F::ZERO; 5]);
        assert_eq!(record.words[9], 0xffff_ffff);
    }

    #[test]
    fn withdrawals_are_read_back_from_between_other_records() {
        let withdraw = |amount| Withdraw {
            from: 1,
            to_l1: core::array::from_fn(|i| i as u8 + 1),
            token: 5,
            amount,
            fee: PackedFee::from_bits(0x77),
            nonce: 8,
        };
        let record = |amount| words_to_bytes(&withdraw_words(&withdraw(amount))[..WITHDRAW_WORDS]);
        let bridge = [record(6), deposit().to_bytes(), forced(0), record(1 << 50)].concat();
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
        let paid = withdrawals(&[forced(6), forced(0)].concat()).expect("whole records");
        assert_eq!(
            paid,
            [Withdrawal {
                recipient: [3; 20],
                token: 9,
                amount: 6
            }]
        );
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
            withdraw_words(&withdraw)[..7],
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
            to_owner: [9; 20],
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
