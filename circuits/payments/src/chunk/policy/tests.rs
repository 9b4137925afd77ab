//! The gadget by itself: what it accepts, and a witness for each constraint that breaks nothing else. Real proofs of a
//! circuit of one clause, whose public inputs are the `auth` that the clause leads to.

use std::sync::LazyLock;

use ashlar_circuit_checks::free_wires;
use ashlar_statement::{
    Security,
    hash::{C, D},
    prove::prove_stock,
};
use plonky2::{
    iop::witness::{PartialWitness, WitnessWrite},
    plonk::circuit_data::CircuitData,
};
use proptest::prelude::*;

use super::*;
use crate::{
    policy::{Clause, Policy, Rules, lock},
    transaction::Kind,
};

const TRANSFER: usize = Kind::Transfer as usize;
const WITHDRAW: usize = Kind::Withdraw as usize;
const TOKEN: u8 = 9;
const CAP: u64 = 1000;
const NOW: u32 = 29_700_000;
const LATER: u32 = NOW + 60;
/// Where the tests' clause is; its neighbour is at 4.
const PLACE: u8 = 5;

elements! {
    /// All that the gadget is given.
    #[derive(Debug, Clone, Copy)]
    pub struct Slot<T> {
        /// The clause.
        pub clause: (PolicyWires<T>),
        /// See [`PolicyUse::signed`].
        pub signed: T,
        /// Flags of transfer and withdrawal.
        pub flags: [T; 2],
        /// See [`PolicyUse::token`].
        pub token: T,
        /// See [`PolicyUse::spent`].
        pub spent: T,
        /// See [`PolicyUse::time`].
        pub time: T,
    }
}

fn f(value: u64) -> F {
    F::from_canonical_u64(value)
}

fn digest(seed: u64) -> Hash {
    let elements = [seed, 2, 3, 4].map(f);
    Hash { elements }
}

fn constrain(builder: &mut Builder, slot: &Slot<Target>) -> HashOutTarget {
    let usage = PolicyUse {
        signed: BoolTarget::new_unsafe(slot.signed),
        kinds: &[(TRANSFER, slot.flags[0]), (WITHDRAW, slot.flags[1])],
        token: slot.token,
        spent: slot.spent,
        time: slot.time,
    };
    constrain_policy(builder, &slot.clause, &usage)
}

struct Circuit {
    data: CircuitData<F, C, D>,
    slot: Slot<Target>,
    auth: [Target; 4],
}

static CIRCUIT: LazyLock<Circuit> = LazyLock::new(|| {
    let mut builder = Builder::new(Security::default().leaf());
    let slot = Slot::from_fn(|| builder.add_virtual_target());
    let auth = constrain(&mut builder, &slot).elements;
    builder.register_public_inputs(&auth);
    Circuit {
        data: builder.build(),
        slot,
        auth,
    }
});

/// The wires, and if it is given what they must lead to; else the circuit says it.
fn assign(slot: &Slot<F>, auth: Option<Hash>) -> anyhow::Result<PartialWitness<F>> {
    let mut witness = PartialWitness::new();
    witness.set_target_arr(&CIRCUIT.slot.to_vec(), &slot.to_vec())?;
    if let Some(auth) = auth {
        witness.set_target_arr(&CIRCUIT.auth, &auth.elements)?;
    }
    Ok(witness)
}

fn prove(slot: &Slot<F>, auth: Option<Hash>) -> Result<Hash, String> {
    let proof = prove_stock("policy", &CIRCUIT.data, || assign(slot, auth));
    let elements = proof.map_err(|error| format!("{error:?}"))?.public_inputs;
    Ok(Hash::from_partial(&elements))
}

#[track_caller]
fn accepted(slot: &Slot<F>) -> Hash {
    prove(slot, None).expect("a satisfied circuit")
}

/// A slot, and the account's `auth` that its clause is to lead to.
#[derive(Debug, Clone, Copy)]
struct Case {
    slot: Slot<F>,
    auth: Hash,
}

