//! The public data of a batch: what L1 has in calldata, as records.
//!
//! `circuits/payments/src/pubdata.rs` writes them; the streams' layout is in `BridgeStream.sol`.

use alloy::primitives::Address;
use ashlar_contracts::Withdrawal;
use ashlar_payments::{
    packing::{PackedAmount, PackedFee},
    pubdata::{DEPOSIT_TAG, DEPOSIT_WORDS, TRANSFER_WORDS, WITHDRAW_TAG, WITHDRAW_WORDS},
};
use ashlar_statement::hash::{Hash, canonical};

const WORD_BYTES: usize = 7;
const DEPOSIT_BYTES: usize = DEPOSIT_WORDS * WORD_BYTES;
const WITHDRAW_BYTES: usize = WITHDRAW_WORDS * WORD_BYTES;
const TRANSFER_BYTES: usize = TRANSFER_WORDS * WORD_BYTES;

/// One executed operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// From L1 to an account.
    Deposit {
        /// Account credited.
        account: u32,
        /// Token number.
        token: u8,
        /// In units.
        amount: u64,
        /// Hash of the owner's key.
        key_hash: Hash,
    },
    /// From an account to an L1 address.
    Withdrawal {
        /// Payer.
        account: u32,
        /// In units, on top of the amount.
        fee: u64,
        /// Token, amount in units, recipient: what the contract pays.
        withdrawal: Withdrawal,
    },
    /// Between two accounts.
    Transfer {
        /// Payer.
        from: u32,
        /// Payee.
        to: u32,
        /// Token number.
        token: u8,
        /// In units.
        amount: u64,
        /// In units, on top of the amount.
        fee: u64,
    },
}

impl Record {
    /// Whether the account pays or is paid.
    pub fn concerns(&self, account: u32) -> bool {
        match self {
            Self::Deposit { account: of, .. } | Self::Withdrawal { account: of, .. } => *of == account,
            Self::Transfer { from, to, .. } => [*from, *to].contains(&account),
        }
    }
}

/// Bytes are not public data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// A record's first byte is no known one.
    #[error("bridge stream: unknown tag {tag} at byte {offset}")]
    Tag {
        /// The byte found.
        tag: u8,
        /// Where.
        offset: usize,
    },
    /// A stream ends inside a record.
    #[error("{stream} stream: the record at byte {offset} needs {expected} bytes, {actual} are left")]
    Truncated {
        /// `bridge` or `rollup`.
        stream: &'static str,
        /// Where the record starts.
        offset: usize,
        /// Bytes of a record of its kind.
        expected: usize,
        /// Bytes that are left.
        actual: usize,
    },
    /// Bytes that must be zero are not, a key hash is not canonical, or an amount is not packed.
    #[error("{stream} stream: {field} of the record at byte {offset} is out of range")]
    Field {
        /// `bridge` or `rollup`.
        stream: &'static str,
        /// Where the record starts.
        offset: usize,
        /// The field at fault.
        field: &'static str,
    },
}

/// The bridge stream: deposits and withdrawals, in order.
pub fn parse_bridge(stream: &[u8]) -> Result<Vec<Record>, DataError> {
    let (mut records, mut offset) = (Vec::new(), 0);
    while let Some(tag) = stream.get(offset) {
        let bytes = match u64::from(*tag) {
            DEPOSIT_TAG => DEPOSIT_BYTES,
            WITHDRAW_TAG => WITHDRAW_BYTES,
            _ => return Err(DataError::Tag { tag: *tag, offset }),
        };
        let record = record(stream, offset, bytes, "bridge")?;
        let parsed = if bytes == DEPOSIT_BYTES {
            deposit(record)
        } else {
            withdrawal(record)
        };
        records.push(parsed.map_err(|field| DataError::Field {
            stream: "bridge",
            offset,
            field,
        })?);
        offset += bytes;
    }
    Ok(records)
}

/// The rollup stream: transfers, in order.
pub fn parse_rollup(stream: &[u8]) -> Result<Vec<Record>, DataError> {
    let offsets = (0..stream.len()).step_by(TRANSFER_BYTES);
    let parse = |offset| {
        let stream_name = "rollup";
        let record = record(stream, offset, TRANSFER_BYTES, stream_name)?;
        transfer(record).map_err(|field| DataError::Field {
            stream: stream_name,
            offset,
            field,
        })
    };
    offsets.map(parse).collect()
}

fn record<'a>(
    bytes: &'a [u8],
    offset: usize,
    expected: usize,
    stream: &'static str,
) -> Result<&'a [u8], DataError> {
    let rest = &bytes[offset..];
    rest.get(..expected).ok_or(DataError::Truncated {
        stream,
        offset,
        expected,
        actual: rest.len(),
    })
}

/// Big-endian, at most 8 bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

