//! `wrap/<prover>`: whole proofs of the real wrap circuit. Circuits and keys come from `target/ashlar`, made if need be.

use std::{path::Path, time::Duration};

use ashlar_accel::BackendChoice;
use ashlar_benches::operations::{
    CPU,
    wrap::{STOCK, sample},
};
use ashlar_engine::{WrapKit, open_prover};
use ashlar_kzg::{prove_stock, srs::Srs};
use ashlar_payments_engine::{Engine, load_or_build};
use ashlar_statement::Security;
use ashlar_wrap::circuit::{WRAP_K, WrapCircuit};
use criterion::{Criterion, criterion_group, criterion_main};

fn wrap(criterion: &mut Criterion) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/ashlar");
    let circuits = load_or_build(&dir, Security::default(), None).expect("circuits");
    let srs = Srs::load_or_generate_insecure(&dir, WRAP_K).expect("a reference string");
    let kit = WrapKit::load_or_generate(&dir, srs, &circuits.recursion).expect("wrap keys");
    let engine = Engine::new(circuits)
        .with_wrap(kit)
        .expect("keys of these circuits");
    let proof = sample(&engine, &dir).expect("a compressed proof");
    let (kit, compress) = (
        engine.wrap_kit().expect("just given"),
        &engine.circuits().recursion.compress.data,
    );
    let circuit =
        || WrapCircuit::new(&compress.common, &compress.verifier_only, &proof).expect("a valid proof");
    let instances = circuit().instances().try_into().expect("nine instances");
    let prover = open_prover(kit.keys(), kit.srs(), BackendChoice::Cpu).expect("supported");

    let mut group = criterion.benchmark_group("wrap");
    group.sample_size(10).measurement_time(Duration::from_secs(60));
    group.bench_function(CPU, |b| {
        b.iter(|| prover.prove(&circuit(), instances).expect("a proof"))
    });
    group.bench_function(STOCK, |b| {
        b.iter(|| prove_stock(kit.keys(), kit.srs(), circuit(), instances).expect("a proof"));
    });
}

criterion_group!(benches, wrap);
criterion_main!(benches);
