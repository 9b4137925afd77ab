//! The free wires of the chunk circuit. One struct and one field order for values (`T = F`) and for targets
//! (`T = Target`); everything else in the circuit is derived from these and constrained.

use ashlar_statement::{circuit::Siblings, elements, hash::F};
use plonky2::field::types::Field;

use crate::{
    pubdata::{MAX_WORDS, Record},
    transaction::{Kind, Operation, Transaction},
    tree::{ACCOUNT_DEPTH, MerklePath, TOKEN_DEPTH},
    witness::{AccountWitness, FEE_SLOTS, FeeWitness, SlotWitness},
};

/// Words that the circuit composes of a slot's fields.
pub(super) const HEAD_WORDS: usize = 2;
/// Words that are free wires.
pub(super) const TAIL_WORDS: usize = MAX_WORDS - HEAD_WORDS;

elements! {
    /// An account before a step.
    #[derive(Debug, Clone, Copy)]
    pub struct AccountWires<T> {
        /// Hash of its public key.
        pub owner: [T; 4],
        /// Its nonce.
        pub nonce: T,
        /// Its balance of the slot's token.
        pub balance: T,
        /// Path of that balance.
        pub balance_siblings: [[T; 4]; TOKEN_DEPTH],
        /// Path of the account's leaf.
        pub account_siblings: [[T; 4]; ACCOUNT_DEPTH],
    }
}

elements! {
    /// One slot.
    #[derive(Debug, Clone, Copy)]
    pub struct SlotWires<T> {
        /// Kind flags; all zero in a no-op.
        pub is_deposit: T,
        /// See `is_deposit`.
        pub is_transfer: T,
        /// See `is_deposit`.
        pub is_withdraw: T,
        /// Index of the source account.
        pub from: T,
        /// Index of the destination account.
        pub to: T,
        /// Token number.
        pub token: T,
        /// Amount of a deposit or withdrawal.
        pub bridge_amount: T,
        /// Amount of a transfer, packed.
        pub amount_packed: T,
        /// Fee, packed.
        pub fee_packed: T,
        /// Words 2 to 6 of the public data: a withdrawal's L1 address, or a deposit's owner.
        pub tail_words: [T; TAIL_WORDS],
        /// Whether the destination's leaf is in use.
        pub destination_exists: T,
        /// One-hot (or all zero): the fee slot that is charged.
        pub fee_selector: [T; FEE_SLOTS],
        /// Payer.
        pub source: (AccountWires<T>),
        /// Payee.
        pub destination: (AccountWires<T>),
    }
}

elements! {
    /// The credit of the chunk's fees.
    #[derive(Debug, Clone, Copy)]
    pub struct FeeWires<T> {
        /// Whether the fee account is touched.
        pub enabled: T,
        /// Token of each fee slot.
        pub tokens: [T; FEE_SLOTS],
        /// The fee account's owner.
        pub owner: [T; 4],
        /// The fee account's nonce.
        pub nonce: T,
        /// Balance in each fee slot's token, before its credit.
        pub balances: [T; FEE_SLOTS],
        /// Path of each balance, before its credit.
        pub balance_siblings: [[[T; 4]; TOKEN_DEPTH]; FEE_SLOTS],
        /// Path of the fee account's leaf.
        pub account_siblings: [[T; 4]; ACCOUNT_DEPTH],
    }
}

fn siblings<const DEPTH: usize>(path: &MerklePath<DEPTH>) -> Siblings<F, DEPTH> {
    path.siblings.map(|sibling| sibling.elements)
}

fn tail_words(operation: &Operation) -> [F; TAIL_WORDS] {
    let words = match operation.kind() {
        Kind::Noop | Kind::Transfer => [0; MAX_WORDS],
        Kind::Deposit | Kind::Withdraw => Record::new(operation).words,
    };
    core::array::from_fn(|index| F::from_canonical_u64(words[HEAD_WORDS + index]))
}

impl From<&AccountWitness> for AccountWires<F> {
    fn from(witness: &AccountWitness) -> Self {
        Self {
            owner: witness.owner.elements,
            nonce: F::from_canonical_u32(witness.nonce),
            balance: F::from_noncanonical_u64(witness.balance),
            balance_siblings: siblings(&witness.balance_path),
            account_siblings: siblings(&witness.account_path),
        }
    }
}

impl From<&SlotWitness> for SlotWires<F> {
    fn from(witness: &SlotWitness) -> Self {
        let mut wires = Self {
            destination_exists: F::from_bool(witness.destination.exists),
            tail_words: tail_words(&witness.operation),
            source: (&witness.source).into(),
            destination: (&witness.destination).into(),
            ..Self::from_fn(|| F::ZERO)
        };
        match &witness.operation {
            Operation::Noop => return wires,
            Operation::Deposit(deposit) => {
                wires.is_deposit = F::ONE;
                wires.to = F::from_canonical_u32(deposit.account);
                wires.token = F::from_canonical_u8(deposit.token);
                wires.bridge_amount = F::from_noncanonical_u64(deposit.amount);
                return wires;
            }
            Operation::Signed(signed) => {
                match &signed.tx {
                    Transaction::Transfer(transfer) => {
                        wires.is_transfer = F::ONE;
                        wires.to = F::from_canonical_u32(transfer.to);
                        wires.amount_packed = F::from_canonical_u32(transfer.amount.bits());
                    }
                    Transaction::Withdraw(withdraw) => {
                        wires.is_withdraw = F::ONE;
                        wires.bridge_amount = F::from_noncanonical_u64(withdraw.amount);
                    }
                }
                wires.from = F::from_canonical_u32(signed.tx.from());
                wires.token = F::from_canonical_u8(signed.tx.token());
                wires.fee_packed = F::from_canonical_u8(signed.tx.fee().bits());
                if signed.tx.fee().value() > 0 {
                    let charged = usize::from(witness.fee_slot);
                    wires.fee_selector = core::array::from_fn(|index| F::from_bool(index == charged));
                }
            }
        }
        wires
    }
}

impl From<&FeeWitness> for FeeWires<F> {
    fn from(witness: &FeeWitness) -> Self {
        Self {
            enabled: F::from_bool(witness.enabled),
            tokens: witness.tokens.map(F::from_canonical_u8),
            owner: witness.owner.elements,
            nonce: F::from_canonical_u32(witness.nonce),
            balances: witness.balances.map(F::from_noncanonical_u64),
            balance_siblings: core::array::from_fn(|index| siblings(&witness.balance_paths[index])),
            account_siblings: siblings(&witness.account_path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_allocation_is_order_of_assignment() {
        let mut counter = 0..;
        let mut next = || counter.next().expect("unbounded");
        let wires = SlotWires::<u32>::from_fn(&mut next);
        let count = wires.to_vec().len() as u32;
        assert_eq!(wires.to_vec(), (0..count).collect::<Vec<_>>());
        let fee = FeeWires::<u32>::from_fn(&mut next);
        let end = count + fee.to_vec().len() as u32;
        assert_eq!(fee.to_vec(), (count..end).collect::<Vec<_>>());
    }
}
