//! Outage: every child fails. After three in a row none is started for a while.

use std::time::Duration;

use ashlar_engine::isolation::{Policy, Unserved};

use crate::common::{ANSWER, REQUEST, Stage, fault, patient};

#[test]
fn three_faults_in_a_row_are_followed_by_a_rest_of_ten_minutes() {
    let stage = Stage::new();
    let supervisor = stage.supervisor("exit 1");
    for _ in 0..3 {
        fault(&supervisor);
    }
    for _ in 0..2 {
        match supervisor.ask(REQUEST) {
            Err(Unserved::Resting { faults: 3, remaining }) => {
                let minutes = remaining.as_secs_f64() / 60.0;
                assert!(minutes > 9.0 && minutes <= 10.0, "{remaining:?}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(stage.lines("starts"), 3, "no child is started while it rests");
}

#[test]
fn after_the_rest_one_attempt_decides() {
    let stage = Stage::new();
    let policy = Policy {
        rest: Duration::from_millis(300),
        ..patient()
    };
    // Well only from the fifth start on.
    let script = "[ $(wc -l < starts) -ge 5 ] || exit 1; cat greeting; hear; cat answer; hear; exit 1";
    let supervisor = stage.supervisor_with(script, policy);
    for starts in 1..=4 {
        fault(&supervisor);
        assert_eq!(stage.lines("starts"), starts);
        if starts >= 3 {
            let refused = supervisor.ask(REQUEST);
            assert!(matches!(refused, Err(Unserved::Resting { .. })), "{refused:?}");
            std::thread::sleep(policy.rest);
        }
    }
    assert_eq!(supervisor.ask(REQUEST).expect("well again"), ANSWER);
    supervisor.approve();
    // The count has started again: one fault is no rest.
    fault(&supervisor);
    assert_eq!(supervisor.ask(REQUEST).expect("a new child"), ANSWER);
}
