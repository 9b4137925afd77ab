//! What an operator shows of a batch is what it was made of, signed and allowed; or the first fault is told.

mod common;

use ashlar_payments::{
    batch::Shapes,
    policy::ClauseWitness,
    rebuild::{BatchData, Shown, Terms, UnsignedError, check_signed, rebuild},
    serve::serve,
    state::{AccountStore, Changes, MemoryStore},
    transaction::{Operation, SignedTransaction, Transaction},
    validate::TransactionError,
};
use ashlar_statement::{TIME_BITS, hash::Hash};
use common::{
    DOMAIN, FEE_ACCOUNT, TIME, builder_of, deposit, force_withdrawal, funded, key, random_operation, rng,
    signed, transfer, withdraw,
};
use plonky2::field::types::PrimeField64;
use proptest::prelude::*;
use rand::Rng;

/// Sizes of chunks in these tests.
const SHAPES: &[usize] = &[2, 8];

/// A batch as L1 has it, and what it was made of.
struct Batch {
    bridge: Vec<u8>,
    rollup: Vec<u8>,
    fee_account: u32,
    new_root: Hash,
    after: Changes,
    shown: Vec<Shown>,
}

impl Batch {
    fn data(&self) -> BatchData<'_> {
        BatchData {
            number: 7,
            bridge: &self.bridge,
            rollup: &self.rollup,
            fee_account: self.fee_account,
            new_root: self.new_root,
        }
    }

    fn check(&self, before: &MemoryStore) -> Result<(), UnsignedError<std::convert::Infallible>> {
        self.check_at(before, TIME)
    }

    fn check_at(
        &self,
        before: &MemoryStore,
        time: u32,
    ) -> Result<(), UnsignedError<std::convert::Infallible>> {
        let terms = Terms {
            domain: DOMAIN,
            time,
            shapes: Shapes::new(SHAPES),
        };
        check_signed(before, &self.data(), &self.after, terms, &self.shown)
    }

    /// Replaces what is shown.
    fn show(&mut self, place: usize, signed: &SignedTransaction) {
        self.shown[place] = Shown::Signed(signed.encode());
    }
}

fn show(operation: &Operation) -> Option<Shown> {
    match operation {
        Operation::Noop => None,
        Operation::L1(_) => Some(Shown::L1),
        Operation::Signed(signed) => Some(Shown::Signed(signed.encode())),
    }
}

/// Executes what `next` makes of the state so far, in chunks of at most so many slots.
fn execute(
    before: &MemoryStore,
    largest: usize,
    count: usize,
    mut next: impl FnMut(usize, &ashlar_payments::batch::BlockBuilder<&MemoryStore>) -> Operation,
) -> Batch {
    let sizes: Vec<usize> = SHAPES.iter().copied().filter(|size| *size <= largest).collect();
    let mut builder = builder_of(before, &sizes);
    let mut shown = Vec::new();
    for step in 0..count {
        let operation = next(step, &builder);
        // A sequencer seals no slot of nothing but at the end of a chunk: it would move where chunks end.
        if !matches!(operation, Operation::Noop) && builder.push(operation.clone()).is_ok() {
            shown.extend(show(&operation));
        }
    }
    if builder.executed() == 0 {
        builder.push(Operation::Noop).expect("changes nothing");
    }
    let (sealed, after) = builder.seal(7).expect("not empty");
    Batch {
        fee_account: (sealed.public_inputs.fee_account_and_time.to_canonical_u64() >> TIME_BITS) as u32,
        new_root: Hash {
            elements: sealed.public_inputs.new_root,
        },
        bridge: sealed.bridge,
        rollup: sealed.rollup,
        after,
        shown,
    }
}

/// A transfer of account 1, a forced withdrawal, a withdrawal and a transfer of account 2.
fn batch() -> (MemoryStore, Batch) {
    let before = funded(4, &[0]);
    let batch = execute(&before, 8, 4, |step, builder| match step {
        0 => signed(transfer(1, 2, 0, 100, 10, 0)),
        1 => serve(builder.state(), &force_withdrawal(3, 3, 0, 40))
            .expect("in memory")
            .into(),
        2 => signed(withdraw(2, 0, 500, 0, 0)),
        _ => signed(transfer(2, 1, 0, 1_000, 20, 1)),
    });
    (before, batch)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_random_batches_were_made_of_is_accepted_whatever_their_chunks(seed: u64) {
        let mut rng = rng(seed);
        let tokens = [0, 1, 7, 8, 200];
        let mut store = funded(5, &tokens);
        for _ in 0..3 {
            let (count, largest) = (rng.gen_range(1..50), SHAPES[rng.gen_range(0..SHAPES.len())]);
            let batch = execute(&store, largest, count, |_, builder| {
                random_operation(&mut rng, builder, &tokens)
            });
            let after = rebuild(&store, &batch.data()).expect("leads to its root");
            let digest = |changes: &Changes| {
                let mut store = store.clone();
                store.apply(changes.clone());
                store.digest()
            };
            prop_assert_eq!(digest(&after), digest(&batch.after));
            batch.check(&store).expect("it was made of that");
            store.apply(after);
        }
    }
}

#[test]
fn an_empty_batch_shows_nothing() {
    let before = funded(2, &[0]);
    let batch = execute(&before, 8, 0, |_, _| unreachable!());
    batch.check(&before).expect("nothing is missing");
}

