//! One broken witness per rule, each given to the real circuit.

use ashlar_statement::{ProveError, prove::prove_stock};
use plonky2::{
    field::types::Field,
    iop::witness::{PartialWitness, WitnessWrite},
};

use super::{Setup, pair, setup, span};
use crate::{
    circuits::VerifyError,
    config::{Builder, F, fold_config},
    nested::NestedPublicInputs,
    proof::{SpanKind, SpanProof},
    shape,
    span::Span,
};

fn refused<T: std::fmt::Debug>(result: Result<T, ProveError>, rule: &str) {
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
    type Spoil = fn(&mut Span);
    let broken: [(&str, Spoil); 6] = [
        ("root", |s| s.old_root[3] += F::ONE),
        ("domain", |s| s.domain[0] += F::ONE),
        ("z", |s| s.z[0] += F::ONE),
        ("z's second coordinate", |s| s.z[1] += F::ONE),
        ("fee account", |s| s.fee_account += F::ONE),
        ("first root word", |s| s.old_root[0] += F::ONE),
    ];
    for (rule, spoil) in broken {
        let mut spoilt = span(1);
        spoil(&mut spoilt);
        refused(setup.circuits.fold(left, &setup.lift(&spoilt)), rule);
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
        kind: SpanKind::Lift,
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

/// The attack on cyclic recursion: a forged circuit that states anything, named as "fold" in the carried key. A true
/// fold over its proofs verifies, so compress (and `verify_span`) must look at the key.
#[test]
fn a_true_fold_over_a_forged_key_is_refused() {
    let setup = setup();
    let shape = &setup.circuits.fold.data.common;
    let mut builder = Builder::new(fold_config());
    let inputs = builder.add_virtual_targets(NestedPublicInputs::<F>::LEN);
    builder.register_public_inputs(&inputs);
    let forged = shape::build(builder, shape, "forged").expect("takes fold's shape");
    let state = |i: u64| {
        let stated = NestedPublicInputs::new(span(i), &forged.verifier_only);
        let proof = prove_stock("forged", &forged, || {
            let mut witness = PartialWitness::new();
            witness.set_target_arr(&inputs, &stated.to_vec())?;
            Ok(witness)
        });
        SpanProof {
            kind: SpanKind::Fold,
            proof: proof.expect("states anything"),
        }
    };
    let [left, right] = [state(0), state(1)];
    refused(setup.circuits.fold(&left, &right), "own key over forged children");
    let over = setup
        .circuits
        .fold_under(&left, &right, &forged.verifier_only)
        .expect("the cheat's best");
    setup
        .circuits
        .fold
        .data
        .verify(over.proof.clone())
        .expect("plonky2 alone is content");
    assert!(matches!(
        setup.circuits.verify_span(&over),
        Err(VerifyError::ForeignTree)
    ));
    refused(setup.circuits.compress(&over), "root with a forged key");
    // The forged key above an honest pair does not help either: honest children carry the true key.
    let [honest_left, honest_right, _] = pair();
    refused(
        setup
            .circuits
            .fold_under(honest_left, honest_right, &forged.verifier_only),
        "forged key over honest children",
    );
}

#[test]
fn compress_refuses_a_tampered_root() {
    let setup = setup();
    let [_, _, both] = pair();
    let mut tampered = both.clone();
    tampered.proof.public_inputs[5] += F::ONE;
    refused(setup.circuits.compress(&tampered), "tampered root");
    let as_lift = SpanProof {
        kind: SpanKind::Lift,
        ..both.clone()
    };
    refused(setup.circuits.compress(&as_lift), "fold declared as lift");
}

#[test]
fn proofs_of_a_wrong_shape_are_errors_not_panics() {
    let setup = setup();
    let leaf = SpanProof {
        kind: SpanKind::Lift,
        proof: setup.leaf.prove(&span(0)),
    };
    assert!(matches!(
        setup.circuits.fold(&leaf, &leaf),
        Err(ProveError::Panicked { circuit: "fold", .. })
    ));
}
