//! What must hold of a slot's accounts, step by step.

use ashlar_statement::queue::{Deposit, L1Operation};

use super::{
    AccountWitness, FEE_SLOTS, SlotFault, SlotWitness,
    moves::{Check, Leaf, Moves},
};
use crate::{
    account::Head,
    auth::NO_AUTH,
    packing::PackedFee,
    transaction::{BRIDGE_AMOUNT_BITS, Kind, Operation, Served, SignedTransaction, Transaction},
    tree::ACCOUNT_DEPTH,
    validate::credit,
};

/// Where a slot's steps go.
struct Plan<'a, 'm> {
    slot: &'a SlotWitness,
    /// Of the batch, in minutes since 1970.
    time: u32,
    token: u8,
    moves: &'m mut Moves<'a>,
    checks: Vec<Check>,
}

/// What is to be checked of a slot, in this order.
pub(super) fn plan<'a>(
    slot: &'a SlotWitness,
    time: u32,
    fee_tokens: &[u8; FEE_SLOTS],
    fees: &mut [u64; FEE_SLOTS],
    moves: &mut Moves<'a>,
) -> Vec<Check> {
    let token = match &slot.operation {
        Operation::Noop => 0,
        Operation::L1(served) => served.token(),
        Operation::Signed(signed) => signed.tx.token(),
    };
    let mut plan = Plan {
        slot,
        time,
        token,
        moves,
        checks: Vec::new(),
    };
    let fault = match &slot.operation {
        Operation::Noop => Ok(()),
        Operation::L1(served) => plan.served(served),
        Operation::Signed(signed) => plan.signed(signed, fee_tokens, fees),
    };
    let mut checks = plan.checks;
    checks.extend(fault.err().map(Check::Fault));
    checks
}

impl Plan<'_, '_> {
    fn signed(
        &mut self,
        signed: &SignedTransaction,
        fee_tokens: &[u8; FEE_SLOTS],
        fees: &mut [u64; FEE_SLOTS],
    ) -> Result<(), SlotFault> {
        let SignedTransaction {
            tx,
            valid_until,
            clause,
            ..
        } = signed;
        let (source, destination) = (&self.slot.source, &self.slot.destination);
        if !source.exists || signed.auth() != source.head.auth {
            return Err(SlotFault::Owner);
        }
        let spent = tx.amount() + tx.fee().value();
        let permitted = clause.permits(tx.kind(), tx.token(), spent, self.time);
        permitted.map_err(SlotFault::Policy)?;
        if self.time > *valid_until {
            return Err(SlotFault::Expired {
                valid_until: *valid_until,
                time: self.time,
            });
        }
        let (given, expected) = (tx.nonce(), source.head.nonce);
        let nonce = expected
            .checked_add(1)
            .filter(|_| given == expected)
            .ok_or(SlotFault::Nonce { given, expected })?;
        let (needed, balance) = (spent, source.balance);
        let remaining = balance
            .checked_sub(needed)
            .ok_or(SlotFault::Balance { needed, balance })?;
        let head = Head { nonce, ..source.head };
        self.source(tx.from(), head, remaining)?;
        charge(self.slot.fee_slot, self.token, tx.fee(), fee_tokens, fees)?;
        match tx {
            Transaction::Withdraw(withdraw) => bridge_amount(withdraw.amount),
            Transaction::Transfer(_) if !destination.exists => Err(SlotFault::Existence),
            Transaction::Transfer(tx) if destination.head.l1_owner != tx.to_owner => {
                Err(SlotFault::PayeeOwner)
            }
            Transaction::Transfer(tx) => self.credit(tx.to, tx.amount.value(), true),
        }
    }

    fn served(&mut self, served: &Served) -> Result<(), SlotFault> {
        let (account, source) = (served.account, &self.slot.source);
        if !matches!(served.kind(), Kind::SetAuth | Kind::SetFlags) {
            bridge_amount(served.amount())?;
        }
        let expected = payment(self.slot, &served.operation);
        if served.paid != expected {
            return Err(SlotFault::Payment {
                given: served.paid,
                expected,
            });
        }
        // What an account that does not exist would be is not hashed.
        let remaining = source.balance.saturating_sub(served.paid);
        match &served.operation {
            L1Operation::Deposit(deposit) => {
                belongs(&self.slot.destination, deposit)?;
                self.credit(account, deposit.amount, true)
            }
            L1Operation::SetAuth(set) => {
                let auth = if source.head.l1_owner == set.sender {
                    set.auth
                } else {
                    source.head.auth
                };
                self.source(account, Head { auth, ..source.head }, remaining)
            }
            L1Operation::ForcedWithdrawal(_) => self.source(account, source.head, remaining),
            L1Operation::ForcedTransfer(forced) => {
                self.source(account, source.head, remaining)?;
                self.credit(forced.to, served.paid, false)
            }
            L1Operation::SetFlags(set) => {
                let flags = set.flags;
                self.source(account, Head { flags, ..source.head }, remaining)
            }
        }
    }

