//! Rust twin of `BridgeStream.sol` and `QueuedOperation.sol`: the records of a batch's bridge stream, and what L1's queue
//! keeps of those that it ordered.

mod codec;
pub mod exits;
#[cfg(test)]
mod tests;

use alloy::primitives::{Address, B256, keccak256};

use crate::Withdrawal;

/// An entry of the queue begins with so many bytes of its record's hash; what follows says when it expires.
pub const ENTRY_HASH_BYTES: usize = 27;

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BridgeRecord {
    /// From L1 to an account.
    Deposit {
        /// Account credited: found at execution.
        account: u32,
        /// Token number.
        token: u8,
        /// In units.
        amount: u64,
        /// L1 owner of the account.
        owner: Address,
        /// What signs for the account, canonical; zero asks for any of the owner's.
        auth: [u64; 4],
    },
    /// From an account to an L1 address, signed on L2.
    Withdrawal {
        /// Payer.
        account: u32,
        /// The fee as it was signed: packed.
        fee_bits: u8,
        /// What the contract pays.
        withdrawal: Withdrawal,
    },
    /// Another auth for an account, if the sender is its L1 owner.
    SetAuth {
        /// The account.
        account: u32,
        /// Who ordered it.
        sender: Address,
        /// What signs from now on, canonical; zero if nothing does.
        auth: [u64; 4],
    },
    /// From an account to its L1 owner, who ordered it.
    ForcedWithdrawal {
        /// Payer.
        account: u32,
        /// In units: what was asked for.
        requested: u64,
        /// What the contract pays, to the sender; the amount is found at execution, zero if there is nothing to pay.
        withdrawal: Withdrawal,
    },
    /// From an account to another, ordered by the payer's L1 owner.
    ForcedTransfer {
        /// Payer.
        account: u32,
        /// Receiver.
        to: u32,
        /// Token number.
        token: u8,
        /// In units: what was asked for.
        requested: u64,
        /// In units: found at execution.
        paid: u64,
        /// Who ordered it.
        sender: Address,
    },
    /// Other flags for an account.
    SetFlags {
        /// The account.
        account: u32,
        /// From now on.
        flags: u8,
    },
}

impl BridgeRecord {
    /// As it stands in the stream.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// As L1 queued it, with zeros for what is found at execution; `None` for a withdrawal, which L2 signed.
    pub fn queue_record(&self) -> Option<Vec<u8>> {
        let mut queued = self.clone();
        match &mut queued {
            Self::Withdrawal { .. } => return None,
            Self::Deposit { account, .. } => *account = 0,
            Self::ForcedWithdrawal { withdrawal, .. } => withdrawal.amount = 0,
            Self::ForcedTransfer { paid, .. } => *paid = 0,
            Self::SetAuth { .. } | Self::SetFlags { .. } => {}
        }
        Some(queued.encode())
    }

    /// What the contract pays for it, if anything.
    pub fn withdrawal(&self) -> Option<&Withdrawal> {
        match self {
            Self::Withdrawal { withdrawal, .. } => Some(withdrawal),
            Self::ForcedWithdrawal { withdrawal, .. } => Some(withdrawal).filter(|paid| paid.amount > 0),
            _ => None,
        }
    }
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
    /// Bytes that must be zero are not, or an auth is not canonical.
    #[error("bridge stream: {field} of the record at byte {offset} is out of range")]
    Field {
        /// Where the record starts.
        offset: usize,
        /// The field at fault.
        field: &'static str,
    },
}

/// Reads a bridge stream: L1's operations and L2's withdrawals, in order.
///
/// # Errors
/// If it is not a sequence of whole records as `BridgeStream.sol` takes them.
pub fn parse(stream: &[u8]) -> Result<Vec<BridgeRecord>, BridgeError> {
    let (mut records, mut offset) = (Vec::new(), 0);
    while let Some(&tag) = stream.get(offset) {
        let expected = codec::record_bytes(tag).ok_or(BridgeError::Tag { tag, offset })?;
        let actual = stream.len() - offset;
        let record = stream
            .get(offset..offset + expected)
            .ok_or(BridgeError::Truncated {
                offset,
                expected,
                actual,
            })?;
        records.push(codec::decode(record).map_err(|field| BridgeError::Field { offset, field })?);
        offset += expected;
    }
    Ok(records)
}

/// What a stream's records pay, in the order of their indices.
pub fn withdrawals(records: &[BridgeRecord]) -> Vec<Withdrawal> {
    records
        .iter()
        .filter_map(BridgeRecord::withdrawal)
        .cloned()
        .collect()
}

/// What the queue keeps of a record, as [`BridgeRecord::queue_record`] gives it, that expires at `expiry` in tenths of a
/// second since 1970, below 2^40: the upper 216 bits of its hash, then the expiry.
pub fn queue_entry(record: &[u8], expiry: u64) -> B256 {
    let mut entry = keccak256(record);
    entry[ENTRY_HASH_BYTES..].copy_from_slice(&expiry.to_be_bytes()[3..]);
    entry
}