impl Case {
    /// A transfer that the clause permits.
    fn of(clause: Clause, preimage: Option<Hash>) -> Self {
        Self::at(PLACE, clause, preimage)
    }

    /// The same, with the clause at another place among others.
    fn at(place: u8, clause: Clause, preimage: Option<Hash>) -> Self {
        let mut clauses: Vec<_> = (0..8).map(|number| Clause::plain(digest(number))).collect();
        clauses[usize::from(place)] = clause;
        let policy = Policy::new(clauses).expect("eight clauses");
        let shown = ClauseWitness {
            preimage,
            ..policy.authorise(place).expect("one of the eight")
        };
        let slot = Slot {
            clause: PolicyWires::new(&clause.key_hash, &shown),
            signed: F::ONE,
            flags: [F::ONE, F::ZERO],
            token: F::from_canonical_u8(clause.rules.token.unwrap_or(TOKEN)),
            spent: F::ZERO,
            time: F::from_canonical_u32(clause.rules.from),
        };
        let auth = shown.auth(clause.key_hash);
        assert_eq!(auth, policy.root());
        Self { slot, auth }
    }

    #[track_caller]
    fn accept(&self, what: &str) {
        assert_eq!(accepted(&self.slot), self.auth, "{what}");
    }

    #[track_caller]
    fn reject(&self, what: &str) {
        assert!(prove(&self.slot, Some(self.auth)).is_err(), "accepted: {what}");
    }

    /// The circuit accepts the slot as it is, and refuses it changed.
    #[track_caller]
    fn reject_with(mut self, what: &str, change: impl FnOnce(&mut Slot<F>)) {
        self.accept("unchanged");
        change(&mut self.slot);
        self.reject(what);
    }

    /// Changes the slot.
    fn with(mut self, change: impl FnOnce(&mut Slot<F>)) -> Self {
        change(&mut self.slot);
        self
    }
}

/// Every rule at work.
fn narrow() -> Rules {
    Rules {
        kinds: 1 << TRANSFER,
        token: Some(TOKEN),
        cap: CAP,
        from: NOW,
        until: LATER,
    }
}

fn unlocked(rules: Rules) -> Case {
    let clause = Clause {
        rules,
        ..Clause::plain(digest(77))
    };
    Case::of(clause, None)
}

/// With a lock, opened.
fn locked() -> Case {
    let clause = Clause {
        key_hash: digest(77),
        rules: narrow(),
        lock: Some(lock(digest(100))),
    };
    Case::of(clause, Some(digest(100)))
}

#[test]
fn every_rule_holds_at_both_ends_of_its_range() {
    for (spent, time) in [(0, NOW), (CAP, LATER)] {
        let case = unlocked(narrow()).with(|slot| (slot.spent, slot.time) = (f(spent), f(time.into())));
        case.accept("the ends of narrow rules");
    }
    for (spent, time) in [(0, 0), ((1 << 62) - 1, (1 << 28) - 1)] {
        for (flags, token) in [([F::ONE, F::ZERO], 0), ([F::ZERO, F::ONE], 255)] {
            let case = unlocked(Rules::PLAIN).with(|slot| {
                (slot.flags, slot.token) = (flags, f(token));
                (slot.spent, slot.time) = (f(spent), f(time));
            });
            case.accept("the ends of plain rules");
        }
    }
    for token in [0, 255] {
        let rules = Rules {
            token: Some(token),
            ..narrow()
        };
        unlocked(rules).accept("the ends of the tokens");
    }
    let largest = Rules {
        cap: (1 << 62) - 1,
        ..narrow()
    };
    unlocked(largest).accept("nothing spent of the largest cap");
    let moment = Rules {
        until: NOW,
        ..narrow()
    };
    unlocked(moment).accept("a window of a minute");
}

