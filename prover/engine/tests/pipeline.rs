//! A real batch through the production circuits.

mod common;
#[path = "pipeline/exits.rs"]
mod exits;
#[path = "pipeline/linked.rs"]
mod linked;
#[path = "pipeline/own_prover.rs"]
mod own_prover;
#[path = "pipeline/verifier_alone.rs"]
mod verifier_alone;

use std::fs;

use ashlar_engine::{
    DecodeError, Job, JobKind, Proof, ProveError, TimedStep, VerifyError, WrapKit, circuits_path,
    load_or_build, wrap_k,
};
use ashlar_kzg::srs::Srs;
use ashlar_payments::{
    leaves::{PaymentCircuits, PaymentFault, PaymentWitness},
    witness::{SlotFault, WitnessError},
};
use ashlar_recursion::{CircuitSet, CompressCircuit, F, SpanKind, SpanProof};
use ashlar_statement::{Security, WitnessBytesError, witness_to_bytes};
use common::{Engine, batch, cache_dir, engine, proofs, take, wrapped};
use plonky2::field::types::Field;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Lifts by the slots of their chunks, fold, link, join, compress, and the whole set.
const PINNED: [&str; 8] = [
    "38c6b7cc14d7407af28d0532bf2c1b26a72aa1bc88b6b6abd035caf40354c7ba",
    "5e0b69a9c793f0fc269c993716ac61049cdb37b6312816decccf6fc679ac2467",
    "4a23e53afdaffd72791cd84f2e5fce8ed7f38e2f209ee6fce9c32433560a9ee4",
    "583e8d2db8f63b4e12116c645609c6eb16b6aa2ddaa3ac828632d792c36f1773",
    "f6e549bc107f8261ab796686526584609b9ab747c631b6fe0f77cc97228a2565",
    "c7f449d3aa305078c98d93dd31d366a44302ac16957badcfebaec08cd837982c",
    "117f41e0559a553168df92d050b345af182a7aa3f990ed14928a3f5bb5c15323",
    "b65592b635711ad3aaa43cae572142537281772df24ac0d2b7caf883b98c2c35",
];

/// The deployed circuits. A change of a digest is a change of what is proved: new keys, new verifier contract.
#[test]
fn circuits_are_pinned() {
    let circuits = engine().circuits();
    let digests = circuits.digests();
    let recursion = &circuits.recursion;
    for (chunk, lift) in circuits.leaf.chunks().iter().zip(&recursion.lifts) {
        println!("rows: chunk {}, lift {}", chunk.rows().total, lift.rows);
    }
    println!(
        "rows: fold {}, join {}, compress {}",
        recursion.fold.rows, recursion.join.rows, recursion.compress.rows
    );
    let rest = [
        digests.fold,
        digests.link,
        digests.join,
        digests.compress,
        engine().circuit_set_digest(),
    ];
    let all: Vec<_> = digests
        .lifts
        .iter()
        .chain(&rest)
        .map(|digest| hex(digest.as_slice()))
        .collect();
    assert_eq!(all, PINNED);
}

#[test]
fn every_step_states_what_the_batch_does() {
    let (engine, proofs) = (engine(), proofs());
    for (proof, span) in proofs.chunks.iter().zip(&proofs.batch.spans) {
        assert_eq!(&engine.verify_span(proof).expect("valid"), span);
    }
    assert_eq!(
        CompressCircuit::batch(&proofs.compressed),
        Ok(proofs.batch.public_inputs)
    );
    let names: Vec<_> = proofs.steps.iter().map(|step| step.step.name()).collect();
    assert_eq!(
        names,
        ["prove_chunk", "lift", "prove_chunk", "lift", "fold", "compress"]
    );
    println!(
        "bytes: span {}, compressed {}, witness {}",
        proofs.root.to_bytes().len(),
        proofs.compressed.to_bytes().len(),
        witness_to_bytes(&proofs.batch.chunks[0]).len()
    );
}

fn jobs() -> [(Job<PaymentWitness>, Proof); 3] {
    let proofs = proofs();
    let [left, right] = proofs.chunks.clone();
    [
        (
            Job::Chunk(Box::new(proofs.batch.chunks[0].clone())),
            Proof::Span(left.clone()),
        ),
        (Job::Fold { left, right }, Proof::Span(proofs.root.clone())),
        (
            Job::Compress(proofs.root.clone()),
            Proof::Compressed(proofs.compressed.clone()),
        ),
    ]
}

