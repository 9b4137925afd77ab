//! Policies and last minutes, through the whole circuit: a slot is signed under a clause of its account's policy, which
//! permits it, or it is not accepted. The clause's own constraints have their tests beside them.

use ashlar_payments::{
    chunk::PolicyWires,
    policy::{Clause, ClauseWitness, Policy, Rules, lock},
    transaction::{Kind, SecretKey},
};
use ashlar_statement::hash::{F, Hash};
use plonky2::field::types::Field;

use crate::{
    common::{
        TIME,
        forge::{Forged, Step, TOKEN, accepted, f, forge, rejected, sign, transfer, withdraw},
        key,
    },
    plain,
};

const NOW: u32 = TIME;

fn phone() -> SecretKey {
    SecretKey::from_seed(b"phone")
}

fn secret() -> Hash {
    Hash {
        elements: [1, 2, 3, 4].map(F::from_canonical_u64),
    }
}

/// An owner who may do everything, a phone that may pay a little for an hour, and one that may if it knows a secret.
fn policy() -> Policy {
    let small = Rules {
        kinds: 1 << Kind::Transfer as u8,
        token: Some(TOKEN),
        cap: 107,
        from: NOW,
        until: NOW + 60,
    };
    let phone_s = |lock| Clause {
        key_hash: phone().public_key().key_hash(),
        rules: small,
        lock,
    };
    let owner = Clause {
        key_hash: key(0).public_key().key_hash(),
        rules: Rules::PLAIN,
        lock: None,
    };
    let clauses = vec![owner, phone_s(None), phone_s(Some(lock(secret())))];
    Policy::new(clauses).expect("a policy")
}

fn shown(place: u8) -> ClauseWitness {
    let shown = policy().authorise(place).expect("it has that clause");
    if place == 2 {
        shown.unlock(secret()).expect("it is the secret")
    } else {
        shown
    }
}

/// A step of an account with the policy, signed by a key under a clause.
fn signed(
    step: Step,
    signer: &SecretKey,
    clause: &ClauseWitness,
    time: u32,
) -> ashlar_payments::chunk::ChunkAssignment {
    let mut step = step;
    step.wires.clause = PolicyWires::new(&signer.public_key().key_hash(), clause);
    let account = Forged {
        auth: policy().root(),
        ..Forged::new(1000, 5)
    };
    let mut forged = forge(account, step);
    forged.public_inputs.time = Some(f(time.into()));
    sign(&mut forged, signer);
    forged
}

fn pay(amount: u64) -> Step {
    transfer(amount << 5, amount, 7)
}

#[test]
fn each_clause_signs_what_it_permits() {
    accepted(&signed(withdraw(1000), &key(0), &shown(0), 0));
    for place in [1, 2] {
        for time in [NOW, NOW + 60] {
            accepted(&signed(pay(100), &phone(), &shown(place), time));
        }
    }
}

#[test]
fn what_a_clause_does_not_permit_is_refused() {
    for place in [1, 2] {
        let clause = shown(place);
        let refused = |step, time, what| rejected(&signed(step, &phone(), &clause, time), what);
        refused(pay(101), NOW, "amount and fee above the cap");
        refused(pay(100), NOW - 1, "a minute too early");
        refused(pay(100), NOW + 61, "a minute too late");
        refused(withdraw(100), NOW, "a withdrawal, where transfers are permitted");
        rejected(
            &signed(pay(100), &key(0), &clause, NOW),
            "the owner's key in the phone's clause",
        );
    }
    let wider = |change: fn(&mut Rules)| {
        let mut clause = shown(1);
        change(&mut clause.rules);
        clause
    };
    for (clause, step, what) in [
        (
            wider(|rules| rules.cap += 1),
            pay(101),
            "a higher cap than the policy's",
        ),
        (
            wider(|rules| rules.kinds |= 1 << Kind::Withdraw as u8),
            withdraw(100),
            "more kinds than the policy's",
        ),
        (
            wider(|rules| rules.token = None),
            pay(100),
            "more tokens than the policy's",
        ),
    ] {
        rejected(&signed(step, &phone(), &clause, NOW), what);
    }
    let late = wider(|rules| rules.until += 1);
    rejected(
        &signed(pay(100), &phone(), &late, NOW + 61),
        "a later end than the policy's",
    );
    let early = wider(|rules| rules.from -= 1);
    rejected(
        &signed(pay(100), &phone(), &early, NOW - 1),
        "an earlier start than the policy's",
    );
}

#[test]
fn a_lock_wants_its_secret() {
    let closed = policy().authorise(2).expect("it has that clause");
    rejected(&signed(pay(100), &phone(), &closed, NOW), "no secret");
    let mut other = secret();
    other.elements[3] += F::ONE;
    let guessed = ClauseWitness {
        preimage: Some(other),
        ..closed
    };
    rejected(&signed(pay(100), &phone(), &guessed, NOW), "another secret");
    let opened = ClauseWitness { lock: None, ..closed };
    rejected(&signed(pay(100), &phone(), &opened, NOW), "a lock taken off");
}

#[test]
fn a_plain_clause_is_not_every_account_s() {
    rejected(
        &signed(pay(100), &phone(), &ClauseWitness::plain(), NOW),
        "the plain clause of a key that has another",
    );
    rejected(
        &signed(pay(100), &key(0), &ClauseWitness::plain(), NOW),
        "the plain clause of a key that has it among others",
    );
}

/// The two clauses of the phone permit the same; what was signed under one of them is not shown under the other.
#[test]
fn the_place_is_signed() {
    let mut moved = signed(pay(100), &phone(), &shown(1), NOW);
    moved.slots[0].clause = PolicyWires::new(&phone().public_key().key_hash(), &shown(2));
    rejected(&moved, "another clause than the one that was signed");
    sign(&mut moved, &phone());
    accepted(&moved);
}

#[test]
fn after_its_last_minute_a_transaction_is_not_executed() {
    let until = |valid_until: u32, time: u32| {
        let mut forged = plain();
        forged.slots[0].valid_until = f(valid_until.into());
        forged.public_inputs.time = Some(f(time.into()));
        sign(&mut forged, &key(crate::common::forge::INDEX));
        forged
    };
    accepted(&until(NOW, NOW));
    accepted(&until(NOW, 0));
    rejected(&until(NOW, NOW + 1), "a minute too late");
    let mut extended = until(NOW, NOW + 1);
    let signature = extended.signatures[0];
    extended.slots[0].valid_until += F::ONE;
    extended.signatures[0] = signature;
    rejected(&extended, "a last minute that was not signed");
}
