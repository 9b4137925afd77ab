//! Outage: the child answers, but wrongly. Nothing of it is handed out unverified, and the CPU has the last word.

use std::time::Duration;

use ashlar_engine::{
    Fallback, VerifyError, Wrapped,
    isolation::{Answer, Cost, IsolatedWrap, Policy},
};
use ashlar_kzg::{INSTANCES, SNARK_VERSION, Snark, prover::Steps};

use crate::common::{GREETING, REQUEST, Stage, patient};

/// Says the same in every life and to every request.
const SCRIPT: &str = "cat greeting; while hear && [ -s heard ]; do cat answer; done";

/// A SNARK by its form, told apart by the bytes of its proof. Instances are zero.
fn snark(byte: u8) -> Snark {
    let bytes = [
        &[SNARK_VERSION][..],
        &[0; 32 * INSTANCES],
        &[0, 0, 0, 32],
        &[byte; 32],
    ]
    .concat();
    Snark::from_bytes(&bytes).expect("well formed")
}

fn good() -> Snark {
    snark(7)
}

fn from_the_cpu() -> Snark {
    snark(8)
}

fn verify(found: &Snark) -> Result<(), VerifyError> {
    if *found == good() {
        Ok(())
    } else {
        Err(VerifyError::Statement)
    }
}

/// A wrap by a child that gives this answer; no two faults are allowed it.
fn wrap(stage: &Stage, answer: &Answer) -> IsolatedWrap {
    stage.frame("answer", &answer.to_bytes());
    let policy = Policy {
        max_faults: 2,
        ..patient()
    };
    let command = stage.command(SCRIPT);
    IsolatedWrap::new(command, GREETING.to_vec(), policy, "device").expect("resources")
}

const COST: Cost = Cost {
    cpu: Duration::from_millis(1500),
    device: Duration::from_millis(250),
};

#[derive(Debug, PartialEq)]
struct Unsatisfied;

fn prove(wrap: &IsolatedWrap, on_cpu: Result<Snark, Unsatisfied>) -> Result<Wrapped, Unsatisfied> {
    wrap.prove(REQUEST, verify, || {
        on_cpu.map(|snark| Wrapped {
            snark,
            steps: Steps::default(),
            backend: "cpu",
            fallback: None,
            child: None,
        })
    })
}

/// The CPU's proof, twice, with the reason; then the device rests.
fn condemned(stage: &Stage, wrap: &IsolatedWrap) -> String {
    let reasons = [1, 2].map(|starts| {
        let wrapped = prove(wrap, Ok(from_the_cpu())).expect("the CPU proves");
        assert_eq!((wrapped.snark, wrapped.backend), (from_the_cpu(), "cpu"));
        assert_eq!(stage.lines("starts"), starts, "each fault costs a child");
        match wrapped.fallback {
            Some(Fallback::Process {
                backend: "device",
                reason,
            }) => reason,
            other => panic!("{other:?}"),
        }
    });
    let wrapped = prove(wrap, Ok(from_the_cpu())).expect("the CPU proves");
    assert_eq!(wrapped.snark, from_the_cpu());
    assert!(
        matches!(
            wrapped.fallback,
            Some(Fallback::Resting {
                backend: "device",
                faults: 2,
                ..
            })
        ),
        "{:?}",
        wrapped.fallback
    );
    let [reason, again] = reasons;
    assert_eq!(reason, again);
    reason
}

fn wrapped(snark: &Snark, fallback: Option<&str>) -> Answer {
    Answer::Wrapped {
        snark: snark.to_bytes(),
        fallback: fallback.map(str::to_owned),
        cost: COST,
    }
}

#[test]
fn an_honest_child_is_all_that_is_needed() {
    let stage = Stage::new();
    let wrap = wrap(&stage, &wrapped(&good(), None));
    for _ in 0..3 {
        let wrapped = prove(&wrap, Err(Unsatisfied)).expect("the CPU is not asked");
        assert_eq!(
            (wrapped.snark, wrapped.backend, wrapped.fallback, wrapped.child),
            (good(), "device", None, Some(COST))
        );
    }
    assert_eq!(stage.lines("starts"), 1);
}

#[test]
fn a_snark_that_does_not_verify_is_not_handed_out() {
    let stage = Stage::new();
    let wrap = wrap(&stage, &wrapped(&snark(9), None));
    let reason = condemned(&stage, &wrap);
    assert_eq!(
        reason,
        "its SNARK is refused: proof states something else than its inputs"
    );
}

#[test]
fn an_answer_that_cannot_be_read_is_a_fault() {
    let stage = Stage::new();
    let snark = Answer::Wrapped {
        snark: vec![1; 10],
        fallback: None,
        cost: COST,
    };
    let reason = condemned(&stage, &wrap(&stage, &snark));
    assert!(
        reason.starts_with("its answer cannot be read: SNARK: "),
        "{reason}"
    );
    let stage = Stage::new();
    let wrap = wrap(&stage, &snark);
    stage.frame("answer", b"no answer");
    let reason = condemned(&stage, &wrap);
    assert!(reason.starts_with("its answer cannot be read: "), "{reason}");
}

#[test]
fn refusing_a_good_witness_is_a_fault() {
    let stage = Stage::new();
    let reason = "the witness does not satisfy the circuit".to_owned();
    let wrap = wrap(&stage, &Answer::Refused { reason });
    assert_eq!(
        condemned(&stage, &wrap),
        "it gave no proof: the witness does not satisfy the circuit"
    );
}

#[test]
fn refusing_what_the_cpu_refuses_too_is_right() {
    let stage = Stage::new();
    let reason = "the witness does not satisfy the circuit".to_owned();
    let wrap = wrap(&stage, &Answer::Refused { reason });
    for _ in 0..3 {
        assert_eq!(prove(&wrap, Err(Unsatisfied)).expect_err("fatal"), Unsatisfied);
    }
    assert_eq!(stage.lines("starts"), 1, "the child is kept");
}

#[test]
fn a_device_that_failed_inside_the_child_costs_the_child_but_not_its_proof() {
    let stage = Stage::new();
    let wrap = wrap(&stage, &wrapped(&good(), Some("icicle failed: out of memory")));
    for starts in 1..=2 {
        let wrapped = prove(&wrap, Err(Unsatisfied)).expect("the child's own CPU proved");
        assert_eq!((wrapped.snark, wrapped.backend), (good(), "cpu"));
        let reason = "its backend failed: icicle failed: out of memory".to_owned();
        let backend = "device";
        assert_eq!(wrapped.fallback, Some(Fallback::Process { backend, reason }));
        assert_eq!(stage.lines("starts"), starts);
    }
    let resting = prove(&wrap, Ok(from_the_cpu())).expect("the CPU proves").fallback;
    assert!(matches!(resting, Some(Fallback::Resting { .. })), "{resting:?}");
}
