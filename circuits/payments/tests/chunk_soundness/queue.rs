//! Operations of the L1 queue: what they do follows from the accounts, whatever the operator wishes.

use ashlar_payments::chunk::SlotWires;
use ashlar_statement::hash::{F, Hash, ZERO_HASH};
use plonky2::field::types::Field;

use crate::{
    common::{
        auth_of,
        forge::{
            Forged, INDEX, OWNER, Step, accepted, deposit, f, force_transfer, force_withdrawal, forge,
            rejected, set_auth, set_flags, withdraw,
        },
    },
    rejects,
};

/// Not the account's owner, by one word.
fn strangers() -> [[F; 3]; 3] {
    core::array::from_fn(|word| {
        let mut stranger = OWNER;
        stranger[word] += F::ONE;
        stranger
    })
}

/// Whether a step on an account leaves the root that it starts from.
fn changes_nothing(account: Forged, step: Step) -> bool {
    let forged = forge(account, step);
    let stated = accepted(&forged);
    stated.new_root == stated.old_root
}

#[test]
fn a_forced_operation_pays_all_that_is_requested_or_all_that_is_there() {
    let account = Forged::new(1000, 5);
    for forced in [force_withdrawal, force_transfer] {
        for (requested, paid, is_short) in [
            (1, 1, false),
            (1000, 1000, false),
            (1001, 1000, true),
            ((1 << 56) - 1, 1000, true),
        ] {
            accepted(&forge(account, forced(OWNER, requested, paid, is_short)));
            let claims = [
                (paid - 1, is_short, "a unit less than there is"),
                (paid + 1, is_short, "a unit more"),
                (paid, !is_short, "the other side of the comparison"),
            ];
            for (paid, is_short, what) in claims {
                rejected(&forge(account, forced(OWNER, requested, paid, is_short)), what);
            }
        }
        rejected(
            &forge(account, forced(OWNER, 100, 0, false)),
            "nothing, though the owner asked",
        );
        let (rich, most) = (Forged::new((1 << 62) - 1, 5), (1 << 56) - 1);
        accepted(&forge(rich, forced(OWNER, most, most, false)));
        rejected(
            &forge(rich, forced(OWNER, most + 1, most + 1, false)),
            "a request of 2^56",
        );
        rejected(
            &forge(account, forced(OWNER, 0, 0, false)),
            "a request of nothing",
        );
    }
}

#[test]
fn the_side_of_the_comparison_is_zero_or_one() {
    let account = Forged::new(1000, 5);
    // All that follows from it is consistent: (1 - 2s)·(1000 - 1001) - s is in range for s = 2, too, and pays 999.
    let mut twice = force_withdrawal(OWNER, 1001, 999, false);
    twice.wires.is_short = f(2);
    rejected(&forge(account, twice), "a comparison of two");
    let mut unforced = withdraw(1001);
    (unforced.wires.is_short, unforced.debit) = (F::ONE, f(1000));
    rejected(
        &forge(account, unforced),
        "a signed withdrawal of more than there is, which takes what there is",
    );
}

#[test]
fn a_stranger_s_operation_changes_nothing_and_cannot_be_refused() {
    let account = Forged::new(1000, 5);
    for stranger in strangers() {
        for forced in [force_withdrawal, force_transfer] {
            assert!(changes_nothing(account, forced(stranger, 100, 0, false)));
            assert!(changes_nothing(account, forced(stranger, 2000, 0, true)));
            rejected(
                &forge(account, forced(stranger, 100, 100, false)),
                "another's money",
            );
        }
        assert!(changes_nothing(account, set_auth(stranger, &auth_of(INDEX + 1))));
    }
}

#[test]
fn operations_on_an_absent_account_change_nothing_and_cannot_be_refused() {
    let absent = Forged::absent();
    for step in [
        force_withdrawal(OWNER, 100, 0, true),
        force_transfer(OWNER, 100, 0, true),
        set_auth(OWNER, &auth_of(7)),
        set_flags(3),
    ] {
        assert!(changes_nothing(absent, step));
    }
    // Whatever the account would hold if it were there.
    let dressed = Forged {
        balance: f(1000),
        ..absent
    };
    rejected(
        &forge(dressed, force_withdrawal(OWNER, 100, 100, false)),
        "money of an account that is not there",
    );
    rejected(
        &forge(dressed, withdraw(100)),
        "a signature for an account that is not there",
    );
    let taken_for_absent = forge(Forged::new(1000, 5), force_withdrawal(OWNER, 100, 0, false));
    rejects(&taken_for_absent, "an account taken for an absent one", |slot| {
        slot.source.exists = F::ZERO;
    });
    let taken_for_one = forge(absent, set_flags(3));
    rejects(&taken_for_one, "an absent account taken for one", |slot| {
        slot.source.exists = F::ONE
    });
}

/// Half an existence, over a leaf of half the digest: half of what is requested would be paid.
#[test]
fn the_source_s_existence_is_zero_or_one() {
    let account = Forged::new(1000, 5);
    let half = f(2).inverse();
    let mut forged = forge(account, force_withdrawal(OWNER, 100, 50, false));
    forged.slots[0].source.exists = half;
    let elements = account.digest().elements.map(|element| element * half);
    let root = Forged::root_of(Hash { elements });
    forged.public_inputs.old_root = root.elements.map(Some);
    rejected(&forged, "half an existence");
}

