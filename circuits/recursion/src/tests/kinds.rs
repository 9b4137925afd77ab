//! Leaves of several kinds in one tree: two circuits of one shape, which share a lift, and a third of another degree.

use std::sync::LazyLock;

use ashlar_statement::{ProveError, Security, batch_public_inputs, fold_spans};
use plonky2::{iop::generator::generate_partial_witness, util::serialization::Buffer};

use super::{bytes_of, leaf::Leaf, link, link_key, prove, span};
use crate::{
    circuits::{RecursionCircuits, VerifyError},
    compress::CompressCircuit,
    config::Proof,
    leaves::Leaves,
    lift::LiftCircuit,
    nested::VerifierOnly,
    proof::{DecodeError, MAX_LIFTS, SpanKind, SpanProof},
    shape::{BuildError, Common},
};

struct Kinds {
    leaves: [Leaf; 3],
    circuits: RecursionCircuits,
    /// Lifts of `span(i)`, proved by the leaf circuit of kind `i`.
    lifted: [SpanProof; 3],
    /// The fold of the first two.
    pair: SpanProof,
}

static KINDS: LazyLock<Kinds> = LazyLock::new(|| {
    let leaves = [Leaf::build(0), Leaf::build(1), Leaf::of_rows(2, 1 << 10)];
    let keys = leaves.each_ref().map(key);
    let circuits =
        RecursionCircuits::build(Security::default(), &keys, link_key(link())).expect("leaves fit");
    let lifted = [0, 1, 2].map(|i| {
        let leaf = leaves[i].prove(&span(i as u64));
        circuits.lift_as(i, &leaf).expect("valid leaf")
    });
    let pair = circuits.fold(&lifted[0], &lifted[1]).expect("two keys");
    Kinds {
        leaves,
        circuits,
        lifted,
        pair,
    }
});

fn key(leaf: &Leaf) -> (&Common, &VerifierOnly) {
    (&leaf.data.common, &leaf.data.verifier_only)
}

impl RecursionCircuits {
    fn lift_as(&self, kind: usize, leaf: &Proof) -> Result<SpanProof, ProveError> {
        let place = self.lift_of(kind).expect("a kind");
        let lift = &self.lifts[usize::from(place)];
        let fold = &self.fold.data.verifier_only;
        let proof = prove("lift", &lift.data, || lift.assign(kind, leaf, fold))?;
        let kind = SpanKind::Lift(place);
        Ok(SpanProof { kind, proof })
    }
}

/// The witness breaks a copy constraint: what was computed is not what it must equal.
fn contradicts<T: std::fmt::Debug>(result: Result<T, ProveError>, rule: &str) {
    assert!(
        matches!(result, Err(ProveError::Unsatisfied { .. })),
        "{rule}: {result:?}"
    );
}

#[test]
fn leaves_of_any_kind_make_one_batch() {
    let Kinds {
        leaves,
        circuits,
        lifted,
        pair,
    } = &*KINDS;
    assert_eq!(leaves[0].data.common, leaves[1].data.common);
    assert_ne!(leaves[0].data.common, leaves[2].data.common);
    let kinds: Vec<_> = circuits.lifts.iter().map(LiftCircuit::kinds).collect();
    assert_eq!(kinds, [&[0, 1][..], &[2]]);
    let places = lifted.each_ref().map(|proof| proof.kind);
    assert_eq!(places, [0, 0, 1].map(SpanKind::Lift));

    let [.., third] = lifted;
    let root = circuits.fold(pair, third).expect("two shapes");
    let expected = fold_spans(&[0, 1, 2].map(span)).expect("neighbours");
    assert_eq!(circuits.verify_span(&root).expect("valid"), expected);
    let compressed = circuits.compress(&root).expect("valid root");
    assert_eq!(
        CompressCircuit::batch(&compressed),
        Ok(batch_public_inputs(&expected))
    );
    // A batch of one chunk of the second shape: its wires alone, as a proof would take its time.
    let compress = &circuits.compress;
    let witness = compress.assign(third).expect("a lift of the tree");
    generate_partial_witness(witness, &compress.data.prover_only, &compress.data.common)
        .expect("no contradiction");
}