#[test]
fn auth_is_the_native_one_at_every_place_with_a_lock_and_without() {
    for place in 0..8 {
        let clause = Clause {
            rules: narrow(),
            ..Clause::plain(digest(77))
        };
        Case::at(place, clause, None).accept("no lock");
        let clause = Clause {
            lock: Some(lock(digest(100))),
            ..clause
        };
        Case::at(place, clause, Some(digest(100))).accept("a lock");
    }
    let plain = Policy::plain(digest(77)).root();
    let wires = PolicyWires::new(&digest(77), &ClauseWitness::plain());
    let slot = Slot {
        clause: wires,
        ..unlocked(Rules::PLAIN).slot
    };
    assert_eq!(accepted(&slot), plain, "a plain account");
}

#[test]
fn a_kind_outside_the_mask_is_refused() {
    unlocked(narrow()).reject_with("a withdrawal, where transfers may be signed", |slot| {
        slot.flags = [F::ZERO, F::ONE]
    });
    let all_but_transfers = Rules {
        kinds: !(1 << TRANSFER),
        ..narrow()
    };
    let transfer = unlocked(all_but_transfers);
    transfer.reject("a transfer, where everything else may be signed");
    let withdrawal = transfer.with(|slot| slot.flags = [F::ZERO, F::ONE]);
    withdrawal.accept("a withdrawal, where everything but transfers may be signed");
    withdrawal.reject_with("a kind that nobody may sign", |slot| slot.flags = [F::ZERO; 2]);
}

/// The mask's bits above the eighth would count as a token number. All is consistent with that but the mask's width.
#[test]
fn a_mask_of_more_than_eight_bits_is_refused() {
    let nine = unlocked(narrow()).with(|slot| {
        // The clause of the next token; the ninth bit is taken for the lowest of the place, which makes up for it.
        slot.token -= F::ONE;
        slot.clause.kinds += f(1 << 8);
        slot.clause.place -= F::ONE;
    });
    nine.reject("nine bits");
    let twelve = unlocked(narrow()).with(|slot| {
        slot.token -= f(1 << 3);
        slot.clause.kinds += f(1 << 11);
    });
    twelve.reject("twelve bits, above the place's");
}

#[test]
fn a_place_outside_the_tree_is_refused() {
    unlocked(narrow()).reject_with("a place of four bits", |slot| slot.clause.place += f(8));
    let balanced = unlocked(narrow()).with(|slot| {
        slot.token += f(8);
        slot.clause.kinds -= f(1 << 11);
        slot.clause.place += f(8);
    });
    balanced.reject("a place of four bits, and a negative mask that makes up for it");
}

#[test]
fn the_place_of_another_clause_is_refused() {
    for bit in 0..3 {
        unlocked(narrow()).reject_with("another clause's place", |slot| {
            slot.clause.place = f((PLACE ^ 1 << bit).into())
        });
    }
}

#[test]
fn another_token_is_refused() {
    for token in [0, TOKEN - 1, TOKEN + 1, 255] {
        unlocked(narrow()).reject_with("another token", |slot| slot.token = f(token.into()));
    }
    unlocked(narrow()).reject_with("a clause for one token, shown as one for any", |slot| {
        slot.clause.any_token = F::ONE
    });
    let any = Rules {
        token: None,
        ..narrow()
    };
    unlocked(any).reject_with("a clause for any token, shown as one for this", |slot| {
        slot.clause.any_token = F::ZERO
    });
}

#[test]
fn a_share_of_any_token_is_refused() {
    let share = unlocked(narrow()).with(|slot| {
        let (permitted, any) = (slot.token, f(ANY_TOKEN.into()));
        slot.token = f(20);
        slot.clause.any_token = (permitted - slot.token) / (any - slot.token);
    });
    share.reject("the share of any that makes another token the clause's");
}

#[test]
fn more_than_the_cap_is_refused() {
    let capped = |cap| unlocked(Rules { cap, ..narrow() });
    for cap in [0, CAP, (1 << 62) - 1] {
        capped(cap).reject_with("one more", |slot| slot.spent = f(cap + 1));
    }
    for spent in [1 << 32, (1 << 62) - 1, 1 << 62, 1 << 63] {
        capped(0).reject_with("so much that it wraps", |slot| slot.spent = f(spent));
    }
    capped(CAP).reject_with("a cap that the clause does not have", |slot| {
        (slot.spent, slot.clause.cap) = (f(CAP + 1), f(CAP + 1))
    });
}

