//! Negative tests of the exit circuit. Every test starts from an assignment that the circuit accepts, breaks one thing,
//! keeps all else consistent, and feeds it to the real circuit; nothing is checked beforehand.

mod common;

use std::sync::LazyLock;

use ashlar_circuit_checks::free_wires;
use ashlar_payments::{
    exit::{EXIT_KIND, ExitAssignment, ExitCircuit, OpeningWires},
    tree::{ACCOUNT_DEPTH, TOKEN_DEPTH},
};
use ashlar_statement::{
    ACCOUNT_BITS, Security, SpanPublicInputs, TIME_BITS,
    hash::F,
    prove::prove_stock,
    stream::{BLOCK_LEN, Evaluation, Ext, Stream, data_hash},
};
use common::{
    DOMAIN, TIME,
    forge::{Forged, INDEX, OWNER, TOKEN, f},
};
use plonky2::field::types::{Field, PrimeField64};

/// Slots of the circuit.
const SLOTS: usize = 2;

static CIRCUIT: LazyLock<ExitCircuit> =
    LazyLock::new(|| ExitCircuit::of_slots(Security::default(), SLOTS, &[]));

/// More than a word: both parts of the amount count.
const BALANCE: u64 = 5 << 56 | 1000;

type Slot = OpeningWires<F>;

/// Breaks one thing.
type Change<T> = fn(&mut T);

fn place(high: u64) -> F {
    f(u64::from(INDEX) << 16 | u64::from(TOKEN) << 8 | high)
}

/// Opens an account, with this last byte in the first word.
fn opening_with(account: &Forged, high: u64) -> Slot {
    let wires = account.wires();
    OpeningWires {
        enabled: F::ONE,
        place: place(high),
        head: wires.head,
        balance: wires.balance,
        balance_siblings: wires.balance_siblings,
        account_siblings: wires.account_siblings,
    }
}

fn opening(account: &Forged) -> Slot {
    opening_with(account, account.balance.to_canonical_u64() >> 56)
}

fn unused() -> Slot {
    OpeningWires::from_fn(|| F::ZERO)
}

/// Under the root of the tree with this account alone.
fn under(account: &Forged, slots: [Slot; SLOTS]) -> ExitAssignment {
    let mut claim = SpanPublicInputs::from_fn(|| None);
    claim.old_root = Forged::root_of(account.digest()).elements.map(Some);
    claim.domain = DOMAIN.words().map(Some);
    claim.z = [Some(f(12345)), Some(f(67890))];
    claim.fee_account = Some(f(7));
    claim.time = Some(f(TIME.into()));
    ExitAssignment {
        public_inputs: claim,
        slots: slots.to_vec(),
    }
}

fn account() -> Forged {
    Forged {
        flags: f(3),
        ..Forged::new(BALANCE, 5)
    }
}

/// Both slots open the account.
fn both() -> ExitAssignment {
    under(&account(), [opening(&account()); SLOTS])
}

/// The first slot opens the account, the second is padding.
fn one() -> ExitAssignment {
    under(&account(), [opening(&account()), unused()])
}

/// Words of the account's exit.
fn words() -> [u64; 5] {
    let [a0, a1, a2] = OWNER.map(|word| word.to_canonical_u64());
    [3 << 48 | place(5).to_canonical_u64(), 1000, a0, a1, a2]
}

fn block(kind: u8, words: [u64; 5]) -> [F; BLOCK_LEN] {
    let [w0, w1, w2, w3, w4] = words.map(f);
    [f(kind.into()), w0, w1, w2, w3, w4, F::ZERO, F::ZERO]
}

/// What proofs of these blocks and words would state, if they could be made.
fn stated(blocks: [[F; BLOCK_LEN]; SLOTS], words: &[u64]) -> SpanPublicInputs<F> {
    let base = both().public_inputs;
    let given = |value: Option<F>| value.expect("given");
    let mut evaluation = Evaluation::EMPTY;
    let z = plonky2::field::extension::quadratic::QuadraticExtension(base.z.map(given));
    evaluation.push(z, Stream::Bridge, words);
    SpanPublicInputs {
        old_root: base.old_root.map(given),
        new_root: base.old_root.map(given),
        domain: base.domain.map(given),
        data_hash: data_hash(blocks).elements,
        z: z.0,
        bridge_eval: evaluation.bridge_eval.0,
        rollup_eval: Ext::ZERO.0,
        bridge_power: evaluation.bridge_power.0,
        rollup_power: Ext::ONE.0,
        fee_account: given(base.fee_account),
        time: given(base.time),
        bridge_words: F::from_canonical_usize(words.len()),
        rollup_words: F::ZERO,
    }
}

/// What the proof of [`both`] states.
fn of_both() -> SpanPublicInputs<F> {
    stated([block(EXIT_KIND, words()); SLOTS], &[words(); SLOTS].concat())
}

/// What the proof of [`one`] states.
fn of_one() -> SpanPublicInputs<F> {
    stated([block(EXIT_KIND, words()), [F::ZERO; BLOCK_LEN]], &words())
}

