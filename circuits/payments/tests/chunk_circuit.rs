//! The chunk circuit against the native transition, its oracle; its size, digest and bytes.

mod common;

use ashlar_payments::{
    batch::{SHAPES, SealedBatch, Shapes},
    chunk::{ChunkAssignment, ChunkCircuit},
    leaves::{PaymentCircuits, PaymentFault},
    witness::{ChunkWitness, SlotFault, WitnessError},
};
use ashlar_statement::{
    LeafCircuits, Security, SpanPublicInputs,
    hash::{C, D, F, hash_to_bytes32},
    prove::prove_stock,
};
use common::{builder, builder_of, deposit, funded, random_operation, rng, signed, transfer, withdraw};
use plonky2::plonk::proof::ProofWithPublicInputs;

#[test]
fn random_blocks_prove_what_the_native_transition_says() {
    let circuit = ChunkCircuit::of_slots(Security::default(), 4);
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
            let proof = prove(&circuit, chunk);
            let proved = SpanPublicInputs::from_slice(&proof.public_inputs).expect("30 public inputs");
            assert_eq!(&proved, span);
        }
    }
}

#[test]
fn the_last_chunk_of_a_batch_is_as_small_as_can_be() {
    let shapes = [2, 4];
    let circuits = reread(&PaymentCircuits::of_sizes(
        Security::default(),
        Shapes::new(&shapes),
        2,
    ));
    let store = funded(4, &[0]);
    for (operations, chunks) in [(1, &[2][..]), (3, &[4]), (4, &[4]), (6, &[4, 2]), (7, &[4, 4])] {
        let mut builder = builder_of(&store, &shapes);
        for nonce in 0..operations {
            builder
                .push(signed(transfer(1, 2, 0, 100, 10, nonce)))
                .expect("valid");
        }
        let (batch, _) = builder.seal(1).expect("not empty");
        let slots: Vec<_> = batch.chunks.iter().map(|chunk| chunk.slots.len()).collect();
        assert_eq!(slots, chunks, "{operations} operations");
        for (chunk, span) in batch.chunks.iter().zip(&batch.spans) {
            let place = Shapes::new(&shapes).place(chunk.slots.len()).expect("a size");
            let proof = prove(&circuits.chunks()[place], chunk);
            assert_eq!(proof.public_inputs, span.to_vec());
            let other = &circuits.chunks()[1 - place];
            let assignment = ChunkAssignment::new(chunk, &chunk.check().expect("valid"));
            let error = other.set(&assignment).expect_err("another size");
            assert!(error.to_string().contains("slots, the circuit has"), "{error}");
        }
    }
}

#[test]
fn a_bad_witness_is_refused_with_its_slot_and_reason() {
    let store = funded(3, &[0]);
    let mut builder = builder(&store, SHAPES.largest());
    builder.push(deposit(1, 0, 5)).expect("valid");
    builder
        .push(signed(transfer(1, 2, 0, 100, 10, 0)))
        .expect("valid");
    let (batch, _) = builder.seal(1).expect("not empty");
    let fault = |change: fn(&mut SealedBatch)| {
        let mut batch = batch.clone();
        change(&mut batch);
        let witness = batch.chunks.remove(0).into();
        match PaymentCircuits::check(&witness).expect_err("a bad witness") {
            PaymentFault::Chunk(fault) => fault,
            PaymentFault::Exit(fault) => panic!("{fault}"),
        }
    };
    let error = fault(|batch| batch.chunks[0].slots[1].source.balance -= 1);
    assert_eq!(
        error,
        WitnessError::Slot {
            slot: 1,
            fault: SlotFault::SourcePath
        }
    );
    let error = fault(|batch| batch.chunks[0].slots[0].destination.head.auth.elements.swap(0, 1));
    assert_eq!(
        error,
        WitnessError::Slot {
            slot: 0,
            fault: SlotFault::DepositOwner
        }
    );
    let error = fault(|batch| batch.chunks[0].domain.chain_id += 1);
    assert!(matches!(
        error,
        WitnessError::Slot {
            slot: 1,
            fault: SlotFault::Signature(_)
        }
    ));
    let error = fault(|batch| batch.chunks[0].fee.enabled = false);
    assert_eq!(error, WitnessError::FeeDisabled);
    let error = fault(|batch| batch.chunks[0].slots.truncate(1));
    assert_eq!(
        error,
        WitnessError::NoSuchChunk {
            shapes: SHAPES,
            actual: 1
        }
    );
    assert_eq!(error.to_string(), "1 slots, the circuits have [32, 64, 128]");
}

