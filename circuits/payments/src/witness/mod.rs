//! What the chunk circuit must know beyond its public inputs.

mod check;
mod moves;
mod plan;

use serde::{Deserialize, Serialize};

pub use check::{SlotFault, WitnessError};

use ashlar_statement::{
    LeafWitness, Published, SpanPublicInputs, Stream,
    hash::{F, Hash},
    stream::data_hash,
};

use crate::{
    account::Head,
    pubdata::Record,
    transaction::{Domain, L1Operation, Operation, Transaction},
    tree::{AccountPath, BalancePath},
};

/// Tokens in which a chunk can earn fees.
pub const FEE_SLOTS: usize = 4;

/// An account before one step of a slot, with its place in both trees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountWitness {
    /// Whether the leaf is in use; an account that a deposit creates has the head that it will have.
    pub exists: bool,
    /// Before the step.
    pub head: Head,
    /// Of the operation's token, before the step, in token units.
    pub balance: u64,
    /// Siblings of the balance.
    pub balance_path: BalancePath,
    /// Siblings of the account's leaf, at the time of the step.
    pub account_path: AccountPath,
}

impl AccountWitness {
    /// What a disabled step carries; the circuit ignores it.
    pub fn unused() -> Self {
        Self {
            exists: true,
            head: Head::NONE,
            balance: 0,
            balance_path: BalancePath::empty(),
            account_path: AccountPath::empty(),
        }
    }

    /// An empty leaf that an operation of the L1 queue names; its path is not known yet.
    pub fn absent() -> Self {
        Self {
            exists: false,
            ..Self::unused()
        }
    }
}

/// One slot: an operation and the accounts that it touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotWitness {
    /// What is executed.
    pub operation: Operation,
    /// Which of the chunk's fee tokens a non-zero fee is paid in.
    pub fee_slot: u8,
    /// Payer, or the account that a new `auth` or new flags are for.
    pub source: AccountWitness,
    /// Payee, of a deposit or a transfer; after the payer's step, should they be the same.
    pub destination: AccountWitness,
}

impl SlotWitness {
    /// Padding.
    pub fn noop() -> Self {
        Self {
            operation: Operation::Noop,
            fee_slot: 0,
            source: AccountWitness::unused(),
            destination: AccountWitness::unused(),
        }
    }

    /// The accounts that the operation opens, in this order.
    pub(crate) fn written(&mut self) -> Vec<&mut AccountWitness> {
        let Self {
            operation,
            source,
            destination,
            ..
        } = self;
        match operation {
            Operation::Noop => Vec::new(),
            Operation::L1(served) => match served.operation {
                L1Operation::Deposit(_) => vec![destination],
                L1Operation::ForcedTransfer(_) => vec![source, destination],
                L1Operation::SetAuth(_) | L1Operation::ForcedWithdrawal(_) | L1Operation::SetFlags(_) => {
                    vec![source]
                }
            },
            Operation::Signed(signed) => match signed.tx {
                Transaction::Transfer(_) => vec![source, destination],
                Transaction::Withdraw(_) => vec![source],
            },
        }
    }
}

/// The credit of a chunk's fees to the fee account, after its last slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeWitness {
    /// Whether any fee was paid; if not, the fee account may be absent.
    pub enabled: bool,
    /// Tokens of the fee slots; unused ones are 0.
    pub tokens: [u8; FEE_SLOTS],
    /// All of the fee account but its balances.
    pub head: Head,
    /// Balance of each fee slot's token before its credit, in slot order.
    pub balances: [u64; FEE_SLOTS],
    /// Siblings of each balance before its credit.
    pub balance_paths: [BalancePath; FEE_SLOTS],
    /// Siblings of the fee account's leaf.
    pub account_path: AccountPath,
}

impl FeeWitness {
    /// Of a chunk that earned nothing.
    pub fn unused() -> Self {
        Self {
            enabled: false,
            tokens: [0; FEE_SLOTS],
            head: Head::NONE,
            balances: [0; FEE_SLOTS],
            balance_paths: [BalancePath::empty(); FEE_SLOTS],
            account_path: AccountPath::empty(),
        }
    }
}

/// Everything that a chunk proof needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkWitness {
    /// Root before the first slot.
    pub old_root: Hash,
    /// Chain and rollup that the signatures are for.
    pub domain: Domain,
    /// Evaluation point of the public data; zero until the batch is sealed.
    pub z: [F; 2],
    /// Minutes since 1970; zero until the batch is sealed.
    pub time: u32,
    /// Account that earns the fees.
    pub fee_account: u32,
    /// As many as the circuit has slots.
    pub slots: Vec<SlotWitness>,
    /// The credit at the end.
    pub fee: FeeWitness,
}

impl ChunkWitness {
    /// Checks the witness as the circuit will, natively, and returns the public inputs that its proof will
    /// have. Names the slot and the reason of the first fault.
    pub fn check(&self) -> Result<SpanPublicInputs<F>, WitnessError> {
        check::verify_signatures(self)?;
        self.replay()
    }

    fn records(&self) -> Vec<Record> {
        self.slots
            .iter()
            .map(|slot| Record::new(&slot.operation))
            .collect()
    }
}

impl LeafWitness for ChunkWitness {
    type Fault = WitnessError;

    fn publish(&self) -> Published {
        let records = self.records();
        let stream = |wanted| {
            let records = records.iter().filter(|record| record.stream() == Some(wanted));
            records.flat_map(Record::to_bytes).collect()
        };
        Published {
            data_hash: data_hash(records.iter().flat_map(Record::blocks)),
            bridge: stream(Stream::Bridge),
            rollup: stream(Stream::Rollup),
        }
    }

    fn set_point(&mut self, z: [F; 2], time: u32) {
        (self.z, self.time) = (z, time);
    }

    fn replay(&self) -> Result<SpanPublicInputs<F>, WitnessError> {
        check::replay(self)
    }
}
