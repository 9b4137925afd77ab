//! Negative tests of the chunk circuit. Every test starts from an assignment that the circuit accepts, breaks
//! one thing, keeps all else consistent, and feeds it to the real circuit; nothing is checked beforehand.

#[path = "../common/mod.rs"]
mod common;
mod every_index;
mod free_wires;
mod off;
mod policy;
mod queue;
mod ranges;
mod switches;

use ashlar_payments::{
    account::Account,
    chunk::{ChunkAssignment, SlotWires},
    state::{MemoryStore, Overlay},
    tree::{ACCOUNT_DEPTH, AccountPath},
};
use ashlar_statement::{
    SpanPublicInputs, TIME_BITS,
    hash::{F, Hash, Role, ZERO_HASH, two_to_one},
};
use common::{
    auth_of,
    forge::{
        Forged, INDEX, OWNER, OWNER_ADDRESS, TOKEN, accepted, balance_root, deposit, f, force_transfer,
        force_withdrawal, forge, message, rejected, set_auth, set_flags, sign, transfer, withdraw,
    },
    key,
};
use plonky2::field::types::Field;

/// Breaks one thing.
type Change<T> = fn(&mut T);

/// A withdrawal of 100 out of 1000.
fn plain() -> ChunkAssignment {
    forge(Forged::new(1000, 5), withdraw(100))
}

/// A transfer of 100 with a fee of 7 out of 1000.
fn paid() -> ChunkAssignment {
    forge(Forged::new(1000, 5), transfer(100 << 5, 100, 7))
}

/// A deposit of 100 that creates its account.
fn fresh() -> ChunkAssignment {
    let account = Forged::absent();
    forge(account, deposit(100, &account.auth))
}

/// Breaks the first slot's wires; the message is signed anew, so that only the constraint at stake can fail.
#[track_caller]
fn rejects(base: &ChunkAssignment, what: &str, change: impl FnOnce(&mut SlotWires<F>)) {
    let mut assignment = base.clone();
    change(&mut assignment.slots[0]);
    if assignment.signatures[0].is_some() {
        sign(&mut assignment, &key(INDEX));
    }
    rejected(&assignment, what);
}

#[test]
fn unbroken_assignments_are_accepted() {
    let words = |base: &ChunkAssignment| {
        let stated = accepted(base);
        [stated.bridge_words, stated.rollup_words].map(|words| words.0)
    };
    assert_eq!(words(&plain()), [5, 0], "a withdrawal");
    assert_eq!(words(&paid()), [0, 2], "a transfer");
    assert_eq!(words(&fresh()), [10, 0], "a deposit");
    let sender = OWNER;
    let queued = |step| words(&forge(Forged::new(1000, 5), step));
    assert_eq!(queued(set_auth(sender, &auth_of(7))), [10, 0], "a new auth");
    let withdrawal = force_withdrawal(sender, 100, 100, false);
    assert_eq!(queued(withdrawal), [6, 0], "a forced withdrawal");
    let transfer = force_transfer(sender, 100, 100, false);
    assert_eq!(queued(transfer), [7, 0], "a forced transfer");
    assert_eq!(queued(set_flags(3)), [1, 0], "new flags");
}

#[test]
fn signature() {
    for base in [plain(), paid()] {
        let mut unsigned = base.clone();
        unsigned.signatures[0] = None;
        rejected(&unsigned, "no signature");
        let mut other_message = base.clone();
        let signer = key(INDEX);
        let signature = signer.sign(&ZERO_HASH);
        other_message.signatures[0] = Some((signer.public_key(), signature));
        rejected(&other_message, "a signature of another message");
        let mut other_key = base;
        sign(&mut other_key, &key(INDEX + 1));
        rejected(
            &other_key,
            "a valid signature by a key that does not own the account",
        );
    }
}

