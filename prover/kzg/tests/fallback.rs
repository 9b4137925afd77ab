//! Backends that fail or lie: no accepted bad proof, no lost job, and the reason is told.

use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicUsize, Ordering},
};

use ashlar_accel::{
    AccelError,
    testing::observed::{Answer, Observed, Observer},
};
use ashlar_kzg::{
    CircuitKeys, Fallback, ProveError, SnarkProver,
    prover::Seed,
    srs::Srs,
    testing::{K, Toy, instances},
};
use halo2_proofs::{arithmetic::Field, halo2curves::bn256::Fr};

const SECRETS: [u64; 9] = [0, 1, 2, 3, 5, 8, 13, 21, 255];

static SRS: LazyLock<Srs> = LazyLock::new(|| Srs::insecure_development(K));
static KEYS: LazyLock<CircuitKeys> =
    LazyLock::new(|| CircuitKeys::generate(&SRS, &Toy::new([0; 9])).unwrap());

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    OutOfMemory,
    Unsupported,
    Panic,
    Lie,
}

/// Lets the call of number `at` go wrong (preparing and proving together).
struct Faults {
    fault: Fault,
    at: usize,
    calls: Arc<AtomicUsize>,
}

impl Observer for Faults {
    const NAME: &'static str = "faulty";

    fn call(&self, operation: &'static str, _: usize) -> Result<Answer, AccelError> {
        if self.calls.fetch_add(1, Ordering::Relaxed) != self.at {
            return Ok(Answer::Honest);
        }
        match self.fault {
            Fault::None => Ok(Answer::Honest),
            Fault::Lie => Ok(Answer::Lie),
            Fault::Panic => panic!("driver bug"),
            Fault::OutOfMemory => Err(AccelError::OutOfMemory {
                backend: Self::NAME,
                requested_bytes: 1 << 30,
            }),
            Fault::Unsupported => Err(AccelError::UnsupportedSize {
                operation,
                size: 1 << K,
                max: 1,
            }),
        }
    }
}

fn faulty(fault: Fault, at: usize, calls: &Arc<AtomicUsize>) -> Observed<Faults> {
    Observed::new(Faults {
        fault,
        at,
        calls: Arc::clone(calls),
    })
}

fn prover(fault: Fault, at: usize) -> SnarkProver {
    SnarkProver::with_backend(&KEYS, &SRS, faulty(fault, at, &Arc::default())).expect("a fault is no error")
}

/// Proves on a backend with a fault; the proof must be valid.
fn fallback(fault: Fault, at: usize) -> Option<Fallback> {
    let wrapped = prover(fault, at)
        .prove(&Toy::new(SECRETS), instances(SECRETS))
        .unwrap_or_else(|error| panic!("{fault:?} at {at}: {error:?}"));
    KEYS.verifier().verify(&wrapped.snark).expect("valid");
    let backend = if wrapped.fallback.is_some() {
        "cpu"
    } else {
        "faulty"
    };
    assert_eq!(wrapped.backend, backend);
    wrapped.fallback
}

/// Calls of preparing, and of preparing and one proof.
static CALLS: LazyLock<[usize; 2]> = LazyLock::new(|| {
    let calls = Arc::default();
    let prover = SnarkProver::with_backend(&KEYS, &SRS, faulty(Fault::None, 0, &calls)).expect("no fault");
    let preparing = calls.load(Ordering::Relaxed);
    prover
        .prove(&Toy::new(SECRETS), instances(SECRETS))
        .expect("a proof");
    [preparing, calls.load(Ordering::Relaxed)]
});

#[test]
fn an_honest_backend_needs_no_fallback() {
    assert_eq!(fallback(Fault::None, 0), None);
    let [preparing, calls] = *CALLS;
    // Bases (2) and key cosets (degree - 1 = 5); seven commitments, eleven transforms, and row programs.
    assert_eq!(preparing, 2 + 5);
    assert!(calls > preparing + 7 + 11 + 7);
    let none = fallback(Fault::OutOfMemory, calls);
    assert_eq!(none, None, "no call of that number");
}

#[test]
fn every_failing_call_ends_on_the_cpu() {
    let [preparing, calls] = *CALLS;
    for (fault, step) in [
        (Fault::OutOfMemory, 1),
        (Fault::Unsupported, 5),
        (Fault::Panic, 11),
    ] {
        for at in (0..calls).step_by(step) {
            let reason = match fallback(fault, at).expect("a fallback") {
                Fallback::Unprepared { backend, reason } if at < preparing => (backend, reason),
                Fallback::Failed { backend, reason } if at >= preparing => (backend, reason),
                other => panic!("{fault:?} at {at}: {other:?}"),
            };
            let text = match fault {
                Fault::OutOfMemory => "out of memory",
                Fault::Unsupported => "not supported",
                _ => "driver bug",
            };
            assert_eq!(reason.0, "faulty");
            assert!(reason.1.contains(text), "{reason:?}");
        }
    }
}

#[test]
fn every_lie_ends_on_the_cpu() {
    let mut wrong_proofs = 0;
    let [_, calls] = *CALLS;
    for at in 0..calls {
        match fallback(Fault::Lie, at).expect("a fallback") {
            Fallback::WrongProof { backend: "faulty" } => wrong_proofs += 1,
            // A lie about a lookup's columns may look like an input outside the table.
            Fallback::Failed { reason, .. } => assert!(reason.contains("not in the table"), "{reason}"),
            other => panic!("call {at}: {other:?}"),
        }
    }
    assert!(wrong_proofs >= calls - 2);
}

#[test]
fn a_bad_witness_is_refused_on_every_backend() {
    let mut wrong = instances(SECRETS);
    wrong[2] += Fr::ONE;
    let cpu = SnarkProver::on_cpu(&KEYS, &SRS).unwrap();
    for prover in [
        cpu,
        prover(Fault::None, 0),
        prover(Fault::Lie, 12),
        prover(Fault::OutOfMemory, 12),
    ] {
        assert!(matches!(
            prover.prove(&Toy::new(SECRETS), wrong),
            Err(ProveError::Unsatisfied(_))
        ));
    }
}

#[test]
fn the_fallback_s_proof_is_the_cpu_s() {
    let seeded = |prover: SnarkProver| {
        let seed = Seed::fixed([3; 32]);
        prover
            .prove_seeded(&Toy::new(SECRETS), instances(SECRETS), seed)
            .unwrap()
            .snark
    };
    let cpu = seeded(SnarkProver::on_cpu(&KEYS, &SRS).unwrap());
    assert_eq!(seeded(prover(Fault::None, 0)), cpu);
    assert_eq!(seeded(prover(Fault::OutOfMemory, 0)), cpu);
    assert_eq!(seeded(prover(Fault::Lie, CALLS[0] + 1)), cpu);
}
