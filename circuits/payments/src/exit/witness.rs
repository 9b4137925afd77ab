//! What an exit proof needs, and what the circuit makes of it, in plain Rust.

use plonky2::field::{extension::quadratic::QuadraticExtension, types::Field};
use serde::{Deserialize, Serialize};

use ashlar_statement::{
    ACCOUNT_BITS, LeafWitness, Published, SpanPublicInputs, Stream, TIME_BITS,
    hash::{F, Hash, Role, two_to_one_all},
    stream::{BLOCK_LEN, Evaluation, data_hash},
};

use super::record::{EXIT_WORDS, Exit};
use crate::{
    account::{BALANCE_BITS, Head, balance_digest},
    transaction::Domain,
    tree::{ACCOUNT_DEPTH, AccountPath, BalancePath, roots},
};

/// What an account holds of one token, and where that stands under the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Index of the account.
    pub account: u32,
    /// Number of the token.
    pub token: u8,
    /// All of the account but its balances.
    pub head: Head,
    /// Of the token, in its units. Zero is paid as any other balance: L1 loses nothing by it.
    pub balance: u64,
    /// Siblings of the balance.
    pub balance_path: BalancePath,
    /// Siblings of the account's leaf.
    pub account_path: AccountPath,
}

impl Opening {
    /// What it pays.
    pub fn exit(&self) -> Exit {
        Exit {
            account: self.account,
            token: self.token,
            amount: self.balance,
            owner: self.head.l1_owner,
        }
    }

    /// What is range-checked in the circuit: paths of two indices that differ above the tree's depth are the same.
    fn check_ranges(&self) -> Result<(), OpeningFault> {
        if self.account >> ACCOUNT_DEPTH != 0 {
            return Err(OpeningFault::Index(self.account));
        }
        if self.balance >> BALANCE_BITS != 0 {
            return Err(OpeningFault::Balance(self.balance));
        }
        Ok(())
    }
}

/// Everything that an exit proof needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitWitness {
    /// Root that is read; also the root after.
    pub old_root: Hash,
    /// Chain and rollup.
    pub domain: Domain,
    /// Evaluation point of the public data; zero until the batch is sealed.
    pub z: [F; 2],
    /// Minutes since 1970; zero until the batch is sealed.
    pub time: u32,
    /// What the statement says earns the fees: an exit pays none.
    pub fee_account: u32,
    /// As many as the circuit has slots; `None` is padding.
    pub slots: Vec<Option<Opening>>,
}

/// Why an opening breaks the circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpeningFault {
    /// An account's index that the tree has no place for.
    #[error("account: {0} is not below 2^{ACCOUNT_DEPTH}")]
    Index(u32),
    /// A balance that no account can have.
    #[error("balance: {0} is not below 2^{BALANCE_BITS}")]
    Balance(u64),
    /// The account does not exist, or does not hold this, or is another's.
    #[error(
        "path: the account, its owner and this balance are not under the root; read them anew from its state"
    )]
    Path,
}

/// Why a witness breaks the circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExitFault {
    /// Another number of slots than the circuit has.
    #[error("{actual} slots, the exit circuit has {expected}")]
    SlotCount {
        /// Of the circuit.
        expected: usize,
        /// Of the witness.
        actual: usize,
    },
    /// A slot is at fault.
    #[error("slot {slot}: {fault}")]
    Slot {
        /// Index of the slot.
        slot: usize,
        /// Why.
        fault: OpeningFault,
    },
    /// The statement has no place for it.
    #[error("{field}: {value} is not below 2^{bits}")]
    Range {
        /// `fee_account` or `time`.
        field: &'static str,
        /// Given.
        value: u32,
        /// Bits that it may have.
        bits: u32,
    },
}

impl ExitWitness {
    fn exits(&self) -> impl Iterator<Item = Exit> {
        self.slots.iter().flatten().map(Opening::exit)
    }
}

/// The root that each opening leads to: all hashed together.
fn roots_of(openings: &[(usize, &Opening)]) -> Vec<Hash> {
    let openings = || openings.iter().map(|(_, opening)| *opening);
    let balances: Vec<_> = openings()
        .map(|opening| {
            (
                &opening.balance_path,
                balance_digest(opening.balance),
                opening.token.into(),
            )
        })
        .collect();
    let heads: Vec<_> = openings()
        .map(|opening| [opening.head.auth, opening.head.meta()])
        .collect();
    let leaves: Vec<_> = two_to_one_all(Role::AccountHead, &heads)
        .into_iter()
        .zip(roots(&balances))
        .map(|(head, balances)| [head, balances])
        .collect();
    let accounts: Vec<_> = openings()
        .zip(two_to_one_all(Role::AccountLeaf, &leaves))
        .map(|(opening, leaf)| (&opening.account_path, leaf, opening.account))
        .collect();
    roots(&accounts)
}

impl LeafWitness for ExitWitness {
    type Fault = ExitFault;

    fn publish(&self) -> Published {
        let blocks = self.slots.iter().map(|slot| {
            slot.as_ref()
                .map_or([F::ZERO; BLOCK_LEN], |opening| opening.exit().block())
        });
        Published {
            data_hash: data_hash(blocks),
            bridge: self.exits().flat_map(|exit| exit.to_bytes()).collect(),
            rollup: Vec::new(),
        }
    }

    fn set_point(&mut self, z: [F; 2], time: u32) {
        (self.z, self.time) = (z, time);
    }

    fn replay(&self) -> Result<SpanPublicInputs<F>, ExitFault> {
        let ranges = [
            ("fee_account", self.fee_account, ACCOUNT_BITS),
            ("time", self.time, TIME_BITS),
        ];
        for (field, value, bits) in ranges {
            if value >> bits != 0 {
                return Err(ExitFault::Range { field, value, bits });
            }
        }
        let slots = self.slots.iter().enumerate();
        let openings: Vec<_> = slots
            .filter_map(|(slot, opening)| Some((slot, opening.as_ref()?)))
            .collect();
        for (slot, opening) in &openings {
            let slot = *slot;
            opening
                .check_ranges()
                .map_err(|fault| ExitFault::Slot { slot, fault })?;
        }
        let mut roots = openings.iter().zip(roots_of(&openings));
        if let Some(((slot, _), _)) = roots.find(|(_, root)| *root != self.old_root) {
            return Err(ExitFault::Slot {
                slot: *slot,
                fault: OpeningFault::Path,
            });
        }
        let mut evaluation = Evaluation::EMPTY;
        for exit in self.exits() {
            evaluation.push(QuadraticExtension(self.z), Stream::Bridge, &exit.words());
        }
        Ok(SpanPublicInputs {
            old_root: self.old_root.elements,
            new_root: self.old_root.elements,
            domain: self.domain.words(),
            data_hash: self.publish().data_hash.elements,
            z: self.z,
            bridge_eval: evaluation.bridge_eval.0,
            rollup_eval: evaluation.rollup_eval.0,
            bridge_power: evaluation.bridge_power.0,
            rollup_power: evaluation.rollup_power.0,
            fee_account: F::from_canonical_u32(self.fee_account),
            time: F::from_canonical_u32(self.time),
            bridge_words: F::from_canonical_usize(EXIT_WORDS * openings.len()),
            rollup_words: F::ZERO,
        })
    }
}
