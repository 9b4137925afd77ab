//! What a child proves on: asked before the first job, and again when a device works that failed.

use std::time::Duration;

use ashlar_engine::{
    Device, Fallback, Found, Wrapped,
    isolation::{Answer, Cost, IsolatedWrap, Policy},
};
use ashlar_kzg::{INSTANCES, SNARK_VERSION, Snark, prover::Steps};

use crate::common::{GREETING, REQUEST, Stage, patient};

/// Says what it proves on when it is asked, and else proves.
const SCRIPT: &str = "cat greeting; while hear && [ -s heard ]; do if grep -q device heard; then cat found; \
                      else cat answer; fi; done";

fn device() -> Found {
    Found {
        backend: "device".into(),
        device: Some(Device {
            name: "a card".into(),
            memory_total_bytes: 80 << 30,
            memory_free_bytes: 79 << 30,
            msm_scalars_per_second: 1.5e7,
            ntt_elements_per_second: 2.5e8,
        }),
        fault: None,
    }
}

fn broken() -> Found {
    Found::cpu_since("device: a wrong result of msm for a known input".into())
}

fn snark() -> Snark {
    let bytes = [
        &[SNARK_VERSION][..],
        &[0; 32 * INSTANCES],
        &[0, 0, 0, 32],
        &[7; 32],
    ]
    .concat();
    Snark::from_bytes(&bytes).expect("well formed")
}

fn says(stage: &Stage, found: Found, fallback: Option<&str>) {
    stage.frame("found", &Answer::Found(found).to_bytes());
    let answer = Answer::Wrapped {
        snark: snark().to_bytes(),
        fallback: fallback.map(str::to_owned),
        cost: Cost::default(),
    };
    stage.frame("answer", &answer.to_bytes());
}

fn wrap(stage: &Stage) -> IsolatedWrap {
    let policy = Policy {
        max_faults: 2,
        rest: Duration::from_millis(300),
        ..patient()
    };
    IsolatedWrap::new(stage.command(SCRIPT), GREETING.to_vec(), policy, "device").expect("resources")
}

fn prove(wrap: &IsolatedWrap) -> Wrapped {
    let on_cpu = || {
        Ok::<_, ()>(Wrapped {
            snark: snark(),
            steps: Steps::default(),
            backend: "cpu",
            fallback: None,
            child: None,
        })
    };
    wrap.prove(REQUEST, |_| Ok(()), on_cpu).expect("the CPU can")
}

#[test]
fn what_a_child_found_is_told_and_the_same_child_proves() {
    let stage = Stage::new();
    says(&stage, device(), None);
    let wrap = wrap(&stage);
    let mut changes = wrap.changes();
    assert_eq!(wrap.find(), device());
    assert_eq!(*changes.borrow_and_update(), device());
    let wrapped = prove(&wrap);
    assert_eq!((wrapped.backend, wrapped.fallback), ("device", None));
    assert_eq!(stage.lines("starts"), 1);
    assert!(!changes.has_changed().expect("it is there"), "nothing did");
}

#[test]
fn a_device_that_fails_its_test_is_not_used_and_tried_again_after_a_rest() {
    let stage = Stage::new();
    let reason = "device: a wrong result of msm for a known input";
    says(&stage, broken(), Some(reason));
    let wrap = wrap(&stage);
    let mut changes = wrap.changes();
    let found = wrap.find();
    assert_eq!((&found.backend[..], &found.device), ("cpu", &None));
    let told = "device in a process of its own: its backend failed: device: a wrong result of msm";
    assert!(
        found.fault.as_ref().is_some_and(|fault| fault.starts_with(told)),
        "{found:?}"
    );
    stage.wait("the end of that child", |stage| stage.is_gone("pid"));
    assert_eq!(*changes.borrow_and_update(), found);

    let wrapped = prove(&wrap); // by a second child, which says the same
    assert_eq!(wrapped.backend, "cpu");
    assert_eq!(stage.lines("starts"), 2);
    let wrapped = prove(&wrap);
    assert!(
        matches!(wrapped.fallback, Some(Fallback::Resting { faults: 2, .. })),
        "{wrapped:?}"
    );
    assert_eq!(stage.lines("starts"), 2, "none is started while it rests");
    assert_eq!(changes.borrow_and_update().backend, "cpu");

    says(&stage, device(), None); // it was mended
    std::thread::sleep(Duration::from_millis(300));
    let wrapped = prove(&wrap);
    assert_eq!((wrapped.backend, wrapped.fallback), ("device", None));
    assert_eq!(
        *changes.borrow_and_update(),
        device(),
        "with what the new child found"
    );
    assert_eq!(stage.lines("starts"), 3);
}

#[test]
fn a_fault_in_a_proof_is_told_until_a_proof_is_made_on_the_device_again() {
    let stage = Stage::new();
    says(&stage, device(), None);
    let wrap = wrap(&stage);
    let mut changes = wrap.changes();
    wrap.find();
    changes.borrow_and_update();
    says(&stage, device(), Some("the card fell off the bus"));
    prove(&wrap);
    let found = changes.borrow_and_update().clone();
    assert!(
        found
            .fault
            .is_some_and(|fault| fault.contains("fell off the bus"))
    );
    says(&stage, device(), None);
    prove(&wrap);
    assert_eq!(*changes.borrow_and_update(), device());
}

#[test]
fn another_answer_than_was_asked_for_is_a_fault() {
    let stage = Stage::new();
    says(&stage, device(), None);
    let wrap = wrap(&stage);
    let answer = std::fs::read(stage.path("answer")).expect("it is there");
    let found = std::fs::read(stage.path("found")).expect("it is there");
    stage.file("found", &answer);
    assert!(
        wrap.find()
            .fault
            .is_some_and(|fault| fault.contains("not what was asked"))
    );
    stage.file("answer", &found);
    let wrapped = prove(&wrap);
    let told = wrapped.fallback.expect("proved here").to_string();
    assert!(told.contains("not what was asked"), "{told}");
}