#[test]
fn every_signed_field_is_bound() {
    let changes: [(&str, Change<SlotWires<F>>); 6] = [
        ("first address word", |slot| slot.tail_words[0] += F::ONE),
        ("second address word", |slot| slot.tail_words[1] += F::ONE),
        ("third address word", |slot| slot.tail_words[2] += F::ONE),
        ("amount", |slot| slot.bridge_amount -= F::ONE),
        ("token", |slot| slot.token += F::ONE),
        ("account", |slot| slot.from += F::ONE),
    ];
    for (field, change) in changes {
        let mut assignment = plain();
        change(&mut assignment.slots[0]);
        rejected(&assignment, field);
    }
    let mut fee = paid();
    fee.slots[0].fee_packed = f(6 << 3);
    rejected(&fee, "fee");
    let mut domain = plain();
    domain.public_inputs.domain[3] = Some(F::ONE);
    rejected(&domain, "a signature for another chain");
}

#[test]
fn nonce() {
    let mut replayed = plain();
    let mut earlier = replayed.slots[0];
    earlier.source.head.nonce = f(4);
    let signature = key(INDEX).sign(&message(&earlier));
    replayed.signatures[0] = Some((key(INDEX).public_key(), signature));
    rejected(&replayed, "a signature for an earlier nonce");
    accepted(&forge(Forged::new(1000, (1 << 32) - 2), withdraw(1)));
    rejected(
        &forge(Forged::new(1000, (1 << 32) - 1), withdraw(1)),
        "nonce overflow",
    );
}

#[test]
fn balance() {
    accepted(&forge(Forged::new(100, 0), withdraw(100)));
    rejected(
        &forge(Forged::new(99, 0), withdraw(100)),
        "a withdrawal above the balance",
    );
    rejected(
        &forge(Forged::new(106, 0), transfer(100 << 5, 100, 7)),
        "amount and fee above the balance",
    );
    let auth = Forged::new(0, 0).auth;
    let full = (1 << 62) - 1;
    accepted(&forge(Forged::new(full - 100, 0), deposit(100, &auth)));
    rejected(
        &forge(Forged::new(full - 99, 0), deposit(100, &auth)),
        "a credit to 2^62",
    );
}

#[test]
fn path() {
    for base in [plain(), paid()] {
        rejects(&base, "source: account sibling", |slot| {
            slot.source.account_siblings[ACCOUNT_DEPTH - 1][0] += F::ONE
        });
        rejects(&base, "source: balance sibling", |slot| {
            slot.source.balance_siblings[0][3] += F::ONE
        });
        rejects(&base, "source: balance", |slot| slot.source.balance += F::ONE);
        rejects(&base, "source: nonce", |slot| slot.source.head.nonce += F::ONE);
        rejects(&base, "source: index", |slot| slot.from += F::ONE);
    }
    for base in [paid(), fresh()] {
        rejects(&base, "destination: account sibling", |slot| {
            slot.destination.account_siblings[0][1] += F::ONE
        });
        rejects(&base, "destination: balance sibling", |slot| {
            slot.destination.balance_siblings[7][0] += F::ONE
        });
        rejects(&base, "destination: balance", |slot| {
            slot.destination.balance += F::ONE
        });
        rejects(&base, "destination: nonce", |slot| {
            slot.destination.head.nonce += F::ONE
        });
    }
    rejects(&paid(), "destination: index", |slot| slot.to += F::ONE);
    rejects(&paid(), "destination: owner", |slot| {
        slot.destination.head.l1_owner[2] += F::ONE
    });
    let mut root = plain();
    root.public_inputs.old_root[0] = Some(F::ONE);
    rejected(&root, "another old root");
}

#[test]
fn disabled_steps_change_nothing() {
    let unused = accepted(&plain()).new_root;
    let mut dressed = plain();
    dressed.slots[1].source = Forged::new(77, 3).wires();
    dressed.slots[1].destination = Forged::new(77, 3).wires();
    dressed.slots[1].fee_packed = f(0xff);
    dressed.slots[1].bridge_amount = f(500);
    dressed.slots[0].destination = Forged::new(55, 2).wires();
    let span = accepted(&dressed);
    assert_eq!(span.new_root, unused);
    assert_eq!(span.to_vec(), accepted(&plain()).to_vec());
}

