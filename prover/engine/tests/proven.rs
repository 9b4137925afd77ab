//! The set of parameters with a hundred proven bits.

mod common;

use ashlar_engine::{Engine, Job, Proof, WrapKit, load_or_build, wrap_k};
use ashlar_kzg::srs::Srs;
use ashlar_payments::chunk::ChunkCircuit;
use ashlar_recursion::CircuitSet;
use ashlar_statement::Security;
use common::{batch, cache_dir};

/// Slow, and wants 12 GB of memory: `cargo test --release -p ashlar-engine --test proven -- --ignored`.
#[test]
#[ignore = "minutes, and 12 GB of memory"]
fn a_batch_of_one_chunk_goes_the_whole_way_with_the_proven_set() {
    let security = Security::Proven100;
    let circuits: CircuitSet<ChunkCircuit> = load_or_build(&cache_dir(), security, None).expect("circuits");
    let srs = Srs::load_or_generate_insecure(&cache_dir(), wrap_k(security)).expect("reference string");
    let kit = WrapKit::load_or_generate(&cache_dir(), srs, &circuits.recursion).expect("keys");
    let engine = Engine::new(circuits)
        .with_wrap(kit)
        .expect("keys of these circuits");

    let span = engine
        .prove_chunk(&batch(1).chunks[0])
        .expect("valid witness")
        .proof;
    let compressed = engine.compress(&span).expect("valid root").proof;
    let job = Job::Wrap(compressed);
    let proved = engine.prove(&job).expect("valid proof");
    engine.verify(&job, &proved.proof).expect("valid SNARK");
    let Proof::Snark(mut snark) = proved.proof else {
        panic!("wrap gives a SNARK")
    };
    snark.instances.swap(2, 3);
    engine
        .verify(&job, &Proof::Snark(snark))
        .expect_err("another statement");
}
