//! Rust twin of `BridgeStream.sol`: the records of a batch's bridge stream.

use alloy::primitives::Address;

use crate::Withdrawal;

/// Bytes of a word.
const WORD_BYTES: usize = 7;
const DEPOSIT_TAG: u8 = 1;
const WITHDRAWAL_TAG: u8 = 2;
const DEPOSIT_BYTES: usize = 7 * WORD_BYTES;
const WITHDRAWAL_BYTES: usize = 5 * WORD_BYTES;
/// Order of the Goldilocks field: limbs of a key hash are below it.
const FIELD_ORDER: u64 = 0xffff_ffff_0000_0001;

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BridgeRecord {
    /// From L1 to an account.
    Deposit {
        /// Account credited.
        account: u32,
        /// Token number.
        token: u8,
        /// In units.
        amount: u64,
        /// Hash of the owner's key, canonical.
        key_hash: [u64; 4],
    },
    /// From an account to an L1 address.
    Withdrawal {
        /// Payer.
        account: u32,
        /// The fee as it was signed: packed.
        fee_bits: u8,
        /// What the contract pays.
        withdrawal: Withdrawal,
    },
}

/// Bytes that are no bridge stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BridgeError {
    /// A record's first byte is no known one.
    #[error("bridge stream: unknown tag {tag} at byte {offset}")]
    Tag {
        /// The byte found.
        tag: u8,
        /// Where.
        offset: usize,
    },
    /// It ends inside a record.
    #[error("bridge stream: the record at byte {offset} needs {expected} bytes, {actual} are left")]
    Truncated {
        /// Where the record starts.
        offset: usize,
        /// Bytes of a record of its kind.
        expected: usize,
        /// Bytes that are left.
        actual: usize,
    },
    /// Bytes that must be zero are not, or a key hash is not canonical.
    #[error("bridge stream: {field} of the record at byte {offset} is out of range")]
    Field {
        /// Where the record starts.
        offset: usize,
        /// The field at fault.
        field: &'static str,
    },
}

/// Reads a bridge stream: deposits and withdrawals, in order.
///
/// # Errors
/// If it is not a sequence of whole records as `BridgeStream.sol` takes them.
pub fn parse(stream: &[u8]) -> Result<Vec<BridgeRecord>, BridgeError> {
    let (mut records, mut offset) = (Vec::new(), 0);
    while let Some(&tag) = stream.get(offset) {
        let expected = match tag {
            DEPOSIT_TAG => DEPOSIT_BYTES,
            WITHDRAWAL_TAG => WITHDRAWAL_BYTES,
            _ => return Err(BridgeError::Tag { tag, offset }),
        };
        let actual = stream.len() - offset;
        let record = stream
            .get(offset..offset + expected)
            .ok_or(BridgeError::Truncated {
                offset,
                expected,
                actual,
            })?;
        let parsed = match tag {
            DEPOSIT_TAG => deposit(record),
            _ => withdrawal(record),
        };
        records.push(parsed.map_err(|field| BridgeError::Field { offset, field })?);
        offset += expected;
    }
    Ok(records)
}

/// What a stream's records pay, in the order of their indices.
pub fn withdrawals(records: &[BridgeRecord]) -> Vec<Withdrawal> {
    let withdrawal = |record: &BridgeRecord| match record {
        BridgeRecord::Withdrawal { withdrawal, .. } => Some(withdrawal.clone()),
        BridgeRecord::Deposit { .. } => None,
    };
    records.iter().filter_map(withdrawal).collect()
}

/// Big-endian, at most 8 bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

fn word(record: &[u8], index: usize) -> u64 {
    number(&record[index * WORD_BYTES..(index + 1) * WORD_BYTES])
}

/// Account and token, which both records have in their first word.
fn head(record: &[u8]) -> (u32, u8) {
    (number(&record[1..5]) as u32, record[5])
}

