//! The native transition: what it accepts, what it refuses, and that a refused operation changes nothing.

mod common;

use std::collections::BTreeMap;

use ashlar_payments::{
    account::Account,
    batch::{SealError, SealedBatch, fold_spans},
    packing::PackedFee,
    state::{AccountStore, MemoryStore, Overlay},
    transaction::{Domain, L1Operation, Operation, SignedTransaction, Transaction},
    tree::ACCOUNT_DEPTH,
    validate::{ExecuteError, TransactionError, validate},
};
use ashlar_statement::{
    fee_account_and_time,
    stream::{WORD_BYTES, evaluate_bytes},
    stream_words,
};
use common::{
    DOMAIN, FEE_ACCOUNT, TIME, auth_of, builder, deposit, deposit_for, funded, key, owned_by, owner,
    random_operation, rng, signed, transfer, withdraw,
};
use plonky2::field::extension::quadratic::QuadraticExtension;

fn balance(store: &MemoryStore, account: u32, token: u8) -> u64 {
    store
        .account(account)
        .expect("in memory")
        .expect("exists")
        .balance(token)
}

/// Pushes an operation that must be refused, checks that nothing changed, and returns why.
fn refusal(store: &MemoryStore, operation: impl Into<Operation>) -> TransactionError {
    let mut builder = builder(store, 8);
    let before = builder.state().clone();
    let error = builder.push(operation).expect_err("must be refused");
    assert_eq!(builder.executed(), 0);
    let changes = |overlay: Overlay<_>| overlay.into_changes().expect("in memory");
    assert_eq!(changes(builder.state().clone()), changes(before));
    match error {
        ExecuteError::Refused(error) => error,
        ExecuteError::State(error) => panic!("{error}"),
    }
}

#[test]
fn transfer_moves_amount_and_fee() {
    let mut store = funded(3, &[7]);
    let mut builder = builder(&store, 4);
    builder
        .push(signed(transfer(1, 2, 7, 1000, 30, 0)))
        .expect("valid");
    builder.push(signed(withdraw(2, 7, 500, 20, 0))).expect("valid");
    let (batch, changes) = builder.seal(1).expect("not empty");
    store.apply(changes);
    assert_eq!(balance(&store, 1, 7), 1_000_000 - 1030);
    assert_eq!(balance(&store, 2, 7), 1_000_000 + 1000 - 520);
    assert_eq!(balance(&store, FEE_ACCOUNT, 7), 1_000_050);
    assert_eq!(store.account(1).expect("in memory").expect("exists").nonce, 1);
    assert_eq!(
        (batch.chunks.len(), batch.bridge.len(), batch.rollup.len()),
        (1, 35, 14)
    );
}

#[test]
fn bad_transactions_are_refused_by_name() {
    let store = funded(3, &[0]);
    let tx = |from, to, amount, nonce| signed(transfer(from, to, 0, amount, 10, nonce));
    use TransactionError as E;
    assert!(matches!(
        refusal(&store, tx(9, 1, 1, 0)),
        E::UnknownAccount {
            field: "from",
            account: 9
        }
    ));
    assert!(matches!(
        refusal(&store, tx(1, 9, 1, 0)),
        E::UnknownAccount {
            field: "to",
            account: 9
        }
    ));
    assert!(matches!(
        refusal(&store, tx(1, 2, 1, 1)),
        E::Nonce {
            given: 1,
            expected: 0,
            last: 0,
            ..
        }
    ));
    assert!(matches!(
        refusal(&store, tx(1, 2, 1, u32::MAX)),
        E::Nonce { given: u32::MAX, .. }
    ));
    let error = refusal(&store, tx(1, 2, 999_991, 0));
    assert!(
        matches!(
            error,
            E::InsufficientBalance {
                balance: 1_000_000,
                needed: 1_000_001,
                ..
            }
        ),
        "{error}"
    );
    assert!(matches!(
        refusal(&store, signed(withdraw(1, 0, 0, 0, 0))),
        E::BridgeAmount { amount: 0 }
    ));
    assert!(matches!(
        refusal(&store, signed(withdraw(1, 0, 1 << 56, 0, 0))),
        E::BridgeAmount { .. }
    ));
    assert!(matches!(
        refusal(&store, deposit(1, 0, 0)),
        E::BridgeAmount { amount: 0 }
    ));
    assert!(matches!(
        refusal(&store, deposit(1, 0, 1 << 56)),
        E::BridgeAmount { .. }
    ));
    assert!(matches!(
        refusal(&store, deposit_for(1, 2, 0, 5)),
        E::NotOwner {
            field: "owner",
            account: 1
        }
    ));
    let mut other_auth = deposit(1, 0, 5);
    if let L1Operation::Deposit(deposit) = &mut other_auth.operation {
        deposit.auth = auth_of(2);
    }
    assert!(matches!(
        refusal(&store, other_auth),
        E::NotOwner {
            field: "auth",
            account: 1
        }
    ));
    let misled = owned_by(transfer(1, 2, 0, 5, 0, 0), 0);
    assert!(matches!(
        refusal(&store, signed(misled)),
        E::PayeeChanged { account: 2 }
    ));
}

