//! What a kind does not use must not count, and what is off must change nothing, whatever its wires hold.

use ashlar_payments::chunk::{ChunkAssignment, SlotWires};
use ashlar_statement::hash::F;
use plonky2::field::types::Field;

use crate::{
    common::forge::{Forged, Step, accepted, deposit, f, forge, forge_fee, rejected, transfer, withdraw},
    plain,
};

/// The step with its flags for deposit, transfer and withdrawal replaced.
fn flagged(flags: [F; 3], step: Step) -> ChunkAssignment {
    let [is_deposit, is_transfer, is_withdraw] = flags;
    let wires = SlotWires {
        is_deposit,
        is_transfer,
        is_withdraw,
        ..step.wires
    };
    let mut forged = forge(Forged::new(1000, 5), Step { wires, ..step });
    // The source's step is off, its range check is not.
    forged.slots[0].source.balance = f(1000);
    forged
}

#[test]
fn a_packed_amount_counts_in_transfers_only() {
    let account = Forged::new(1000, 5);
    for (step, what) in [
        (
            deposit(100, &account.auth),
            "a deposit credits what its record says",
        ),
        (withdraw(100), "a withdrawal debits what was signed"),
    ] {
        let plain = accepted(&forge(account, step));
        let mut dressed = step;
        dressed.wires.amount_packed = f(50 << 5);
        dressed.wires.source.balance = f(1000);
        assert_eq!(
            accepted(&forge(account, dressed)).new_root,
            plain.new_root,
            "{what}"
        );
    }
}

/// Flags that cancel: nothing is debited, so nobody signs.
#[test]
fn flags_that_cancel_are_refused() {
    let (zero, one) = (F::ZERO, F::ONE);
    let mut paid_by_nobody = transfer(100 << 5, 100, 0);
    paid_by_nobody.wires.bridge_amount = f(1); // a transfer less a withdrawal bridges, and that is never nothing
    paid_by_nobody.debit = zero;
    let credit = flagged([zero, one, -one], paid_by_nobody);
    assert!(credit.signatures[0].is_none());
    rejected(
        &credit,
        "a transfer less a withdrawal: credited, debited to nobody",
    );

    let mut unsigned = withdraw(100);
    unsigned.credit = zero;
    let record = flagged([zero, -one, one], unsigned);
    assert!(record.signatures[0].is_none());
    rejected(
        &record,
        "a withdrawal less a transfer: published, debited to nobody",
    );

    // No kind in sum, so nobody is credited; and the words of a deposit elsewhere would be taken off the bridge stream.
    let mut burnt = transfer(100 << 5, 100, 0);
    burnt.wires.bridge_amount = f(1);
    rejected(&flagged([-one, one, zero], burnt), "a transfer less a deposit");
}

#[test]
fn a_fee_credit_that_is_off_leaves_the_root() {
    let root = accepted(&plain()).new_root;
    let mut dressed = plain();
    dressed.fee = forge_fee(Forged::new(77_777, 9), &withdraw(100));
    dressed.fee.enabled = F::ZERO;
    assert_eq!(accepted(&dressed).new_root, root, "a root from nowhere");
}
