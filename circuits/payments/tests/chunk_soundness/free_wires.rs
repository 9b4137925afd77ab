//! What the circuit derives follows from what is assigned; see `ashlar_circuit_checks`. That what is assigned is in range
//! and right, the other tests show.

use ashlar_circuit_checks::free_wires;

use crate::{
    common::forge::{CIRCUIT, Forged, OWNER, f, force_transfer, force_withdrawal, forge, set_auth},
    fresh, paid, plain,
};

#[test]
fn no_derived_wire_is_free() {
    let account = Forged::new(1000, 5);
    let queued = [
        force_withdrawal(OWNER, 2000, 1000, true),
        force_transfer(OWNER, 100, 100, false),
        set_auth(OWNER, &Forged::new(0, 0).auth),
    ];
    let [withdrawal, transfer, auth] = queued.map(|step| forge(account, step));
    let assignments = [plain(), paid(), fresh(), withdrawal, transfer, auth];
    let witnesses = assignments.map(|mut assignment| {
        // Something in the unused slot too: what follows from comparing it is bound, whichever slot it is in.
        assignment.slots[1].bridge_amount = f(500);
        assignment.slots[1].source.head.l1_owner = OWNER;
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
