//! The state from public data alone is the state that was executed, whatever order the records of the two streams had; and
//! data that are not a batch's are told.

mod common;

use std::collections::BTreeSet;

use ashlar_payments::{
    exit::Exit,
    rebuild::{
        BatchData, Published, RebuildError, RecordFault, RecordsError, bridge_records, rebuild,
        rollup_records,
    },
    serve::serve,
    state::{AccountStore, MemoryStore, Overlay},
    transaction::{L1Operation, Operation},
};
use ashlar_statement::{
    TIME_BITS,
    hash::{F, Hash},
};
use common::{
    FEE_ACCOUNT, builder_of, deposit, force_transfer, force_withdrawal, funded, owner, random_operation, rng,
    set_auth, set_flags, signed, transfer, withdraw,
};
use plonky2::field::types::{Field, PrimeField64};
use proptest::prelude::*;
use rand::Rng;

/// A batch as L1 has it.
#[derive(Clone)]
struct OnL1 {
    number: u64,
    bridge: Vec<u8>,
    rollup: Vec<u8>,
    fee_account: u32,
    new_root: Hash,
    chunks: usize,
}

impl OnL1 {
    fn data(&self) -> BatchData<'_> {
        BatchData {
            number: self.number,
            bridge: &self.bridge,
            rollup: &self.rollup,
            fee_account: self.fee_account,
            new_root: self.new_root,
        }
    }

    fn records(&self) -> Vec<Published> {
        let mut records = bridge_records(&self.bridge).expect("whole records");
        records.extend(rollup_records(&self.rollup).expect("whole records"));
        records.into_iter().map(|(_, record)| record).collect()
    }
}

/// Executes what `next` makes of the state so far, `count` times, and writes it to the store.
fn execute(
    store: &mut MemoryStore,
    number: u64,
    count: usize,
    mut next: impl FnMut(usize, &ashlar_payments::batch::BlockBuilder<&MemoryStore>) -> Operation,
) -> OnL1 {
    let mut builder = builder_of(store, &[2, 8]);
    for step in 0..count {
        let operation = next(step, &builder);
        // What the fee account's limits or an absent fee account refuse is not in the batch.
        let _ = builder.push(operation);
    }
    if builder.executed() == 0 {
        builder.push(Operation::Noop).expect("changes nothing");
    }
    let (sealed, changes) = builder.seal(number).expect("not empty");
    store.apply(changes);
    OnL1 {
        number,
        chunks: sealed.chunks.len(),
        fee_account: (sealed.public_inputs.fee_account_and_time.to_canonical_u64() >> TIME_BITS) as u32,
        new_root: root(store),
        bridge: sealed.bridge,
        rollup: sealed.rollup,
    }
}

fn root(store: &MemoryStore) -> Hash {
    Overlay::new(store).root().expect("in memory")
}

fn follow(twin: &mut MemoryStore, batch: &OnL1) {
    let changes = rebuild(&*twin, &batch.data()).expect("leads to its root");
    twin.apply(changes);
}

fn kind(record: &Published) -> &'static str {
    match record {
        Published::L1(served) => match served.operation {
            L1Operation::Deposit(_) => "deposit",
            L1Operation::SetAuth(_) => "set auth",
            L1Operation::SetFlags(_) => "set flags",
            L1Operation::ForcedWithdrawal(_) if served.paid > 0 => "forced withdrawal",
            L1Operation::ForcedTransfer(_) if served.paid > 0 => "forced transfer",
            _ => "forced for nothing",
        },
        Published::Withdrawal { .. } => "withdrawal",
        Published::Exit(_) => "exit",
        Published::Transfer { .. } => "transfer",
    }
}

/// Random batches on a state without accounts, and what they were made of.
fn random_batches(seed: u64) -> (BTreeSet<&'static str>, usize) {
    let mut rng = rng(seed);
    let tokens = [0, 1, 7, 8, 200, 255];
    let (mut store, mut twin) = (MemoryStore::new(), MemoryStore::new());
    let (mut kinds, mut most_chunks) = (BTreeSet::new(), 0);
    for number in 1..4 {
        let count = rng.gen_range(1..60);
        let batch = execute(&mut store, number, count, |step, builder| match (number, step) {
            // The first account is not the one that earns the fees, which comes within the batch, or never.
            (1, 0..4) => {
                let deposit = deposit(step as u32 + 1, tokens[step % 2], 5_000_000).operation;
                serve(builder.state(), &deposit).expect("in memory").into()
            }
            _ => random_operation(&mut rng, builder, &tokens),
        });
        follow(&mut twin, &batch);
        assert_eq!(twin.digest(), store.digest(), "batch {number} of seed {seed}");
        assert!(twin.accounts().eq(store.accounts()));
        kinds.extend(batch.records().iter().map(kind));
        most_chunks = most_chunks.max(batch.chunks);
    }
    (kinds, most_chunks)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn public_data_lead_to_the_state_that_was_executed(seed: u64) {
        random_batches(seed);
    }
}

