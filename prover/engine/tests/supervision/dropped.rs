//! The worker stops: no child is left behind.

use crate::common::{ANSWER, REQUEST, Stage};

#[test]
fn a_child_may_end_by_itself_when_its_input_closes() {
    let stage = Stage::new();
    let supervisor = stage.supervisor("cat greeting; hear; cat answer; cat > rest; echo . > farewell");
    assert_eq!(supervisor.ask(REQUEST).expect("served"), ANSWER);
    drop(supervisor);
    assert_eq!(stage.lines("farewell"), 1);
    assert!(stage.is_gone("pid"));
}

#[test]
fn a_child_that_does_not_end_is_killed() {
    let stage = Stage::new();
    let supervisor = stage.supervisor("cat greeting; hear; cat answer; exec sleep 1000");
    assert_eq!(supervisor.ask(REQUEST).expect("served"), ANSWER);
    assert!(!stage.is_gone("pid"));
    drop(supervisor);
    assert!(stage.is_gone("pid"));
}

#[test]
fn no_job_no_child() {
    let stage = Stage::new();
    drop(stage.supervisor("cat greeting"));
    assert_eq!(stage.lines("starts"), 0);
}
