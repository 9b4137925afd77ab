//! The exit circuit against its native check; its size, shape, digest and bytes.

mod common;

use std::sync::LazyLock;

use ashlar_payments::{
    account::BALANCE_BITS,
    batch::SHAPES,
    chunk::ChunkCircuit,
    exit::{
        EXIT_SLOTS, Exit, ExitAssignment, ExitCircuit, ExitError, ExitFault, ExitWitness, OpeningFault,
        close, exits, holdings,
    },
    leaves::{PaymentCircuits, PaymentFault, PaymentWitness},
    state::{AccountStore, MemoryStore},
    transaction::Operation,
};
use ashlar_statement::{
    LeafCircuits, LeafWitness, SealedBatch, Security, SpanPublicInputs,
    hash::{C, D, F, hash_to_bytes32},
    prove::{ProveError, prove_stock},
    witness_from_bytes, witness_to_bytes,
};
use common::{DOMAIN, TIME, builder, deposit, funded, random_operation, rng};
use plonky2::plonk::proof::ProofWithPublicInputs;
use rand::Rng;

/// Changes a witness.
type Change = fn(&mut ExitWitness);

/// Slots of the circuit that most tests share.
const SLOTS: usize = 4;

static CIRCUIT: LazyLock<ExitCircuit> =
    LazyLock::new(|| ExitCircuit::of_slots(Security::default(), SLOTS, &[]));

/// A state that random operations have led to, in which account 1 holds more than a word of token 7.
fn state(seed: u64) -> MemoryStore {
    let (mut rng, tokens) = (rng(seed), [0, 3, 200, 255]);
    let mut store = funded(4, &tokens);
    let mut builder = builder(&store, 8);
    for _ in 0..5 {
        builder.push(deposit(1, 7, (1 << 56) - 1)).expect("valid");
    }
    for _ in 0..20 {
        let operation = random_operation(&mut rng, &builder, &tokens);
        if !matches!(operation, Operation::Noop) {
            builder.push(operation).expect("valid");
        }
    }
    let (_, changes) = builder.seal(1).expect("not empty");
    store.apply(changes);
    store
}

fn sealed(store: &MemoryStore, pairs: &[(u32, u8)], slots: usize) -> SealedBatch<ExitWitness> {
    let closed = close(store, DOMAIN, pairs, slots).expect("all are held");
    closed.seal(9, TIME).expect("not empty")
}

/// What the state says that the pairs pay.
fn expected(store: &MemoryStore, pairs: &[(u32, u8)]) -> Vec<Exit> {
    let exit = |(index, token): &(u32, u8)| {
        let account = store.account(*index).expect("in memory").expect("there");
        Exit {
            account: *index,
            token: *token,
            amount: account.balance(*token),
            owner: account.l1_owner,
        }
    };
    pairs.iter().map(exit).collect()
}

fn prove(
    circuit: &ExitCircuit,
    witness: &ExitWitness,
    claim: &SpanPublicInputs<F>,
) -> Result<ProofWithPublicInputs<F, C, D>, ProveError> {
    prove_stock("exit", &circuit.data, || {
        circuit.set(&ExitAssignment::new(witness, claim))
    })
}

#[test]
fn random_exits_prove_what_the_native_side_says() {
    for seed in 0..2 {
        let store = state(seed);
        let held = holdings(&store).expect("in memory");
        assert!(held.is_sorted() && held.contains(&(1, 7)), "{held:?}");
        let mut rng = rng(100 + seed);
        let picked: Vec<_> = (0..6).map(|_| held[rng.gen_range(0..held.len())]).collect();
        for pairs in [&held[..], &picked, &[(1, 7)]] {
            let batch = sealed(&store, pairs, SLOTS);
            assert_eq!(batch.public_inputs.old_root, batch.public_inputs.new_root);
            assert_eq!(exits(&batch.bridge), Some(expected(&store, pairs)));
            assert_eq!((batch.bridge.len(), batch.rollup.len()), (35 * pairs.len(), 0));
            assert_eq!(batch.chunks.len(), pairs.len().div_ceil(SLOTS));
            for (witness, span) in batch.chunks.iter().zip(&batch.spans) {
                let proof = prove(&CIRCUIT, witness, span).expect("valid");
                assert_eq!(proof.public_inputs, span.to_vec());
            }
        }
    }
}