#[test]
fn a_time_outside_the_window_is_refused() {
    let at = |time: u64| move |slot: &mut Slot<F>| slot.time = f(time);
    let window = || unlocked(narrow());
    window().reject_with("a minute before", at(u64::from(NOW) - 1));
    window().reject_with("a minute after", at(u64::from(LATER) + 1));
    window().reject_with("the first minute", at(0));
    window().reject_with("the last minute", at((1 << 28) - 1));
    window().reject_with("a window that opens before the clause's", |slot| {
        slot.time -= F::ONE;
        slot.clause.from -= F::ONE;
    });
    window().reject_with("a window that closes after the clause's", |slot| {
        slot.time = f(u64::from(LATER) + 1);
        slot.clause.until += F::ONE;
    });
}

#[test]
fn a_lock_opens_to_its_preimage_only() {
    for index in 0..4 {
        locked().reject_with("another preimage", |slot| slot.clause.preimage[index] += F::ONE);
    }
    locked().reject_with("no preimage", |slot| slot.clause.preimage = [F::ZERO; 4]);
    locked().reject_with("a locked clause, shown as one without a lock", |slot| {
        slot.clause.locked = F::ZERO
    });
    unlocked(narrow()).reject_with("a clause without a lock, shown as a locked one", |slot| {
        slot.clause.locked = F::ONE
    });
}

#[test]
fn a_multiple_of_a_lock_is_refused() {
    let once = lock(digest(100));
    let clause = Clause {
        key_hash: digest(77),
        rules: narrow(),
        lock: Some(Hash {
            elements: once.elements.map(|element| element.double()),
        }),
    };
    let twice = Case::of(clause, Some(digest(100))).with(|slot| slot.clause.locked = F::TWO);
    twice.reject("twice the hash of a preimage for a lock");
}

#[test]
fn every_element_of_key_and_path_leads_elsewhere_when_changed() {
    for index in 0..4 {
        locked().reject_with("another key", |slot| slot.clause.key_hash[index] += F::ONE);
        for level in 0..POLICY_DEPTH {
            locked().reject_with("another sibling", |slot| {
                slot.clause.siblings[level][index] += F::ONE
            });
        }
    }
}

#[test]
fn another_mask_leads_elsewhere() {
    unlocked(narrow()).reject_with("a mask that the clause does not have", |slot| {
        slot.clause.kinds = f(1 << WITHDRAW);
        slot.flags = [F::ZERO, F::ONE];
    });
}

#[test]
fn no_derived_wire_is_free() {
    let plain = unlocked(Rules::PLAIN).with(|slot| slot.spent = f(CAP));
    let mut unsigned = locked();
    unsigned.slot.signed = F::ZERO;
    let witnesses = [locked(), plain, unsigned].map(|case| assign(&case.slot, None).expect("set once"));
    let findings = free_wires(&CIRCUIT.data, witnesses).expect("satisfied");
    assert_eq!((findings.free, findings.idle), (vec![], vec![]));
    assert!(findings.determined > 300, "{}", findings.determined);
}

#[test]
fn a_slot_has_at_most_nine_rows_of_policy() {
    const SLOTS: usize = 32;
    let mut builder = Builder::new(Security::default().leaf());
    for _ in 0..SLOTS {
        let slot = Slot::from_fn(|| builder.add_virtual_target());
        constrain(&mut builder, &slot);
    }
    let rows = builder.num_gates();
    println!("{rows} rows, {:.2} a slot", rows as f64 / SLOTS as f64);
    assert!(rows <= 9 * SLOTS, "{rows} rows");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn an_unsigned_slot_may_hold_anything(values in prop::collection::vec(any::<u64>(), Slot::<F>::LEN)) {
        let values: Vec<F> = values.into_iter().map(F::from_noncanonical_u64).collect();
        let mut slot = Slot::from_slice(&values).expect("as many as there are");
        slot.signed = F::ZERO;
        prop_assert_eq!(prove(&slot, None).err(), None);
    }
}
