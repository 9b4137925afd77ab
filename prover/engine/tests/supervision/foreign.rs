//! Outage: the program or the key cache was replaced under the worker, so the child proves for another key.

use crate::common::{Stage, fault};

#[test]
fn another_greeting_is_a_fault() {
    let stage = Stage::new();
    stage.frame("other", b"ready?");
    let reason = fault(&stage.supervisor("cat other; hear; cat answer; exec sleep 1000"));
    assert_eq!(reason, "it holds other wrap keys than this process");
    assert!(stage.is_gone("pid"));
    assert_eq!(stage.lines("heard"), 0, "no job is given to it");
}
