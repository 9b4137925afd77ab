//! Rust twin of `ExitStream.sol`: the bridge stream of a batch that lets balances leave in exit mode.

use std::collections::BTreeSet;

use super::{BridgeError, BridgeRecord, codec};
use crate::Withdrawal;

/// Tag of an exit; in a stream of exits there is no other.
pub const TAG: u8 = 3;
const WITHDRAWAL_TAG: u8 = 2;
/// Accounts are below this.
const ACCOUNT_LIMIT: u32 = 1 << 28;
/// Bytes of an exit's record: those of a withdrawal's.
const RECORD_BYTES: usize = 35;
/// What of an amount is above so many bits stands in place of a withdrawal's fee.
const WORD_BITS: u32 = 56;
/// And is below this: balances are below 2^62.
const HIGH_LIMIT: u8 = 1 << 6;

/// All that an account holds of a token, on its way to the account's L1 owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// The account, below 2^28.
    pub account: u32,
    /// What the contract pays, below 2^62 units, unless it has left already.
    pub withdrawal: Withdrawal,
}

impl Exit {
    /// As it stands in the stream.
    pub fn encode(&self) -> Vec<u8> {
        let record = BridgeRecord::Withdrawal {
            account: self.account,
            fee_bits: (self.withdrawal.amount >> WORD_BITS) as u8,
            withdrawal: self.withdrawal.clone(), // the word takes the low bits
        };
        let mut bytes = record.encode();
        bytes[0] = TAG;
        bytes
    }
}

/// Reads a stream of exits, as the event `BalancesExited` carries it.
///
/// # Errors
/// If it is not a sequence of whole records as `ExitStream.sol` takes them.
pub fn parse(stream: &[u8]) -> Result<Vec<Exit>, BridgeError> {
    let offsets = (0..).step_by(RECORD_BYTES);
    let records = offsets.zip(stream.chunks(RECORD_BYTES));
    records
        .map(|(offset, record)| {
            if record[0] != TAG {
                return Err(BridgeError::Tag {
                    tag: record[0],
                    offset,
                });
            }
            if record.len() != RECORD_BYTES {
                return Err(BridgeError::Truncated {
                    offset,
                    expected: RECORD_BYTES,
                    actual: record.len(),
                });
            }
            let mut as_withdrawal = record.to_vec();
            as_withdrawal[0] = WITHDRAWAL_TAG;
            let field = |field| BridgeError::Field { offset, field };
            match codec::decode(&as_withdrawal).map_err(field)? {
                BridgeRecord::Withdrawal { account, .. } if account >= ACCOUNT_LIMIT => Err(field("account")),
                BridgeRecord::Withdrawal {
                    account,
                    fee_bits: high @ 0..HIGH_LIMIT,
                    mut withdrawal,
                } => {
                    withdrawal.amount |= u64::from(high) << WORD_BITS;
                    Ok(Exit { account, withdrawal })
                }
                _ => Err(field("amount")),
            }
        })
        .collect()
}

/// What a stream's exits pay, in the order of their indices: those of (account, token) that have not left. Notes them.
pub fn take(exits: &[Exit], exited: &mut BTreeSet<(u32, u8)>) -> Vec<Withdrawal> {
    let mut leaves = |exit: &&Exit| exited.insert((exit.account, exit.withdrawal.token));
    let taken = exits.iter().filter(|exit| leaves(exit));
    taken.map(|exit| exit.withdrawal.clone()).collect()
}

#[cfg(test)]
mod tests {
    use alloy::primitives::Address;

    use super::*;

    fn exit(account: u32, token: u8) -> Exit {
        let to = Address::repeat_byte(token);
        Exit {
            account,
            withdrawal: Withdrawal {
                token,
                amount: 257,
                to,
            },
        }
    }

    fn stream(exits: &[Exit]) -> Vec<u8> {
        exits.iter().flat_map(Exit::encode).collect()
    }

    #[test]
    fn exits_are_read_as_they_are_written() {
        let mut exits = [exit(0x0102_0304, 3), exit(ACCOUNT_LIMIT - 1, 255)];
        exits[1].withdrawal.amount = (1 << 62) - 1;
        let bytes = stream(&exits);
        assert_eq!(bytes[RECORD_BYTES + 6..RECORD_BYTES + 9], [63, 255, 255]);
        assert_eq!(bytes[..14], [3, 1, 2, 3, 4, 3, 0, 0, 0, 0, 0, 0, 1, 1]);
        assert_eq!(parse(&bytes), Ok(exits.to_vec()));
        assert_eq!(parse(&[]), Ok(Vec::new()));
    }

    #[test]
    fn what_the_contract_refuses_is_no_stream_of_exits() {
        let refused = |at: usize, byte: u8| {
            let mut bytes = stream(&[exit(1, 0), exit(2, 0)]);
            bytes[RECORD_BYTES + at] = byte;
            parse(&bytes)
        };
        let offset = RECORD_BYTES;
        for tag in (0..=255).filter(|tag| *tag != TAG) {
            assert_eq!(refused(0, tag), Err(BridgeError::Tag { tag, offset }));
        }
        for (at, byte, field) in [(1, 0x10, "account"), (6, 64, "amount"), (28, 1, "padding")] {
            assert_eq!(refused(at, byte), Err(BridgeError::Field { offset, field }));
        }
        let bytes = stream(&[exit(1, 0), exit(2, 0)]);
        for actual in 1..RECORD_BYTES {
            let expected = RECORD_BYTES;
            assert_eq!(
                parse(&bytes[..offset + actual]),
                Err(BridgeError::Truncated {
                    offset,
                    expected,
                    actual
                })
            );
        }
    }

    #[test]
    fn what_has_left_is_skipped() {
        let mut exited = BTreeSet::from([(1, 0)]);
        let exits = [exit(1, 0), exit(1, 1), exit(2, 0), exit(1, 1)];
        let taken = take(&exits, &mut exited);
        assert_eq!(taken, [exits[1].withdrawal.clone(), exits[2].withdrawal.clone()]);
        assert_eq!(exited, BTreeSet::from([(1, 0), (1, 1), (2, 0)]));
    }
}