#[test]
fn such_batches_have_operations_of_all_kinds_and_several_chunks() {
    let (mut kinds, mut chunks) = (BTreeSet::new(), 0);
    for seed in 0..24 {
        let (found, most) = random_batches(seed);
        kinds.extend(found);
        chunks = chunks.max(most);
    }
    let expected = [
        "deposit",
        "forced for nothing",
        "forced transfer",
        "forced withdrawal",
        "set auth",
        "set flags",
        "transfer",
        "withdrawal",
    ];
    assert_eq!(kinds, expected.into());
    assert!(chunks >= 6, "{chunks} chunks");
}

#[test]
fn what_came_by_one_stream_is_spent_by_the_other() {
    let mut store = funded(3, &[0]);
    let mut twin = store.clone();
    let operations: Vec<Operation> = vec![
        // 3 exists by the bridge stream, is rich by the rollup stream, and leaves by the bridge stream.
        deposit(3, 0, 1).into(),
        signed(transfer(1, 3, 0, 900_000, 100, 0)),
        signed(withdraw(3, 0, 800_000, 1_000, 0)),
        signed(transfer(3, 2, 0, 9_000, 0, 1)),
    ];
    let batch = execute(&mut store, 1, operations.len() + 4, |step, builder| {
        let served = |operation| serve(builder.state(), &operation).expect("in memory").into();
        match step {
            4 => served(force_transfer(2, 1, 2, 0, 1_000_000)),
            5 => served(force_withdrawal(3, 3, 0, 1 << 40)),
            // The key of another signs, for a while.
            6 => served(set_auth(1, 1, 2)),
            7 => served(set_auth(1, 1, 1)),
            _ => operations[step].clone(),
        }
    });
    assert_eq!(batch.records().len(), 8);
    follow(&mut twin, &batch);
    assert_eq!(twin.digest(), store.digest());
    let left = twin.account(3).expect("in memory").expect("there");
    assert_eq!((left.balance(0), left.nonce), (0, 2));
}

#[test]
fn flags_and_orders_of_strangers_leave_the_same_trace() {
    let (mut store, mut twin) = (MemoryStore::new(), MemoryStore::new());
    let orders = [
        deposit(0, 3, 50).operation,
        set_auth(9, 9, 9), // of nobody: the leaf is opened and stays empty
        set_flags(0, 7),
        force_withdrawal(0, 1, 3, 20),
        force_transfer(0, 9, 0, 3, 20),
        set_auth(0, 1, 1),
    ];
    let batch = execute(&mut store, 1, orders.len(), |step, builder| {
        serve(builder.state(), &orders[step]).expect("in memory").into()
    });
    assert_eq!(batch.records().len(), 6);
    follow(&mut twin, &batch);
    assert_eq!(twin.digest(), store.digest());
    assert_ne!(twin, store, "one of them has opened an empty leaf");
    assert_ne!(twin.digest(), MemoryStore::new().digest());
}

#[test]
fn an_exit_changes_nothing() {
    let mut store = funded(2, &[0]);
    let before = store.digest();
    let exit = Exit {
        account: 1,
        token: 0,
        amount: 1_000_000,
        owner: owner(1),
    };
    let bridge = exit.to_bytes();
    let batch = OnL1 {
        number: 1,
        bridge,
        rollup: Vec::new(),
        fee_account: 0,
        new_root: root(&store),
        chunks: 1,
    };
    assert_eq!(batch.records(), [Published::Exit(exit)]);
    follow(&mut store, &batch);
    assert_eq!(store.digest(), before);
}

/// A state, and a batch on it: a transfer of account 1, a withdrawal of account 2.
fn batch() -> (MemoryStore, OnL1) {
    let before = funded(3, &[0]);
    let mut store = before.clone();
    let batch = execute(&mut store, 7, 2, |step, _| match step {
        0 => signed(transfer(1, 2, 0, 100, 10, 0)),
        _ => signed(withdraw(2, 0, 500, 0, 0)),
    });
    (before, batch)
}

