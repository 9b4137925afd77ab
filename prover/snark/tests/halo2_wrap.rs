//! The whole wrap circuit on a real compressed proof.

use std::{path::Path, sync::OnceLock};

use ashlar_recursion::testing::CompressedSample;
use ashlar_snark::halo2::{WRAP_K, WrapCircuit, pack_public_inputs};
use halo2_proofs::dev::MockProver;

const PUBLIC_INPUTS: usize = 24;

fn sample() -> &'static CompressedSample {
    static SAMPLE: OnceLock<CompressedSample> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("halo2-wrap-sample.bin");
        CompressedSample::cached(&path, PUBLIC_INPUTS, 7).expect("a sample proof")
    })
}

fn wrap(sample: &CompressedSample) -> WrapCircuit {
    WrapCircuit::new(
        &sample.verifier.common,
        &sample.verifier.verifier_only,
        &sample.proof,
    )
    .expect("the verifier supports the circuit")
}

#[test]
fn accepts_a_proof() {
    let circuit = wrap(sample());
    let stats = circuit.stats();
    println!("{stats:#?}");
    let instances = circuit.instances();
    assert_eq!(instances, pack_public_inputs(&sample().proof.public_inputs));
    MockProver::run(WRAP_K, &circuit, vec![instances])
        .expect("k = 17 is enough")
        .assert_satisfied_par();
}
