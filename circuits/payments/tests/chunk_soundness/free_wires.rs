//! What the circuit derives follows from what is assigned; see `ashlar_circuit_checks`. That what is assigned is in range
//! and right, the other tests show.

use ashlar_circuit_checks::free_wires;

use crate::{
    common::forge::{CIRCUIT, f},
    fresh, paid, plain,
};

#[test]
fn no_derived_wire_is_free() {
    let witnesses = [plain(), paid(), fresh()].map(|mut assignment| {
        // An amount in the unused slot too: what follows from comparing it with zero is bound, whichever slot it is in.
        assignment.slots[1].bridge_amount = f(500);
        assert!(
            assignment.public_inputs.new_root.iter().all(Option::is_none),
            "left to the circuit"
        );
        CIRCUIT.set(&assignment).expect("as many slots")
    });
    let findings = free_wires(&CIRCUIT.data, witnesses).expect("satisfied");
    assert_eq!((findings.free, findings.idle), (vec![], vec![]));
    assert!(
        findings.determined > CIRCUIT.rows().total * 50,
        "{}",
        findings.determined
    );
}
