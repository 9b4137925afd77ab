//! Operations of L1's queue, and their records in the bridge stream.
//!
//! A record is the queue's entry with what the sequencer fills in: the account that a deposit goes to, and what a forced
//! operation pays. In the entry these are zero, and so they are in [`L1Operation::record`].
//!
//! | word | deposit | set auth | forced withdrawal | forced transfer | set flags |
//! |------|---------|----------|-------------------|-----------------|-----------|
//! | 0 | `01`, account, token, 0 | `04`, account, 0, 0 | `05`, account, token, 0 | `06`, account, token, 0 | `07`, account, 0, flags |
//! | 1 | amount | 0 | requested | requested | |
//! | 2 to 4 | owner | sender | sender | sender | |
//! | 5 | auth | auth | paid | paid | |
//! | 6 | auth | auth | | to | |
//! | 7 to 9 | auth | auth | | | |
//!
//! Words have seven bytes; in word 0 the account has four and the others one. An address is words of 7, 7 and 6 bytes.
//! `auth` is the low 56 bits of its four elements, then their high bytes, element 0 first, in the low four bytes.

use plonky2::field::types::PrimeField64;

use crate::{
    hash::{F, Hash, canonical},
    stream::{WORD_BYTES, words_to_bytes},
};

/// Words of the longest record.
pub const MAX_RECORD_WORDS: usize = 10;
/// Bits of an amount that crosses the bridge: it is one word.
pub const AMOUNT_BITS: u32 = 56;

/// First byte of a deposit's record.
pub const DEPOSIT_TAG: u8 = 1;
/// First byte of the record of a new `auth`.
pub const SET_AUTH_TAG: u8 = 4;
/// First byte of a forced withdrawal's record.
pub const FORCED_WITHDRAWAL_TAG: u8 = 5;
/// First byte of a forced transfer's record.
pub const FORCED_TRANSFER_TAG: u8 = 6;
/// First byte of the record of new flags.
pub const SET_FLAGS_TAG: u8 = 7;

/// An operation that waits in L1's queue; its sender has authorised it there, so nobody signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum L1Operation {
    /// Money for an account.
    Deposit(Deposit),
    /// Another `auth`.
    SetAuth(SetAuth),
    /// Money out of an account, to its L1 owner.
    ForcedWithdrawal(ForcedWithdrawal),
    /// Money from an account to another.
    ForcedTransfer(ForcedTransfer),
    /// Other flags.
    SetFlags(SetFlags),
}

/// Money for an account of `owner`: the one with this `auth`, or any one if `auth` is zero, or a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Deposit {
    /// Token, by its number on L1.
    pub token: u8,
    /// In units of the token, 1..2^56.
    pub amount: u64,
    /// L1 owner of the account.
    pub owner: [u8; 20],
    /// What signs for the account; zero leaves it to the owner.
    pub auth: Hash,
}

/// Another `auth` for an account, if the sender owns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SetAuth {
    /// The account.
    pub account: u32,
    /// Who sent it on L1.
    pub sender: [u8; 20],
    /// What signs for the account from now on; zero: nothing does.
    pub auth: Hash,
}

/// A withdrawal to the sender, of what the account holds at most, if the sender owns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ForcedWithdrawal {
    /// Payer.
    pub account: u32,
    /// Token, by its number on L1.
    pub token: u8,
    /// Requested, in units of the token, 1..2^56.
    pub amount: u64,
    /// Who sent it on L1.
    pub sender: [u8; 20],
}

/// A transfer, of what the payer holds at most, if the sender owns it and the payee exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ForcedTransfer {
    /// Payer.
    pub account: u32,
    /// Payee.
    pub to: u32,
    /// Token, by its number on L1.
    pub token: u8,
    /// Requested, in units of the token, 1..2^56.
    pub amount: u64,
    /// Who sent it on L1.
    pub sender: [u8; 20],
}

/// Other flags for an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SetFlags {
    /// The account.
    pub account: u32,
    /// Its flags from now on.
    pub flags: u8,
}

/// Bytes that are no entry of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// No first byte, or one of no operation.
    #[error("tag: {0:?} is no operation of the L1 queue")]
    Tag(Option<u8>),
    /// Too long or too short for its tag.
    #[error("{actual} bytes, an operation with tag {tag} has {expected}")]
    Length {
        /// First byte.
        tag: u8,
        /// Bytes given.
        actual: usize,
        /// Bytes of this tag.
        expected: usize,
    },
    /// A field is out of its range, or bytes that must be zero are not.
    #[error("{field}: out of range")]
    Field {
        /// The field.
        field: &'static str,
    },
}

/// Words of the record with this tag; `None` for a tag of no L1 operation.
pub fn record_words(tag: u8) -> Option<usize> {
    match tag {
        DEPOSIT_TAG | SET_AUTH_TAG => Some(10),
        FORCED_WITHDRAWAL_TAG => Some(6),
        FORCED_TRANSFER_TAG => Some(7),
        SET_FLAGS_TAG => Some(1),
        _ => None,
    }
}

