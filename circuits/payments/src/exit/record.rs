//! The record of an exit.

use ashlar_statement::{
    hash::F,
    queue::{AMOUNT_BITS, address_from_words, address_words, head},
    stream::{BLOCK_LEN, WORD_BYTES, words_to_bytes},
};
use plonky2::field::types::Field;

use crate::{account::BALANCE_BITS, tree::ACCOUNT_DEPTH};

/// First byte of an exit's record.
pub const EXIT_TAG: u8 = 3;
/// Words of an exit, in the bridge stream.
pub const EXIT_WORDS: usize = 5;
/// Kind number of an exit in the data hash, beside those of [`crate::transaction::Kind`].
pub const EXIT_KIND: u8 = 8;

/// What an account held of one token, paid to its L1 owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Exit {
    /// The account, below 2^28.
    pub account: u32,
    /// Token, by its number on L1.
    pub token: u8,
    /// All that the account holds of it, in units of the token, below 2^62.
    pub amount: u64,
    /// L1 owner of the account.
    pub owner: [u8; 20],
}

impl Exit {
    /// tag (1 byte), account (4), token (1), high bits of the amount (1) | low 56 bits of the amount | L1 owner in 7, 7
    /// and 6 bytes: a withdrawal's layout, but for the byte of its fee. An account may hold more than a word.
    pub fn words(&self) -> [u64; EXIT_WORDS] {
        let (high, low) = (self.amount >> AMOUNT_BITS, self.amount & ((1 << AMOUNT_BITS) - 1));
        let [a0, a1, a2] = address_words(&self.owner);
        let head = head(EXIT_TAG, self.account, self.token, high as u8);
        [head, low, a0, a1, a2]
    }

    /// The words as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        words_to_bytes(&self.words())
    }

    /// `[kind, words, 0, 0]`: what the data hash absorbs.
    pub(super) fn block(&self) -> [F; BLOCK_LEN] {
        let mut block = [F::ZERO; BLOCK_LEN];
        block[0] = F::from_canonical_u8(EXIT_KIND);
        block[1..=EXIT_WORDS].copy_from_slice(&self.words().map(F::from_canonical_u64));
        block
    }

    /// Inverse of [`Self::to_bytes`]; `None` if they are no exit's.
    pub fn decode(record: &[u8]) -> Option<Self> {
        let word = |bytes: &[u8]| bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        let words: Vec<u64> = record.chunks(WORD_BYTES).map(word).collect();
        let words = words.try_into().ok();
        Self::from_words(words.filter(|_| record.len() == EXIT_WORDS * WORD_BYTES)?)
    }

    /// Inverse of [`Self::words`]; `None` if they are no exit's.
    fn from_words([head, low, address @ ..]: [u64; EXIT_WORDS]) -> Option<Self> {
        let [_, tag, account @ .., token, high] = head.to_be_bytes();
        let exit = Self {
            account: u32::from_be_bytes(account),
            token,
            amount: u64::from(high) << AMOUNT_BITS | low,
            owner: address_from_words(address)?,
        };
        let in_range = exit.account >> ACCOUNT_DEPTH == 0 && exit.amount >> BALANCE_BITS == 0;
        (tag == EXIT_TAG && in_range).then_some(exit)
    }
}

/// The exits of a bridge stream, in their order; `None` if it has anything else.
pub fn exits(bridge: &[u8]) -> Option<Vec<Exit>> {
    bridge.chunks(EXIT_WORDS * WORD_BYTES).map(Exit::decode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXIT: Exit = Exit {
        account: 0x0102_0304,
        token: 5,
        amount: 0x2a00_0000_0000_0006,
        owner: [
            1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
        ],
    };

    #[test]
    fn an_amount_above_a_word_has_its_high_bits_in_the_fee_s_byte() {
        assert_eq!(
            EXIT.words(),
            [
                0x0003_0102_0304_052a,
                6,
                0x0001_0203_0405_0607,
                0x0008_090a_0b0c_0d0e,
                0x0f10_1112_1314
            ]
        );
        let largest = Exit {
            amount: (1 << BALANCE_BITS) - 1,
            ..EXIT
        };
        assert_eq!(largest.words()[..2], [0x0003_0102_0304_053f, (1 << 56) - 1]);
    }

    #[test]
    fn exits_are_read_back_and_nothing_else_is() {
        let other = Exit {
            amount: 0,
            token: 255,
            ..EXIT
        };
        let bridge = [EXIT.to_bytes(), other.to_bytes()].concat();
        assert_eq!(exits(&bridge), Some(vec![EXIT, other]));
        assert_eq!(exits(&[]), Some(vec![]));
        assert_eq!(exits(&bridge[..69]), None, "a byte short");
        assert_eq!(exits(&bridge[..63]), None, "a word short");
        let changed = |place: usize, byte: u8| {
            let mut bridge = bridge.clone();
            bridge[place] = byte;
            exits(&bridge)
        };
        assert_eq!(changed(0, 2), None, "a withdrawal");
        assert_eq!(changed(1, 0x10), None, "an account of 29 bits");
        assert_eq!(changed(6, 0x40), None, "an amount of 63 bits");
        assert_eq!(changed(28, 1), None, "an address of 21 bytes");
    }
}
