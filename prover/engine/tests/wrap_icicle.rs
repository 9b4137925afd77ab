//! Wraps on the CUDA backend. Where no device answers: the CPU takes over and says why.
#![cfg(feature = "icicle")]

use std::{path::Path, sync::LazyLock};

use ashlar_accel::{
    BackendChoice, BackendConfig, DeviceOptions,
    icicle::{IcicleBackend, Options},
};
use ashlar_engine::open_prover;
use ashlar_kzg::{
    CircuitKeys, Fallback, SnarkProver,
    prover::Seed,
    srs::Srs,
    testing::{K, Setup, Shape, Toy, instances, prove},
};
use ashlar_recursion::testing::CompressedSample;
use ashlar_wrap::circuit::{WRAP_K, WrapCircuit};

const SECRETS: [u64; 9] = [0, 1, 2, 3, 5, 8, 13, 21, 255];

static SRS: LazyLock<Srs> = LazyLock::new(|| Srs::insecure_development(K));
static KEYS: LazyLock<CircuitKeys> =
    LazyLock::new(|| CircuitKeys::generate(&SRS, &Toy::new([0; 9])).unwrap());

fn toy_prover(config: impl Into<BackendConfig>) -> SnarkProver {
    open_prover(&KEYS, &SRS, config).expect("a missing device is no error")
}

/// Whether a device answers; without one says so, unless one must be there.
fn device_answers() -> bool {
    match ashlar_accel::icicle::cards() {
        Ok(_) => true,
        Err(reason) => {
            let must_run = std::env::var_os("ASHLAR_ICICLE_MUST_RUN").is_some();
            assert!(!must_run, "{reason}");
            println!("skipped: {reason}");
            false
        }
    }
}

#[test]
fn a_device_that_is_not_there_is_a_fallback_with_its_reason() {
    let missing = BackendConfig {
        choice: BackendChoice::Icicle,
        device: DeviceOptions {
            index: 1_000,
            ..DeviceOptions::default()
        },
    };
    let prover = toy_prover(missing);
    assert_eq!((prover.backend(), prover.memory()), ("cpu", None));
    let told = prover.unprepared().cloned();
    let wrapped = prover
        .prove(&Toy::new(SECRETS), instances(SECRETS))
        .expect("a proof");
    assert_eq!(wrapped.backend, "cpu");
    assert_eq!(wrapped.fallback, told);
    match wrapped.fallback {
        Some(Fallback::Unprepared { backend, reason }) => {
            assert_eq!(backend, "icicle");
            assert!(
                reason.contains("nvidia-smi") || reason.contains("driver"),
                "no remedy: {reason}"
            );
        }
        other => panic!("{other:?}"),
    }

    let automatic = BackendConfig {
        choice: BackendChoice::Auto,
        ..missing
    };
    let wrapped = toy_prover(automatic)
        .prove(&Toy::new(SECRETS), instances(SECRETS))
        .expect("a proof");
    assert_eq!((wrapped.backend, wrapped.fallback), ("cpu", None));
}

#[test]
fn the_device_s_proofs_are_the_cpu_s() {
    if !device_answers() {
        return;
    }
    let seeded = |choice: BackendChoice| {
        let seed = Seed::fixed([5; 32]);
        let wrapped = toy_prover(choice)
            .prove_seeded(&Toy::new(SECRETS), instances(SECRETS), seed)
            .expect("a proof");
        assert_eq!(wrapped.fallback, None);
        (wrapped.backend, wrapped.snark)
    };
    let (_, cpu) = seeded(BackendChoice::Cpu);
    assert_eq!(seeded(BackendChoice::Icicle), ("icicle", cpu.clone()));
    assert_eq!(seeded(BackendChoice::Auto), ("icicle", cpu));
}

/// A proof's transfers in columns, counted by its steps: a witness's polynomials go to the card for their commitments and
/// once more to be interpolated, and not again for any coset.
#[test]
fn polynomials_stay_on_the_device() {
    if !device_answers() {
        return;
    }
    let shape = Shape {
        k: 8,
        gate_degree: 4,
        stated_degree: 6,
        lookups: 2,
        copies: true,
        instance_columns: 2,
        ..Shape::default()
    };
    let setup = Setup::of(&shape);
    let key = setup.prepare(IcicleBackend::new(Options::default()).expect("it answered"));
    let (circuit, before) = (shape.circuit(), key.backend().traffic());
    prove(&key, &circuit, &circuit.instance_slices(), 1).expect("a proof");
    let after = key.backend().traffic();
    let columns = |after: u64, before: u64| (after - before) as usize / (32 << shape.k);

    let vk = setup.pk.get_vk();
    let cs = vk.cs();
    let (advice, lookups) = (cs.num_advice_columns(), cs.lookups().len());
    let products = cs.permutation().get_columns().len().div_ceil(cs.degree() - 2);
    let witness = advice + cs.num_instance_columns() + products + 3 * lookups;
    let cosets = vk.get_domain().get_quotient_poly_degree();
    let committed = advice + 2 * lookups + (products + lookups) + 1 + cosets + 2; // random, quotient, opening
    assert_eq!(
        columns(after.to_card_bytes, before.to_card_bytes),
        committed + witness + cosets
    );
    assert_eq!(
        columns(after.from_card_bytes, before.from_card_bytes),
        witness + cosets * witness + cosets
    );
}

/// The real circuit, at its size.
#[test]
fn the_device_s_wrap_is_the_cpu_s() {
    if !device_answers() {
        return;
    }
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let sample = CompressedSample::cached(&dir.join("halo2-wrap-sample.bin"), 27, 7).expect("a sample");
    let (common, only) = (&sample.verifier.common, &sample.verifier.verifier_only);
    let circuit = WrapCircuit::new(common, only, &sample.proof).expect("supported");
    let srs = Srs::load_or_generate_insecure(dir, WRAP_K).expect("an SRS");
    let keys = CircuitKeys::load_or_generate(dir, &srs, &circuit).expect("keys");
    let instances = circuit.instances().try_into().expect("nine instances");
    let [cpu, icicle] = [BackendChoice::Cpu, BackendChoice::Icicle].map(|choice| {
        let prover = open_prover(&keys, &srs, choice).expect("supported");
        let wrapped = prover
            .prove_seeded(&circuit, instances, Seed::fixed([6; 32]))
            .expect("a proof");
        assert_eq!(wrapped.fallback, None);
        println!("{}:\n{}", wrapped.backend, wrapped.steps);
        wrapped.snark
    });
    assert!(cpu == icicle, "the two proofs differ");
}
