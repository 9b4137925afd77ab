//! Outage: the child hangs. It is killed and reaped, with all that it started.

use std::time::Duration;

use ashlar_engine::isolation::{MAX_PAYLOAD_BYTES, Policy};

use crate::common::{Stage, fault, fault_of, patient};

const SHORT: Duration = Duration::from_secs(1);

#[test]
fn a_job_beyond_its_deadline_is_killed() {
    let stage = Stage::new();
    let policy = Policy {
        job_deadline: SHORT,
        ..patient()
    };
    // Deaf to every polite signal, and with a helper.
    let script = "trap '' TERM INT HUP; sleep 1000 & echo $! > helper; cat greeting; exec sleep 1000";
    let reason = fault(&stage.supervisor_with(script, policy));
    assert_eq!(reason, "no answer within 1 s while it proved; killed");
    assert!(stage.is_gone("pid"));
    stage.wait("the helper's end", |stage| stage.is_gone("helper"));
}

#[test]
fn a_start_beyond_its_deadline_is_killed() {
    let stage = Stage::new();
    let policy = Policy {
        start_deadline: SHORT,
        ..patient()
    };
    let supervisor = stage.supervisor_with("exec sleep 1000", policy);
    assert_eq!(
        fault(&supervisor),
        "no answer within 1 s while it started; killed"
    );
    assert!(stage.is_gone("pid"));
}

#[test]
fn a_request_that_is_not_read_does_not_block_for_ever() {
    let stage = Stage::new();
    let policy = Policy {
        job_deadline: SHORT,
        ..patient()
    };
    let supervisor = stage.supervisor_with("cat greeting; exec sleep 1000", policy);
    let reason = fault_of(&supervisor, &vec![0; MAX_PAYLOAD_BYTES]); // longer than a pipe holds
    assert_eq!(reason, "no answer within 1 s while it proved; killed");
}

#[test]
fn a_child_that_closes_its_output_and_stays_is_killed() {
    let stage = Stage::new();
    let reason = fault(&stage.supervisor("cat greeting; exec sleep 1000 >&-"));
    assert_eq!(reason, "it closed its output while it proved; killed");
    assert!(stage.is_gone("pid"));
}
