//! Our prover on the real wrap circuit.

use std::{path::Path, sync::LazyLock, time::Instant};

use ashlar_kzg::{CircuitKeys, SnarkProver, prove_stock, srs::Srs};
use ashlar_recursion::testing::CompressedSample;
use ashlar_wrap::circuit::{WRAP_K, WrapCircuit};
use halo2_proofs::{arithmetic::Field, halo2curves::bn256::Fr};

const PUBLIC_INPUTS: usize = 27;

struct Fixture {
    circuit: WrapCircuit,
    srs: Srs,
    keys: CircuitKeys,
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let sample =
        CompressedSample::cached(&dir.join("halo2-wrap-sample.bin"), PUBLIC_INPUTS, 7).expect("a sample");
    let (common, only) = (&sample.verifier.common, &sample.verifier.verifier_only);
    let circuit = WrapCircuit::new(common, only, &sample.proof).expect("supported");
    let srs = Srs::load_or_generate_insecure(dir, WRAP_K).expect("an SRS");
    let keys = CircuitKeys::load_or_generate(dir, &srs, &circuit).expect("keys");
    Fixture { circuit, srs, keys }
});

#[test]
fn the_wrap_circuit_is_proved() {
    let Fixture { circuit, srs, keys } = &*FIXTURE;
    let instances = circuit.instances().try_into().expect("nine instances");
    let prover = SnarkProver::on_cpu(keys, srs).expect("supported");
    let mut wrapped = prover.prove(circuit, instances).expect("a proof");
    println!("{}", wrapped.steps);
    assert_eq!(wrapped.fallback, None);
    // 7 fixed columns and 3 sigmas in both forms, 13 key columns on 5 cosets, 9 columns of the witness; 8 MiB each.
    let memory = prover.memory().expect("prepared");
    assert_eq!(memory.held >> 23, 2 * 10 + 3 + 5 * 13 + 1);
    assert_eq!(memory.proof >> 23, 4 + 2 * 9 + 5 + 1);
    keys.verifier().verify(&wrapped.snark).expect("valid");
    wrapped.snark.instances[5] += Fr::ONE;
    assert!(keys.verifier().verify(&wrapped.snark).is_err());
}

/// Compares our prover with stock `create_proof`: `cargo test --release -p ashlar-wrap --test wrap_proof -- --ignored
/// --nocapture`. Prints both times and our steps.
#[test]
#[ignore = "a measurement"]
fn measure_against_stock() {
    let Fixture { circuit, srs, keys } = &*FIXTURE;
    let instances = circuit.instances().try_into().expect("nine instances");
    let start = Instant::now();
    let prover = SnarkProver::on_cpu(keys, srs).expect("supported");
    println!("prepare           {:>9.3} s", start.elapsed().as_secs_f64());
    println!("{:?}", prover.memory());
    for _ in 0..2 {
        let start = Instant::now();
        let wrapped = prover.prove(circuit, instances).expect("a proof");
        println!(
            "ours              {:>9.3} s\n{}",
            start.elapsed().as_secs_f64(),
            wrapped.steps
        );
        print_peak();
        let start = Instant::now();
        let stock = prove_stock(keys, srs, circuit.clone(), instances).expect("a proof");
        println!("stock             {:>9.3} s\n", start.elapsed().as_secs_f64());
        assert_eq!(stock.proof.len(), wrapped.snark.proof.len());
    }
}

/// The peak of this process so far, keys and all.
fn print_peak() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .filter(|line| line.starts_with("VmHWM"))
        .for_each(|line| println!("{line}"));
}
