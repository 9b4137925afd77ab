//! Outage: the child dies. The reason is told in words, and the next request is served by a new child.

use std::process::Command;

use crate::common::{ANSWER, REQUEST, Stage, fault};

/// A child whose first life ends by `death` after it has read a request.
fn dies_once(stage: &Stage, death: &str) -> String {
    let script =
        format!("cat greeting; hear; if [ $(wc -l < starts) = 1 ]; then {death}; fi; cat answer; cat > rest");
    let supervisor = stage.supervisor(&script);
    let reason = fault(&supervisor);
    assert!(stage.is_gone("pid"));
    let answer = supervisor.ask(REQUEST).expect("a new child");
    assert_eq!((answer.as_slice(), stage.lines("starts")), (ANSWER, 2));
    reason
}

#[test]
fn an_abort_is_a_fault_and_the_next_job_gets_a_new_child() {
    let reason = dies_once(&Stage::new(), "kill -ABRT $$");
    assert!(
        reason.contains("signal: 6 (SIGABRT)") && reason.contains("while it proved"),
        "{reason}"
    );
}

#[test]
fn an_exit_in_the_middle_of_a_job_is_a_fault() {
    let reason = dies_once(&Stage::new(), "exit 3");
    assert!(reason.contains("exit status: 3 while it proved"), "{reason}");
}

#[test]
fn half_an_answer_and_an_exit_is_an_exit() {
    let reason = dies_once(&Stage::new(), "head -c 7 answer; exit 0");
    assert!(reason.contains("exit status: 0 while it proved"), "{reason}");
}

#[test]
fn a_kill_from_outside_is_a_fault() {
    let stage = Stage::new();
    let supervisor = stage.supervisor("cat greeting; hear; touch proving; exec sleep 1000");
    let reason = std::thread::scope(|scope| {
        let asked = scope.spawn(|| fault(&supervisor));
        stage.wait("the request", |stage| stage.path("proving").exists());
        let pid = std::fs::read_to_string(stage.path("pid")).expect("written");
        let kill = Command::new("kill").args(["-KILL", pid.trim()]).status();
        assert!(kill.expect("kill runs").success());
        asked.join().expect("no panic")
    });
    assert!(reason.contains("signal: 9 (SIGKILL) while it proved"), "{reason}");
}

#[test]
fn a_child_that_never_gets_ready_says_why_by_its_status() {
    let stage = Stage::new();
    let reason = fault(&stage.supervisor("exit 3"));
    assert!(reason.contains("exit status: 3 while it started"), "{reason}");
}

#[test]
fn a_missing_program_is_named() {
    let stage = Stage::new();
    let mut command = stage.command("");
    command.program = stage.path("no-such-program");
    let supervisor = ashlar_engine::isolation::Supervisor::start(command, vec![], crate::common::patient())
        .expect("resources");
    let reason = fault(&supervisor);
    assert!(reason.contains("no-such-program: No such file"), "{reason}");
}