#[test]
fn another_root_is_told_with_both() {
    let (before, mut batch) = batch();
    let found = batch.new_root;
    batch.new_root.elements[0] += F::ONE;
    let error = rebuild(&before, &batch.data()).expect_err("another root");
    assert!(
        matches!(error, RebuildError::Root { batch: 7, expected, found: was } if expected == batch.new_root && was == found)
    );
    let text = error.to_string();
    assert!(
        text.contains("batch 7") && text.contains("another L1 endpoint"),
        "{text}"
    );
    // One bit of any stream, or another fee account, leads elsewhere.
    batch.new_root = found;
    let good = batch.clone();
    batch.fee_account = 1;
    assert!(matches!(
        rebuild(&before, &batch.data()),
        Err(RebuildError::Root { .. })
    ));
    batch = good.clone();
    batch.rollup[11] ^= 0x20;
    assert!(matches!(
        rebuild(&before, &batch.data()),
        Err(RebuildError::Root { .. })
    ));
    batch = good;
    batch.bridge[13] ^= 1;
    assert!(matches!(
        rebuild(&before, &batch.data()),
        Err(RebuildError::Root { .. })
    ));
}

#[test]
fn streams_that_are_cut_or_strange_are_told_with_their_place() {
    let (before, good) = batch();
    let told = |change: fn(&mut OnL1)| {
        let mut batch = good.clone();
        change(&mut batch);
        match rebuild(&before, &batch.data()) {
            Err(RebuildError::Records { batch: 7, source }) => source,
            other => panic!("{other:?}"),
        }
    };
    let (stream, offset) = ("bridge", 0);
    assert_eq!(
        told(|batch| batch.bridge.truncate(34)),
        RecordsError::Truncated {
            stream,
            offset,
            expected: 35,
            actual: 34
        }
    );
    assert_eq!(
        told(|batch| batch.bridge[0] = 8),
        RecordsError::Tag { tag: 8, offset }
    );
    assert_eq!(
        told(|batch| batch.bridge[1] = 0x10),
        RecordsError::Field {
            stream,
            offset,
            field: "account"
        }
    );
    assert!(matches!(
        told(|batch| batch.bridge[0] = 7),
        RecordsError::L1 { offset: 0, .. } | RecordsError::Tag { .. }
    ));
    let (stream, expected) = ("rollup", 14);
    assert_eq!(
        told(|batch| batch.rollup.push(0)),
        RecordsError::Truncated {
            stream,
            offset: 14,
            expected,
            actual: 1
        }
    );
    assert_eq!(
        told(|batch| batch.rollup[12] |= 31),
        RecordsError::Field {
            stream,
            offset,
            field: "amount"
        }
    );
    assert_eq!(
        told(|batch| batch.rollup[4] = 0x10),
        RecordsError::Field {
            stream,
            offset,
            field: "payee"
        }
    );
}

#[test]
fn what_no_proof_stands_for_is_told() {
    let (before, good) = batch();
    let told = |store: &MemoryStore, batch: &OnL1| match rebuild(store, &batch.data()) {
        Err(RebuildError::Fault { batch: 7, source }) => source,
        other => panic!("{other:?}"),
    };
    let mut poor = good.clone();
    poor.bridge[8] = 0xff; // far more than anybody holds
    assert!(
        matches!(told(&before, &poor), RecordFault::Balance { account: 2, token: 0, balance } if balance < 0)
    );
    let (role, account) = ("payer of a withdrawal", 2);
    assert_eq!(
        told(&MemoryStore::new(), &good),
        RecordFault::NoAccount { role, account }
    );
    let mut nobody = good.clone();
    nobody.fee_account = 77;
    let (role, account) = ("fee account", 77);
    assert_eq!(told(&before, &nobody), RecordFault::NoAccount { role, account });
    // A deposit of account 2's owner, to account 1.
    let mut store = before.clone();
    let mut deposited = execute(&mut store, 7, 1, |_, _| deposit(2, 0, 5).into());
    deposited.bridge[4] = 1;
    let (field, account) = ("owner", 1);
    assert_eq!(
        told(&before, &deposited),
        RecordFault::NotOwner { field, account }
    );
    assert_eq!(FEE_ACCOUNT, 0, "who is told above is somebody else");
}
