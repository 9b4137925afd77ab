//! Values that a range check alone keeps out, at the far end of the field.

use ashlar_payments::chunk::SlotWires;
use ashlar_statement::hash::F;
use plonky2::field::types::Field;

use crate::{
    common::forge::{Forged, Step, TOKEN, accepted, deposit, f, forge, rejected, transfer},
    fresh, plain, rejects,
};

#[test]
fn negative_words() {
    // The third word is checked twice: against 2^56, and against 2^48 by adding the difference.
    let slack = f((1 << 56) - (1 << 48));
    let words = [(0, F::ONE), (1, F::ONE), (2, F::ONE), (2, slack)];
    for (index, negated) in words {
        rejects(&plain(), "a negative address word", |slot| {
            slot.tail_words[index] = -negated
        });
    }
    for index in 0..4 {
        // The same auth: the high byte is one more than it is, and the low word makes up for it.
        rejects(&fresh(), "a negative auth word", |slot| {
            slot.tail_words[3 + index] -= f(1 << 56);
            slot.tail_words[7] += f(1 << (24 - 8 * index));
        });
    }
    rejects(&fresh(), "a negative last word", |slot| {
        slot.tail_words[7] = -F::ONE
    });
}

#[test]
fn negative_balances() {
    let auth = Forged::new(0, 0).auth;
    let mut negative = Forged::new(0, 0);
    negative.balance = -f(200);
    rejected(
        &forge(negative, deposit(100, &auth)),
        "a credit to a negative balance",
    );
}

#[test]
fn every_fee_slot_s_credit_is_bounded() {
    let full = (1 << 62) - 1;
    for slot in 0..4 {
        let only = |value: F| core::array::from_fn(|index| if index == slot { value } else { F::ZERO });
        let paid = transfer(0, 0, 7);
        let step = Step {
            wires: SlotWires {
                fee_selector: only(F::ONE),
                ..paid.wires
            },
            fees: only(f(7)),
            fee_tokens: core::array::from_fn(|index| if index == slot { TOKEN } else { 0 }),
            ..paid
        };
        accepted(&forge(Forged::new(full, 0), step));
        // Above the limit before, below it after the debit: only the fee's credit is at fault.
        rejected(
            &forge(Forged::new(full + 4, 0), step),
            &format!("a fee credit to 2^62 in fee slot {slot}"),
        );
    }
}
