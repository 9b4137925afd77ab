//! What the circuits derive follows from what is assigned; see `ashlar_circuit_checks`.

use ashlar_circuit_checks::free_wires;
use plonky2::{
    iop::witness::PartialWitness,
    plonk::{circuit_data::CircuitData, config::GenericConfig},
};

use super::{pair, setup, span};
use crate::config::{D, F};

fn assert_none_is_free<O: GenericConfig<D, F = F>>(
    circuit: &CircuitData<F, O, D>,
    rows: usize,
    witness: anyhow::Result<PartialWitness<F>>,
) {
    let findings = free_wires(circuit, [witness.expect("of this shape")]).expect("satisfied");
    assert_eq!((findings.free, findings.idle), (vec![], vec![]));
    assert!(findings.determined > rows * 20, "{}", findings.determined);
}

#[test]
fn lift_leaves_no_wire_free() {
    let circuits = &setup().circuits;
    let leaf = setup().leaf.prove(&span(0));
    let lift = circuits.lifts.first().expect("one leaf, one lift");
    let witness = lift.assign(0, &leaf, &circuits.fold.data.verifier_only);
    assert_none_is_free(&lift.data, lift.rows, witness);
}

#[test]
fn fold_leaves_no_wire_free() {
    let circuits = &setup().circuits;
    let [left, right, _] = pair();
    assert_none_is_free(
        &circuits.fold.data,
        circuits.fold.rows,
        circuits.fold.assign(left, right),
    );
}

#[test]
fn compress_leaves_no_wire_free() {
    let circuits = &setup().circuits;
    let [_, _, root] = pair();
    assert_none_is_free(
        &circuits.compress.data,
        circuits.compress.rows,
        circuits.compress.assign(root),
    );
}
