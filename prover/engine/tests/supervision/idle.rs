//! Outage: the child dies between two jobs. The next one loses nothing, but the death counts.

use ashlar_engine::isolation::{Policy, Unserved};

use crate::common::{ANSWER, REQUEST, Stage, patient};

const ANSWERS_ONCE: &str = "cat greeting; hear; cat answer; exit 0";

#[test]
fn the_next_job_gets_a_new_child_at_once() {
    let stage = Stage::new();
    let supervisor = stage.supervisor(ANSWERS_ONCE);
    for starts in 1..=2 {
        assert_eq!(supervisor.ask(REQUEST).expect("served"), ANSWER);
        supervisor.approve();
        assert_eq!(stage.lines("starts"), starts);
        stage.wait("the death", |stage| stage.is_gone("pid"));
    }
}

#[test]
fn a_death_between_jobs_counts_as_a_fault() {
    let stage = Stage::new();
    let policy = Policy {
        max_faults: 1,
        ..patient()
    };
    let supervisor = stage.supervisor_with(ANSWERS_ONCE, policy);
    assert_eq!(supervisor.ask(REQUEST).expect("served"), ANSWER);
    stage.wait("the death", |stage| stage.is_gone("pid"));
    let refused = supervisor.ask(REQUEST);
    assert!(
        matches!(refused, Err(Unserved::Resting { faults: 1, .. })),
        "{refused:?}"
    );
}

#[test]
fn one_child_serves_many_jobs() {
    let stage = Stage::new();
    let supervisor =
        stage.supervisor("cat greeting; for job in 1 2 3 4 5; do hear; cat answer; done; cat > rest");
    for _ in 0..5 {
        assert_eq!(supervisor.ask(REQUEST).expect("served"), ANSWER);
        supervisor.approve();
    }
    assert_eq!(stage.lines("starts"), 1);
}