/// Word 0 of a record.
pub fn head(tag: u8, account: u32, token: u8, last: u8) -> u64 {
    u64::from(tag) << 48 | u64::from(account) << 16 | u64::from(token) << 8 | u64::from(last)
}

/// An L1 address as words of 7, 7 and 6 bytes, big-endian.
pub fn address_words(address: &[u8; 20]) -> [u64; 3] {
    let word = |bytes: &[u8]| bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    [word(&address[..7]), word(&address[7..14]), word(&address[14..])]
}

/// Inverse of [`address_words`]; `None` if a word is too wide.
pub fn address_from_words(words: [u64; 3]) -> Option<[u8; 20]> {
    let [a0, a1, a2] = words;
    if a0 >> 56 != 0 || a1 >> 56 != 0 || a2 >> 48 != 0 {
        return None;
    }
    let mut address = [0; 20];
    address[..7].copy_from_slice(&a0.to_be_bytes()[1..]);
    address[7..14].copy_from_slice(&a1.to_be_bytes()[1..]);
    address[14..].copy_from_slice(&a2.to_be_bytes()[2..]);
    Some(address)
}

/// A digest as five words: the low 56 bits of its elements, and their high bytes.
pub fn hash_words(hash: &Hash) -> [u64; 5] {
    let elements = hash.elements.map(|element| element.to_canonical_u64());
    let [l0, l1, l2, l3] = elements.map(|element| element & ((1 << 56) - 1));
    let high = elements.iter().fold(0, |word, element| word << 8 | element >> 56);
    [l0, l1, l2, l3, high]
}

/// Inverse of [`hash_words`]; `None` if they are not canonical.
pub fn hash_from_words(words: [u64; 5]) -> Option<Hash> {
    let [low @ .., high] = words;
    if high >> 32 != 0 || low.iter().any(|word| word >> 56 != 0) {
        return None;
    }
    let mut elements = [F::default(); 4];
    for (index, (low, element)) in low.into_iter().zip(&mut elements).enumerate() {
        *element = canonical(low | (high >> (8 * (3 - index)) & 0xff) << 56)?;
    }
    Some(Hash { elements })
}

impl L1Operation {
    /// First byte of its record, and its kind on L1.
    pub fn tag(&self) -> u8 {
        match self {
            Self::Deposit(_) => DEPOSIT_TAG,
            Self::SetAuth(_) => SET_AUTH_TAG,
            Self::ForcedWithdrawal(_) => FORCED_WITHDRAWAL_TAG,
            Self::ForcedTransfer(_) => FORCED_TRANSFER_TAG,
            Self::SetFlags(_) => SET_FLAGS_TAG,
        }
    }

    /// The words of its record in which what the sequencer fills in is zero.
    pub fn words(&self) -> Vec<u64> {
        let tag = self.tag();
        match self {
            Self::Deposit(deposit) => {
                let head = head(tag, 0, deposit.token, 0);
                words(head, deposit.amount, &deposit.owner, &hash_words(&deposit.auth))
            }
            Self::SetAuth(set) => {
                let head = head(tag, set.account, 0, 0);
                words(head, 0, &set.sender, &hash_words(&set.auth))
            }
            Self::ForcedWithdrawal(forced) => {
                let head = head(tag, forced.account, forced.token, 0);
                words(head, forced.amount, &forced.sender, &[0])
            }
            Self::ForcedTransfer(forced) => {
                let head = head(tag, forced.account, forced.token, 0);
                words(head, forced.amount, &forced.sender, &[0, forced.to.into()])
            }
            Self::SetFlags(set) => vec![head(tag, set.account, 0, set.flags)],
        }
    }

    /// The entry of the queue: its hash is what the contract keeps.
    pub fn record(&self) -> Vec<u8> {
        words_to_bytes(&self.words())
    }