#[test]
fn what_an_account_holds_beyond_a_word_leaves_in_one_record() {
    let store = state(0);
    let batch = sealed(&store, &[(1, 7)], SLOTS);
    let [exit] = exits(&batch.bridge).expect("exits alone")[..] else {
        panic!("one exit")
    };
    assert_eq!(exit.amount, 5 * ((1 << 56) - 1));
    assert_eq!(batch.bridge[6], 4, "the high bits");
}

#[test]
fn the_circuit_accepts_what_the_native_side_does_and_nothing_else() {
    let store = state(1);
    let pairs = [(0, 0), (1, 7), (2, 3)];
    let batch = sealed(&store, &pairs, SLOTS);
    let (witness, span) = (&batch.chunks[0], &batch.spans[0]);
    let path = |slot| ExitFault::Slot {
        slot,
        fault: OpeningFault::Path,
    };
    let changes: [(Change, Option<ExitFault>); 12] = [
        (|witness| witness.slots[2] = None, None),
        (|witness| witness.slots.swap(0, 2), None),
        (|witness| witness.slots.swap(0, 3), None),
        (|witness| witness.slots[3] = witness.slots[1].clone(), None),
        (|witness| opening(witness, 1).balance -= 1, Some(path(1))),
        (|witness| opening(witness, 1).account = 2, Some(path(1))),
        (|witness| opening(witness, 2).token = 4, Some(path(2))),
        (
            |witness| opening(witness, 2).head.l1_owner[19] ^= 1,
            Some(path(2)),
        ),
        (|witness| opening(witness, 2).head.nonce += 1, Some(path(2))),
        (|witness| opening(witness, 0).head.flags ^= 1, Some(path(0))),
        (
            |witness| opening(witness, 0).account |= 1 << 28,
            Some(ExitFault::Slot {
                slot: 0,
                fault: OpeningFault::Index(1 << 28),
            }),
        ),
        (
            |witness| opening(witness, 0).balance = 1 << BALANCE_BITS,
            Some(ExitFault::Slot {
                slot: 0,
                fault: OpeningFault::Balance(1 << 62),
            }),
        ),
    ];
    for (number, (change, fault)) in changes.into_iter().enumerate() {
        let mut changed = witness.clone();
        change(&mut changed);
        match (changed.replay(), fault) {
            (Ok(claim), None) => {
                let proof = prove(&CIRCUIT, &changed, &claim).expect("valid");
                assert_eq!(proof.public_inputs, claim.to_vec(), "change {number}");
            }
            (Err(told), Some(fault)) => {
                assert_eq!(told, fault, "change {number}");
                assert!(prove(&CIRCUIT, &changed, span).is_err(), "change {number}");
            }
            (replayed, fault) => panic!("change {number}: {replayed:?}, {fault:?}"),
        }
    }
}

fn opening(witness: &mut ExitWitness, slot: usize) -> &mut ashlar_payments::exit::Opening {
    witness.slots[slot].as_mut().expect("in use")
}

#[test]
fn nothing_is_left_to_be_read_into_time_and_fee_account() {
    let store = funded(1, &[0]);
    let mut witness = sealed(&store, &[(0, 0)], SLOTS).chunks.remove(0);
    let mut told = |time, fee_account| {
        (witness.time, witness.fee_account) = (time, fee_account);
        witness.replay().map(drop)
    };
    let range = |field, value| {
        Err(ExitFault::Range {
            field,
            value,
            bits: 28,
        })
    };
    assert_eq!(told((1 << 28) - 1, (1 << 28) - 1), Ok(()));
    assert_eq!(told(1 << 28, 0), range("time", 1 << 28));
    assert_eq!(told(0, 1 << 28), range("fee_account", 1 << 28));
}