#[test]
fn results_are_accepted_for_their_own_job_only() {
    let engine = engine();
    let jobs = jobs();
    for (i, (job, _)) in jobs.iter().enumerate() {
        for (j, (_, proof)) in jobs.iter().enumerate() {
            let verdict = engine.verify(job, proof);
            assert_eq!(verdict.is_ok(), i == j, "job {i}, proof {j}: {verdict:?}");
        }
    }
    let [left, right] = proofs().chunks.clone();
    let swapped = Job::Fold {
        left: right.clone(),
        right: left,
    };
    assert!(matches!(
        engine.verify(&swapped, &jobs[1].1),
        Err(VerifyError::NotNeighbours)
    ));
    let other_chunk = Job::Chunk(Box::new(proofs().batch.chunks[1].clone()));
    assert!(matches!(
        engine.verify(&other_chunk, &jobs[0].1),
        Err(VerifyError::Statement)
    ));
    let mut forged = right;
    forged.proof.public_inputs[0] += F::ONE;
    assert!(matches!(
        engine.verify(&other_chunk, &Proof::Span(forged)),
        Err(VerifyError::Span(_))
    ));
}

#[test]
fn jobs_and_proofs_survive_their_encoding() {
    let engine = engine();
    let proofs = proofs();
    let [left, right] = proofs.chunks.clone().map(|proof| Proof::Span(proof).to_bytes());
    let root = Proof::Span(proofs.root.clone()).to_bytes();
    let witness = witness_to_bytes(&proofs.batch.chunks[0]);
    let inputs: [(JobKind, Vec<&[u8]>); 3] = [
        (JobKind::Chunk, vec![&witness]),
        (JobKind::Fold, vec![&left, &right]),
        (JobKind::Compress, vec![&root]),
    ];
    for ((kind, inputs), (_, proof)) in inputs.iter().zip(jobs()) {
        let job = engine.decode_job(*kind, inputs).expect("own encoding");
        assert_eq!(job.kind(), *kind);
        let read = engine
            .decode_proof(*kind, &proof.to_bytes())
            .expect("own encoding");
        engine.verify(&job, &read).expect("same job, same proof");
        let missing = engine.decode_job(*kind, &inputs[1..]);
        assert!(matches!(missing, Err(DecodeError::InputCount { .. })));
    }
    let refused = |kind, bytes: &[u8]| engine.decode_job(kind, &[bytes]).expect_err("malformed");
    let mut other_version = root.clone();
    other_version[0] = 9;
    assert!(matches!(
        refused(JobKind::Compress, &other_version),
        DecodeError::Version { found: Some(9) }
    ));
    assert!(matches!(
        refused(JobKind::Chunk, &[]),
        DecodeError::Witness(WitnessBytesError::Version { found: None })
    ));
    assert!(matches!(
        refused(JobKind::Chunk, &vec![2; 2 << 20]),
        DecodeError::Witness(WitnessBytesError::TooLong { .. })
    ));
    assert!(matches!(
        refused(JobKind::Compress, &vec![1; 2 << 20]),
        DecodeError::TooLong { .. }
    ));
    assert!(matches!(
        refused(JobKind::Chunk, &witness[..witness.len() - 1]),
        DecodeError::Witness(WitnessBytesError::Malformed(_))
    ));
    let trailing = [&witness[..], &[0]].concat();
    assert!(matches!(
        refused(JobKind::Chunk, &trailing),
        DecodeError::Witness(WitnessBytesError::TrailingBytes(1))
    ));
    assert!(matches!(refused(JobKind::Wrap, &root), DecodeError::Proof(_)));
}

#[test]
fn bad_jobs_are_typed_errors() {
    let engine = engine();
    let proofs = proofs();
    let [left, right] = &proofs.chunks;
    let mut witness = proofs.batch.chunks[0].clone();
    let PaymentWitness::Chunk(chunk) = &mut witness else {
        panic!("{witness:?}")
    };
    chunk.slots[4].source.balance += 1;
    let error = engine.prove_chunk(&witness).expect_err("broken witness");
    let ProveError::Witness(fault) = &error else {
        panic!("{error:?}")
    };
    let fault = fault
        .downcast_ref::<PaymentFault>()
        .expect("the application's own");
    let source_path = SlotFault::SourcePath;
    assert_eq!(
        *fault,
        PaymentFault::Chunk(WitnessError::Slot {
            slot: 4,
            fault: source_path
        })
    );
    assert!(!error.is_retryable());
    let error = engine.fold(right, left).expect_err("wrong order");
    assert!(matches!(error, ProveError::NotNeighbours), "{error:?}");
    assert!(!error.is_retryable());
    let mislabelled = SpanProof {
        kind: SpanKind::Fold,
        ..left.clone()
    };
    let error = engine.fold(&mislabelled, right).expect_err("not a fold proof");
    assert!(
        matches!(error, ProveError::Input(VerifyError::Span(_))),
        "{error:?}"
    );
    let error = engine.compress(&mislabelled).expect_err("not a fold proof");
    assert!(
        matches!(error, ProveError::Input(VerifyError::Span(_))),
        "{error:?}"
    );
    assert!(
        error.is_retryable(),
        "another machine may accept it, as the coordinator did"
    );
    let error = engine.wrap(&proofs.compressed).expect_err("opened without keys");
    assert!(error.is_retryable());
}