fn proves(assignment: &ExitAssignment) -> Result<SpanPublicInputs<F>, String> {
    let proof = prove_stock("exit", &CIRCUIT.data, || CIRCUIT.set(assignment))
        .map_err(|error| format!("{error:?}"))?;
    SpanPublicInputs::from_slice(&proof.public_inputs).map_err(|error| error.to_string())
}

#[track_caller]
fn accepted(assignment: &ExitAssignment) -> SpanPublicInputs<F> {
    proves(assignment).expect("a satisfied circuit")
}

#[track_caller]
fn rejected(assignment: &ExitAssignment, what: &str) {
    assert!(proves(assignment).is_err(), "accepted: {what}");
}

#[track_caller]
fn refuses_claim(assignment: &ExitAssignment, claim: &SpanPublicInputs<F>, what: &str) {
    let mut claimed = assignment.clone();
    claimed.public_inputs = claim.map(Some);
    rejected(&claimed, what);
}

#[test]
fn unbroken_assignments_state_their_records() {
    assert_eq!(accepted(&both()), of_both());
    assert_eq!(accepted(&one()), of_one());
    let mut claimed = both();
    claimed.public_inputs = of_both().map(Some);
    assert_eq!(accepted(&claimed), of_both());
}

#[test]
fn every_part_of_an_opening_is_bound_in_every_slot() {
    let changes: [(&str, Change<Slot>); 14] = [
        ("balance", |slot| slot.balance += F::ONE),
        ("less than the balance", |slot| slot.balance -= f(1000)),
        ("first word of the owner", |slot| slot.head.l1_owner[0] += F::ONE),
        ("second word of the owner", |slot| slot.head.l1_owner[1] += F::ONE),
        ("third word of the owner", |slot| slot.head.l1_owner[2] += F::ONE),
        ("auth", |slot| slot.head.auth[3] += F::ONE),
        ("nonce", |slot| slot.head.nonce += F::ONE),
        ("flags", |slot| slot.head.flags += F::ONE),
        ("account", |slot| slot.place += f(1 << 16)),
        ("highest bit of the account", |slot| slot.place -= f(1 << 43)),
        ("token", |slot| slot.place += f(1 << 8)),
        ("lowest bit of the token", |slot| slot.place -= f(1 << 8)),
        ("balance's path", |slot| {
            slot.balance_siblings[TOKEN_DEPTH - 1][0] += F::ONE;
        }),
        ("account's path", |slot| {
            slot.account_siblings[ACCOUNT_DEPTH - 1][3] += F::ONE;
        }),
    ];
    for slot in 0..SLOTS {
        for (what, change) in changes {
            let mut broken = both();
            change(&mut broken.slots[slot]);
            rejected(&broken, &format!("another {what} in slot {slot}"));
        }
    }
}

#[test]
fn every_element_of_the_root_is_bound() {
    for element in 0..4 {
        let mut other = one();
        let value = &mut other.public_inputs.old_root[element];
        *value = value.map(|value| value + F::ONE);
        rejected(&other, &format!("element {element} of the root"));
    }
}

#[test]
fn an_absent_account_is_not_opened() {
    let absent = Forged::absent();
    rejected(&under(&absent, [opening(&absent), unused()]), "a blank account");
    let mut nothing = opening(&absent);
    nothing.head = ashlar_payments::chunk::HeadWires::from_fn(|| F::ZERO);
    rejected(&under(&absent, [nothing, unused()]), "an account of zeros");
    rejected(&under(&absent, [opening(&account()), unused()]), "another's");
}

#[test]
fn an_account_that_holds_nothing_pays_nothing() {
    let empty = Forged::new(0, 5);
    let stated = accepted(&under(&empty, [opening(&empty), unused()]));
    assert_eq!(stated.bridge_words, f(5));
}

#[test]
fn the_first_word_has_one_reading() {
    let mut wide = both();
    wide.slots[1].place += f(1 << 44);
    rejected(&wide, "an account of 29 bits");
    for bit in [6, 7] {
        let mut high = both();
        high.slots[1].place += f(1 << bit);
        rejected(&high, &format!("bit {bit} of the last byte"));
    }
}

#[test]
fn an_amount_is_split_in_one_way() {
    let with = |balance, high| {
        let account = Forged::new(balance, 5);
        under(&account, [opening_with(&account, high), unused()])
    };
    accepted(&with((1 << 62) - 1, 63));
    accepted(&with(1 << 56, 1));
    rejected(&with(1 << 56, 0), "a second word of 57 bits");
    rejected(&with(1000, 1), "2^56 more than there is");
    rejected(&with(2 << 56, 1), "high bits that are one less");
    rejected(&with(1 << 62, 63), "a balance of 63 bits");
}

#[test]
fn a_slot_is_in_use_or_not() {
    for enabled in [f(2), -F::ONE] {
        for slot in 0..SLOTS {
            let mut twice = both();
            twice.slots[slot].enabled = enabled;
            rejected(&twice, &format!("slot {slot} in use {enabled} times"));
        }
    }
}