#[test]
fn encoding() {
    // Zero times any power is zero: only the exponent is at fault.
    accepted(&forge(Forged::new(1000, 0), transfer(10, 0, 0)));
    for exponent in [11, 12, 13, 14, 15, 16, 31] {
        rejected(
            &forge(Forged::new(1000, 0), transfer(exponent, 0, 0)),
            "exponent above 10",
        );
    }
    let largest = (1u64 << 27) - 1;
    let rich = Forged::new(1 << 61, 0);
    accepted(&forge(
        rich,
        transfer(largest << 5 | 10, largest * 10u64.pow(10), 31),
    ));
    rejected(
        &forge(rich, transfer((largest + 1) << 5, largest + 1, 0)),
        "mantissa of 28 bits",
    );
    rejected(
        &forge(rich, transfer(50 << 5 | 1, 501, 0)),
        "an amount that is not the packed one",
    );
    rejected(&forge(rich, transfer(0, 0, 32)), "a fee of nine bits");
    rejects(&plain(), "a token of nine bits", |slot| slot.token += f(256));
    rejects(&plain(), "a source index of 33 bits", |slot| {
        slot.from += f(1 << 32)
    });
    rejects(&paid(), "a destination index of 33 bits", |slot| {
        slot.to += f(1 << 32)
    });
    rejects(&paid(), "a negative bridge amount in a transfer", |slot| {
        slot.bridge_amount = -F::ONE
    });
}

#[test]
fn bridge_amounts() {
    let auth = Forged::new(0, 0).auth;
    let limit = 1u64 << 56;
    accepted(&forge(Forged::new(limit, 0), withdraw(limit - 1)));
    rejected(
        &forge(Forged::new(limit, 0), withdraw(limit)),
        "a withdrawal of 2^56",
    );
    rejected(
        &forge(Forged::new(limit, 0), withdraw(0)),
        "a withdrawal of nothing",
    );
    accepted(&forge(Forged::new(0, 0), deposit(limit - 1, &auth)));
    rejected(
        &forge(Forged::new(0, 0), deposit(limit, &auth)),
        "a deposit of 2^56",
    );
    rejected(
        &forge(Forged::new(0, 0), deposit(0, &auth)),
        "a deposit of nothing",
    );
}

#[test]
fn public_data_words() {
    for index in 0..8 {
        rejects(&paid(), "a stray word in a transfer", |slot| {
            slot.tail_words[index] = F::ONE
        });
        let mut stray = plain();
        stray.slots[1].tail_words[index] = F::ONE;
        rejected(&stray, "a stray word in a no-op");
    }
    for index in 3..8 {
        rejects(&plain(), "a stray word in a withdrawal", |slot| {
            slot.tail_words[index] = F::ONE
        });
    }
    for (index, bits) in [(0, 56), (1, 56), (2, 48)] {
        let mut widest = plain();
        widest.slots[0].tail_words[index] = f((1 << bits) - 1);
        sign(&mut widest, &key(INDEX));
        accepted(&widest);
        rejects(&plain(), "a wide address word", |slot| {
            slot.tail_words[index] = f(1 << bits)
        });
    }
    for index in 0..4 {
        // The same auth, its high byte moved into the low word.
        rejects(&fresh(), "a wide auth word", |slot| {
            slot.tail_words[3 + index] += f(1 << 56);
            slot.tail_words[7] -= f(1 << (24 - 8 * index));
        });
    }
    rejects(&fresh(), "a wide last word", |slot| {
        slot.tail_words[7] += f(1 << 32)
    });
}

#[test]
fn owner_of_a_deposit() {
    for index in 0..8 {
        rejects(
            &fresh(),
            "a published owner or auth that is not the leaf's",
            |slot| slot.tail_words[index] += F::ONE,
        );
    }
    let account = Forged::new(1000, 5);
    accepted(&forge(account, deposit(100, &account.auth)));
    rejected(
        &forge(account, deposit(100, &auth_of(INDEX + 1))),
        "a deposit to an account of another auth",
    );
    for index in 0..3 {
        let mut other = account;
        other.l1_owner[index] += F::ONE;
        rejected(
            &forge(other, deposit(100, &other.auth)),
            "a deposit to another owner's account",
        );
    }
}