    /// The source's leaf is opened and written; an absent one stays so.
    fn source(&mut self, index: u32, head: Head, balance: u64) -> Result<(), SlotFault> {
        in_range(index)?;
        let source = &self.slot.source;
        let before = Leaf {
            account: source,
            index,
            token: self.token,
            head: source.head,
            balance: source.balance,
            is_blank: !source.exists,
        };
        let after = Leaf {
            head,
            balance,
            ..before
        };
        self.write(before, after, SlotFault::SourcePath);
        Ok(())
    }

    /// The destination's leaf is opened and credited; an absent one becomes an account if the operation `creates` it.
    fn credit(&mut self, index: u32, amount: u64, creates: bool) -> Result<(), SlotFault> {
        let destination = &self.slot.destination;
        let balance = credit(destination.balance, amount).ok_or(SlotFault::BalanceLimit)?;
        in_range(index)?;
        let Head { nonce, flags, .. } = destination.head;
        if !destination.exists && (nonce, flags) != (0, 0) {
            return Err(SlotFault::Existence);
        }
        let before = Leaf {
            account: destination,
            index,
            token: self.token,
            head: destination.head,
            balance: destination.balance,
            is_blank: !destination.exists,
        };
        if !destination.exists {
            let blank = self.moves.push(before);
            self.checks.push(Check::HoldsNothing(blank));
        }
        let after = Leaf {
            balance,
            is_blank: !destination.exists && !creates,
            ..before
        };
        self.write(before, after, SlotFault::DestinationPath);
        Ok(())
    }
}

impl<'a> Plan<'a, '_> {
    fn write(&mut self, before: Leaf<'a>, after: Leaf<'a>, fault: SlotFault) {
        let (from, to) = (self.moves.push(before), self.moves.push(after));
        self.checks.push(Check::Move { from, to, fault });
    }
}

/// What follows from the accounts that a forced operation pays.
fn payment(slot: &SlotWitness, operation: &L1Operation) -> u64 {
    let (sender, requested, is_payable) = match operation {
        L1Operation::ForcedWithdrawal(forced) => (forced.sender, forced.amount, true),
        L1Operation::ForcedTransfer(forced) => (forced.sender, forced.amount, slot.destination.exists),
        L1Operation::Deposit(_) | L1Operation::SetAuth(_) | L1Operation::SetFlags(_) => return 0,
    };
    let source = &slot.source;
    if source.exists && source.head.l1_owner == sender && is_payable {
        source.balance.min(requested)
    } else {
        0
    }
}

/// Whether a deposit may go to this account.
fn belongs(destination: &AccountWitness, deposit: &Deposit) -> Result<(), SlotFault> {
    let Head { l1_owner, auth, .. } = destination.head;
    let leaves_auth = destination.exists && deposit.auth == NO_AUTH;
    if l1_owner != deposit.owner || (auth != deposit.auth && !leaves_auth) {
        return Err(SlotFault::DepositOwner);
    }
    Ok(())
}

/// What is range-checked in the circuit and nowhere else here: the paths of two indices that differ above the tree's depth
/// are the same.
fn in_range(index: u32) -> Result<(), SlotFault> {
    if index >> ACCOUNT_DEPTH != 0 {
        return Err(SlotFault::Index(index));
    }
    Ok(())
}

fn bridge_amount(amount: u64) -> Result<(), SlotFault> {
    if amount == 0 || amount >> BRIDGE_AMOUNT_BITS != 0 {
        return Err(SlotFault::BridgeAmount(amount));
    }
    Ok(())
}

fn charge(
    slot: u8,
    token: u8,
    fee: PackedFee,
    tokens: &[u8; FEE_SLOTS],
    fees: &mut [u64; FEE_SLOTS],
) -> Result<(), SlotFault> {
    if fee.value() == 0 {
        return Ok(());
    }
    let index = usize::from(slot);
    if tokens.get(index) != Some(&token) {
        return Err(SlotFault::FeeToken(slot));
    }
    fees[index] += fee.value();
    Ok(())
}