#[test]
fn a_slot_that_is_not_in_use_publishes_nothing_and_influences_nothing() {
    // All of another account, under another root.
    let mut stray = opening(&Forged::new(6 << 56 | 77, 9));
    stray.head.l1_owner = [f(1), f(2), f(3)];
    stray.enabled = F::ZERO;
    assert_eq!(
        accepted(&under(&account(), [opening(&account()), stray])),
        of_one()
    );
    let first = under(&account(), [stray, opening(&account())]);
    let expected = stated([[F::ZERO; BLOCK_LEN], block(EXIT_KIND, words())], &words());
    assert_eq!(accepted(&first), expected);
    assert_eq!(
        accepted(&under(&account(), [stray, unused()])),
        stated([[F::ZERO; BLOCK_LEN]; SLOTS], &[])
    );
    // What it would publish is not what it may claim.
    let mut off = both();
    off.slots[1].enabled = F::ZERO;
    refuses_claim(&off, &of_both(), "an exit of a slot that is not in use");
    refuses_claim(&both(), &of_one(), "an exit that is kept back");
}

#[test]
fn every_public_input_is_bound() {
    // An exit depends on neither domain, fee account nor time: L1 compares them with its own.
    let free = |index: usize| (8..12).contains(&index) || index == 26 || index == 27;
    for (assignment, honest) in [(both(), of_both()), (one(), of_one())] {
        for index in 0..SpanPublicInputs::<F>::LEN {
            let mut claim = honest.to_vec();
            claim[index] += F::ONE;
            let claim = SpanPublicInputs::from_slice(&claim).expect("as many");
            if free(index) {
                let mut claimed = assignment.clone();
                claimed.public_inputs = claim.map(Some);
                assert_eq!(accepted(&claimed), claim, "public input {index}");
            } else {
                refuses_claim(&assignment, &claim, &format!("public input {index}"));
            }
        }
    }
}

#[test]
fn time_and_fee_account_are_in_range() {
    let claim = |time: u64, fee_account: u64| {
        let mut assignment = one();
        assignment.public_inputs.time = Some(f(time));
        assignment.public_inputs.fee_account = Some(f(fee_account));
        assignment
    };
    accepted(&claim((1 << TIME_BITS) - 1, (1 << ACCOUNT_BITS) - 1));
    rejected(&claim(1 << TIME_BITS, 0), "a time of 29 bits");
    rejected(&claim(0, 1 << ACCOUNT_BITS), "a fee account of 29 bits");
}

#[test]
fn a_record_of_another_kind_or_with_more_in_it_is_not_stated() {
    let honest = words();
    let claimed = |blocks, words: &[u64], what: &str| {
        refuses_claim(&both(), &stated(blocks, words), what);
    };
    for tag in [0, 1, 2, 4, 5] {
        let mut other = honest;
        other[0] = tag << 48 | honest[0] & ((1 << 48) - 1);
        let blocks = [block(EXIT_KIND, other), block(EXIT_KIND, honest)];
        claimed(blocks, &[other, honest].concat(), &format!("tag {tag}"));
    }
    for kind in 0..EXIT_KIND {
        let blocks = [block(EXIT_KIND, honest), block(kind, honest)];
        claimed(blocks, &[honest, honest].concat(), &format!("kind {kind}"));
    }
    for padding in 6..BLOCK_LEN {
        let mut blocks = [block(EXIT_KIND, honest); SLOTS];
        blocks[1][padding] = F::ONE;
        claimed(
            blocks,
            &[honest, honest].concat(),
            &format!("padding in element {padding}"),
        );
    }
    for element in 0..BLOCK_LEN {
        let mut padding = [F::ZERO; BLOCK_LEN];
        padding[element] = F::ONE;
        refuses_claim(
            &one(),
            &stated([block(EXIT_KIND, honest), padding], &honest),
            &format!("element {element} of a slot that is not in use"),
        );
    }
    let blocks = [block(EXIT_KIND, honest); SLOTS];
    claimed(blocks, &honest, "a word count of one record");
    claimed(
        blocks,
        &[honest.to_vec(), vec![0], honest.to_vec()].concat(),
        "a gap",
    );
}

#[test]
fn no_derived_wire_is_free() {
    let mut stray = opening(&Forged::new(6 << 56 | 77, 9));
    stray.enabled = F::ZERO;
    let assignments = [both(), one(), under(&account(), [opening(&account()), stray])];
    let witnesses = assignments.map(|assignment| {
        assert!(
            assignment.public_inputs.new_root.iter().all(Option::is_none),
            "left to the circuit"
        );
        CIRCUIT.set(&assignment).expect("as many slots")
    });
    let findings = free_wires(&CIRCUIT.data, witnesses).expect("satisfied");
    assert_eq!((findings.free, findings.idle), (vec![], vec![]));
    assert!(
        findings.determined > CIRCUIT.rows().total * 50,
        "{}",
        findings.determined
    );
}
