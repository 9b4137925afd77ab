//! How long batches of proofs take on a card, beside the CPU.
//!
//! `cargo run --release --features cuda --example proofs_on_a_card -- [log2 of the rows] [proofs of a batch]...`; without
//! arguments 13 and 1 4 16. A program of its own, so that it can be carried to a machine with a card and without Rust.

use std::{sync::Arc, time::Instant};

use anyhow::{Context, ensure};
use ashlar_plonky2::{Card, CardCircuit, PreparedCircuit, Prover};
use ashlar_statement::hash::{Builder, C, F};
use plonky2::{
    field::types::Field,
    hash::poseidon::PoseidonHash,
    iop::{
        generator::generate_partial_witness,
        witness::{PartialWitness, WitnessWrite},
    },
    plonk::circuit_data::CircuitConfig,
};

/// Each batch is proved as often; the first time memory is allocated.
const TIMES: usize = 3;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<usize> = std::env::args()
        .skip(1)
        .map(|argument| argument.parse().context("arguments are numbers"))
        .collect::<Result<_, _>>()?;
    let (degree_bits, batches) = match &arguments[..] {
        [] => (13, &[1, 4, 16][..]),
        [degree_bits, batches @ ..] => (*degree_bits, batches),
    };
    ensure!(
        (4..=20).contains(&degree_bits),
        "2^{degree_bits} rows are too few or too many"
    );

    // A row for each hash, and a few others.
    let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
    let secret = builder.add_virtual_target();
    let mut hash = builder.hash_n_to_hash_no_pad::<PoseidonHash>(vec![secret]);
    for _ in 0..(1 << degree_bits) - (1 << degree_bits >> 3) {
        hash = builder.hash_n_to_hash_no_pad::<PoseidonHash>(hash.elements.to_vec());
    }
    builder.register_public_inputs(&hash.elements);
    let circuit = builder.build::<C>();
    let prepared = PreparedCircuit::new(&Prover::default(), &circuit.common)?;
    let mut inputs = PartialWitness::new();
    inputs.set_target(secret, F::ONE)?;
    let witness = generate_partial_witness(inputs, &circuit.prover_only, &circuit.common)?;
    println!("2^{} rows", circuit.common.degree_bits());

    let start = Instant::now();
    let expected = prepared.prove(&circuit, &witness)?;
    println!("CPU: {:.3} s a proof", start.elapsed().as_secs_f64());

    let card = Arc::new(Card::open(0, usize::MAX)?);
    let start = Instant::now();
    let resident = CardCircuit::new(&card, &circuit)?;
    println!(
        "to the card in {:.3} s, room for {} proofs",
        start.elapsed().as_secs_f64(),
        resident.room(&circuit)?
    );
    for batch in batches {
        let witnesses = vec![witness.clone(); *batch];
        for _ in 0..TIMES {
            let start = Instant::now();
            let proved = resident.prove_many(&prepared, &circuit, &witnesses);
            let seconds = start.elapsed().as_secs_f64();
            if let Some(error) = proved.fallback {
                return Err(error.into());
            }
            for proof in proved.proofs {
                ensure!(proof? == expected, "another proof than the CPU's");
            }
            println!(
                "{batch} at once: {seconds:.3} s, {:.2} a second, each verified",
                *batch as f64 / seconds
            );
        }
    }
    Ok(())
}
