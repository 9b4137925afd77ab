//! Outage: something else than frames on the child's output. It is killed at once, not at its deadline.

use ashlar_engine::isolation::{FrameError, MAX_PAYLOAD_BYTES, Unserved};

use crate::common::{Stage, fault, fault_of};

#[test]
fn noise_instead_of_a_greeting() {
    let stage = Stage::new();
    let reason = fault(&stage.supervisor("echo hello, world; exec sleep 1000"));
    assert_eq!(
        reason,
        "it wrote something else than frames while it started; killed: frame version 104, expected 1"
    );
    assert!(stage.is_gone("pid"));
}

#[test]
fn noise_instead_of_an_answer_even_where_the_request_is_not_read() {
    let stage = Stage::new();
    let supervisor = stage.supervisor("cat greeting; echo CUDA error; exec sleep 1000");
    let reason = fault_of(&supervisor, &vec![0; MAX_PAYLOAD_BYTES]);
    assert!(
        reason.contains("while it proved; killed: frame version 67"),
        "{reason}"
    );
    assert!(stage.is_gone("pid"));
}

#[test]
fn an_over_long_frame() {
    let stage = Stage::new();
    stage.file("long", &[1, 0xff, 0xff, 0xff, 0xff]);
    let reason = fault(&stage.supervisor("cat greeting; hear; cat long; exec cat /dev/zero"));
    assert!(
        reason.contains("payload of 4294967295 bytes, at most"),
        "{reason}"
    );
    assert!(stage.is_gone("pid"));
}

#[test]
fn an_over_long_request_reaches_no_child_and_is_not_its_fault() {
    let stage = Stage::new();
    let supervisor = stage.supervisor("cat greeting");
    let refused = supervisor.ask(&vec![0; MAX_PAYLOAD_BYTES + 1]);
    assert!(
        matches!(refused, Err(Unserved::Request(FrameError::TooLong { .. }))),
        "{refused:?}"
    );
    assert_eq!(stage.lines("starts"), 0);
}