#[test]
fn lift_refuses_a_leaf_that_is_not_the_chosen_one() {
    let Kinds { leaves, circuits, .. } = &*KINDS;
    let (lift, fold) = (&circuits.lifts[0], &circuits.fold.data.verifier_only);
    let attempt = |place, key: &Leaf, leaf: &Proof| {
        let key = &key.data.verifier_only;
        prove("lift", &lift.data, || lift.assign_under(place, key, leaf, fold))
    };
    let second = leaves[1].prove(&span(0));
    contradicts(
        attempt(0, &leaves[1], &second),
        "its own key, chosen as the other's",
    );
    contradicts(attempt(0, &leaves[0], &second), "the other's key");
    let foreign = Leaf::build(3);
    assert_eq!(foreign.data.common, leaves[0].data.common, "only the key differs");
    let stranger = foreign.prove(&span(0));
    for place in [0, 1] {
        contradicts(attempt(place, &foreign, &stranger), "a foreign leaf's own key");
        contradicts(attempt(place, &leaves[place], &stranger), "a foreign leaf");
    }
    let error = circuits.lifts[1]
        .assign(1, &second, fold)
        .expect_err("another shape");
    assert_eq!(error.to_string(), "leaves of kind 1 have another lift");
}

#[test]
fn a_lift_declared_as_another_is_refused() {
    let Kinds {
        circuits,
        lifted: [first, second, third],
        pair,
        ..
    } = &*KINDS;
    let declared = |proof: &SpanProof, place| SpanProof {
        kind: SpanKind::Lift(place),
        proof: proof.proof.clone(),
    };
    let wrong = declared(third, 0);
    contradicts(circuits.fold(pair, &wrong), "the second shape's as the first's");
    contradicts(
        circuits.fold(&declared(first, 1), second),
        "the first shape's as the second's",
    );
    contradicts(circuits.compress(&wrong), "as a root");
    assert!(matches!(
        circuits.verify_span(&wrong),
        Err(VerifyError::Invalid { circuit: "lift", .. })
    ));
    // Its own key in the other's place: all is valid but the hash.
    let fold = &circuits.fold;
    let keys = [1, 1].map(|place: usize| fold.lifts[place].clone());
    let with_its_key = |child| {
        let witness = fold.assign_under(pair, child, &keys, &fold.data.verifier_only);
        let witness = witness.expect("a lift of the tree");
        generate_partial_witness(witness, &fold.data.prover_only, &fold.data.common).map(drop)
    };
    with_its_key(third).expect("in its place");
    with_its_key(&wrong).expect_err("in the other's place");
    let unknown = declared(third, 2);
    assert!(matches!(
        circuits.verify_span(&unknown),
        Err(VerifyError::UnknownLift(2))
    ));
    contradicts(circuits.compress(&unknown), "no such lift");
}

#[test]
fn the_kind_byte_names_the_lift() {
    let Kinds { circuits, lifted, .. } = &*KINDS;
    let [first, _, third] = lifted.each_ref().map(SpanProof::to_bytes);
    assert_eq!([first[0], third[0]], [0, 2]);
    assert_eq!(circuits.decode_span(&third).as_ref(), Ok(&lifted[2]));
    let other = [&[3], &third[1..]].concat();
    assert_eq!(circuits.decode_span(&other), Err(DecodeError::Kind));
}

#[test]
fn circuits_of_several_shapes_survive_the_cache() {
    let circuits = &KINDS.circuits;
    let bytes = bytes_of(circuits);
    let again = RecursionCircuits::read(&mut Buffer::new(&bytes)).expect("own bytes");
    assert_eq!(
        [0, 1, 2, 3].map(|kind| again.lift_of(kind)),
        [Some(0), Some(0), Some(1), None]
    );
    assert!(bytes_of(&again) == bytes, "other bytes");
}

#[test]
fn sets_that_cannot_be_lifted_are_refused() {
    let [leaf, ..] = &KINDS.leaves;
    let (common, verifier) = key(leaf);
    assert!(matches!(Leaves::by_shape(&[]), Err(BuildError::NoLeaf)));
    let shapes: Vec<Common> = (0..=MAX_LIFTS)
        .map(|i| {
            let mut other = common.clone();
            other.config.security_bits = i;
            other
        })
        .collect();
    let shapes: Vec<_> = shapes.iter().map(|common| (common, verifier)).collect();
    assert_eq!(
        Leaves::by_shape(&shapes[1..]).expect("as many as possible").len(),
        MAX_LIFTS
    );
    assert!(matches!(
        Leaves::by_shape(&shapes),
        Err(BuildError::TooManyShapes { actual: 256 })
    ));
    let mut other = common.clone();
    other.num_public_inputs -= 1;
    assert!(matches!(
        Leaves::by_shape(&[(common, verifier), (&other, verifier)]),
        Err(BuildError::LeafPublicInputs {
            kind: 1,
            actual: 29,
            ..
        })
    ));
}
