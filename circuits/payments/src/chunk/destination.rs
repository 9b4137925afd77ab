//! Whose account the destination is, and what becomes of it.

use plonky2::iop::target::{BoolTarget, Target};

use ashlar_statement::hash::Builder;

use super::{
    account::{Written, credited},
    amounts::Flags,
    wires::SlotWires,
};

/// Derives what the destination becomes. `named_auth` is what a deposit's record says.
pub(super) fn destination_step(
    builder: &mut Builder,
    wires: &SlotWires<Target>,
    flags: &Flags,
    credit: Target,
    named_auth: [Target; 4],
) -> Written {
    let account = &wires.destination;
    let exists = BoolTarget::new_unsafe(account.exists);
    builder.assert_bool(exists);
    let absent = builder.not(exists);
    let transfer_to_nobody = builder.mul(flags.is_transfer.target, absent.target);
    builder.assert_zero(transfer_to_nobody);
    constrain_deposit(builder, wires, flags, absent, named_auth);
    let created = builder.mul(flags.is_deposit.target, absent.target);
    Written {
        head: account.head,
        balance: credited(builder, account.balance, credit),
        exists: builder.add(account.exists, created),
    }
}

/// A deposit goes to an account of its owner, and of its `auth` unless it leaves that open. The account that it creates has
/// both.
fn constrain_deposit(
    builder: &mut Builder,
    wires: &SlotWires<Target>,
    flags: &Flags,
    absent: BoolTarget,
    named_auth: [Target; 4],
) {
    let head = &wires.destination.head;
    for (owner, word) in head.l1_owner.into_iter().zip(wires.tail_words) {
        builder.conditional_assert_eq(flags.is_deposit.target, owner, word);
    }
    let any_auth = BoolTarget::new_unsafe(wires.any_auth);
    builder.assert_bool(any_auth);
    let created_with_any = builder.mul(any_auth.target, absent.target);
    builder.assert_zero(created_with_any);
    let this_auth = builder.not(any_auth);
    for (auth, named) in head.auth.into_iter().zip(named_auth) {
        // A deposit that leaves it open names none.
        let expected = builder.mul(this_auth.target, auth);
        builder.conditional_assert_eq(flags.is_deposit.target, named, expected);
    }
}
