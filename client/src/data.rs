//! The public data of a batch: what L1 has in calldata, as records.
//!
//! `circuits/payments/src/pubdata.rs` writes them; the streams' layout is in `BridgeStream.sol`.

use std::collections::BTreeMap;

use alloy::primitives::Address;
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
    /// From L1 to an account of an L1 owner.
    Deposit {
        /// Account credited.
        account: u32,
        /// Token number.
        token: u8,
        /// In units.
        amount: u64,
        /// L1 owner of the account.
        owner: Address,
        /// What signs for the account; zero asks for any of the owner's.
        auth: Hash,
    },
    /// Another `auth` for an account, if the sender owns it.
    SetAuth {
        /// The account.
        account: u32,
        /// Who sent it on L1.
        sender: Address,
        /// What signs from now on; zero: nothing does.
        auth: Hash,
    },
    /// From an account to its L1 owner, by order of L1.
    ForcedWithdrawal {
        /// Payer.
        account: u32,
        /// Asked for, in units.
        requested: u64,
        /// Token, amount in units, the sender: what the contract pays. The amount is 0 where nothing was paid.
        withdrawal: Withdrawal,
    },
    /// From an account to another, by order of L1.
    ForcedTransfer {
        /// Payer.
        from: u32,
        /// Payee.
        to: u32,
        /// Token number.
        token: u8,
        /// Asked for, in units.
        requested: u64,
        /// Paid, in units: 0 if the sender is not the payer's L1 owner, or an account is missing.
        paid: u64,
        /// Who sent it on L1.
        sender: Address,
    },
    /// Other flags for an account.
    SetFlags {
        /// The account.
        account: u32,
        /// From now on.
        flags: u8,
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
    /// In exit mode: all that an account holds of a token, to its L1 owner.
    Exit {
        /// The account.
        account: u32,
        /// Token, amount in units, recipient.
        withdrawal: Withdrawal,
        /// The balance had left before: nothing is paid.
        had_left: bool,
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
    /// Whether the account pays, is paid or is changed, or should have been.
    pub fn concerns(&self, account: u32) -> bool {
        match self {
            Self::Deposit { account: of, .. }
            | Self::SetAuth { account: of, .. }
            | Self::ForcedWithdrawal { account: of, .. }
            | Self::SetFlags { account: of, .. }
            | Self::Exit { account: of, .. }
            | Self::Withdrawal { account: of, .. } => *of == account,
            Self::ForcedTransfer { from, to, .. } | Self::Transfer { from, to, .. } => {
                [*from, *to].contains(&account)
            }
        }
    }

    /// Whether it is an operation of the L1 queue.
    pub fn is_l1_operation(&self) -> bool {
        !matches!(
            self,
            Self::Withdrawal { .. } | Self::Transfer { .. } | Self::Exit { .. }
        )
    }

    /// What the contract pays for it, if it does.
    pub fn withdrawal(&self) -> Option<&Withdrawal> {
        match self {
            Self::Withdrawal { withdrawal, .. } => Some(withdrawal),
            Self::ForcedWithdrawal { withdrawal, .. } => Some(withdrawal).filter(|paid| paid.amount > 0),
            Self::Exit {
                withdrawal, had_left, ..
            } => Some(withdrawal).filter(|_| !had_left),
            Self::Deposit { .. }
            | Self::SetAuth { .. }
            | Self::ForcedTransfer { .. }
            | Self::SetFlags { .. }
            | Self::Transfer { .. } => None,
        }
    }
}

/// The accounts of an L1 owner and what signs for each, after all of these records, which are the first there ever were.
pub fn accounts_of<'a>(owner: Address, records: impl IntoIterator<Item = &'a Record>) -> BTreeMap<u32, Hash> {
    let mut accounts = BTreeMap::new();
    for record in records {
        match record {
            // A later deposit to the account changes nothing of it but its balance.
            Record::Deposit {
                account,
                owner: of,
                auth,
                ..
            } if *of == owner => {
                accounts.entry(*account).or_insert(*auth);
            }
            Record::SetAuth {
                account,
                sender,
                auth,
            } if *sender == owner => {
                if let Some(present) = accounts.get_mut(account) {
                    *present = *auth;
                }
            }
            _ => {}
        }
    }
    accounts
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

/// The bridge stream: operations of the L1 queue and withdrawals, in order.
pub fn parse_bridge(stream: &[u8]) -> Result<Vec<Record>, DataError> {
    if stream.first() == Some(&bridge::exits::TAG) {
        let exits = bridge::exits::parse(stream)?.into_iter();
        let exits = exits.map(|exit| Record::Exit {
            account: exit.account,
            withdrawal: exit.withdrawal,
            had_left: false,
        });
        return Ok(exits.collect());
    }
    Ok(bridge::parse(stream)?.into_iter().map(record).collect())
}

fn hash(limbs: [u64; 4]) -> Hash {
    Hash {
        elements: limbs.map(F::from_canonical_u64),
    }
}

fn record(record: BridgeRecord) -> Record {
    match record {
        BridgeRecord::Deposit {
            account,
            token,
            amount,
            owner,
            auth,
        } => Record::Deposit {
            account,
            token,
            amount,
            owner,
            auth: hash(auth),
        },
        BridgeRecord::SetAuth {
            account,
            sender,
            auth,
        } => Record::SetAuth {
            account,
            sender,
            auth: hash(auth),
        },
        BridgeRecord::ForcedWithdrawal {
            account,
            requested,
            withdrawal,
        } => Record::ForcedWithdrawal {
            account,
            requested,
            withdrawal,
        },
        BridgeRecord::ForcedTransfer {
            account,
            to,
            token,
            requested,
            paid,
            sender,
        } => Record::ForcedTransfer {
            from: account,
            to,
            token,
            requested,
            paid,
            sender,
        },
        BridgeRecord::SetFlags { account, flags } => Record::SetFlags { account, flags },
        BridgeRecord::Withdrawal {
            account,
            fee_bits,
            withdrawal,
        } => Record::Withdrawal {
            account,
            fee: PackedFee::from_bits(fee_bits).value(),
            withdrawal,
        },
    }
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
        transaction::{Operation, Served},
    };
    use ashlar_statement::{
        hash::ZERO_HASH,
        queue::{Deposit, ForcedTransfer, ForcedWithdrawal, L1Operation, SetAuth, SetFlags},
    };

    use super::*;

    const OWNER: Address = Address::repeat_byte(0xa0);

    fn auth() -> Hash {
        hash([1, u64::MAX - (1 << 32), 3, 1 << 63])
    }

    fn served(operation: L1Operation, account: u32, paid: u64) -> Vec<u8> {
        let operation = Operation::L1(Served {
            operation,
            account,
            paid,
        });
        Written::new(&operation).to_bytes()
    }

    fn deposit_bytes(amount: u64) -> Vec<u8> {
        let deposit = Deposit {
            token: 5,
            amount,
            owner: OWNER.into_array(),
            auth: auth(),
        };
        served(L1Operation::Deposit(deposit), 0x0102_0304, 0)
    }

    #[test]
    fn what_the_application_publishes_is_read_back() {
        let (account, sender) = (7, OWNER.into_array());
        let set_auth = SetAuth {
            account,
            sender,
            auth: auth(),
        };
        let withdrawal = ForcedWithdrawal {
            account,
            token: 1,
            amount: 9,
            sender,
        };
        let transfer = ForcedTransfer {
            account,
            to: 8,
            token: 1,
            amount: 9,
            sender,
        };
        let bytes = [
            deposit_bytes(6),
            served(L1Operation::SetAuth(set_auth), account, 0),
            served(L1Operation::ForcedWithdrawal(withdrawal), account, 4),
            served(L1Operation::ForcedTransfer(transfer), account, 5),
            served(L1Operation::SetFlags(SetFlags { account, flags: 3 }), account, 0),
        ];
        let paid = Withdrawal {
            token: 1,
            amount: 4,
            to: OWNER,
        };
        let expected = [
            Record::Deposit {
                account: 0x0102_0304,
                token: 5,
                amount: 6,
                owner: OWNER,
                auth: auth(),
            },
            Record::SetAuth {
                account,
                sender: OWNER,
                auth: auth(),
            },
            Record::ForcedWithdrawal {
                account,
                requested: 9,
                withdrawal: paid.clone(),
            },
            Record::ForcedTransfer {
                from: account,
                to: 8,
                token: 1,
                requested: 9,
                paid: 5,
                sender: OWNER,
            },
            Record::SetFlags { account, flags: 3 },
        ];
        assert_eq!(parse_bridge(&bytes.concat()).expect("five operations"), expected);
        let payments: Vec<_> = expected.iter().filter_map(Record::withdrawal).collect();
        assert_eq!(payments, [&paid]);
        assert!(expected.iter().all(Record::is_l1_operation));
        let concerned = |account| expected.iter().filter(|record| record.concerns(account)).count();
        assert_eq!((concerned(7), concerned(8), concerned(9)), (4, 1, 0));
    }

    #[test]
    fn a_forced_withdrawal_that_paid_nothing_is_nothing_to_claim() {
        let forced = ForcedWithdrawal {
            account: 7,
            token: 1,
            amount: 9,
            sender: OWNER.into_array(),
        };
        let bytes = served(L1Operation::ForcedWithdrawal(forced), 7, 0);
        let records = parse_bridge(&bytes).expect("one operation");
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].withdrawal(), None);
    }

    #[test]
    fn accounts_are_their_owner_s_with_the_auth_that_the_owner_gave_last() {
        let deposit = |account, owner, auth| Record::Deposit {
            account,
            token: 0,
            amount: 1,
            owner,
            auth,
        };
        let set = |account, sender, auth| Record::SetAuth {
            account,
            sender,
            auth,
        };
        let (stranger, [one, two]) = (Address::repeat_byte(0xb0), [hash([1; 4]), hash([2; 4])]);
        let records = [
            deposit(4, stranger, one), // with somebody else's auth
            deposit(3, OWNER, ZERO_HASH),
            deposit(5, OWNER, one),
            deposit(3, OWNER, ZERO_HASH),
            set(3, OWNER, two),
            set(5, stranger, two),
            set(4, OWNER, two),
            deposit(3, OWNER, two),
        ];
        let found = accounts_of(OWNER, &records);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [(3, two), (5, one)]);
        assert_eq!(accounts_of(stranger, &records)[&4], one);
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
