//! Operations of the L1 queue as the sequencer has served them.

use std::ops::Range;

use ashlar_statement::{
    queue::{
        DEPOSIT_TAG, Deposit, FORCED_TRANSFER_TAG, FORCED_WITHDRAWAL_TAG, ForcedTransfer, ForcedWithdrawal,
        L1Operation, RecordError, SetAuth, SetFlags,
    },
    stream::WORD_BYTES,
};

use super::Kind;

/// The word of a forced operation's record that says what it paid.
const PAID: usize = 5;

/// An operation of the L1 queue as it was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// What L1 has queued.
    pub operation: L1Operation,
    /// The account that it names; of a deposit, the one it goes to, which the sequencer chooses: an empty leaf, or an
    /// account of its owner and its `auth`.
    pub account: u32,
    /// What a forced operation pays, in token units; zero in others. It follows from the state.
    pub paid: u64,
}

impl Served {
    /// A deposit to an account.
    pub fn deposit(account: u32, deposit: Deposit) -> Self {
        Self {
            operation: L1Operation::Deposit(deposit),
            account,
            paid: 0,
        }
    }

    /// Kind of the slot that executes it.
    pub fn kind(&self) -> Kind {
        match self.operation {
            L1Operation::Deposit(_) => Kind::Deposit,
            L1Operation::SetAuth(_) => Kind::SetAuth,
            L1Operation::ForcedWithdrawal(_) => Kind::ForcedWithdrawal,
            L1Operation::ForcedTransfer(_) => Kind::ForcedTransfer,
            L1Operation::SetFlags(_) => Kind::SetFlags,
        }
    }

    /// Token that moves; 0 in an operation that moves none.
    pub fn token(&self) -> u8 {
        match self.operation {
            L1Operation::Deposit(Deposit { token, .. })
            | L1Operation::ForcedWithdrawal(ForcedWithdrawal { token, .. })
            | L1Operation::ForcedTransfer(ForcedTransfer { token, .. }) => token,
            L1Operation::SetAuth(_) | L1Operation::SetFlags(_) => 0,
        }
    }

    /// The amount that L1 has queued: deposited, or requested; 0 in an operation that moves none.
    pub fn amount(&self) -> u64 {
        match self.operation {
            L1Operation::Deposit(Deposit { amount, .. })
            | L1Operation::ForcedWithdrawal(ForcedWithdrawal { amount, .. })
            | L1Operation::ForcedTransfer(ForcedTransfer { amount, .. }) => amount,
            L1Operation::SetAuth(_) | L1Operation::SetFlags(_) => 0,
        }
    }

    /// Words of its record: those of the queue's entry, with what the sequencer fills in.
    pub fn words(&self) -> Vec<u64> {
        let mut words = self.operation.words();
        match self.operation {
            L1Operation::Deposit(_) => words[0] |= u64::from(self.account) << 16,
            L1Operation::ForcedWithdrawal(_) | L1Operation::ForcedTransfer(_) => words[PAID] = self.paid,
            L1Operation::SetAuth(_) | L1Operation::SetFlags(_) => {}
        }
        words
    }

    /// Reads a record.
    ///
    /// # Errors
    /// If it is not that of an operation of the queue.
    pub fn decode(record: &[u8]) -> Result<Self, RecordError> {
        let mut entry = record.to_vec();
        let (mut account, mut paid) = (0, 0);
        match record.first() {
            Some(&DEPOSIT_TAG) => account = take(&mut entry, 1..5) as u32,
            Some(&(FORCED_WITHDRAWAL_TAG | FORCED_TRANSFER_TAG)) => {
                paid = take(&mut entry, WORD_BYTES * PAID..WORD_BYTES * (PAID + 1));
            }
            _ => {}
        }
        let operation = L1Operation::decode(&entry)?;
        match operation {
            L1Operation::Deposit(_) => {}
            L1Operation::SetAuth(SetAuth { account: named, .. })
            | L1Operation::ForcedWithdrawal(ForcedWithdrawal { account: named, .. })
            | L1Operation::ForcedTransfer(ForcedTransfer { account: named, .. })
            | L1Operation::SetFlags(SetFlags { account: named, .. }) => account = named,
        }
        Ok(Self {
            operation,
            account,
            paid,
        })
    }
}

/// Blanks bytes of an entry and gives their value; of an entry that is too short, nothing.
fn take(entry: &mut [u8], bytes: Range<usize>) -> u64 {
    let Some(bytes) = entry.get_mut(bytes) else {
        return 0;
    };
    let value = bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    bytes.fill(0);
    value
}
