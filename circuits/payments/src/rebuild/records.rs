//! What a batch has published, read back: the inverse of [`crate::pubdata`].

use ashlar_statement::{
    queue::{RecordError, address_from_words, record_words},
    stream::WORD_BYTES,
};

use crate::{
    exit::{EXIT_TAG, EXIT_WORDS, Exit},
    packing::{PackedAmount, PackedFee},
    pubdata::{TRANSFER_WORDS, WITHDRAW_TAG, WITHDRAW_WORDS},
    transaction::Served,
    tree::ACCOUNT_DEPTH,
};

/// One executed operation, as its batch has published it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// Of L1's queue, as it was served.
    L1(Served),
    /// A signed withdrawal.
    Withdrawal {
        /// Payer.
        from: u32,
        /// Paid on L1.
        to_l1: [u8; 20],
        /// Token number.
        token: u8,
        /// In token units.
        amount: u64,
        /// In token units, on top of the amount.
        fee: u64,
    },
    /// L1 pays an account out, in exit mode. The state does not change: L1 notes who has left.
    Exit(Exit),
    /// A signed transfer.
    Transfer {
        /// Payer.
        from: u32,
        /// Payee.
        to: u32,
        /// Token number.
        token: u8,
        /// In token units.
        amount: u64,
        /// In token units, on top of the amount.
        fee: u64,
    },
}

/// Bytes are not what a batch publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordsError {
    /// A record's first byte is no known one.
    #[error("bridge stream: no record has tag {tag} (byte {offset}): a newer version of the rollup made it")]
    Tag {
        /// The byte found.
        tag: u8,
        /// Where.
        offset: usize,
    },
    /// A stream ends inside a record.
    #[error("{stream} stream: the record at byte {offset} has {expected} bytes, {actual} are left")]
    Truncated {
        /// Which stream.
        stream: &'static str,
        /// Where the record starts.
        offset: usize,
        /// Bytes of a record of its kind.
        expected: usize,
        /// Bytes that are left.
        actual: usize,
    },
    /// A field is out of its range.
    #[error("{stream} stream: {field} of the record at byte {offset} is out of range")]
    Field {
        /// Which stream.
        stream: &'static str,
        /// Where the record starts.
        offset: usize,
        /// The field at fault.
        field: &'static str,
    },
    /// No operation of L1's queue.
    #[error("bridge stream: the record at byte {offset} is no operation of L1's queue")]
    L1 {
        /// Where the record starts.
        offset: usize,
        /// What is wrong with it.
        #[source]
        source: RecordError,
    },
}

/// The records of a bridge stream, each with its bytes, in order.
///
/// # Errors
/// If it is not a sequence of whole records.
pub fn bridge_records(stream: &[u8]) -> Result<Vec<(&[u8], Published)>, RecordsError> {
    let (mut records, mut offset) = (Vec::new(), 0);
    while let Some(&tag) = stream.get(offset) {
        let words = match tag {
            WITHDRAW_TAG => WITHDRAW_WORDS,
            EXIT_TAG => EXIT_WORDS,
            _ => record_words(tag).ok_or(RecordsError::Tag { tag, offset })?,
        };
        let record = take("bridge", stream, offset, words)?;
        let published = match tag {
            WITHDRAW_TAG | EXIT_TAG => paid_on_l1(record).map_err(|field| RecordsError::Field {
                stream: "bridge",
                offset,
                field,
            })?,
            _ => Published::L1(Served::decode(record).map_err(|source| RecordsError::L1 { offset, source })?),
        };
        records.push((record, published));
        offset += record.len();
    }
    Ok(records)
}

/// The transfers of a rollup stream, each with its bytes, in order.
///
/// # Errors
/// If it is not a sequence of whole records.
pub fn rollup_records(stream: &[u8]) -> Result<Vec<(&[u8], Published)>, RecordsError> {
    let parse = |offset| {
        let record = take("rollup", stream, offset, TRANSFER_WORDS)?;
        let transfer = transfer(record).map_err(|field| RecordsError::Field {
            stream: "rollup",
            offset,
            field,
        });
        Ok((record, transfer?))
    };
    let offsets = (0..stream.len()).step_by(TRANSFER_WORDS * WORD_BYTES);
    offsets.map(parse).collect()
}

fn take<'a>(
    stream: &'static str,
    bytes: &'a [u8],
    offset: usize,
    words: usize,
) -> Result<&'a [u8], RecordsError> {
    let expected = words * WORD_BYTES;
    bytes
        .get(offset..offset + expected)
        .ok_or(RecordsError::Truncated {
            stream,
            offset,
            expected,
            actual: bytes.len() - offset,
        })
}

impl Published {
    /// Reads a signed operation's record: the two kinds differ in length. `None` if it is neither.
    pub fn signed(record: &[u8]) -> Option<Self> {
        let mut records = match record.first() {
            Some(&WITHDRAW_TAG) if record.len() == WITHDRAW_WORDS * WORD_BYTES => {
                bridge_records(record).ok()?
            }
            _ => rollup_records(record).ok()?,
        };
        let (_, only) = records.pop().filter(|_| records.is_empty())?;
        Some(only)
    }
}

/// A withdrawal, or an exit.
fn paid_on_l1(record: &[u8]) -> Result<Published, &'static str> {
    if record[0] == EXIT_TAG {
        let exit = Exit::decode(record).ok_or("account, amount or L1 address");
        return Ok(Published::Exit(exit?));
    }
    let words: Vec<u64> = record.chunks_exact(WORD_BYTES).map(number).collect();
    let from = number(&record[1..5]) as u32;
    let to_l1 = address_from_words([words[2], words[3], words[4]]).ok_or("L1 address")?;
    if from >> ACCOUNT_DEPTH != 0 {
        return Err("account");
    }
    Ok(Published::Withdrawal {
        from,
        to_l1,
        token: record[5],
        amount: words[1],
        fee: PackedFee::from_bits(record[6]).value(),
    })
}

fn transfer(record: &[u8]) -> Result<Published, &'static str> {
    let amount = PackedAmount::from_bits(number(&record[9..13]) as u32).map_err(|_| "amount")?;
    let [from, to] = [0, 4].map(|at| number(&record[at..at + 4]) as u32);
    for (account, field) in [(from, "payer"), (to, "payee")] {
        if account >> ACCOUNT_DEPTH != 0 {
            return Err(field);
        }
    }
    Ok(Published::Transfer {
        from,
        to,
        token: record[8],
        amount: amount.value(),
        fee: PackedFee::from_bits(record[13]).value(),
    })
}

/// Big-endian, at most 8 bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}
