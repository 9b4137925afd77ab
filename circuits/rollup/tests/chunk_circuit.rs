//! The chunk circuit against the native transition, its oracle.

mod common;

use ashlar_rollup::batch::SLOTS;
use ashlar_rollup::chunk::ChunkCircuit;
use ashlar_rollup::hash::F;
use ashlar_rollup::public_inputs::SpanPublicInputs;
use common::{builder, deposit, funded, random_operation, rng, signed, transfer, withdraw};

#[test]
fn random_blocks_prove_what_the_native_transition_says() {
    let circuit = ChunkCircuit::build(4);
    println!("{:?}", circuit.rows());
    let tokens = [0, 3, 200, 201, 255];
    for seed in 0..2 {
        let mut rng = rng(seed);
        let store = funded(4, &tokens);
        let mut builder = builder(&store, 4);
        for _ in 0..10 {
            let operation = random_operation(&mut rng, &builder, &tokens);
            builder.push(operation).expect("valid");
        }
        let (batch, _) = builder.seal(1).expect("not empty");
        for (chunk, span) in batch.chunks.iter().zip(&batch.spans) {
            let proof = circuit.prove(chunk).expect("valid witness");
            let proved = SpanPublicInputs::from_slice(&proof.public_inputs).expect("30 public inputs");
            assert_eq!(&proved, span);
            circuit.data.verify(proof).expect("valid proof");
        }
    }
}

#[test]
#[ignore = "builds the full circuit"]
fn full_size() {
    let start = std::time::Instant::now();
    let circuit = ChunkCircuit::build(SLOTS);
    println!("{:?} {:?}", start.elapsed(), circuit.rows());
    println!("rows per slot {}", circuit.rows().rows_per_transfer());
    let _: Option<F> = None;
    let store = funded(3, &[0]);
    let mut builder = builder(&store, SLOTS);
    builder.push(deposit(3, 0, 5)).expect("valid");
    for nonce in 0..30 {
        builder
            .push(signed(transfer(1, 2, 0, 100, 10, nonce)))
            .expect("valid");
    }
    builder.push(signed(withdraw(2, 0, 100, 10, 0))).expect("valid");
    let (batch, _) = builder.seal(1).expect("not empty");
    let start = std::time::Instant::now();
    let proof = circuit.prove(&batch.chunks[0]).expect("valid witness");
    println!("prove {:?}", start.elapsed());
    circuit.data.verify(proof).expect("valid proof");
}