#[test]
fn existence() {
    let absent = |account: Forged| Forged {
        exists: false,
        ..account
    };
    let auth = Forged::new(0, 0).auth;
    rejected(
        &forge(absent(Forged::new(0, 1)), deposit(100, &auth)),
        "an absent account with a nonce",
    );
    rejected(
        &forge(absent(Forged::new(50, 0)), deposit(100, &auth)),
        "an absent account with a balance",
    );
    rejects(&fresh(), "an absent account taken for a blank one", |slot| {
        slot.destination.exists = F::ONE
    });
    let existing = forge(Forged::new(0, 0), deposit(100, &auth));
    accepted(&existing);
    rejects(&existing, "an existing account taken for an absent one", |slot| {
        slot.destination.exists = F::ZERO
    });
    // An existence of 1/2 and a leaf that is half the digest.
    let mut half = existing;
    let two = f(2);
    half.slots[0].destination.exists = two.inverse();
    let meta = [OWNER[0], OWNER[1], OWNER[2], F::ZERO];
    let head = two_to_one(Role::AccountHead, auth, Hash { elements: meta });
    let leaf = two_to_one(Role::AccountLeaf, head, balance_root(0));
    let leaf = Hash {
        elements: leaf.elements.map(|element| element / two),
    };
    half.public_inputs.old_root = AccountPath::empty().root(leaf, INDEX).elements.map(Some);
    rejected(&half, "half an existence");
}

#[test]
fn transfer_to_an_absent_account() {
    for payee_exists in [true, false] {
        let (payer, to) = (Forged::new(1000, 5), INDEX ^ 1);
        let after = Account {
            nonce: 6,
            balances: [(TOKEN, 900)].into(),
            ..Account::new(OWNER_ADDRESS, payer.auth)
        };
        let mut overlay = Overlay::new(MemoryStore::new());
        let payee = auth_of(to);
        if payee_exists {
            overlay
                .set_account(to, Account::new(OWNER_ADDRESS, payee))
                .expect("in memory");
        }
        let before = Account {
            nonce: 5,
            balances: [(TOKEN, 1000)].into(),
            ..after.clone()
        };
        overlay.set_account(INDEX, before.clone()).expect("in memory");
        let source_path = overlay.account_path(INDEX).expect("in memory");
        overlay.set_account(INDEX, after).expect("in memory");
        let destination_path = overlay.account_path(to).expect("in memory");

        let mut assignment = forge(payer, transfer(100 << 5, 100, 0));
        let slot = &mut assignment.slots[0];
        slot.to = f(to.into());
        slot.source.account_siblings = source_path.siblings.map(|hash| hash.elements);
        slot.destination = Forged {
            exists: payee_exists,
            auth: payee,
            ..Forged::new(0, 0)
        }
        .wires();
        slot.destination.account_siblings = destination_path.siblings.map(|hash| hash.elements);
        slot.destination.exists = F::from_bool(payee_exists);
        let old_root = source_path.root(before.digest(), INDEX);
        assignment.public_inputs.old_root = old_root.elements.map(Some);
        sign(&mut assignment, &key(INDEX));
        if payee_exists {
            accepted(&assignment);
        } else {
            rejected(&assignment, "a transfer to an absent account");
        }
    }
}

#[test]
fn claims_about_the_outcome() {
    let claim = accepted(&paid());
    let mut exact = paid();
    exact.public_inputs = claim.map(Some);
    accepted(&exact);
    // All that the circuit derives: new root, data hash, evaluations, powers, word counts.
    let derived = (4..8).chain(12..16).chain(18..26).chain(28..30);
    for index in derived {
        let mut values = claim.to_vec();
        values[index] += F::ONE;
        let mut false_claim = paid();
        let values: Vec<_> = values.into_iter().map(Some).collect();
        false_claim.public_inputs = SpanPublicInputs::from_slice(&values).expect("30 elements");
        rejected(&false_claim, &format!("public input {index}"));
    }
    let mut elsewhere = exact;
    elsewhere.public_inputs.z[0] = Some(F::ONE);
    rejected(&elsewhere, "an evaluation at another point");
    // A deposit, which nobody signs: what is signed has a last minute of 28 bits, too.
    let at = |time: u64| {
        let mut timed = fresh();
        timed.public_inputs.time = Some(F::from_canonical_u64(time));
        timed
    };
    accepted(&at((1 << TIME_BITS) - 1));
    rejected(
        &at(1 << TIME_BITS),
        "a time that reaches into the fee account's bits",
    );
}