    /// Inverse of [`Self::record`].
    ///
    /// # Errors
    /// If the bytes are no entry that the contract makes.
    pub fn decode(record: &[u8]) -> Result<Self, RecordError> {
        let tag = record.first().copied();
        let (Some(tag), Some(count)) = (tag, tag.and_then(record_words)) else {
            return Err(RecordError::Tag(tag));
        };
        let expected = count * WORD_BYTES;
        if record.len() != expected {
            let actual = record.len();
            return Err(RecordError::Length {
                tag,
                actual,
                expected,
            });
        }
        let words = record.chunks_exact(WORD_BYTES);
        let words: Vec<u64> = words
            .map(|word| word.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
            .collect();
        let operation = read(tag, &words)?;
        // Whatever has no place in the operation must be zero.
        if operation.words() != words {
            return Err(RecordError::Field { field: "padding" });
        }
        Ok(operation)
    }
}

fn words(head: u64, amount: u64, address: &[u8; 20], rest: &[u64]) -> Vec<u64> {
    let [a0, a1, a2] = address_words(address);
    [&[head, amount, a0, a1, a2], rest].concat()
}

fn read(tag: u8, words: &[u64]) -> Result<L1Operation, RecordError> {
    let (account, token, last) = ((words[0] >> 16) as u32, (words[0] >> 8) as u8, words[0] as u8);
    let out_of_range = |field| RecordError::Field { field };
    let address = || address_from_words([words[2], words[3], words[4]]).ok_or(out_of_range("address"));
    let auth = || {
        let words = [words[5], words[6], words[7], words[8], words[9]];
        hash_from_words(words).ok_or(out_of_range("auth"))
    };
    let amount = || match words[1] {
        0 => Err(out_of_range("amount")),
        amount => Ok(amount),
    };
    Ok(match tag {
        DEPOSIT_TAG => L1Operation::Deposit(Deposit {
            token,
            amount: amount()?,
            owner: address()?,
            auth: auth()?,
        }),
        SET_AUTH_TAG => L1Operation::SetAuth(SetAuth {
            account,
            sender: address()?,
            auth: auth()?,
        }),
        FORCED_WITHDRAWAL_TAG => L1Operation::ForcedWithdrawal(ForcedWithdrawal {
            account,
            token,
            amount: amount()?,
            sender: address()?,
        }),
        FORCED_TRANSFER_TAG => L1Operation::ForcedTransfer(ForcedTransfer {
            account,
            to: u32::try_from(words[6]).map_err(|_| out_of_range("to"))?,
            token,
            amount: amount()?,
            sender: address()?,
        }),
        _ => L1Operation::SetFlags(SetFlags { account, flags: last }),
    })
}

#[cfg(test)]
mod tests {
    use plonky2::field::types::Field;

    use super::*;

    fn samples() -> [L1Operation; 5] {
        let address = core::array::from_fn(|i| i as u8 + 1);
        let auth = Hash {
            elements: [0x1122, 0xa0ff_ffff_ffff_ffff, 3, 4].map(F::from_canonical_u64),
        };
        let (account, token, amount) = (0x0102_0304, 5, 6);
        [
            L1Operation::Deposit(Deposit {
                token,
                amount,
                owner: address,
                auth,
            }),
            L1Operation::SetAuth(SetAuth {
                account,
                sender: address,
                auth,
            }),
            L1Operation::ForcedWithdrawal(ForcedWithdrawal {
                account,
                token,
                amount,
                sender: address,
            }),
            L1Operation::ForcedTransfer(ForcedTransfer {
                account,
                to: 0x0a0b_0c0d,
                token,
                amount,
                sender: address,
            }),
            L1Operation::SetFlags(SetFlags { account, flags: 9 }),
        ]
    }

    #[test]
    fn layouts() {
        let [deposit, set_auth, withdrawal, transfer, flags] = samples().map(|operation| operation.record());
        assert_eq!(deposit[..14], [1, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 6]);
        assert_eq!(deposit[14..21], [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(deposit[28..35], [0, 15, 16, 17, 18, 19, 20]);
        assert_eq!(deposit[40..42], [0x11, 0x22]);
        assert_eq!(deposit[42..49], [0xff; 7]);
        assert_eq!(deposit[63..], [0, 0, 0, 0, 0xa0, 0, 0]);
        assert_eq!(set_auth[..14], [4, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(set_auth[14..], deposit[14..]);
        assert_eq!(withdrawal[..7], [5, 1, 2, 3, 4, 5, 0]);
        assert_eq!(withdrawal[35..], [0; 7]);
        assert_eq!(transfer[..7], [6, 1, 2, 3, 4, 5, 0]);
        assert_eq!(
            transfer[35..],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0a, 0x0b, 0x0c, 0x0d]
        );
        assert_eq!(flags, [7, 1, 2, 3, 4, 0, 9]);
    }

    #[test]
    fn records_are_read_back_at_their_length_and_in_one_form_only() {
        for operation in samples() {
            let record = operation.record();
            assert_eq!(L1Operation::decode(&record), Ok(operation));
            assert!(L1Operation::decode(&record[..record.len() - 1]).is_err());
            assert!(L1Operation::decode(&[&record[..], &[0]].concat()).is_err());
            for byte in 0..record.len() {
                for bit in 0..8 {
                    let mut changed = record.clone();
                    changed[byte] ^= 1 << bit;
                    // Another operation, or none.
                    if let Ok(other) = L1Operation::decode(&changed) {
                        assert_eq!(other.record(), changed);
                    }
                }
            }
        }
        assert_eq!(L1Operation::decode(&[]), Err(RecordError::Tag(None)));
        assert_eq!(L1Operation::decode(&[2; 35]), Err(RecordError::Tag(Some(2))));
    }

    #[test]
    fn what_the_sequencer_fills_in_is_no_part_of_an_entry() {
        let [deposit, _, withdrawal, transfer, _] = samples().map(|operation| operation.record());
        for (record, byte) in [(deposit, 4), (withdrawal, 41), (transfer, 41)] {
            let mut filled = record;
            filled[byte] = 1;
            assert_eq!(
                L1Operation::decode(&filled),
                Err(RecordError::Field { field: "padding" })
            );
        }
    }
}
