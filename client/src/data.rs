//! The public data of a batch: what L1 has in calldata, as records.
//!
//! `circuits/payments/src/pubdata.rs` writes them; the streams' layout is in `BridgeStream.sol`.

use ashlar_contracts::{
    Withdrawal,
    bridge::{self, BridgeError, BridgeRecord},
};
use ashlar_payments::{
    packing::{PackedAmount, PackedFee},
    pubdata::TRANSFER_WORDS,
};
use ashlar_statement::hash::{F, Hash};
use plonky2::field::types::Field;

const WORD_BYTES: usize = 7;
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
    /// Not a bridge stream.
    #[error(transparent)]
    Bridge(#[from] BridgeError),
    /// The rollup stream ends inside a record.
    #[error("rollup stream: the record at byte {offset} needs {expected} bytes, {actual} are left")]
    Truncated {
        /// Where the record starts.
        offset: usize,
        /// Bytes of a record.
        expected: usize,
        /// Bytes that are left.
        actual: usize,
    },
    /// An amount is not packed.
    #[error("rollup stream: {field} of the record at byte {offset} is out of range")]
    Field {
        /// Where the record starts.
        offset: usize,
        /// The field at fault.
        field: &'static str,
    },
}

/// The bridge stream: deposits and withdrawals, in order.
pub fn parse_bridge(stream: &[u8]) -> Result<Vec<Record>, DataError> {
    let record = |record| match record {
        BridgeRecord::Deposit {
            account,
            token,
            amount,
            key_hash,
        } => Record::Deposit {
            account,
            token,
            amount,
            key_hash: Hash {
                elements: key_hash.map(F::from_canonical_u64),
            },
        },
        BridgeRecord::Withdrawal {
            account,
            fee_bits,
            withdrawal,
        } => Record::Withdrawal {
            account,
            fee: PackedFee::from_bits(fee_bits).value(),
            withdrawal,
        },
    };
    Ok(bridge::parse(stream)?.into_iter().map(record).collect())
}

/// The rollup stream: transfers, in order.
pub fn parse_rollup(stream: &[u8]) -> Result<Vec<Record>, DataError> {
    let parse = |offset| {
        let rest = &stream[offset..];
        let record = rest.get(..TRANSFER_BYTES).ok_or(DataError::Truncated {
            offset,
            expected: TRANSFER_BYTES,
            actual: rest.len(),
        })?;
        transfer(record).map_err(|field| DataError::Field { offset, field })
    };
    (0..stream.len()).step_by(TRANSFER_BYTES).map(parse).collect()
}

/// Big-endian, at most 4 bytes.
fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |value, byte| value << 8 | u32::from(*byte))
}

fn transfer(record: &[u8]) -> Result<Record, &'static str> {
    let amount = PackedAmount::from_bits(number(&record[9..13])).map_err(|_| "amount")?;
    Ok(Record::Transfer {
        from: number(&record[..4]),
        to: number(&record[4..8]),
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

    use super::*;

    fn deposit_bytes(amount: u64) -> Vec<u8> {
        let key_hash = Hash {
            elements: [1, u64::MAX - (1 << 32), 3, 1 << 63].map(F::from_canonical_u64),
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
        let written = [1, u64::MAX - (1 << 32), 3, 1 << 63].map(F::from_canonical_u64);
        assert_eq!(key_hash.elements, written);
    }

    #[test]
    fn damaged_streams_are_refused_with_their_place() {
        let good = deposit_bytes(6);
        let mut bytes = [good.clone(), good.clone()].concat();
        bytes[good.len()] = 3;
        let tag = BridgeError::Tag {
            tag: 3,
            offset: good.len(),
        };
        assert_eq!(parse_bridge(&bytes), Err(tag.into()));
        assert_eq!(
            parse_rollup(&[0; 13]),
            Err(DataError::Truncated {
                offset: 0,
                expected: TRANSFER_BYTES,
                actual: 13
            })
        );
        let mut transfer = [0; 14];
        transfer[12] = 11; // the exponent
        assert!(matches!(
            parse_rollup(&transfer),
            Err(DataError::Field { field: "amount", .. })
        ));
    }
}