/// Digests of the circuits, as 32 bytes, fewest slots first.
const CHUNK_DIGESTS: [&str; 3] = [
    "e4bc2a09891012bd6cea117defb6c971fe35159476905e026bbe0179d05b60e5",
    "97e1a99f94a631141d990d2c7a5c7ec0560348a3bf6d1637dbe0c6aeff2f2ad4",
    "3bdbc918f702ddc5aa3ce9c00b12a774a70e7031f658027051f9fccaf4581816",
];

/// The circuits that are deployed. A change of a digest is a change of what is proved: new keys, new verifier.
#[test]
fn full_size_circuits_are_pinned() {
    let circuits = PaymentCircuits::build(Security::default());
    let digests = circuits.chunks().iter().map(ChunkCircuit::digest);
    let digests: Vec<_> = digests.map(|digest| hex(&hash_to_bytes32(&digest))).collect();
    assert_eq!(digests, CHUNK_DIGESTS);
    for (degree_bits, circuit) in (13..).zip(circuits.chunks()) {
        let rows = circuit.rows();
        println!("{rows:?}");
        assert_eq!(rows.padded, 1 << degree_bits);
        assert!(rows.rows_per_slot() <= 252.0, "{rows:?}");
    }

    let circuits = reread(&circuits);
    let circuit = &circuits.chunks()[0];
    let store = funded(3, &[0]);
    let mut builder = builder_of(&store, SHAPES.sizes());
    builder.push(deposit(3, 0, 5)).expect("valid");
    for nonce in 0..30 {
        builder
            .push(signed(transfer(1, 2, 0, 100, 10, nonce)))
            .expect("valid");
    }
    builder.push(signed(withdraw(2, 0, 100, 10, 0))).expect("valid");
    let (batch, _) = builder.seal(1).expect("not empty");
    let start = std::time::Instant::now();
    let proof = prove(circuit, &batch.chunks[0]);
    println!(
        "proved in {:?}, {} bytes",
        start.elapsed(),
        proof.to_bytes().len()
    );
    assert_eq!(proof.public_inputs, batch.spans[0].to_vec());
}

/// The circuits as their bytes are read.
fn reread(circuits: &PaymentCircuits) -> PaymentCircuits {
    let bytes = circuits.to_bytes().expect("serialises");
    let read = PaymentCircuits::from_bytes(&bytes).expect("own bytes");
    for (read, circuit) in read.chunks().iter().zip(circuits.chunks()) {
        assert_eq!((read.digest(), read.rows()), (circuit.digest(), circuit.rows()));
    }
    assert_eq!(read.chunks().len(), circuits.chunks().len());
    let exits = [&read, circuits].map(PaymentCircuits::exit);
    let [read_exit, exit] = exits.map(|exit| (exit.digest(), exit.rows(), exit.slots()));
    assert_eq!(read_exit, exit);
    assert!(PaymentCircuits::from_bytes(&bytes[..bytes.len() / 2]).is_err());
    assert!(PaymentCircuits::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    read
}

fn prove(circuit: &ChunkCircuit, witness: &ChunkWitness) -> ProofWithPublicInputs<F, C, D> {
    let claim = witness.check().expect("valid witness");
    let assign = || circuit.set(&ChunkAssignment::new(witness, &claim));
    prove_stock("chunk", &circuit.data, assign).expect("valid witness")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