#[test]
fn fees_that_are_spent_in_the_batch_that_earns_them_depend_on_its_chunks() {
    let before = funded(3, &[0]);
    let spend = |step: usize| match step {
        0 => signed(transfer(1, 2, 0, 100, 1_000, 0)),
        1 => signed(transfer(2, 1, 0, 100, 1_000, 0)),
        _ => signed(transfer(FEE_ACCOUNT, 1, 0, 1_001_000, 1_000, 0)),
    };
    let batch = execute(&before, 2, 3, |step, _| spend(step));
    assert_eq!(batch.shown.len(), 3, "the fees are there in the second chunk");
    batch.check(&before).expect("chunks of two");
    let refused = execute(&before, 8, 3, |step, _| spend(step));
    assert_eq!(refused.shown.len(), 2, "not yet in one chunk of eight");
}

/// What nobody may do: with this instead of what was signed at a place.
fn told(change: impl FnOnce(&mut Batch)) -> UnsignedError<std::convert::Infallible> {
    let (before, mut batch) = batch();
    batch.check(&before).expect("good");
    change(&mut batch);
    batch.check(&before).expect_err("changed")
}

#[test]
fn a_payment_that_another_key_has_signed_is_refused_though_its_data_lead_to_the_root() {
    let thief = transfer(1, 2, 0, 100, 10, 0).sign(&DOMAIN, &key(2));
    let error = told(|batch| batch.show(0, &thief));
    let is_refused = |error: &UnsignedError<_>, place: usize| match error {
        UnsignedError::Refused { place: found, source } => {
            assert_eq!(*found, place);
            source.to_string()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(is_refused(&error, 0), "public_key: not the owner of account 1");

    // The owner's key, and a signature that is not of it.
    let mut forged = match signed(transfer(2, 1, 0, 1_000, 20, 1)) {
        Operation::Signed(signed) => signed,
        other => panic!("{other:?}"),
    };
    forged.signature = thief.signature;
    let error = told(|batch| batch.show(3, &forged));
    assert!(matches!(
        error,
        UnsignedError::Refused {
            place: 3,
            source: TransactionError::Signature(_)
        }
    ));

    // Signed for another chain.
    let elsewhere = ashlar_statement::Domain {
        chain_id: 1,
        ..DOMAIN
    };
    let replayed = transfer(1, 2, 0, 100, 10, 0).sign(&elsewhere, &key(1));
    let error = told(|batch| batch.show(0, &replayed));
    assert!(matches!(
        error,
        UnsignedError::Refused {
            place: 0,
            source: TransactionError::Signature(_)
        }
    ));

    // Signed once, executed twice: what is published does not tell.
    let again = transfer(2, 1, 0, 1_000, 20, 0).sign(&DOMAIN, &key(2));
    let error = told(|batch| batch.show(3, &again));
    assert!(is_refused(&error, 3).starts_with("nonce"), "{error:?}");
}

#[test]
fn what_its_signer_let_expire_is_refused() {
    let before = funded(3, &[0]);
    let limited = transfer(1, 2, 0, 100, 10, 0).sign_under(&DOMAIN, &key(1), ClauseWitness::plain(), TIME);
    let batch = execute(&before, 8, 1, |_, _| limited.clone().into());
    batch.check(&before).expect("in its last minute");
    assert!(matches!(
        batch.check_at(&before, TIME + 1),
        Err(UnsignedError::Refused {
            place: 0,
            source: TransactionError::Expired { .. }
        })
    ));
}

#[test]
fn what_is_shown_is_what_is_published() {
    let sign = |tx: Transaction| match signed(tx) {
        Operation::Signed(signed) => signed,
        other => panic!("{other:?}"),
    };
    let other = |error, expected: usize| match error {
        UnsignedError::Other { place } => assert_eq!(place, expected),
        error => panic!("{error:?}"),
    };
    other(
        told(|batch| batch.show(0, &sign(transfer(1, 2, 0, 101, 10, 0)))),
        0,
    );
    other(told(|batch| batch.show(2, &sign(withdraw(2, 0, 501, 0, 0)))), 2);
    // In another order, with a stranger in place of L1's operation, and with one more of either kind.
    other(told(|batch| batch.shown.swap(0, 3)), 0);
    other(told(|batch| batch.shown.swap(1, 2)), 1);
    other(told(|batch| batch.shown[1] = batch.shown[2].clone()), 1);
    other(told(|batch| batch.shown.push(Shown::L1)), 4);
    other(told(|batch| batch.shown.push(batch.shown[0].clone())), 4);
    // Less.
    for place in [0, 1] {
        let error = told(|batch| {
            batch.shown.truncate(place);
        });
        assert!(matches!(error, UnsignedError::Missing { left } if left == 4 - place));
    }
    let error = told(|batch| batch.shown[2] = Shown::Signed(vec![1, 2]));
    assert!(matches!(error, UnsignedError::Encoding { place: 2, .. }));
}

#[test]
fn what_is_allowed_and_leads_elsewhere_is_told() {
    let (before, mut batch) = batch();
    batch.new_root.elements.swap(0, 1);
    assert!(matches!(batch.check(&before), Err(UnsignedError::Root)));
    // Fees to another account than the first of its owner.
    let (before, mut batch) = (before, self::batch().1);
    batch.fee_account = 1;
    assert!(matches!(batch.check(&before), Err(UnsignedError::Root)));
    // One that is not there earns nothing, so nobody can pay.
    batch.fee_account = 1_000;
    let error = batch.check(&before).expect_err("no such account");
    assert!(
        matches!(
            error,
            UnsignedError::Refused {
                place: 0,
                source: TransactionError::NoFeeAccount
            }
        ),
        "{error:?}"
    );
    assert!(before.account(1_000).expect("in memory").is_none());
    // A deposit that went to a stranger's account was refused before that: `rebuild` looks at it too.
    let stranger = deposit(3, 0, 5);
    let batch = execute(&before, 8, 1, |_, _| stranger.into());
    batch.check(&before).expect("its owner's");
}
