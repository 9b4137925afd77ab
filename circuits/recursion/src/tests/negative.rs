//! One broken witness per rule, each given to the real circuit.

use ashlar_statement::{ProveError, SpanPublicInputs};
use plonky2::field::types::Field;

use super::{Setup, pair, setup, span};
use crate::{
    circuits::VerifyError,
    config::F,
    proof::{SpanKind, SpanProof},
    span::Span,
};

pub(super) fn refused<T: std::fmt::Debug>(result: Result<T, ProveError>, rule: &str) {
    match result {
        Err(ProveError::Unsatisfied { .. } | ProveError::Invalid { .. }) => {}
        other => panic!("{rule}: {other:?}"),
    }
}

#[test]
fn fold_refuses_spans_that_are_not_neighbours() {
    let setup = setup();
    let [left, right, _] = pair();
    setup.circuits.fold(left, right).expect("the honest pair folds");
    refused(setup.circuits.fold(right, left), "swapped order");
    let mut place = 0..;
    let place = SpanPublicInputs::from_fn(|| place.next().expect("unbounded"));
    let connected = [
        &place.old_root[..],
        &place.domain,
        &place.z,
        &[place.fee_account, place.time],
    ];
    for element in connected.concat() {
        let mut spoilt = span(1).to_vec();
        spoilt[element] += F::ONE;
        let spoilt = setup.lift(&Span::from_slice(&spoilt).expect("as many"));
        refused(
            setup.circuits.fold(left, &spoilt),
            &format!("element {element} of the right span"),
        );
    }
}

#[test]
fn fold_refuses_children_that_do_not_verify() {
    let setup = setup();
    let [left, right, both] = pair();
    let next = setup.lift(&span(2));
    setup.circuits.fold(both, &next).expect("the honest pair folds");
    for i in [Span::LEN - 1, 12] {
        let mut tampered = right.clone();
        tampered.proof.public_inputs[i] += F::ONE;
        refused(setup.circuits.fold(left, &tampered), "tampered public input");
    }
    let as_fold = SpanProof {
        kind: SpanKind::Fold,
        ..left.clone()
    };
    refused(setup.circuits.fold(&as_fold, right), "lift declared as fold");
    let as_lift = SpanProof {
        kind: SpanKind::Lift(0),
        ..both.clone()
    };
    refused(setup.circuits.fold(&as_lift, &next), "fold declared as lift");
    let mut wires = right.clone();
    wires.proof.proof.openings.wires[7] += F::ONE.into();
    refused(setup.circuits.fold(left, &wires), "tampered opening");
}

#[test]
fn lift_refuses_other_leaves() {
    let setup = setup();
    let mut tampered = setup.leaf.prove(&span(0));
    tampered.public_inputs[4] += F::ONE;
    refused(setup.circuits.lift(&tampered), "tampered leaf");
    let foreign = super::Leaf::build(1);
    assert_eq!(
        foreign.data.common, setup.leaf.data.common,
        "only the key differs"
    );
    refused(
        setup.circuits.lift(&foreign.prove(&span(0))),
        "leaf of another circuit",
    );
}

/// A second stack over another leaf: its proofs have the same shape and are worth nothing here.
#[test]
fn trees_of_a_foreign_leaf_are_refused() {
    let (setup, foreign) = (setup(), Setup::new(1));
    let [left, right, _] = pair();
    let next = foreign.lift(&span(1));
    refused(setup.circuits.fold(left, &next), "foreign lift");
    let foreign_pair = foreign
        .circuits
        .fold(&next, &foreign.lift(&span(2)))
        .expect("valid at home");
    refused(setup.circuits.fold(left, &foreign_pair), "foreign fold");
    refused(setup.circuits.compress(&foreign_pair), "foreign root");
    // A true lift into the foreign tree: verifies here, but carries the other key.
    let leaf = setup.leaf.prove(&span(1));
    let stray = setup
        .circuits
        .lift_into(&leaf, &foreign.circuits.fold.data.verifier_only)
        .expect("free key");
    assert!(matches!(
        setup.circuits.verify_span(&stray),
        Err(VerifyError::ForeignTree)
    ));
    refused(
        setup.circuits.fold(left, &stray),
        "key differs from the sibling's",
    );
    refused(setup.circuits.compress(&stray), "root lift with a foreign key");
    setup.circuits.fold(left, right).expect("the honest pair folds");
}

#[test]
fn compress_refuses_a_tampered_root() {
    let setup = setup();
    let [_, _, both] = pair();
    let mut tampered = both.clone();
    tampered.proof.public_inputs[5] += F::ONE;
    refused(setup.circuits.compress(&tampered), "tampered root");
    let as_lift = SpanProof {
        kind: SpanKind::Lift(0),
        ..both.clone()
    };
    refused(setup.circuits.compress(&as_lift), "fold declared as lift");
}

#[test]
fn proofs_of_a_wrong_shape_are_errors_not_panics() {
    let setup = setup();
    let leaf = SpanProof {
        kind: SpanKind::Lift(0),
        proof: setup.leaf.prove(&span(0)),
    };
    assert!(matches!(
        setup.circuits.fold(&leaf, &leaf),
        Err(ProveError::Panicked { circuit: "fold", .. })
    ));
}
