//! What the source pays and becomes: by its signature, or by an operation of the L1 queue whose sender owns it.
//!
//! No witness says whether an operation of the queue fails. What it does follows from the accounts: an operator can neither
//! refuse one nor let one through.

use plonky2::{
    field::types::Field,
    iop::target::{BoolTarget, Target},
};

use ashlar_gates::range_check;
use ashlar_statement::hash::{Builder, F};

use super::{
    account::{Written, next_nonce},
    amounts::{Amounts, Flags},
    wires::{HeadWires, SlotWires},
};
use crate::account::BALANCE_BITS;

/// What the source's step does.
pub(super) struct SourceStep {
    /// Paid by a forced operation; zero in other kinds.
    pub(super) paid: Target,
    /// What becomes of the source.
    pub(super) written: Written,
}

/// Derives what the source pays and becomes. `new_auth` is what the record says.
pub(super) fn source_step(
    builder: &mut Builder,
    wires: &SlotWires<Target>,
    flags: &Flags,
    amounts: &Amounts,
    new_auth: [Target; 4],
) -> SourceStep {
    let (account, head) = (&wires.source, &wires.source.head);
    let exists = BoolTarget::new_unsafe(account.exists);
    builder.assert_bool(exists);
    // Only the L1 queue may name an account that is not there.
    let absent = builder.not(exists);
    let signed_by_nobody = builder.mul(flags.signed.target, absent.target);
    builder.assert_zero(signed_by_nobody);

    let is_owner = sender_owns(builder, wires, exists);
    let (debit, paid) = payment(builder, wires, flags, amounts, is_owner);
    let balance = builder.sub(account.balance, debit);

    let sets_auth = builder.mul(flags.is_set_auth.target, is_owner);
    let auth = core::array::from_fn(|i| {
        let change = builder.sub(new_auth[i], head.auth[i]);
        builder.mul_add(sets_auth, change, head.auth[i])
    });
    let change = builder.sub(wires.fee_packed, head.flags);
    let new_flags = builder.mul_add(flags.is_set_flags.target, change, head.flags);
    let head = HeadWires {
        l1_owner: head.l1_owner,
        auth,
        nonce: next_nonce(builder, head.nonce, flags.signed),
        flags: new_flags,
    };
    SourceStep {
        paid,
        written: Written {
            head,
            balance,
            exists: account.exists,
        },
    }
}

/// One if the account exists and its L1 owner is the record's address, else zero.
fn sender_owns(builder: &mut Builder, wires: &SlotWires<Target>, exists: BoolTarget) -> Target {
    wires.source.head.l1_owner.into_iter().zip(wires.tail_words).fold(
        exists.target,
        |owns, (owner, sender)| {
            let is_equal = builder.is_equal(owner, sender);
            builder.mul(owns, is_equal.target)
        },
    )
}

/// What leaves the source, and what of it a forced operation pays: all that was signed, which must be there; or, of a
/// forced operation, what is requested or what is there, whichever is less, if its sender owns the account and its payee
/// exists, else nothing.
fn payment(
    builder: &mut Builder,
    wires: &SlotWires<Target>,
    flags: &Flags,
    amounts: &Amounts,
    is_owner: Target,
) -> (Target, Target) {
    let is_short = BoolTarget::new_unsafe(wires.is_short);
    builder.assert_bool(is_short);
    let unforced = builder.not(flags.forced);
    let stray = builder.mul(unforced.target, is_short.target);
    builder.assert_zero(stray);
    // `rest` if it is not negative, `-rest - 1` if it is: one of them is below 2^62, and `is_short` must tell which.
    let rest = builder.sub(wires.source.balance, amounts.needed);
    let one = builder.one();
    let sign = builder.mul_const_add(-F::TWO, is_short.target, one);
    let magnitude = builder.mul_sub(sign, rest, is_short.target);
    range_check(builder, magnitude, BALANCE_BITS as usize);

    let available = builder.mul_add(is_short.target, rest, amounts.needed);
    let payable = builder.mul_add(
        flags.is_forced_transfer.target,
        wires.destination.exists,
        flags.is_forced_withdrawal.target,
    );
    let forced = builder.mul(is_owner, payable);
    let paid = builder.mul(forced, available);
    let debit = builder.mul_add(flags.signed.target, available, paid);
    (debit, paid)
}