#[test]
fn bad_signatures_are_refused() {
    let store = funded(3, &[0]);
    let tx = transfer(1, 2, 0, 5, 0, 0);
    let other_key = tx.sign(&DOMAIN, &key(2));
    let error = refusal(&store, other_key);
    assert!(matches!(
        error,
        TransactionError::NotOwner {
            field: "public_key",
            account: 1
        }
    ));
    let other_chain = tx.sign(
        &Domain {
            chain_id: 1,
            ..DOMAIN
        },
        &key(1),
    );
    assert!(matches!(
        refusal(&store, other_chain),
        TransactionError::Signature(_)
    ));
    let changed = SignedTransaction {
        tx: transfer(1, 2, 0, 6, 0, 0),
        ..tx.sign(&DOMAIN, &key(1))
    };
    assert!(matches!(refusal(&store, changed), TransactionError::Signature(_)));
}

#[test]
fn limits_of_balances_and_nonces() {
    let mut store = funded(3, &[0]);
    let mut changes = Overlay::new(&store);
    let rich = |account: u32, nonce| Account {
        nonce,
        balances: BTreeMap::from([(0, (1 << 62) - 1)]),
        ..Account::new(owner(account), auth_of(account))
    };
    changes.set_account(1, rich(1, u32::MAX)).expect("in memory");
    changes.set_account(0, rich(0, 0)).expect("in memory");
    changes.commit();
    let changes = changes.into_changes().expect("in memory");
    store.apply(changes);
    let limit = |error| matches!(error, TransactionError::BalanceLimit { token: 0, .. });
    assert!(limit(refusal(&store, deposit(1, 0, 1))));
    assert!(limit(refusal(&store, signed(transfer(2, 1, 0, 1, 0, 0)))));
    assert!(
        limit(refusal(&store, signed(transfer(2, 2, 0, 1, 10, 0)))),
        "the fee account is full"
    );
    let error = refusal(&store, signed(transfer(1, 2, 0, 1, 0, u32::MAX)));
    assert!(matches!(error, TransactionError::NonceExhausted { account: 1 }));
    // To oneself: the debit comes first, so a full account may pay itself.
    let own = signed(transfer(0, 0, 0, 1000, 0, 0));
    builder(&store, 4).push(own).expect("debit before credit");
}

#[test]
fn no_fee_without_a_fee_account() {
    let store = MemoryStore::new();
    let mut builder = builder(&store, 4);
    builder.push(deposit(5, 0, 100)).expect("fresh leaf");
    let paid = signed(transfer(5, 5, 0, 1, 1, 0));
    let error = builder.push(paid).expect_err("no fee account");
    assert!(matches!(
        error,
        ExecuteError::Refused(TransactionError::NoFeeAccount)
    ));
    builder
        .push(signed(transfer(5, 5, 0, 1, 0, 0)))
        .expect("free of charge");
    assert_eq!(builder.executed(), 2);
}

/// Whoever deposits first has account 0, and earns nothing by that.
#[test]
fn fees_go_to_the_account_of_their_owner_whatever_its_index() {
    let mut store = MemoryStore::new();
    let mut builder = builder(&store, 2);
    let owner = deposit_for(3, FEE_ACCOUNT, 0, 1);
    let stranger = deposit_for(0, 5, 0, 100);
    builder.push(stranger).expect("fresh leaf");
    let free = owned_by(transfer(0, 0, 0, 1, 0, 0), 5).sign(&DOMAIN, &key(5));
    builder.push(free).expect("free of charge");
    builder.push(owner).expect("fresh leaf");
    let paid = owned_by(transfer(0, 0, 0, 1, 7, 1), 5).sign(&DOMAIN, &key(5));
    builder.push(paid).expect("the owner has an account");
    let (batch, changes) = builder.seal(1).expect("not empty");
    // A chunk from before the owner's deposit names the same account.
    assert_eq!(
        batch
            .chunks
            .iter()
            .map(|chunk| chunk.fee_account)
            .collect::<Vec<_>>(),
        [3, 3]
    );
    store.apply(changes);
    assert_eq!((balance(&store, 0, 0), balance(&store, 3, 0)), (93, 8));
}

#[test]
fn admission_window_accepts_later_nonces() {
    let store = funded(2, &[0]);
    let tx = |nonce| transfer(1, 0, 0, 1, 0, nonce).sign(&DOMAIN, &key(1));
    assert!(validate(&store, &DOMAIN, &tx(3), 3, TIME).is_ok());
    let error = validate(&store, &DOMAIN, &tx(4), 3, TIME).expect_err("too far ahead");
    assert!(matches!(
        error,
        ExecuteError::Refused(TransactionError::Nonce {
            expected: 0,
            last: 3,
            ..
        })
    ));
}