#[test]
fn a_forced_transfer_to_an_absent_account_pays_nothing() {
    let payer = Forged::new(1000, 5);
    let elsewhere = |paid: u64, exists: bool| {
        let mut forged = forge(payer, force_transfer(OWNER, 100, paid, false));
        let slot = &mut forged.slots[0];
        let to = f((INDEX ^ 1).into());
        (slot.to, slot.tail_words[4]) = (to, to);
        slot.destination = Forged::absent().wires();
        slot.destination.exists = F::from_bool(exists);
        // The sibling of the payee's leaf is the payer's, after its step.
        let after = Forged {
            balance: payer.balance - f(paid),
            ..payer
        };
        slot.destination.account_siblings[0] = after.digest().elements;
        forged
    };
    let stated = accepted(&elsewhere(0, false));
    assert_eq!(stated.new_root, stated.old_root);
    rejected(&elsewhere(100, false), "money to nobody");
    rejected(&elsewhere(100, true), "an empty leaf taken for an account");
}

#[test]
fn a_payment_goes_where_the_record_says() {
    let base = forge(Forged::new(1000, 5), force_transfer(OWNER, 100, 100, false));
    accepted(&base);
    rejects(&base, "another payee in the record", |slot| {
        slot.tail_words[4] += F::ONE
    });
    for word in 5..8 {
        rejects(&base, "a stray word", |slot| slot.tail_words[word] = F::ONE);
    }
    let base = forge(Forged::new(1000, 5), force_withdrawal(OWNER, 100, 100, false));
    for word in 4..8 {
        rejects(&base, "a stray word", |slot| slot.tail_words[word] = F::ONE);
    }
}

#[test]
fn a_new_auth_is_the_record_s() {
    let account = Forged::new(1000, 5);
    let other = auth_of(INDEX + 1);
    for auth in [other, ZERO_HASH] {
        let changed = accepted(&forge(account, set_auth(OWNER, &auth))).new_root;
        let expected = Forged { auth, ..account };
        assert_eq!(changed, Forged::root_of(expected.digest()).elements);
    }
    for step in [set_auth(OWNER, &other), set_flags(3)] {
        rejects(
            &forge(account, step),
            "an amount where none moves",
            |slot: &mut SlotWires<F>| slot.bridge_amount = F::ONE,
        );
    }
}

#[test]
fn new_flags_are_the_record_s_and_stay() {
    let account = Forged::new(1000, 5);
    for flags in [0, 255] {
        let flagged = Forged {
            flags: f(flags),
            ..account
        };
        let changed = accepted(&forge(account, set_flags(flags))).new_root;
        assert_eq!(changed, Forged::root_of(flagged.digest()).elements);
        let spent = Forged {
            balance: f(900),
            nonce: f(6),
            ..flagged
        };
        let left = accepted(&forge(flagged, withdraw(100))).new_root;
        assert_eq!(left, Forged::root_of(spent.digest()).elements);
    }
    rejected(&forge(account, set_flags(256)), "flags of nine bits");
    let base = forge(account, set_flags(3));
    for word in 0..8 {
        rejects(&base, "a stray word", |slot| slot.tail_words[word] = F::ONE);
    }
}

#[test]
fn a_deposit_without_an_auth_leaves_the_account_s() {
    let account = Forged::new(1000, 5);
    let mut open = deposit(100, &ZERO_HASH);
    rejected(
        &forge(account, open),
        "an account whose auth the deposit did not name",
    );
    open.wires.any_auth = F::ONE;
    accepted(&forge(account, open));
    let mut named = deposit(100, &account.auth);
    named.wires.any_auth = F::ONE;
    rejected(&forge(account, named), "an auth that is named and left open");

    // A new account has the auth of its deposit: none.
    let fresh = Forged {
        auth: ZERO_HASH,
        ..Forged::absent()
    };
    accepted(&forge(fresh, deposit(100, &ZERO_HASH)));
    let mut stolen = deposit(100, &ZERO_HASH);
    stolen.wires.any_auth = F::ONE;
    rejected(
        &forge(Forged::absent(), stolen),
        "a new account with a key of the operator's",
    );
    // Half named and half left open.
    let elements = account.auth.elements.map(|element| element / f(2));
    let mut both = deposit(100, &Hash { elements });
    both.wires.any_auth = f(2).inverse();
    rejected(&forge(account, both), "half an auth");
}

#[test]
fn every_word_of_a_record_is_hashed() {
    let base = forge(Forged::new(1000, 5), set_auth(strangers()[0], &ZERO_HASH));
    let hash = accepted(&base).data_hash;
    for word in 0..8 {
        let mut other = base.clone();
        other.slots[0].tail_words[word] += F::ONE;
        assert_ne!(accepted(&other).data_hash, hash, "word {}", word + 2);
    }
}

#[test]
fn an_absent_account_has_no_flags() {
    let dressed = Forged {
        flags: F::ONE,
        ..Forged::absent()
    };
    rejected(
        &forge(dressed, deposit(100, &dressed.auth)),
        "an account that is created with flags",
    );
}

#[test]
fn an_operation_of_the_queue_leaves_the_nonce() {
    let last = Forged::new(1000, (1 << 32) - 1);
    let after = Forged {
        balance: f(900),
        ..last
    };
    let forced = accepted(&forge(last, force_withdrawal(OWNER, 100, 100, false)));
    assert_eq!(forced.new_root, Forged::root_of(after.digest()).elements);
}
