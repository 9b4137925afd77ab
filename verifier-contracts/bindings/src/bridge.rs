//! Rust twin of `BridgeStream.sol`: the records of a batch's bridge stream.

use alloy::primitives::Address;

use crate::Withdrawal;

/// Bytes of a word.
const WORD_BYTES: usize = 7;
const DEPOSIT_TAG: u8 = 1;
const WITHDRAWAL_TAG: u8 = 2;
const DEPOSIT_BYTES: usize = 7 * WORD_BYTES;
const WITHDRAWAL_BYTES: usize = 5 * WORD_BYTES;

/// What a bridge stream holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BridgeRecords {
    /// Number of deposits.
    pub deposits: u64,
    /// Withdrawals in their order, which is that of the tree.
    pub withdrawals: Vec<Withdrawal>,
}

/// Bytes that are no bridge stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BridgeError {
    /// No record has this tag.
    #[error("bridge stream: no record has tag {tag} (at byte {offset})")]
    Tag {
        /// Where the record begins.
        offset: usize,
        /// Its first byte.
        tag: u8,
    },
    /// It ends inside a record.
    #[error("bridge stream: it ends inside the record at byte {offset}")]
    Truncated {
        /// Where the record begins.
        offset: usize,
    },
}

/// Reads a bridge stream.
///
/// # Errors
/// If it is not a sequence of whole records.
pub fn parse(stream: &[u8]) -> Result<BridgeRecords, BridgeError> {
    let mut records = BridgeRecords::default();
    let mut rest = stream;
    while let Some(tag) = rest.first() {
        let offset = stream.len() - rest.len();
        let bytes = match *tag {
            DEPOSIT_TAG => DEPOSIT_BYTES,
            WITHDRAWAL_TAG => WITHDRAWAL_BYTES,
            tag => return Err(BridgeError::Tag { offset, tag }),
        };
        let (record, after) = rest
            .split_at_checked(bytes)
            .ok_or(BridgeError::Truncated { offset })?;
        if *tag == DEPOSIT_TAG {
            records.deposits += 1;
        } else {
            records.withdrawals.push(withdrawal(record));
        }
        rest = after;
    }
    Ok(records)
}

/// tag, account (4 bytes), token, fee | amount | address in 7, 7 and, after a zero byte, 6 bytes.
fn withdrawal(record: &[u8]) -> Withdrawal {
    let word = |index: usize| &record[index * WORD_BYTES..(index + 1) * WORD_BYTES];
    let mut to = [0; 20];
    to[..7].copy_from_slice(word(2));
    to[7..14].copy_from_slice(word(3));
    to[14..].copy_from_slice(&word(4)[1..]);
    let amount = word(1)
        .iter()
        .fold(0, |amount, byte| amount << 8 | u64::from(*byte));
    Withdrawal {
        token: word(0)[5],
        amount,
        to: Address::from(to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn withdrawal_record() -> Vec<u8> {
        let mut record = vec![2, 0, 0, 0, 9, 3, 1];
        record.extend([0, 0, 0, 0, 0, 1, 2]);
        record.extend([0xa0; 14]);
        record.push(0);
        record.extend([0xb0; 6]);
        record
    }

    #[test]
    fn records_are_read_in_order() {
        let mut stream = vec![0; DEPOSIT_BYTES];
        stream[0] = 1;
        stream.extend(withdrawal_record());
        let records = parse(&stream).unwrap();
        let mut to = [0xa0; 20];
        to[14..].fill(0xb0);
        let expected = Withdrawal {
            token: 3,
            amount: 258,
            to: to.into(),
        };
        assert_eq!((records.deposits, records.withdrawals), (1, vec![expected]));
        assert_eq!(parse(&[]), Ok(BridgeRecords::default()));
    }

    #[test]
    fn what_is_no_stream_is_refused_with_its_place() {
        let mut stream = withdrawal_record();
        let whole = stream.len();
        assert_eq!(
            parse(&stream[..whole - 1]),
            Err(BridgeError::Truncated { offset: 0 })
        );
        stream.push(7);
        assert_eq!(
            parse(&stream),
            Err(BridgeError::Tag {
                offset: whole,
                tag: 7
            })
        );
    }
}