mod slow {
    use super::*;

    #[test]
    #[ignore = "slow: circuits are built twice"]
    fn damaged_caches_are_replaced() {
        engine(); // fills the cache
        let security = Security::default();
        let dir = tempfile::tempdir().expect("temporary directory");
        let [cached, damaged] =
            [&cache_dir(), dir.path()].map(|dir| circuits_path::<PaymentCircuits>(dir, security));
        let bytes = fs::read(cached).expect("cached");
        // A bit of a prover's tables, which no digest covers; a file that was cut short is told by the same checksum.
        let mut flipped = bytes.clone();
        flipped[bytes.len() / 2] ^= 1;
        fs::write(&damaged, &flipped).expect("writable");
        let digests = engine().circuits().digests();
        let circuits = load_or_build::<PaymentCircuits>(dir.path(), security, None).expect("rebuilt");
        assert_eq!(circuits.digests(), digests);
        assert!(fs::read(&damaged).expect("replaced") == bytes);

        // Whoever knows the digest of the circuits takes no others, however whole the file is.
        let modified = || {
            fs::metadata(&damaged)
                .and_then(|of| of.modified())
                .expect("a time")
        };
        let before = modified();
        load_or_build::<PaymentCircuits>(dir.path(), security, Some(digests.set())).expect("as pinned");
        assert_eq!(modified(), before, "read");
        load_or_build::<PaymentCircuits>(dir.path(), security, Some([7; 32])).expect("rebuilt");
        assert_ne!(modified(), before, "not believed");
    }
}

/// The whole way to a SNARK under the development reference string.
#[test]
fn a_compressed_proof_is_wrapped() {
    let (engine, snark) = wrapped();
    let compressed = &proofs().compressed;
    let job = engine.decode_job(JobKind::Wrap, &[Proof::Compressed(compressed.clone()).to_bytes()]);
    let read = engine
        .decode_proof(JobKind::Wrap, &Proof::Snark(snark.clone()).to_bytes())
        .expect("own encoding");
    engine
        .verify(&job.expect("own encoding"), &read)
        .expect("valid SNARK");
    let Proof::Snark(mut snark) = read else {
        panic!("wrap gives a SNARK")
    };
    snark.instances.swap(2, 3);
    assert!(matches!(
        engine.verify(&Job::Wrap(compressed.clone()), &Proof::Snark(snark)),
        Err(VerifyError::Statement)
    ));
}

/// `cargo test --release -p ashlar-engine --test pipeline -- --ignored --nocapture`.
#[test]
#[ignore = "four minutes, and gigabytes of memory"]
fn a_batch_goes_the_whole_way_with_the_proven_set() {
    let security = Security::Proven100;
    let circuits: CircuitSet<PaymentCircuits> =
        load_or_build(&cache_dir(), security, None).expect("circuits");
    let srs = Srs::load_or_generate_insecure(&cache_dir(), wrap_k(security)).expect("reference string");
    let kit = WrapKit::load_or_generate(&cache_dir(), srs, &circuits.recursion).expect("keys");
    let engine = Engine::new(circuits)
        .with_wrap(kit)
        .expect("keys of these circuits");

    let (mut steps, batch) = (Vec::new(), batch(1));
    let chunks = [0, 1].map(|i| {
        let proved = engine.prove_chunk(&batch.chunks[i]);
        take(&mut steps, proved.expect("valid witness"))
    });
    let root = engine.fold(&chunks[0], &chunks[1]);
    let root = take(&mut steps, root.expect("neighbours"));
    let compressed = take(&mut steps, engine.compress(&root).expect("valid root"));
    let job = Job::Wrap(compressed);
    let proved = engine.prove(&job).expect("valid proof");
    for TimedStep { step, time, .. } in steps.iter().chain(&proved.steps) {
        println!("{step}: {:.2} s", time.as_secs_f64());
    }
    engine.verify(&job, &proved.proof).expect("valid SNARK");
    let Proof::Snark(mut snark) = proved.proof else {
        panic!("wrap gives a SNARK")
    };
    snark.instances.swap(2, 3);
    engine
        .verify(&job, &Proof::Snark(snark))
        .expect_err("another statement");
}