#[test]
fn a_fifth_fee_token_opens_a_new_chunk() {
    let tokens = [1, 2, 3, 4, 5];
    let mut store = funded(2, &tokens);
    let mut builder = builder(&store, 8);
    for (nonce, token) in (0..).zip(tokens) {
        let placement = builder
            .push(signed(transfer(1, 0, token, 10, 3, nonce)))
            .expect("valid");
        let expected = if token == 5 { (1, 0) } else { (0, nonce as usize) };
        assert_eq!((placement.chunk, placement.slot), expected);
    }
    let (batch, changes) = builder.seal(1).expect("not empty");
    assert_eq!(batch.chunks[0].fee.tokens, [1, 2, 3, 4]);
    assert_eq!(batch.chunks[1].fee.tokens, [5, 0, 0, 0]);
    store.apply(changes);
    assert!(
        tokens
            .iter()
            .all(|token| balance(&store, FEE_ACCOUNT, *token) == 1_000_013)
    );
}

fn check_batch(batch: &SealedBatch, before: &MemoryStore, after: &MemoryStore) {
    let root = |store: &MemoryStore| {
        store
            .node(ACCOUNT_DEPTH as u8, 0)
            .expect("in memory")
            .expect("not empty")
            .elements
    };
    let inputs = &batch.public_inputs;
    assert_eq!((inputs.old_root, inputs.new_root), (root(before), root(after)));
    let z = QuadraticExtension(inputs.z);
    let evaluated = |stream| evaluate_bytes(stream, z).expect("whole words").0;
    assert_eq!(evaluated(&batch.bridge), inputs.bridge_eval);
    assert_eq!(evaluated(&batch.rollup), inputs.rollup_eval);
    let words = |stream: &[u8]| (stream.len() / WORD_BYTES) as u64;
    assert_eq!(
        inputs.stream_words.0,
        stream_words(words(&batch.bridge), words(&batch.rollup))
    );
    let span = fold_spans(&batch.spans).expect("chained");
    assert_eq!(span.data_hash, inputs.data_hash);
    for (chunk, span) in batch.chunks.iter().zip(&batch.spans) {
        assert_eq!(chunk.check().expect("valid witness"), *span);
    }
}

#[test]
fn random_batches_replay_and_conserve_tokens() {
    let tokens = [0, 3, 200, 201, 255];
    for seed in 0..3 {
        let mut rng = rng(seed);
        let store = funded(4, &tokens);
        let mut builder = builder(&store, 8);
        let (mut deposited, mut withdrawn) = (0, 0);
        for _ in 0..30 {
            let operation = random_operation(&mut rng, &builder, &tokens);
            match &operation {
                Operation::L1(served) => match served.operation {
                    L1Operation::Deposit(deposit) => deposited += deposit.amount,
                    L1Operation::ForcedWithdrawal(_) => withdrawn += served.paid,
                    _ => {}
                },
                Operation::Signed(signed) if matches!(signed.tx, Transaction::Withdraw(_)) => {
                    withdrawn += signed.tx.amount();
                }
                Operation::Noop | Operation::Signed(_) => {}
            }
            builder.push(operation).expect("valid");
        }
        let (batch, changes) = builder.seal(1).expect("not empty");
        let mut after = store.clone();
        after.apply(changes);
        check_batch(&batch, &store, &after);
        let total = |store: &MemoryStore| -> u64 {
            store
                .accounts()
                .flat_map(|(_, account)| account.balances.values())
                .sum()
        };
        assert_eq!(total(&after), total(&store) + deposited - withdrawn);
        let bytes = postcard::to_stdvec(&batch).expect("serialises");
        assert_eq!(
            postcard::from_bytes::<SealedBatch>(&bytes).expect("parses"),
            batch
        );
    }
}

#[test]
fn sealing_binds_the_batch_number_and_refuses_an_empty_batch() {
    let store = funded(2, &[0]);
    let seal = |number| {
        let mut builder = builder(&store, 2);
        builder.push(deposit(0, 0, 1)).expect("valid");
        builder.seal(number).expect("not empty").0.public_inputs
    };
    assert_ne!(seal(1).z, seal(2).z);
    assert_eq!(seal(1).data_hash, seal(2).data_hash);
    assert_eq!(seal(1).stream_words.0, stream_words(10, 0), "a deposit");
    assert_eq!(
        seal(1).fee_account_and_time.0,
        fee_account_and_time(0, TIME.into())
    );
    assert!(matches!(
        builder(&store, 2).seal(1),
        Err(SealError::Seal(ashlar_statement::SealError::Empty))
    ));
}

#[test]
fn fee_values_are_what_the_wallet_signed() {
    let fee = PackedFee::ceil(123).expect("in range");
    assert_eq!((fee.value(), fee.bits()), (130, 13 << 3 | 1));
}
