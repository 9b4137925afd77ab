//! Exits through the production circuits: leaf, lift, fold and compress.

use ashlar_engine::Job;
use ashlar_payments::{
    auth,
    batch::{BlockBuilder, BlockConfig, SHAPES},
    exit::{EXIT_SLOTS, EXIT_WORDS, ExitFault, OpeningFault, close, exits, holdings},
    leaves::{PaymentFault, PaymentWitness},
    state::MemoryStore,
    transaction::{Deposit, Domain, SecretKey, Served},
};
use ashlar_recursion::{CompressCircuit, LiftCircuit, SpanKind};
use ashlar_statement::SealedBatch;

use crate::common::{engine, take};

const DOMAIN: Domain = Domain {
    chain_id: 31337,
    rollup: [0x42; 20],
};
/// Holders: one more than a proof has slots.
const HOLDERS: usize = EXIT_SLOTS + 1;

/// Everybody leaves.
fn exodus() -> SealedBatch<PaymentWitness> {
    let mut store = MemoryStore::new();
    let config = BlockConfig {
        domain: DOMAIN,
        fee_owner: [0; 20],
        shapes: SHAPES,
    };
    let mut builder = BlockBuilder::new(&store, config).expect("in memory");
    builder.set_time(29_700_000); // in minutes since 1970
    for account in 0..HOLDERS {
        let deposit = Deposit {
            token: account as u8,
            amount: 1_000 + account as u64,
            owner: [account as u8; 20],
            auth: auth::of_key(SecretKey::from_seed(b"holder").public_key().key_hash()),
        };
        builder
            .push(Served::deposit(account as u32, deposit))
            .expect("valid");
    }
    let (_, changes) = builder.close().expect("in memory");
    store.apply(changes);
    let held = holdings(&store).expect("in memory");
    let closed = close(&store, DOMAIN, &held, EXIT_SLOTS).expect("all are held");
    closed.map(Into::into).seal(2, 29_700_001).expect("not empty")
}

#[test]
fn everybody_leaves_by_one_compressed_proof() {
    let (engine, batch) = (engine(), exodus());
    let lifts = &engine.circuits().recursion.lifts;
    let kinds: Vec<_> = lifts.iter().map(LiftCircuit::kinds).collect();
    assert_eq!(
        kinds,
        [&[0, SHAPES.sizes().len()][..], &[1], &[2]],
        "exits share a lift"
    );

    let mut steps = Vec::new();
    let [left, right] = [0, 1].map(|leaf| {
        let proved = engine.prove_chunk(&batch.chunks[leaf]);
        take(&mut steps, proved.expect("valid witness"))
    });
    assert_eq!([&left, &right].map(|span| span.kind), [SpanKind::Lift(0); 2]);
    for (span, stated) in [&left, &right].into_iter().zip(&batch.spans) {
        assert_eq!(&engine.verify_span(span).expect("valid"), stated);
    }
    let root = take(&mut steps, engine.fold(&left, &right).expect("neighbours"));
    let compressed = take(&mut steps, engine.compress(&root).expect("valid root"));
    for step in &steps {
        println!("{}: {:.2} s", step.step, step.time.as_secs_f64());
    }
    assert_eq!(CompressCircuit::batch(&compressed), Ok(batch.public_inputs));
    assert_eq!(batch.public_inputs.old_root, batch.public_inputs.new_root);
    let left = exits(&batch.bridge).expect("exits alone");
    assert_eq!(
        (left.len(), batch.bridge.len()),
        (HOLDERS, 7 * EXIT_WORDS * HOLDERS)
    );

    // Whoever gives out jobs checks them without a circuit.
    let mut poorer = batch.chunks[0].clone();
    let PaymentWitness::Exit(exit) = &mut poorer else {
        panic!("{poorer:?}")
    };
    exit.slots[3].as_mut().expect("in use").balance += 1;
    let job = Job::Chunk(Box::new(poorer.clone()));
    assert!(engine.verify(&job, &ashlar_engine::Proof::Span(root)).is_err());
    let error = engine
        .prove_chunk(&poorer)
        .expect_err("a balance that is not there");
    let ashlar_engine::ProveError::Witness(fault) = &error else {
        panic!("{error:?}")
    };
    let path = ExitFault::Slot {
        slot: 3,
        fault: OpeningFault::Path,
    };
    assert_eq!(
        fault.downcast_ref::<PaymentFault>(),
        Some(&PaymentFault::Exit(path))
    );
}