fn deposit(record: &[u8]) -> Result<BridgeRecord, &'static str> {
    let (account, token) = head(record);
    let high = &record[6 * WORD_BYTES..];
    if record[6] != 0 || high[..3] != [0; 3] {
        return Err("padding");
    }
    let key_hash = std::array::from_fn(|index| word(record, 2 + index) | u64::from(high[3 + index]) << 56);
    if key_hash.iter().any(|element| *element >= FIELD_ORDER) {
        return Err("key hash");
    }
    Ok(BridgeRecord::Deposit {
        account,
        token,
        amount: word(record, 1),
        key_hash,
    })
}

fn withdrawal(record: &[u8]) -> Result<BridgeRecord, &'static str> {
    let (account, token) = head(record);
    let (high, low) = (&record[14..28], &record[28..]);
    if low[0] != 0 {
        return Err("padding");
    }
    Ok(BridgeRecord::Withdrawal {
        account,
        fee_bits: record[6],
        withdrawal: Withdrawal {
            token,
            amount: word(record, 1),
            to: Address::from_slice(&[high, &low[1..]].concat()),
        },
    })
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

    fn deposit_record() -> Vec<u8> {
        let mut record = vec![1, 1, 2, 3, 4, 5, 0];
        record.extend([0, 0, 0, 0, 0, 0, 6]);
        for limb in 1..=4 {
            record.extend([0, 0, 0, 0, 0, 0, limb]);
        }
        record.extend([0, 0, 0, 0x10, 0x20, 0x30, 0x40]);
        record
    }

    #[test]
    fn records_are_read_in_order() {
        let stream = [deposit_record(), withdrawal_record()].concat();
        let mut to = [0xa0; 20];
        to[14..].fill(0xb0);
        let paid = Withdrawal {
            token: 3,
            amount: 258,
            to: to.into(),
        };
        let records = parse(&stream).unwrap();
        assert_eq!(
            records,
            [
                BridgeRecord::Deposit {
                    account: 0x0102_0304,
                    token: 5,
                    amount: 6,
                    key_hash: [0x10 << 56 | 1, 0x20 << 56 | 2, 0x30 << 56 | 3, 0x40 << 56 | 4],
                },
                BridgeRecord::Withdrawal {
                    account: 9,
                    fee_bits: 1,
                    withdrawal: paid.clone(),
                },
            ]
        );
        assert_eq!(withdrawals(&records), [paid]);
        assert_eq!(parse(&[]), Ok(Vec::new()));
    }

    #[test]
    fn damaged_streams_are_refused_with_their_place() {
        let offset = DEPOSIT_BYTES;
        let changed = |second: Vec<u8>, index: usize, value: u8| {
            let mut stream = [deposit_record(), second].concat();
            stream[offset + index] = value;
            parse(&stream).unwrap_err()
        };
        let field = |field| BridgeError::Field { offset, field };
        assert_eq!(
            changed(deposit_record(), 0, 3),
            BridgeError::Tag { tag: 3, offset }
        );
        assert_eq!(changed(deposit_record(), 6, 1), field("padding"));
        assert_eq!(changed(deposit_record(), 42, 1), field("padding"));
        assert_eq!(changed(withdrawal_record(), 28, 1), field("padding"));
        assert_eq!(
            parse(&deposit_record()[..48]),
            Err(BridgeError::Truncated {
                offset: 0,
                expected: DEPOSIT_BYTES,
                actual: 48
            })
        );
        let whole = [deposit_record(), withdrawal_record()].concat();
        assert_eq!(
            parse(&whole[..whole.len() - 1]),
            Err(BridgeError::Truncated {
                offset,
                expected: WITHDRAWAL_BYTES,
                actual: 34
            })
        );
    }

    #[test]
    fn a_key_hash_that_is_not_canonical_is_refused() {
        let mut record = deposit_record();
        record[14..21].fill(0xff);
        record[45] = 0xff;
        assert_eq!(
            parse(&record),
            Err(BridgeError::Field {
                offset: 0,
                field: "key hash"
            })
        );
    }
}