#[test]
fn who_has_nothing_cannot_leave_with_it() {
    let store = funded(2, &[0]);
    let close = |pair| close(&store, DOMAIN, &[(0, 0), pair], SLOTS).map(drop);
    assert!(matches!(close((2, 0)), Err(ExitError::NoAccount(2))));
    let nothing = close((1, 9));
    assert!(matches!(
        nothing,
        Err(ExitError::Nothing { account: 1, token: 9 })
    ));
    assert!(close((1, 0)).is_ok());
    let empty = MemoryStore::new();
    assert_eq!(holdings(&empty).expect("in memory"), []);
}

/// Digest of the circuit, as 32 bytes.
const EXIT_DIGEST: &str = "8ae2b821a11e2768c26524d254aeea7749a2b79fb15e74bd62695fbb8fa147b9";

/// The circuit that is deployed, and its place beside the chunk circuits.
#[test]
fn the_full_size_circuit_is_pinned_and_has_the_shape_of_the_smallest_chunk() {
    let chunk = ChunkCircuit::of_slots(Security::default(), SHAPES.sizes()[0]);
    let common = &chunk.data.common;
    let circuit = ExitCircuit::of_slots(Security::default(), EXIT_SLOTS, &common.gates);
    let rows = circuit.rows();
    println!(
        "{rows:?}, {:.2} rows an exit",
        rows.total as f64 / rows.slots as f64
    );
    assert_eq!(rows.padded, 1 << 13);
    // Constants and the hash of the public inputs are not counted, and take less than a slot.
    let spare = rows.padded - rows.total;
    assert!(
        spare < 2 * rows.total / rows.slots,
        "{spare} rows have room for one more"
    );
    assert_eq!(circuit.data.common, *common, "they share a lift");

    let mut store = funded(20, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let (_, changes) = {
        let mut builder = builder(&store, 8);
        builder.push(deposit(20, 0, 5)).expect("valid");
        builder.seal(1).expect("not empty")
    };
    store.apply(changes);
    let held = holdings(&store).expect("in memory");
    let batch = sealed(&store, &held, EXIT_SLOTS);
    let lens: Vec<_> = batch
        .chunks
        .iter()
        .map(|chunk| chunk.slots.iter().flatten().count())
        .collect();
    assert_eq!(lens, [EXIT_SLOTS, 201 - EXIT_SLOTS]);
    for (witness, span) in batch.chunks.iter().zip(&batch.spans) {
        let start = std::time::Instant::now();
        let proof = prove(&circuit, witness, span).expect("valid");
        println!(
            "proved in {:?}, {} bytes",
            start.elapsed(),
            proof.to_bytes().len()
        );
        assert_eq!(proof.public_inputs, span.to_vec());
        let witness = PaymentWitness::from(witness.clone());
        assert_eq!(PaymentCircuits::kind(&witness), SHAPES.sizes().len());
        assert_eq!(PaymentCircuits::check(&witness), Ok(*span));
        let bytes = witness_to_bytes(&witness);
        println!("{} bytes of witness", bytes.len());
        assert_eq!(
            witness_from_bytes::<PaymentWitness>(&bytes).expect("own bytes"),
            witness
        );
    }
    let digest = hash_to_bytes32(&circuit.digest());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, EXIT_DIGEST);
}

#[test]
fn exits_of_another_number_of_slots_are_of_no_kind() {
    let store = funded(1, &[0]);
    let witness = sealed(&store, &[(0, 0)], SLOTS).chunks.remove(0);
    let error = CIRCUIT
        .set(&ExitAssignment {
            slots: Vec::new(),
            ..ExitAssignment::new(&witness, &witness.replay().expect("valid"))
        })
        .expect_err("no slots");
    assert_eq!(error.to_string(), "0 slots, the exit circuit has 4");
    let witness = PaymentWitness::from(witness);
    assert!(PaymentCircuits::kind(&witness) > SHAPES.sizes().len());
    let fault = PaymentCircuits::check(&witness).expect_err("four slots");
    let expected = ExitFault::SlotCount {
        expected: EXIT_SLOTS,
        actual: SLOTS,
    };
    assert_eq!(fault, PaymentFault::Exit(expected));
}
