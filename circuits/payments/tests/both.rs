//! Two operations that are executed one behind the other, or neither.

mod common;

use ashlar_payments::{
    batch::BlockBuilder,
    state::{MemoryStore, Overlay},
    transaction::Operation,
    validate::{ExecuteError, TransactionError},
};
use common::{builder, funded, signed, transfer, withdraw};

/// Slots of a chunk.
const CHUNK: usize = 8;

fn changes<S: ashlar_payments::state::AccountStore<Error: std::fmt::Debug>>(
    overlay: Overlay<S>,
) -> ashlar_payments::state::Changes {
    overlay.into_changes().expect("in memory")
}

/// Account 1 pays nothing, account 2 for both.
fn pair(nonce: u32) -> [Operation; 2] {
    [
        signed(transfer(1, 3, 7, 1_000, 0, nonce)),
        signed(transfer(2, 2, 8, 0, 30, nonce)),
    ]
}

fn after<'a>(store: &'a MemoryStore, before: &[Operation]) -> BlockBuilder<&'a MemoryStore> {
    let mut builder = builder(store, CHUNK);
    for operation in before {
        builder.push(operation.clone()).expect("valid");
    }
    builder
}

#[test]
fn both_are_two_operations_in_a_row_wherever_a_chunk_ends() {
    let store = funded(4, &[1, 2, 3, 7, 8]);
    let one_by_one =
        |count: u32, token: u8| (0..count).map(move |nonce| signed(transfer(3, 1, token, 5, 10, nonce)));
    // So many before them; and four whose fees take all fee slots of the chunk but one, and all of them.
    let mut cases: Vec<Vec<Operation>> = (0..=9).map(|count| one_by_one(count, 7).collect()).collect();
    for tokens in [&[1, 2, 3][..], &[1, 2, 3, 7]] {
        let before = (0..).zip(tokens);
        cases.push(
            before
                .map(|(nonce, token)| signed(transfer(3, 1, *token, 5, 10, nonce)))
                .collect(),
        );
    }
    for before in cases {
        let mut apart = after(&store, &before);
        for operation in pair(0) {
            apart.push(operation).expect("valid");
        }
        let mut together = after(&store, &before);
        let size = together.size(&pair(0));
        let [first, second] = together.push_both_verified(pair(0)).expect("valid");
        let order = [first, second].map(|place| place.chunk * CHUNK + place.slot);
        assert!(order[0] < order[1], "{order:?}");
        assert_eq!(size, together.size(&[]), "after {}", before.len());
        let [apart, together] = [apart, together].map(|builder| builder.seal(1).expect("not empty"));
        assert!(apart.0 == together.0, "after {}", before.len());
        assert_eq!(apart.1, together.1);
    }
}

#[test]
fn neither_is_executed_if_one_is_refused() {
    let store = funded(4, &[7, 8]);
    let [unpaid, sponsor] = pair(0);
    let beyond = |from, token| signed(transfer(from, 3, token, 2_000_000, 0, 0));
    let late = signed(transfer(2, 2, 8, 0, 30, 1));
    let cases: [(usize, [Operation; 2]); 4] = [
        (0, [beyond(1, 7), sponsor.clone()]),
        (1, [unpaid.clone(), beyond(2, 8)]),
        (1, [unpaid.clone(), late]),
        (1, [unpaid.clone(), unpaid.clone()]),
    ];
    for before in [0, CHUNK - 1] {
        let before: Vec<_> = (0..before as u32)
            .map(|nonce| signed(withdraw(3, 7, 5, 10, nonce)))
            .collect();
        let mut builder = after(&store, &before);
        for (which, both) in &cases {
            let state = changes(builder.state().clone());
            let (refused, error) = builder.push_both_verified(both.clone()).expect_err("refused");
            assert_eq!(refused, *which);
            assert!(
                matches!(
                    error,
                    ExecuteError::Refused(
                        TransactionError::InsufficientBalance { .. } | TransactionError::Nonce { .. }
                    )
                ),
                "{error:?}"
            );
            assert_eq!(builder.executed(), before.len());
            assert_eq!(changes(builder.state().clone()), state);
        }
        // What is left as it was takes them.
        builder
            .push_both_verified([unpaid.clone(), sponsor.clone()])
            .expect("valid");
    }
}

#[test]
fn the_second_sees_what_the_first_has_done() {
    // The sponsor has no token 8 but for what he is paid here.
    let poor = funded(4, &[7]);
    let mut store = poor.clone();
    let mut given = builder(&poor, CHUNK);
    given.push(common::deposit(1, 8, 1_000)).expect("valid");
    let (_, changes) = given.seal(1).expect("not empty");
    store.apply(changes);
    let both = [
        signed(transfer(1, 2, 8, 1_000, 0, 0)),
        signed(transfer(2, 2, 8, 0, 30, 0)),
    ];
    let mut paid = builder(&store, CHUNK);
    paid.push_both_verified(both.clone()).expect("paid by the first");
    let mut unpaid = builder(&poor, CHUNK);
    let (which, _) = unpaid.push_both_verified(both).expect_err("nobody has token 8");
    assert_eq!(which, 0);
}
