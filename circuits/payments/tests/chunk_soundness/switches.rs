//! Kind flags, fee selectors and the switch of the fee credit: what turns parts of the circuit on and off.

use ashlar_payments::chunk::{ChunkAssignment, SlotWires};
use ashlar_statement::hash::F;
use plonky2::field::types::Field;

use crate::{
    Change,
    common::forge::{
        Forged, INDEX, Step, TOKEN, accepted, deposit, f, forge, forge_fee, rejected, transfer, withdraw,
    },
    paid, plain, rejects,
};

#[test]
fn fee_charge() {
    // Each step credits exactly what its selector says, so that only the selector is at fault.
    let charge = |selector: [F; 4], fees: [F; 4], fee_tokens| {
        let step = transfer(100 << 5, 100, 7);
        let wires = SlotWires {
            fee_selector: selector,
            ..step.wires
        };
        forge(
            Forged::new(1000, 5),
            Step {
                wires,
                fees,
                fee_tokens,
                ..step
            },
        )
    };
    let (zero, one, fee) = (F::ZERO, F::ONE, f(7));
    accepted(&charge(
        [zero, one, zero, zero],
        [zero, fee, zero, zero],
        [0, TOKEN, 0, 0],
    ));
    let unpaid = charge([zero; 4], [zero; 4], [TOKEN, 0, 0, 0]);
    rejected(&unpaid, "a fee without a fee slot");
    let other_token = charge([zero, one, zero, zero], [zero, fee, zero, zero], [TOKEN, 0, 0, 0]);
    rejected(&other_token, "a fee slot of another token");
    let twice = charge(
        [one, one, zero, zero],
        [fee, fee, zero, zero],
        [TOKEN, TOKEN, 0, 0],
    );
    rejected(&twice, "two fee slots");
    let shares = charge(
        [f(2), -one, zero, zero],
        [f(14), -fee, zero, zero],
        [TOKEN, TOKEN, 0, 0],
    );
    rejected(&shares, "shares of fee slots");
}

#[test]
fn fee_credit() {
    let changes: [(&str, Change<ChunkAssignment>); 9] = [
        ("credit switched off", |a| a.fee.enabled = F::ZERO),
        ("another fee account", |a| {
            a.public_inputs.fee_account = Some(f(7))
        }),
        ("a wide fee account", |a| {
            a.public_inputs.fee_account = Some(f(u64::from(INDEX) + (1 << 28)))
        }),
        ("another auth", |a| a.fee.head.auth[0] += F::ONE),
        ("another nonce", |a| a.fee.head.nonce += F::ONE),
        ("another balance", |a| a.fee.balances[0] += F::ONE),
        ("a balance path that breaks the chain", |a| {
            a.fee.balance_siblings[2][7][0] += F::ONE
        }),
        ("another account path", |a| a.fee.account_siblings[5][0] += F::ONE),
        ("a wide fee token", |a| a.fee.tokens[3] = f(256)),
    ];
    for (what, change) in changes {
        let mut assignment = paid();
        change(&mut assignment);
        rejected(&assignment, what);
    }
    // Nothing to credit, the right account opened, and a switch that is neither on nor off.
    let mut half = plain();
    half.fee = forge_fee(Forged::new(900, 6), &withdraw(100));
    accepted(&half);
    half.fee.enabled = f(2);
    rejected(&half, "a credit switched on twice");
    let full = (1 << 62) - 1;
    accepted(&forge(Forged::new(full, 0), transfer(0, 0, 7)));
    // The balance before is above the limit, and the debit brings it below: only the fee's credit is at fault.
    rejected(
        &forge(Forged::new(full + 4, 0), transfer(0, 0, 7)),
        "a fee credit to 2^62",
    );
}

/// A transfer of nothing with two more flags that cancel: all that they gate is consistent with it.
#[test]
fn every_kind_flag_of_the_queue_is_boolean() {
    let (one, place) = (F::ONE, f(INDEX.into()));
    let changes: [(&str, Change<SlotWires<F>>); 4] = [
        ("a new auth less new flags", |slot| {
            (slot.is_set_auth, slot.is_set_flags) = (F::ONE, -F::ONE)
        }),
        ("new flags less a new auth", |slot| {
            (slot.is_set_auth, slot.is_set_flags) = (-F::ONE, F::ONE)
        }),
        ("a forced transfer less a forced withdrawal", |slot| {
            (slot.is_forced_withdrawal, slot.is_forced_transfer) = (-F::ONE, F::ONE);
            slot.tail_words[4] = slot.to;
        }),
        ("a forced withdrawal less a forced transfer, to nobody", |slot| {
            (slot.is_forced_withdrawal, slot.is_forced_transfer) = (F::ONE, -F::ONE);
            slot.to = F::ZERO;
        }),
    ];
    let base = forge(Forged::new(1000, 5), transfer(0, 0, 0));
    assert_eq!((base.slots[0].is_transfer, base.slots[0].to), (one, place));
    accepted(&base);
    for (what, change) in changes {
        rejects(&base, what, change);
    }
}

#[test]
fn kind_flags() {
    let account = Forged::new(1000, 5);
    // All that the flags gate is consistent with their values: only the flags are at fault.
    let forged = |flags: [F; 3], step: Step| {
        let [is_deposit, is_transfer, is_withdraw] = flags;
        forge(
            account,
            Step {
                wires: SlotWires {
                    is_deposit,
                    is_transfer,
                    is_withdraw,
                    ..step.wires
                },
                ..step
            },
        )
    };
    let (zero, one, two) = (F::ZERO, F::ONE, f(2));
    accepted(&forged([zero, one, zero], transfer(100 << 5, 100, 0)));
    let mut both = transfer(100 << 5, 100, 0);
    both.wires.tail_words = deposit(50, &account.auth).wires.tail_words;
    (both.wires.bridge_amount, both.credit) = (f(50), f(150));
    rejected(&forged([one, one, zero], both), "a deposit that is a transfer");
    let mint = Step {
        debit: -f(50),
        ..transfer(0, 0, 0)
    };
    let mint = Step {
        wires: SlotWires {
            bridge_amount: f(50),
            ..mint.wires
        },
        ..mint
    };
    rejected(
        &forged([zero, two, -one], mint),
        "a negative withdrawal, which mints",
    );
    let mut three = transfer(100 << 5, 100, 0);
    (three.wires.bridge_amount, three.debit) = (f(50), f(150));
    rejected(&forged([-one, one, one], three), "a negative deposit");
    rejects(&plain(), "deposit and withdrawal", |slot| {
        slot.is_deposit = F::ONE
    });
    rejects(&plain(), "transfer and withdrawal", |slot| {
        slot.is_transfer = F::ONE
    });
}
