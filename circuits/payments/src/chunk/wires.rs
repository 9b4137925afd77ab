//! The free wires of the chunk circuit. One struct and one field order for values (`T = F`) and for targets
//! (`T = Target`); everything else in the circuit is derived from these and constrained.

use ashlar_statement::{circuit::Siblings, elements, hash::F, queue::address_words};
use plonky2::field::types::{Field, PrimeField64};

use super::policy::PolicyWires;
use crate::{
    account::Head,
    auth::NO_AUTH,
    pubdata::{MAX_WORDS, Record},
    transaction::{Kind, L1Operation, Operation, Served, Transaction},
    tree::{ACCOUNT_DEPTH, MerklePath, TOKEN_DEPTH},
    witness::{AccountWitness, FEE_SLOTS, FeeWitness, SlotWitness},
};

/// Words that the circuit composes of a slot's fields.
pub(super) const HEAD_WORDS: usize = 2;
/// Words that are free wires.
pub(super) const TAIL_WORDS: usize = MAX_WORDS - HEAD_WORDS;

elements! {
    /// An account but for its balances.
    #[derive(Debug, Clone, Copy)]
    pub struct HeadWires<T> {
        /// L1 address, in words of 7, 7 and 6 bytes.
        pub l1_owner: [T; 3],
        /// What signs for it.
        pub auth: [T; 4],
        /// Its nonce.
        pub nonce: T,
        /// Its flags.
        pub flags: T,
    }
}

elements! {
    /// An account before a step.
    #[derive(Debug, Clone, Copy)]
    pub struct AccountWires<T> {
        /// Whether the leaf is in use.
        pub exists: T,
        /// What all of it but the balances is.
        pub head: (HeadWires<T>),
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
        /// See `is_deposit`.
        pub is_set_auth: T,
        /// See `is_deposit`.
        pub is_forced_withdrawal: T,
        /// See `is_deposit`.
        pub is_forced_transfer: T,
        /// See `is_deposit`.
        pub is_set_flags: T,
        /// Index of the source account.
        pub from: T,
        /// Index of the destination account.
        pub to: T,
        /// Token number.
        pub token: T,
        /// Amount of a deposit or withdrawal, or what a forced operation requests.
        pub bridge_amount: T,
        /// Amount of a transfer, packed.
        pub amount_packed: T,
        /// Fee, packed; in a slot that sets flags, the flags.
        pub fee_packed: T,
        /// Words 2 to 9 of the public data: an L1 address (3), then an `auth` (5), or what a forced operation pays and to whom.
        pub tail_words: [T; TAIL_WORDS],
        /// Whether a deposit leaves open which `auth` its account has.
        pub any_auth: T,
        /// Whether a forced operation requests more than there is.
        pub is_short: T,
        /// Last minute of a signed transaction.
        pub valid_until: T,
        /// The clause that it is signed under.
        pub clause: (PolicyWires<T>),
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
        /// All of the fee account but its balances.
        pub head: (HeadWires<T>),
        /// Balance in each fee slot's token, before its credit.
        pub balances: [T; FEE_SLOTS],
        /// Path of each balance, before its credit.
        pub balance_siblings: [[[T; 4]; TOKEN_DEPTH]; FEE_SLOTS],
        /// Path of the fee account's leaf.
        pub account_siblings: [[T; 4]; ACCOUNT_DEPTH],
    }
}

fn siblings<const NODE: u64, const DEPTH: usize>(path: &MerklePath<NODE, DEPTH>) -> Siblings<F, DEPTH> {
    path.siblings.map(|sibling| sibling.elements)
}

fn tail_words(operation: &Operation) -> [F; TAIL_WORDS] {
    let words = match operation.kind() {
        Kind::Noop | Kind::Transfer => [0; MAX_WORDS],
        _ => Record::new(operation).words,
    };
    core::array::from_fn(|index| F::from_canonical_u64(words[HEAD_WORDS + index]))
}

impl From<&Head> for HeadWires<F> {
    fn from(head: &Head) -> Self {
        Self {
            l1_owner: address_words(&head.l1_owner).map(F::from_canonical_u64),
            auth: head.auth.elements,
            nonce: F::from_canonical_u32(head.nonce),
            flags: F::from_canonical_u8(head.flags),
        }
    }
}

impl From<&AccountWitness> for AccountWires<F> {
    fn from(witness: &AccountWitness) -> Self {
        Self {
            exists: F::from_bool(witness.exists),
            head: (&witness.head).into(),
            balance: F::from_noncanonical_u64(witness.balance),
            balance_siblings: siblings(&witness.balance_path),
            account_siblings: siblings(&witness.account_path),
        }
    }
}

impl From<&SlotWitness> for SlotWires<F> {
    fn from(witness: &SlotWitness) -> Self {
        let mut wires = Self {
            tail_words: tail_words(&witness.operation),
            source: (&witness.source).into(),
            destination: (&witness.destination).into(),
            ..Self::from_fn(|| F::ZERO)
        };
        match &witness.operation {
            Operation::Noop => return wires,
            Operation::L1(served) => wires.serve(served),
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
                wires.valid_until = F::from_canonical_u32(signed.valid_until);
                wires.clause = PolicyWires::new(&signed.public_key.key_hash(), &signed.clause);
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

impl SlotWires<F> {
    /// Sets what an operation of the L1 queue says; its accounts are set already.
    fn serve(&mut self, served: &Served) {
        let account = F::from_canonical_u32(served.account);
        self.from = account;
        self.token = F::from_canonical_u8(served.token());
        self.bridge_amount = F::from_noncanonical_u64(served.amount());
        let is_short = served.amount() > self.source.balance.to_canonical_u64();
        match &served.operation {
            L1Operation::Deposit(deposit) => {
                self.is_deposit = F::ONE;
                (self.from, self.to) = (F::ZERO, account);
                self.any_auth = F::from_bool(deposit.auth == NO_AUTH && self.destination.exists == F::ONE);
            }
            L1Operation::SetAuth(_) => self.is_set_auth = F::ONE,
            L1Operation::ForcedWithdrawal(_) => {
                self.is_forced_withdrawal = F::ONE;
                self.is_short = F::from_bool(is_short);
            }
            L1Operation::ForcedTransfer(forced) => {
                self.is_forced_transfer = F::ONE;
                self.is_short = F::from_bool(is_short);
                self.to = F::from_canonical_u32(forced.to);
            }
            L1Operation::SetFlags(set) => {
                self.is_set_flags = F::ONE;
                self.fee_packed = F::from_canonical_u8(set.flags);
            }
        }
    }
}

impl From<&FeeWitness> for FeeWires<F> {
    fn from(witness: &FeeWitness) -> Self {
        Self {
            enabled: F::from_bool(witness.enabled),
            tokens: witness.tokens.map(F::from_canonical_u8),
            head: (&witness.head).into(),
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
