//! Every contender of the kernels gives the known answer at a small size, and goes on doing so.

use std::sync::{Mutex, PoisonError};

use ashlar_benches::{
    Contender,
    operations::{msm_bn254, ntt_bn254, ntt_goldilocks, poseidon2_bn254},
};

const LOG_SIZE: u32 = 8;

/// Prepares and runs all; their names. One test at a time: the contenders share a card, and those that only transfer are
/// checked by its counters.
fn run(contenders: Vec<Contender<'_>>) -> Vec<String> {
    static CARD: Mutex<()> = Mutex::new(());
    let _alone = CARD.lock().unwrap_or_else(PoisonError::into_inner);
    let run = |mut contender: Contender<'_>| {
        let mut run = contender.prepare().expect("the known answer");
        run();
        run();
        drop(run);
        contender.backend
    };
    contenders.into_iter().map(run).collect()
}

/// With `ASHLAR_ICICLE_MUST_RUN` set, a card (or the stand-in) must be among them, and its transfers alone.
fn check(names: &[String], peers: &[&str]) {
    for name in ["ashlar/cpu"].iter().chain(peers) {
        assert!(
            names.iter().any(|found| found == name),
            "{name} is not in {names:?}"
        );
    }
    if cfg!(feature = "icicle") && std::env::var_os("ASHLAR_ICICLE_MUST_RUN").is_some() {
        for name in ["ashlar/icicle", "ashlar/icicle-transfers"] {
            assert!(
                names.iter().any(|found| found == name),
                "{name} is not in {names:?}"
            );
        }
    }
}

/// Whether this machine has the instructions that halo2curves' assembly takes for granted.
fn peers_run() -> bool {
    #[cfg(target_arch = "x86_64")]
    if !is_x86_feature_detected!("adx") || !is_x86_feature_detected!("bmi2") {
        println!("skipped: halo2curves' assembly needs ADX and BMI2");
        return false;
    }
    true
}

#[test]
fn multiplications() {
    if !peers_run() {
        return;
    }
    for (_, scalars) in msm_bn254::KINDS {
        let fixture = msm_bn254::Fixture::new(LOG_SIZE, scalars);
        check(&run(fixture.contenders()), &["halo2curves", "ark-ec"]);
    }
}

#[test]
fn bn254_transforms() {
    if !peers_run() {
        return;
    }
    let fixture = ntt_bn254::Fixture::new(LOG_SIZE);
    check(&run(fixture.contenders()), &["halo2curves", "ark-poly"]);
}

/// A library of ICICLE has no Goldilocks, so no card is asked for.
#[test]
fn goldilocks_transforms() {
    let fixture = ntt_goldilocks::Fixture::new(LOG_SIZE, 3);
    let names = run(fixture.contenders());
    assert!(names.iter().any(|name| name == "plonky2"), "{names:?}");
}

#[test]
fn bn254_permutations() {
    let names = run(poseidon2_bn254::Fixture::new(LOG_SIZE).contenders());
    assert_eq!(
        names,
        ["ashlar/cpu", "ashlar/words", "ashlar/plain-words", "plain/scalar"]
    );
}