fn word(record: &[u8], index: usize) -> u64 {
    number(&record[index * WORD_BYTES..(index + 1) * WORD_BYTES])
}

/// Account and token, which every bridge record has in its first word.
fn head(record: &[u8]) -> (u32, u8) {
    (number(&record[1..5]) as u32, record[5])
}

fn deposit(record: &[u8]) -> Result<Record, &'static str> {
    let (account, token) = head(record);
    let high = &record[6 * WORD_BYTES..];
    if record[6] != 0 || high[..3] != [0; 3] {
        return Err("padding");
    }
    let mut key_hash = ashlar_statement::hash::ZERO_HASH;
    for (index, element) in key_hash.elements.iter_mut().enumerate() {
        let value = word(record, 2 + index) | u64::from(high[3 + index]) << 56;
        *element = canonical(value).ok_or("key hash")?;
    }
    Ok(Record::Deposit {
        account,
        token,
        amount: word(record, 1),
        key_hash,
    })
}

fn withdrawal(record: &[u8]) -> Result<Record, &'static str> {
    let (account, token) = head(record);
    let (high, low) = (&record[14..28], &record[28..]);
    if low[0] != 0 {
        return Err("padding");
    }
    let to = Address::from_slice(&[high, &low[1..]].concat());
    Ok(Record::Withdrawal {
        account,
        fee: PackedFee::from_bits(record[6]).value(),
        withdrawal: Withdrawal {
            token,
            amount: word(record, 1),
            to,
        },
    })
}

fn transfer(record: &[u8]) -> Result<Record, &'static str> {
    let amount = PackedAmount::from_bits(number(&record[9..13]) as u32).map_err(|_| "amount")?;
    Ok(Record::Transfer {
        from: number(&record[..4]) as u32,
        to: number(&record[4..8]) as u32,
        token: record[8],
        amount: amount.value(),
        fee: PackedFee::from_bits(record[13]).value(),
    })
}

#[cfg(test)]
mod tests {
    use ashlar_payments::{
        pubdata::Record as Written,
        transaction::{Deposit, Operation},
    };
    use plonky2::field::types::Field;

    use super::*;

    fn deposit_bytes(amount: u64) -> Vec<u8> {
        let key_hash = Hash {
            elements: [1, u64::MAX - (1 << 32), 3, 1 << 63]
                .map(ashlar_statement::hash::F::from_canonical_u64),
        };
        let deposit = Deposit {
            account: 0x0102_0304,
            token: 5,
            amount,
            key_hash,
        };
        Written::new(&Operation::Deposit(deposit)).to_bytes()
    }

    #[test]
    fn what_the_application_publishes_is_read_back() {
        let bytes = [deposit_bytes(6), deposit_bytes(7)].concat();
        let records = parse_bridge(&bytes).expect("two deposits");
        let [
            Record::Deposit {
                account,
                token,
                amount,
                key_hash,
            },
            Record::Deposit { amount: second, .. },
        ] = &records[..]
        else {
            panic!("{records:?}")
        };
        assert_eq!((*account, *token, *amount, *second), (0x0102_0304, 5, 6, 7));
        assert_eq!(key_hash.elements[3].0, 1 << 63);
    }

    #[test]
    fn damaged_streams_are_refused_with_their_place() {
        let good = deposit_bytes(6);
        let changed = |index: usize, value: u8| {
            let mut bytes = [good.clone(), good.clone()].concat();
            bytes[DEPOSIT_BYTES + index] = value;
            parse_bridge(&bytes).expect_err("damaged")
        };
        let offset = DEPOSIT_BYTES;
        let field = |field| DataError::Field {
            stream: "bridge",
            offset,
            field,
        };
        assert_eq!(changed(0, 3), DataError::Tag { tag: 3, offset });
        assert_eq!(changed(6, 1), field("padding"));
        assert_eq!(changed(43, 1), field("padding"));
        let truncated = |stream, expected, actual| DataError::Truncated {
            stream,
            offset: 0,
            expected,
            actual,
        };
        assert_eq!(
            parse_bridge(&good[..48]),
            Err(truncated("bridge", DEPOSIT_BYTES, 48))
        );
        assert_eq!(
            parse_rollup(&[0; 13]),
            Err(truncated("rollup", TRANSFER_BYTES, 13))
        );
        let mut transfer = [0; 14];
        transfer[12] = 11; // the exponent
        assert!(matches!(
            parse_rollup(&transfer),
            Err(DataError::Field { field: "amount", .. })
        ));
    }

    #[test]
    fn a_key_hash_that_is_not_canonical_is_refused() {
        let mut bytes = deposit_bytes(6);
        bytes[14..21].fill(0xff);
        bytes[45] = 0xff;
        assert!(matches!(
            parse_bridge(&bytes),
            Err(DataError::Field {
                field: "key hash",
                ..
            })
        ));
    }
}
